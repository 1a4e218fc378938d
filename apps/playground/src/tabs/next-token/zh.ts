import type { Words } from "./en.ts";

export const zh: Words = {
  title: "下一个词元",
  lead: "GPT 只做一件事：给词表中的每个词元一个“下一个就是它”的概率。转动旋钮，看采样还能选到哪些词元；点一个词元，就从那里继续。",
  text: "文本",
  tokens: "文本的词元，随后是你选的词元",
  back: "撤回",
  draw: "抽一个",
  drawHint: "与用此种子生成时抽到的一样。",
  stale: "这里还是先前文本之后的概率，当前文本的尚未算出。",
  reset: "旋钮复位",
  seed: "种子",
  probabilities: "下一个词元的概率",
  kept: (count, all, sum) => `${all} 个词元中有 ${count} 个可能被抽到，它们的概率之和为 ${sum}。`,
  more: (count, share) => `其余 ${count} 个词元在转动旋钮之前共占 ${share}。`,
  columns: ["词元", "编号", "之前", "之后"],
};
