export { openAnswerFile } from "./node/answer-file.ts";
