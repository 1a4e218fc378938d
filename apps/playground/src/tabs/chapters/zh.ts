import type { Words } from "./en.ts";

export const zh: Words = {
  title: "各章导览",
  lead: "书中的路：从文本到能听从指令的模型。每一步都会打开展示它的标签页。",
  chapters: {
    "2": "处理文本",
    "3": "注意力",
    "4": "GPT 模型",
    "5": "预训练",
    "6": "分类微调",
    "7": "指令微调",
  },
  chapter: (number, name) => `第 ${number} 章：${name}`,
  steps: {
    fragments: {
      title: "任何文本都能变成词元",
      what: "GPT-2 的分词器没有中文词：每个字被切成字节碎片，但什么也没丢。",
    },
    merges: { title: "分词器怎样学习", what: "移动滑块：每次合并都把最常见的一对接在一起。" },
    embeddings: { title: "词元变成向量", what: "词元嵌入与位置嵌入相加，和进入模型。" },
    masked: { title: "注意力只看前文", what: "有因果掩码时，对角线右边恰好都是 0。" },
    unmasked: { title: "去掉掩码", what: "同一个头若能看见后文就是这样：训练时绝不能允许。" },
    heads: { title: "多个头", what: "每个头各有看法。请在页尾的网格里挑一个。" },
    norm: { title: "层归一化", what: "均值 0、方差 1，然后才是学到的缩放和平移。" },
    feedForward: { title: "前馈网络", what: "变成四倍宽，经过 GELU，再变回来。" },
    block: { title: "完整的块", what: "从输入走到输出，看快捷连接怎样相加。" },
    greedy: { title: "最可能的词元", what: "温度为 0：模型说的永远一样。" },
    temperature: { title: "温度", what: "大于 1 时分布变平，小于 1 时变尖。" },
    topK: { title: "前 k 个", what: "只留下最好的词元，其余概率为 0。" },
    generate: { title: "逐个词元写出文本", what: "按“开始写”，再换个随机数写一次。" },
    train: { title: "预训练", what: "按“开始”，看损失下降、样本渐渐变成词句。" },
    weights: { title: "预训练权重", what: "载入 GPT-2 的权重，或你自己的检查点。" },
    classify: { title: "垃圾消息分类器", what: "同一个模型换一个头，在内置的消息上训练。" },
    instruct: { title: "听从指令", what: "用指令和回答训练，采用 LoRA：冻结的权重旁的小层。" },
  },
};
