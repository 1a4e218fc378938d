/**
 * How the weights of the matrix products are kept.
 * - `none`: 32-bit floats
 * - `f16`: 16-bit floats, made 32-bit when the model is loaded: half the file, same speed
 * - `int8`, `int4`: whole numbers of 8 or 4 bits with one scale per 32 weights (`MatMulNBits`)
 * - `dynamic`: 8 bits with one scale per output, and activations made 8-bit at each product (`MatMulInteger`)
 */
export type Quantization = (typeof QUANTIZATIONS)[number];

/** All of them; where a folder holds several, the first that is there is run. */
export const QUANTIZATIONS = ["none", "int8", "int4", "dynamic", "f16"] as const;
