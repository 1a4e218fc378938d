// Our side of `pnpm bench load`: loads weights, generates one token and prints what that took, as load_peer.py does.
// Plain JavaScript: a compiler would be part of the time.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { useBackend } from "@scratch-llm/backend/node";
import { generateTextSimple } from "@scratch-llm/gpt";
import { openSafetensors } from "@scratch-llm/safetensors/node";
import { configFromHuggingFace, loadModel, sourceFromFile } from "@scratch-llm/weights-loader";

const [folder = ""] = process.argv.slice(2);
await useBackend("native");
const begin = performance.now();
const config = configFromHuggingFace(JSON.parse(await readFile(join(folder, "config.json"), "utf8")));
const source = sourceFromFile(await openSafetensors(join(folder, "model.safetensors")));
const model = await loadModel({ config, format: "hf", source });
await source.close();
const loadMs = performance.now() - begin;
const prompt = Int32Array.of(15496, 11, 314, 716); // "Hello, I am"
const ids = generateTextSimple({ model, ids: prompt, maxNewTokens: 1, contextSize: 1024 });
const written = [...(await ids.data())];
console.log(JSON.stringify({ ids: written, loadMs, peakRssBytes: process.resourceUsage().maxRSS * 1024 }));
