// Our side of `pnpm bench load`: loads a model folder, generates one token and prints what that took, as load_peer.py does.
// Plain JavaScript: a compiler would be part of the time.
import { useBackend } from "@scratch-llm/backend/node";
import { generateTextSimple } from "@scratch-llm/gpt";
import { loadModelFolder } from "@scratch-llm/weights-loader/node";

const [folder = ""] = process.argv.slice(2);
await useBackend("native");
const begin = performance.now();
const { model } = await loadModelFolder(folder);
const loadMs = performance.now() - begin;
const prompt = Int32Array.of(15496, 11, 314, 716); // "Hello, I am"
const ids = generateTextSimple({ model: model.eval(), ids: prompt, maxNewTokens: 1, contextSize: 1024 });
const written = [...(await ids.data())];
console.log(JSON.stringify({ ids: written, loadMs, peakRssBytes: process.resourceUsage().maxRSS * 1024 }));
