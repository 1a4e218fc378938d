/** How weights are written. */
const FORMS = {
  none: "ONNX, 32-bit floats",
  f16: "ONNX, 16-bit floats",
  int8: "ONNX, 8 bits",
  int4: "ONNX, 4 bits",
  dynamic: "ONNX, 8 bits (dynamic)",
};

export const en = {
  title: "Models",
  lead: "All tabs look at one model. It comes with the page; you can take another from your disk or, after seeing its size and licence, from a server.",
  shown: "The model that is shown",
  facts: {
    params: "weights",
    layers: "blocks",
    heads: "heads",
    width: "width",
    context: "context",
    vocabulary: "vocabulary",
  },
  bundled: "Show the built-in model",
  recipe: (params: string) =>
    `It comes with the page: ${params} weights, trained on the two built-in books by the trainer. So it is made again:`,
  files: "From your disk",
  dropFiles:
    "Drop a model's folder or its files here: a checkpoint of the trainer, a folder of Hugging Face's form, or one that the trainer exported as ONNX",
  chooseFolder: "Choose a folder",
  chooseFiles: "Choose files",
  loading: { read: "Reading the model", compile: "ONNX Runtime prepares the weights" },
  slow: "In a page 8 and 4 bits in blocks are slow: export with ‘--quantize dynamic’.",
  onnxRuntime: (form: keyof typeof FORMS, threads: number) =>
    `ONNX Runtime runs it: ${FORMS[form]}, ${threads === 1 ? "1 thread" : `${threads} threads`}. It writes and talks, and shows nothing of its inside.`,
  download: "From a server",
  endpoint: "Server",
  endpointHint:
    "Hugging Face or a mirror, such as “https://hf-mirror.com”. The page asks it nothing before you press the button.",
  repository: "Repository",
  describe: "Show size and licence",
  plan: (form: keyof typeof FORMS | "safetensors", size: string, files: string) =>
    `${form === "safetensors" ? "safetensors, which every tab can show" : `${FORMS[form]}, which writes and talks only`}: ${size} in ${files} files`,
  already: (size: string) => `, of which ${size} are here already`,
  tooLarge: "too large for a page",
  licence: (licence: string) => `Licence: ${licence}`,
  noLicence: "The server tells no licence; look it up before you use the model.",
  memory: (needed: string, has: number | undefined) =>
    `It needs about ${needed} of memory, more than many phones have${has === undefined ? "" : `; this device tells of ${has} GB`}.`,
  english: "GPT-2 knows English only.",
  accept: "Download",
  cancel: "Cancel",
  stages: { download: "Downloading", verify: "Checking", tokenizer: "Reading the tokenizer" },
  of: (done: string, total: string) => `${done} of ${total}`,
  rate: (done: string, total: string, rate: string) => `${done} of ${total}, ${rate}/s`,
  left: (seconds: string) => `${seconds} s left`,
  stored: "In this browser",
  none: "Nothing is stored here yet.",
  partial: (name: string, size: string) => `${name}, ${size}, not finished`,
  quota: (size: string) =>
    `The browser allows this page ${size} in all, and may delete what is stored when it needs room.`,
  show: "Show",
  remove: "Delete",
  sizeOf: (name: string, size: string) => `${name}, ${size}`,
};

export type Words = typeof en;
