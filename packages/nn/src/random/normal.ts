/**
 * Normal values as PyTorch makes them on x86: the Box–Muller transform over blocks of 16, with single-precision
 * polynomials for log, sin and cos (Cephes, S. Moshier; vectorised in PyTorch's `avx_mathfun.h`) whose additions the
 * compiler fuses with the multiplication before them. Only + − × and square root are used, so that every JavaScript engine
 * gives the same bits. `fround(a * b + c)` stands for a fused multiply-add: in double the product is exact.
 */
const f = Math.fround;

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f) as [number, number, number, number, number, number, number, number, number];
const [L0, L1, L2, L3, L4, L5, L6, L7, L8] = LOG;
const LOG_Q1 = f(-2.1219444e-4);
const LOG_Q2 = 0.693359375;
const SQRT_HALF = f(Math.SQRT1_2);

const FOUR_OVER_PI = f(1.27323954473516);
// π/4 in three parts, so that subtracting a multiple of it loses nothing.
const DP1 = -0.78515625;
const DP2 = f(-2.4187564849853515625e-4);
const DP3 = f(-3.774894977445941e-8);
const S0 = f(-1.9515295891e-4);
const S1 = f(8.3321608736e-3);
const S2 = f(-1.6666654611e-1);
const C0 = f(2.443315711809948e-5);
const C1 = f(-1.388731625493765e-3);
const C2 = f(4.166664568298827e-2);
const TWO_PI = f(2 * Math.PI);

const floatBits = new Float32Array(1);
const intBits = new Int32Array(floatBits.buffer);

/** Natural logarithm of a float in (0, 1]. */
function log(value: number): number {
  floatBits[0] = value;
  const bits = intBits[0] as number;
  let e = (bits >>> 23) - 126;
  intBits[0] = (bits & 0x007fffff) | 0x3f000000;
  let x = floatBits[0] as number; // mantissa in [0.5, 1)
  if (x < SQRT_HALF) {
    e -= 1;
    x = f(f(x - 1) + x);
  } else x = f(x - 1);
  const z = f(x * x);
  let y = f(L0 * x + L1);
  y = f(y * x + L2);
  y = f(y * x + L3);
  y = f(y * x + L4);
  y = f(y * x + L5);
  y = f(y * x + L6);
  y = f(y * x + L7);
  y = f(y * x + L8);
  y = f(f(y * x) * z + f(e * LOG_Q1));
  y = f(y - z * 0.5);
  return f(f(x + y) + e * LOG_Q2);
}

/** Overwrites 16 uniform values from `at` on with 16 normal ones. */
function transformBlock(data: Float32Array, at: number, mean: number, std: number): void {
  for (let j = at; j < at + 8; j++) {
    const radius = f(Math.sqrt(f(-2 * log(f(1 - (data[j] as number))))));
    const theta = f(TWO_PI * (data[j + 8] as number));
    const octant = (Math.trunc(f(theta * FOUR_OVER_PI)) + 1) & ~1;
    let x = f(octant * DP1 + theta);
    x = f(octant * DP2 + x);
    x = f(octant * DP3 + x);
    const z = f(x * x);
    let c = f(C0 * z + C1);
    c = f(c * z + C2);
    c = f(f(c * z) * z - z * 0.5);
    c = f(c + 1);
    let s = f(S0 * z + S1);
    s = f(s * z + S2);
    s = f(f(s * z) * x + x);
    const swapped = (octant & 2) !== 0;
    let sin = swapped ? c : s;
    let cos = swapped ? s : c;
    if ((octant & 4) !== 0) sin = -sin;
    if ((~(octant - 2) & 4) !== 0) cos = -cos;
    data[j] = f(f(radius * cos) * std + mean);
    data[j + 8] = f(f(radius * sin) * std + mean);
  }
}

/** Overwrites the whole blocks of 16 in `data[0 … end)`, uniform numbers in [0, 1), with normal ones. */
export function transformToNormal(data: Float32Array, end: number, mean: number, std: number): void {
  const mean32 = f(mean);
  const std32 = f(std);
  for (let at = 0; at + 16 <= end; at += 16) transformBlock(data, at, mean32, std32);
}

/** The last 16 values, which may overlap blocks that are finished. */
export function transformTail(data: Float32Array, mean: number, std: number): void {
  transformBlock(data, data.length - 16, f(mean), f(std));
}
