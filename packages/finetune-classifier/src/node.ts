export { loadSpamData, type SpamData, type SpamDataOptions } from "./node/load-spam-data.ts";
