import type { ErrorCode } from "../engine/error-code.ts";

const DAMAGED = "权重文件已损坏或不完整，请重新下载。";
const INCOMPLETE_WEIGHTS = "权重文件里缺少模型需要的张量；请放入完整的文件夹。";
const CHECKPOINT = "检查点已损坏或不完整；请放入整个文件夹。";
const SETTING = "有一项设置不可行。";
const SHAPE = "权重的形状与模型不符。";
const DTYPE = "权重的数据类型无法读取；请换成 float32、float16 或 bfloat16 的权重。";

/** Chinese for what can go wrong, by the code of the error. */
const FAILURES: Readonly<Record<ErrorCode, string>> = {
  ANSWERS_ONLY: "ONNX Runtime 只给出回答，看不到内部；请换一个模型。",
  BACKEND_MEMORY: "后端的内存不够；请用更小的模型或更小的批。",
  BACKEND_UNAVAILABLE: "此浏览器无法运行这个后端。",
  BACKEND_UNKNOWN: "没有这个后端。",
  CHECKPOINT,
  CHECKPOINT_INVALID: CHECKPOINT,
  CHECKSUM_MISMATCH: "文件已损坏（校验和不符），没有保留；请再试一次。",
  CLASSIFIER_OPTION: "这样的设置训练不出分类器。",
  CONFIG_INVALID: "config.json 缺少内容或写得不对；请用模型自带的 config.json。",
  CONFIG_UNSUPPORTED: "这里只能载入 GPT-2 结构的模型。",
  CURSOR_MISMATCH: "检查点与这份文本或这些设置不符，不能从它继续。",
  DATA_MISSING: "缺少权重文件，或它不完整；请与 decoder 文件一起选择。",
  DISALLOWED_SPECIAL: "文本里有特殊词元（如 <|endoftext|>），这里不能用；请去掉它。",
  EMPTY_PROMPT: "还没有文本：请先写一点，模型从那里写下去。",
  ENGINE_DEAD: "引擎多次中断，已经停止。",
  ENGINE_RESTARTED: "引擎在处理时重启了，请再试一次。",
  ENTRY_INVALID: DAMAGED,
  FORMAT_UNKNOWN: "认不出这些文件是哪种模型；请放入有 config.json、tokenizer.json 和 model.safetensors 的文件夹。",
  GENERATE_OPTIONS: SETTING,
  GPT_CONFIG: "这样的模型设置不可行。",
  HEADER_INVALID: DAMAGED,
  HEADER_TOO_LARGE: DAMAGED,
  HEADER_TRUNCATED: DAMAGED,
  INDEX_INVALID: DAMAGED,
  INDEX_MISMATCH: INCOMPLETE_WEIGHTS,
  INTERRUPTED: "下载中断；再次下载会从断点继续。",
  LOADER_OPTION: SETTING,
  MEMORY: "网页的内存装不下这个模型；请用 int8 或 int4 重新导出。",
  MODEL_FOREIGN: "这个 ONNX 文件不是 scratch-llm 导出的。",
  MODEL_INVALID: "ONNX 文件已损坏，请重新导出。",
  MODEL_UNKNOWN: "还没有加载模型。",
  NAME_INVALID: "服务器应是网址，仓库名应写成“所有者/名称”。",
  NN_ARGUMENT: SETTING,
  NN_SHAPE: SHAPE,
  NN_STATE_DICT: SHAPE,
  NON_FINITE_LOSS: "损失成了 NaN，训练已停止；请用更小的学习率，或检查数据。",
  NO_BLOCK: "模型没有这个块。",
  NO_TEXT: "还没有文本：请先写一点。",
  NOT_A_MODEL: "这些文件里没有模型。",
  NOT_A_RUN: "这不是一次训练：请拖入整个文件夹。",
  NOT_FOUND: "服务器上没有这个模型。",
  NOT_STARTED: "引擎还没有启动。",
  NOT_THE_FILE: "服务器发来的是网页而不是文件，没有保留。",
  NOT_TUNED: "这次训练不是这种任务。",
  NotReadableError: "文件读不出来：它可能已被移动、删除或修改；请重新选择。",
  OFFSETS_INVALID: DAMAGED,
  READ_FAILED: "文件读不出来；请检查它是否还在，再选择一次。",
  RUNTIME_MISSING: "ONNX Runtime 未能载入；请刷新网页。",
  RUN_UNKNOWN: "这次训练已随引擎结束；请按“重来”。",
  SERVER_ERROR: "服务器出错，请稍后再试。",
  SIZE_MISMATCH: "文件长度不对，多半没有下载完整；请再下载一次。",
  STALLED: "服务器停止了发送；再次下载会从断点继续。",
  STORAGE: "浏览器的存储已满，或被另一个标签页占用；请删除一个模型，或关掉那个标签页。",
  TEXT_CHANGED: "文本与训练时的不同。",
  TEXT_MISSING: "文件夹里缺少训练用的文本。",
  TEXT_TOO_SHORT: "文本太短：请换更长的文本、更短的上下文或更小的批。",
  TOKENIZER_FORMAT: "tokenizer.json 已损坏，或者不是字节级 BPE 分词器。",
  TOKENIZER_MISSING: "文件夹里没有分词器；请一并放入 tokenizer.json。",
  TOKEN_ID: "模型的词表里没有这个词元；文本是用别的分词器切分的吗？",
  TRAIN_BPE_OPTIONS: "这样的词表大小训练不出分词器。",
  TRAIN_OPTIONS: SETTING,
  UNAUTHORIZED: "服务器拒绝下载：请检查名称；私有或需要申请的模型不能在网页里下载。",
  UNKNOWN_DTYPE: DTYPE,
  UNKNOWN_TENSOR: INCOMPLETE_WEIGHTS,
  UNREACHABLE: "连接不到服务器；请检查网络，或换用镜像站。",
  UNSUPPORTED_DTYPE: DTYPE,
  VOCABULARY: "分词器与模型不匹配，请用模型自带的 tokenizer.json。",
  WEIGHTS_MISMATCH: "权重与 config.json 不符；请用同一个模型的文件。",
  WORD_TOO_LONG: "文本里有一段长达几百万字，既没有空格也没有标点；请把它拆开。",
  ZIP: "这不是 zip 文件，或者它已损坏；请重新保存。",
};

/** One plain sentence for an error, or for one that nobody has thought of what leads over to its own message. */
export function failure(code: string): string {
  return (FAILURES as Readonly<Record<string, string>>)[code] ?? "出错了：";
}
