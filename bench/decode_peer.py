"""The transformers side of `pnpm bench decode`: loads GPT-2, says so, and answers each line of JSON on stdin with another.

    python bench/decode_peer.py f32|bf16 THREADS FOLDER

Greedy, with the KV cache. Of its own `generate` and a plain loop over `forward` the faster one counts: both have their turn
for every task, so each of its times is the better of two.
"""

import json
import resource
import sys
import time

import torch
from transformers import GPT2LMHeadModel
from transformers.utils.logging import disable_progress_bar

dtype, threads, folder = sys.argv[1:]
disable_progress_bar()
torch.set_num_threads(int(threads))
begin = time.perf_counter()
model = GPT2LMHeadModel.from_pretrained(folder, dtype={"f32": torch.float32, "bf16": torch.bfloat16}[dtype]).eval()
print(json.dumps({"loadMs": 1000 * (time.perf_counter() - begin)}), flush=True)


def with_generate(prompts, tokens):
    out = model.generate(prompts, attention_mask=torch.ones_like(prompts), max_new_tokens=tokens, min_new_tokens=tokens,
                         do_sample=False, pad_token_id=50256, eos_token_id=None)
    return out[:, prompts.shape[1]:]


def with_loop(prompts, tokens):
    ids, past, new = prompts, None, []
    for _ in range(tokens):
        out = model(ids, past_key_values=past, use_cache=True, logits_to_keep=1)
        ids, past = out.logits[:, -1].argmax(-1, keepdim=True), out.past_key_values
        new.append(ids)
    return torch.cat(new, dim=1)


def timed(decode, prompts, tokens):
    begin = time.perf_counter()
    ids = decode(prompts, tokens).tolist()
    return 1000 * (time.perf_counter() - begin), ids


with torch.inference_mode():
    for line in sys.stdin:
        task = json.loads(line)
        prompts = torch.tensor(task["prompts"])
        ms, ids = min(timed(decode, prompts, task["tokens"]) for decode in (with_generate, with_loop))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"ids": ids, "ms": ms, "peakRssBytes": peak}), flush=True)
