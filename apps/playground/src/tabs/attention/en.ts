export const en = {
  title: "Attention",
  lead: "Each token (a row) looks at the tokens up to itself (columns) and mixes their values in these shares. Every layer has several heads, and each looks in its own way.",
  text: "Text",
  layer: "Layer",
  head: "Head",
  causal: "Causal mask: nobody sees the future",
  heads: "All heads",
  layerName: (layer: number) => `Layer ${layer}`,
  headOnly: (head: number) => `head ${head}`,
  headName: (layer: number, head: number) => `Layer ${layer}, head ${head}`,
  map: "Attention weights",
  point: (query: string, key: string, share: string) => `“${query}” looks at “${key}” with ${share}`,
  pointHint: "Point at a cell, or go to the picture and use the arrow keys.",
  links: "Where a token looks",
  linksHint: "Choose a token, or point at one here or in the picture, to see its row.",
  rowSum: (sum: string) => `The row sums to ${sum}.`,
  masked: "Grey is what the causal mask hides: those weights are exactly 0.",
  png: "Save as PNG",
  csv: "Save as CSV",
  tableColumns: ["Token", "Share"],
};

export type Words = typeof en;
