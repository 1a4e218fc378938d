export { openVerdictFile } from "./node/verdict-file.ts";
