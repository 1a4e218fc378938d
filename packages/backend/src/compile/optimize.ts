import type { Graph } from "./graph.ts";
import { absorbCasts } from "./passes/absorb-casts.ts";
import { assignInPlace } from "./passes/assign-in-place.ts";
import { expandAdamW } from "./passes/expand-adamw.ts";
import { fillConstants } from "./passes/fill-constants.ts";
import { fuseAttention } from "./passes/fuse-attention.ts";
import { fuseAdamW } from "./passes/fuse-adamw.ts";
import { BIAS_KERNELS, fuseBias } from "./passes/fuse-bias.ts";
import { fuseNorm } from "./passes/fuse-norm.ts";
import { fuseSoftmax } from "./passes/fuse-softmax.ts";
import { keepRounded } from "./passes/keep-rounded.ts";
import { lowerMatMul } from "./passes/lower-mat-mul.ts";
import { lowerSliceUpdates } from "./passes/lower-slice-updates.ts";
import { moveScales } from "./passes/move-scales.ts";
import { orderUpdates } from "./passes/order-updates.ts";
import { recomputeRegions } from "./passes/recompute-regions.ts";
import { removeDeadNodes } from "./passes/remove-dead-nodes.ts";
import { chunkLoss } from "./passes/chunk-loss.ts";
import { copyAssignedInputs } from "./passes/copy-assigned-inputs.ts";
import { delayWidening } from "./passes/delay-widening.ts";
import { shareCommon } from "./passes/share-common.ts";
import { simplify } from "./passes/simplify.ts";
import { splitAttention } from "./passes/split-attention.ts";
import { useBfloat16 } from "./passes/use-bfloat16.ts";

/** What {@link optimize} may be told. */
export interface OptimizeOptions {
  readonly precision: "f32" | "bf16";
  readonly recompute: "block" | "none";
  /** Whether TensorFlow has the operations of kernels.cc; default false. */
  readonly hasKernels?: boolean;
}

type Pass = (graph: Graph) => Graph;

/** The graph that TensorFlow gets: the recorded one, passed through everything that makes it faster. */
export function optimize(graph: Graph, { precision, recompute, hasKernels = false }: OptimizeOptions): Graph {
  const passes: Pass[] = [
    simplify,
    lowerMatMul,
    fuseNorm,
    shareCommon,
    ...(hasKernels && precision === "f32" ? [fuseAttention] : []), // in bfloat16 TensorFlow's products are faster
    ...(recompute === "block" ? [recomputeRegions] : []),
    (current) => splitAttention(current),
    (current) => chunkLoss(current),
    moveScales,
    ...(hasKernels ? [fuseSoftmax, (current: Graph) => fuseBias(current, BIAS_KERNELS)] : []),
    ...(precision === "bf16" ? [useBfloat16, delayWidening] : []),
    ...(hasKernels ? [] : [(current: Graph) => fuseBias(current)]),
    (current) => fuseAdamW(current, hasKernels),
    ...(hasKernels ? [absorbCasts, keepRounded] : []),
    expandAdamW,
    assignInPlace,
    lowerSliceUpdates,
    copyAssignedInputs,
    fillConstants,
    orderUpdates,
  ];
  return passes.reduce((current, pass) => removeDeadNodes(pass(current)), removeDeadNodes(graph));
}
