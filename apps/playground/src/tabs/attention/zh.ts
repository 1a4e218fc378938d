import type { Words } from "./en.ts";

export const zh: Words = {
  title: "注意力",
  lead: "每个词元（一行）看到自己为止的各个词元（各列），并按图中的份额混合它们的值。每层有若干个头，各有各的看法。",
  text: "文本",
  layer: "层",
  head: "头",
  causal: "因果掩码：谁也看不见后文",
  heads: "所有的头",
  layerName: (layer) => `第 ${layer} 层`,
  headOnly: (head) => `第 ${head} 个头`,
  headName: (layer, head) => `第 ${layer} 层，第 ${head} 个头`,
  map: "注意力权重",
  point: (query, key, share) => `“${query}”以 ${share} 看“${key}”`,
  pointHint: "把指针移到格子上，或聚焦图片后用方向键。",
  links: "词元在看哪里",
  linksHint: "选择一个词元，或在这里、在图上指向一个，看它的那一行。",
  rowSum: (sum) => `这一行之和为 ${sum}。`,
  masked: "灰色是因果掩码挡住的部分：那里的权重恰好是 0。",
  png: "存为 PNG",
  csv: "存为 CSV",
  tableColumns: ["词元", "份额"],
};
