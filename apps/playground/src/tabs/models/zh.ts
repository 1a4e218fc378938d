import type { Words } from "./en.ts";

const FORMS = {
  none: "ONNX，32 位浮点",
  f16: "ONNX，16 位浮点",
  int8: "ONNX，8 位",
  int4: "ONNX，4 位",
  dynamic: "ONNX，8 位（动态）",
};

export const zh: Words = {
  title: "模型",
  lead: "所有标签页看的是同一个模型。页面自带一个；你也可以从磁盘换一个，或在看过大小和许可证之后从服务器下载。",
  shown: "当前的模型",
  facts: { params: "个权重", layers: "个块", heads: "个头", width: "宽度", context: "上下文", vocabulary: "词表" },
  bundled: "使用内置模型",
  recipe: (params) => `随页面附带：共 ${params} 个权重，由训练器在两本内置的书上训练而成。重新制作的命令：`,
  files: "从磁盘",
  dropFiles: "把模型的文件夹或文件拖到这里：训练器的检查点、Hugging Face 形式的文件夹，或训练器导出的 ONNX 文件夹",
  chooseFolder: "选择文件夹",
  chooseFiles: "选择文件",
  loading: { read: "正在读取模型", compile: "ONNX Runtime 正在准备权重" },
  slow: "分块的 8 位和 4 位权重在网页里很慢：导出时请用“--quantize dynamic”。",
  onnxRuntime: (form, threads) =>
    `由 ONNX Runtime 运行：${FORMS[form]}，${threads} 个线程。可以写作和对话，看不到内部。`,
  download: "从服务器",
  endpoint: "服务器",
  endpointHint: "Hugging Face 或镜像站，如“https://hf-mirror.com”。按下按钮之前，页面不会访问它。",
  repository: "仓库",
  describe: "查看大小和许可证",
  plan: (form, size, files) =>
    `${form === "safetensors" ? "“safetensors”，所有标签页都能用" : `${FORMS[form]}，只能写作和对话`}：${files} 个文件，共 ${size}`,
  already: (size) => `，其中 ${size} 已在本机`,
  tooLarge: "对网页来说太大",
  licence: (licence) => `许可证：${licence}`,
  noLicence: "服务器没有说明许可证，使用前请自行查明。",
  memory: (needed, has) =>
    `大约需要 ${needed} 内存，很多手机不够${has === undefined ? "" : `；此设备报告有 ${has} GB`}。`,
  english: "GPT-2 只懂英文。",
  accept: "下载",
  cancel: "取消",
  stages: { download: "正在下载", verify: "正在校验", tokenizer: "正在读取分词器" },
  of: (done, total) => `${done} / ${total}`,
  rate: (done, total, rate) => `${done} / ${total}，每秒 ${rate}`,
  left: (seconds) => `还需 ${seconds} 秒`,
  stored: "在此浏览器中",
  none: "这里还没有保存任何模型。",
  partial: (name, size) => `${name}，${size}，未完成`,
  quota: (size) => `浏览器允许本页共使用 ${size}，空间不足时可能会删除所存的内容。`,
  show: "使用",
  remove: "删除",
  sizeOf: (name, size) => `${name}，${size}`,
};
