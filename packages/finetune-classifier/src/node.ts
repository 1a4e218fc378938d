export { fetchFirst, type FetchFirstOptions } from "./node/fetch-first.ts";
export { loadSpamData, SPAM_ADDRESSES, type SpamData, type SpamDataOptions } from "./node/load-spam-data.ts";
