import type { Words } from "./en.ts";

export const zh: Words = {
  title: "嵌入",
  lead: "进入第一个块之前，每个词元都变成一个向量：它是什么（词元嵌入）加上它在哪里（位置嵌入）。",
  text: "文本",
  tokens: "词元，请选择一个",
  sum: (token, position) => `位置 ${position} 的“${token}”进入模型的向量`,
  parts: { token: "词元", position: "位置", sum: "和" },
  columnsAre: "每一列是向量的一个维度。",
  dimension: "维度",
  table: "所选词元的向量",
  neighbours: (token) => `与“${token}”最近的词元`,
  neighboursHint: "词元嵌入之间夹角的余弦，比较整个词表。",
  plane: "平面上的词元",
  planeHint: (x, y) => `这些词元嵌入差异最大的两个方向（主成分分析），分别占方差的 ${x} 和 ${y}。`,
  planeColumns: ["词元", "x", "y"],
};
