import type { Words } from "./en.ts";

export const zh: Words = {
  title: "分词器",
  lead: "模型读的是数字。字节对编码把文本切成它认识的片段：常见的词保持完整，少见的词和其他文字被切碎，直到单个字节。",
  kind: "分词器",
  kinds: { gpt2: "GPT-2", builtin: "当前模型的", trained: "自己训练一个" },
  text: "文本",
  tokens: "词元",
  count: (tokens, chars, bytes) => `${chars} 个字符（${bytes} 个字节）切成 ${tokens} 个词元`,
  rank: (id, vocabulary) => `编号 ${id}，词表共 ${vocabulary}`,
  chosen: (text) => `词元“${text}”`,
  bytes: (hex) => `字节 ${hex}`,
  offsets: (from, to) => `文本的第 ${from} 到 ${to} 个字节`,
  hint: "选择一个词元，看它的字节和位置。同一个字的碎片放在一起，以十六进制表示。",
  table: "全部词元",
  columns: ["词元", "编号", "字节", "从", "到"],
  more: (count, left) => `再显示 ${count} 个（后面还有 ${left} 个）`,
  corpus: "用这段文本训练",
  merges: "合并次数",
  mergesHint: "每一步合并相邻出现最多的一对。",
  learned: "到此为止学到的词元，按先后顺序",
  waiting: "正在加载分词器…",
};
