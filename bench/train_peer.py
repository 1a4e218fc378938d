"""The PyTorch side of `pnpm bench train`: times training steps of a GPT-2 sized model on random tokens.

    python bench/train_peer.py book|best-f32|best-bf16 --size 124M --batch 2 --context 256 --warmup 3 --steps 8

book       the package llms-from-scratch as it is: its GPTModel, torch.optim.AdamW
best-f32   its GPTModelFast (scaled_dot_product_attention, nn.LayerNorm, nn.GELU), fused AdamW, torch.compile
best-bf16  the same under autocast to bfloat16
sdpa       best-f32 without torch.compile

Dropout 0, weight decay 0.1, no clipping. Prints one JSON object: ms per step after warm-up, losses, peak RSS, versions.
"""

import argparse
import contextlib
import json
import resource
import time

import torch
from llms_from_scratch.ch04 import GPTModel, GPTModelFast

SIZES = {
    "tiny": dict(emb_dim=64, n_layers=2, n_heads=2),
    "124M": dict(emb_dim=768, n_layers=12, n_heads=12),
    "355M": dict(emb_dim=1024, n_layers=24, n_heads=16),
}

parser = argparse.ArgumentParser()
parser.add_argument("mode", choices=["book", "best-f32", "best-bf16", "sdpa"])
parser.add_argument("--size", choices=SIZES, default="124M")
parser.add_argument("--batch", type=int, default=2)
parser.add_argument("--context", type=int, default=256)
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--warmup", type=int, default=3)
parser.add_argument("--steps", type=int, default=8)
args = parser.parse_args()

torch.manual_seed(123)
config = dict(
    vocab_size=50257, context_length=args.context, drop_rate=args.dropout, qkv_bias=False, **SIZES[args.size]
)
book = args.mode == "book"
model = (GPTModel if book else GPTModelFast)(config)
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-4, weight_decay=0.1, **({} if book else {"fused": True}))
forward = torch.compile(model) if args.mode.startswith("best") else model
precision = (
    torch.autocast("cpu", dtype=torch.bfloat16) if args.mode == "best-bf16" else contextlib.nullcontext()
)
tokens = torch.randint(0, config["vocab_size"], (2, args.batch, args.context))


def step():
    optimizer.zero_grad()
    with precision:
        logits = forward(tokens[0])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[1].flatten())
    loss.backward()
    optimizer.step()
    return loss.item()


times, losses = [], []
for i in range(args.warmup + args.steps):
    start = time.perf_counter()
    losses.append(step())
    if i >= args.warmup:
        times.append(1000 * (time.perf_counter() - start))
print(
    json.dumps(
        {
            "ms": times,
            "losses": losses,
            "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "threads": torch.get_num_threads(),
            "versions": {"torch": torch.__version__},
        }
    )
)
