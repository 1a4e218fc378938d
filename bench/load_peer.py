"""The PyTorch side of `pnpm bench load`.

    python bench/load_peer.py save FOLDER     writes GPT-2 124M with random weights (seed 123) and a tokenizer of its size
    python bench/load_peer.py first FOLDER    loads it, generates one token from fixed ids, prints peak RSS as JSON
"""

import json
import resource
import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel

command, folder = sys.argv[1:]
if command == "save":
    torch.manual_seed(123)
    GPT2LMHeadModel(GPT2Config()).save_pretrained(folder)
else:
    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    ids = torch.tensor([[15496, 11, 314, 716]])  # "Hello, I am"
    with torch.no_grad():
        out = model.generate(ids, max_new_tokens=1, do_sample=False, pad_token_id=50256)
    print(json.dumps({"ids": out[0].tolist(), "peakRssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
