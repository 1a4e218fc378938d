import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

/** Who may import whom: imports go backwards through the chapters. CONTRIBUTING.md shows the same table. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  safetensors: [],
  samples: [],
  nn: [],
  tokenizer: [],
  backend: ["nn", "safetensors"],
  dataloader: ["tokenizer", "nn"],
  attention: ["nn"],
  gpt: ["attention", "nn", "tokenizer"],
  pretrain: ["gpt", "nn", "dataloader", "tokenizer", "safetensors"],
  "weights-loader": ["gpt", "nn", "tokenizer", "safetensors"],
  lora: ["nn", "safetensors"],
  "finetune-classifier": ["gpt", "lora", "nn", "dataloader", "tokenizer", "pretrain"],
  onnx: ["gpt", "tokenizer", "safetensors", "weights-loader"],
  "finetune-instruct": ["gpt", "lora", "nn", "dataloader", "tokenizer", "pretrain"],
};

/** Node's modules, with or without the prefix. */
const BUILTIN = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly exports?: Record<string, { readonly "@scratch-llm/source": string }>;
}

const packages = readdirSync(join(ROOT, "packages"));
const manifest = (name: string): Manifest =>
  JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8"));
const declared = (name: string): string[] => {
  const { dependencies = {}, peerDependencies = {} } = manifest(name);
  return [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
};

/** What a file imports, statically or not. */
function imports(file: string): string[] {
  const code = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gmu, "");
  return [...code.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)"([^"\s]+)"/gu)].map((match) => match[1]!);
}

const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
const sources = (name: string): string[] => {
  const folder = join(ROOT, "packages", name, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => join(folder, file));
};

describe.each(packages)("boundaries of %s", (name) => {
  it("has a place in the table, and declares only what the table allows", () => {
    const ours = declared(name).filter((dependency) => dependency.startsWith("@scratch-llm/"));
    expect(MAY_IMPORT[name], `add ${name} to the table`).toBeDefined();
    expect(MAY_IMPORT[name]?.map((other) => `@scratch-llm/${other}`)).toEqual(expect.arrayContaining(ours));
  });

  it("imports only what its manifest declares, and nothing outside its folder", () => {
    const allowed = new Set([...declared(name), `@scratch-llm/${name}`]);
    const folder = join(ROOT, "packages", name, "src");
    const isAllowed = (file: string, specifier: string): boolean =>
      specifier.startsWith(".")
        ? resolve(file, "..", specifier).startsWith(folder)
        : BUILTIN.has(specifier) || allowed.has(packageOf(specifier));
    const forbidden = sources(name).flatMap((file) =>
      imports(file)
        .filter((specifier) => !isAllowed(file, specifier))
        .map((specifier) => `${relative(ROOT, file)} imports ${specifier}`),
    );
    expect(forbidden).toEqual([]);
  });

  it("reaches no module of Node from its browser entry", () => {
    const entry = manifest(name).exports?.["."]?.["@scratch-llm/source"];
    const seen = new Set<string>();
    const open = [join(ROOT, "packages", name, entry ?? "")];
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      for (const specifier of imports(file)) {
        const forbidden = BUILTIN.has(specifier) || specifier === "@tensorflow/tfjs-node";
        expect(forbidden, `${relative(ROOT, file)} imports ${specifier}`).toBe(false);
        if (specifier.startsWith(".")) open.push(resolve(file, "..", specifier));
      }
    }
    expect(seen.size).toBeGreaterThan(0);
  });
});
