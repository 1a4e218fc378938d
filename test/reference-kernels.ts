import * as tf from "@tensorflow/tfjs";
import { KERNELS } from "@scratch-llm/nn";

type Values = Float32Array | Int32Array;
type Inputs = Record<string, { readonly values: Values; readonly shape: readonly number[] }>;
type Attributes = Record<string, number & boolean>;
type Output = readonly [shape: readonly number[], at: (index: number) => number];

type Formula = (inputs: Inputs, attributes: Attributes) => Output | Output[];

/**
 * What each kernel of nn's functional forms has to answer, as plain loops: output shapes, and each value by its flat
 * index.
 */
const FORMULAS = {
  matMul: ({ a, b }, { transposeA, transposeB }) => {
    const [an = 0, am = 0] = a!.shape;
    const [bn = 0, bm = 0] = b!.shape;
    const [rows, inner, columns] = [transposeA ? am : an, transposeA ? an : am, transposeB ? bn : bm];
    const left = (i: number, k: number): number => a!.values[transposeA ? k * am + i : i * am + k]!;
    const right = (k: number, j: number): number => b!.values[transposeB ? j * bm + k : k * bm + j]!;
    return [[rows, columns], (at) => sum(inner, (k) => left(Math.floor(at / columns), k) * right(k, at % columns))];
  },
  layerNorm: ({ x, scale, shift }, { epsilon }) => {
    const [n = 0, d = 0] = x!.shape;
    const row = (i: number): Values => x!.values.subarray(i * d, i * d + d);
    const mean = (i: number): number => sum(d, (k) => row(i)[k]! / d);
    const rstd = (i: number): number => 1 / Math.sqrt(sum(d, (k) => (row(i)[k]! - mean(i)) ** 2 / d) + epsilon!);
    const y = (at: number): number => {
      const i = Math.floor(at / d);
      return (x!.values[at]! - mean(i)) * rstd(i) * scale!.values[at % d]! + shift!.values[at % d]!;
    };
    return [
      [[n, d], y],
      [[n, 1], mean],
      [[n, 1], rstd],
    ];
  },
  layerNormGrad: ({ dy, x, scale, mean, rstd }) => {
    const [n = 0, d = 0] = x!.shape;
    const normal = (at: number): number => {
      const i = Math.floor(at / d);
      return (x!.values[at]! - mean!.values[i]!) * rstd!.values[i]!;
    };
    const scaled = (at: number): number => dy!.values[at]! * scale!.values[at % d]!;
    const dx = (at: number): number => {
      const i = Math.floor(at / d);
      const average = sum(d, (k) => scaled(i * d + k) / d);
      const along = sum(d, (k) => (scaled(i * d + k) * normal(i * d + k)) / d);
      return rstd!.values[i]! * (scaled(at) - average - normal(at) * along);
    };
    return [
      [[n, d], dx],
      [[d], (j) => sum(n, (i) => dy!.values[i * d + j]! * normal(i * d + j))],
      [[d], (j) => sum(n, (i) => dy!.values[i * d + j]!)],
    ];
  },
  gelu: ({ x }) => [x!.shape, (at) => geluOf(x!.values[at]!)],
  geluGrad: ({ dy, x }) => [
    x!.shape,
    (at) => (dy!.values[at]! * (geluOf(x!.values[at]! + 1e-4) - geluOf(x!.values[at]! - 1e-4))) / 2e-4,
  ],
  softmaxGrad: ({ dy, y }) => {
    const d = y!.shape.at(-1)!;
    const along = (at: number): number => {
      const start = at - (at % d);
      return sum(d, (k) => dy!.values[start + k]! * y!.values[start + k]!);
    };
    return [y!.shape, (at) => y!.values[at]! * (dy!.values[at]! - along(at))];
  },
  sparseSoftmaxCrossEntropy: ({ logits, labels }) => {
    const [n = 0, v = 0] = logits!.shape;
    const row = (i: number): Values => logits!.values.subarray(i * v, i * v + v);
    const logSum = (i: number): number => {
      const most = Math.max(...row(i));
      return most + Math.log(sum(v, (k) => Math.exp(row(i)[k]! - most)));
    };
    const gradient = (at: number): number => {
      const i = Math.floor(at / v);
      return Math.exp(logits!.values[at]! - logSum(i)) - (labels!.values[i] === at % v ? 1 : 0);
    };
    return [
      [[n], (i) => logSum(i) - row(i)[labels!.values[i]!]!],
      [[n, v], gradient],
    ];
  },
  embeddingGrad: ({ dy, ids }, { numEmbeddings }) => {
    const [n = 0, d = 0] = dy!.shape;
    const picked = (i: number, at: number): boolean => ids!.values[i] === Math.floor(at / d);
    return [[numEmbeddings!, d], (at) => sum(n, (i) => (picked(i, at) ? dy!.values[i * d + (at % d)]! : 0))];
  },
  dropout: ({ x, seed }, { rate, site }) => {
    const kept = (at: number): boolean => Math.abs(Math.sin(at * 12.9898 + seed!.values[0]! + site! * 78.233)) > rate!;
    return [x!.shape, (at) => (kept(at) ? x!.values[at]! / (1 - rate!) : 0)];
  },
} satisfies Partial<Record<keyof typeof KERNELS, Formula>>;

/** Slow kernels for the cpu backend, one for each formula; `onCall` hears the name of each that runs. */
export function referenceKernels(onCall: (kernelName: string) => void): tf.KernelConfig[] {
  return (Object.keys(FORMULAS) as (keyof typeof FORMULAS)[]).map((key) => ({
    kernelName: KERNELS[key],
    backendName: "cpu",
    kernelFunc: ({ inputs, backend, attrs }) => {
      onCall(KERNELS[key]);
      const cpu = backend as tf.MathBackendCPU;
      const read = ({ dataId, shape }: tf.TensorInfo): Inputs[string] => ({
        values: cpu.readSync(dataId) as Values,
        shape,
      });
      const named = Object.entries(inputs).map(([name, info]) => [name, read(info as tf.TensorInfo)]);
      const outputs = (FORMULAS[key] as Formula)(Object.fromEntries(named) as Inputs, attrs as Attributes);
      const make = ([shape, at]: Output): tf.TensorInfo => {
        const values = Float32Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => at(i));
        return cpu.makeTensorInfo([...shape], "float32", values);
      };
      return typeof outputs[1] === "function" ? make(outputs as Output) : (outputs as Output[]).map(make);
    },
  }));
}

function sum(count: number, term: (k: number) => number): number {
  let total = 0;
  for (let k = 0; k < count; k++) total += term(k);
  return total;
}

function geluOf(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
