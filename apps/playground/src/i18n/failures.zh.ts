/** Chinese for what can go wrong, by the code of the error. */
const FAILURES: Readonly<Record<string, string>> = {
  ANSWERS_ONLY: "ONNX Runtime 只给出回答，看不到内部；请换一个模型。",
  BACKEND_UNAVAILABLE: "此浏览器无法运行这个后端。",
  CHECKSUM_MISMATCH: "下载的文件已损坏（校验和不符），没有保留；请再试一次。",
  DATA_MISSING: "缺少权重文件，或它不完整；请与 decoder 文件一起选择。",
  DISK_FULL: "磁盘空间不足。",
  ENGINE_DEAD: "引擎多次中断，已经停止。",
  ENGINE_RESTARTED: "引擎在处理时重启了，请再试一次。",
  GPT_CONFIG: "这样的模型设置不可行。",
  INTERRUPTED: "下载中断；再次下载会从断点继续。",
  MEMORY: "网页的内存装不下这个模型；请用 int8 或 int4 重新导出。",
  MODEL_FOREIGN: "这个 ONNX 文件不是 scratch-llm 导出的。",
  MODEL_INVALID: "ONNX 文件已损坏，请重新导出。",
  MODEL_UNKNOWN: "还没有加载模型。",
  NAME_INVALID: "仓库名应写成“所有者/名称”。",
  NON_FINITE_LOSS: "损失成了 NaN，训练已停止；请用更小的学习率，或检查数据。",
  NOT_A_MODEL: "这些文件里没有模型。",
  NOT_A_RUN: "这不是一次训练：请拖入整个文件夹。",
  NOT_FOUND: "服务器上没有这个模型。",
  NOT_THE_FILE: "服务器发来的是网页而不是文件，没有保留。",
  POSITION: "文本太短或太长，没有这个位置。",
  RUN_UNKNOWN: "这次训练已随引擎结束；请按“重来”。",
  SERVER_ERROR: "服务器出错，请稍后再试。",
  SIZE_MISMATCH: "文件长度与清单不符，没有保留；请再试一次。",
  STALLED: "服务器停止了发送；再次下载会从断点继续。",
  STORAGE: "浏览器的存储不可用。",
  TEXT_CHANGED: "文本与训练时的不同。",
  TEXT_MISSING: "文件夹里缺少训练用的文本。",
  TEXT_TOO_SHORT: "文本太短：请换更长的文本、更短的上下文或更小的批。",
  UNAUTHORIZED: "服务器要求登录才能下载。",
  UNREACHABLE: "连接不到服务器。",
  VOCABULARY: "分词器与模型不匹配，请用模型自带的 tokenizer.json。",
};

export function failure(code: string): string {
  return FAILURES[code] ?? "出错了：";
}
