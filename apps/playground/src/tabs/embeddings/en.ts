export const en = {
  title: "Embeddings",
  lead: "Before the first block every token becomes a vector: what it is (token embedding) plus where it stands (position embedding).",
  text: "Text",
  tokens: "Tokens; choose one",
  sum: (token: string, position: number) => `What enters the model for “${token}” at position ${position}`,
  parts: { token: "token", position: "position", sum: "sum" },
  columnsAre: "Each column is a dimension of the vector.",
  dimension: "dimension",
  table: "Vectors of the chosen token",
  neighbours: (token: string) => `Nearest to “${token}”`,
  neighboursHint: "Cosine of the angle between token embeddings, over the whole vocabulary.",
  plane: "The tokens in a plane",
  planeHint: (x: string, y: string) =>
    `The two directions in which these token embeddings differ most (PCA): they hold ${x} and ${y} of the variance.`,
  planeColumns: ["Token", "x", "y"],
};

export type Words = typeof en;
