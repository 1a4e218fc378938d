// Models of ONNX Runtime beside those of TensorFlow.js: dropped, downloaded, and what goes wrong with them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GPT_CONFIGS } from "@scratch-llm/gpt";
import { exportOnnx } from "@scratch-llm/onnx";
import { HubServer } from "@test/hub-server.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EngineClient } from "../client.ts";
import type { FolderFile } from "../protocol.ts";
import { engineClient } from "../testing/engine-client.ts";
import { exportBundled, type Exported } from "../testing/export-bundled.ts";
import { dropped } from "../testing/folder.ts";
import { nodeHost } from "../testing/node-host.ts";
import { load } from "./load.ts";

const KNOBS = { sampling: { temperature: 0 }, seed: 1, maxNewTokens: 30 };
const PROMPT = "The Patience";

let exported: Exported;
let whole: FolderFile[];
beforeAll(async () => {
  exported = await exportBundled(["none", "int8"]);
  whole = await dropped(exported.path);
});
afterAll(() => exported.remove());

const without = (pattern: RegExp): FolderFile[] => whole.filter(({ path }) => !pattern.test(path));
const floats = (): FolderFile[] => without(/int8/u);

let engine: EngineClient;
beforeEach(async () => {
  ({ engine } = engineClient());
  await engine.start("wasm");
  await engine.call("loadModel", { model: "tiny", source: { kind: "bundled" } });
  return () => engine.dispose();
});

const drop = (files: readonly FolderFile[], model = "onnx") =>
  engine.call("loadModel", { model, source: { kind: "files", files } });
const write = (model: string, prompt: string | Int32Array = PROMPT) =>
  engine.call("generate", { ...KNOBS, model, prompt });

describe("a model that was exported as ONNX", () => {
  it("writes the tokens of the model it was exported from, with what it keeps of a chat and without", async () => {
    const info = await drop(floats());
    const tiny = await engine.call("loadModel", { model: "tiny", source: { kind: "bundled" } });
    expect(info).toEqual({ ...tiny, model: "onnx", source: "files", onnx: { quantization: "none", threads: 1 } });
    const expected = await write("tiny");
    expect(await write("onnx")).toMatchObject({ ids: expected.ids, text: expected.text, finishReason: "length" });
    const longer = Int32Array.from([...expected.promptIds, ...expected.ids, ...expected.promptIds]);
    expect((await write("onnx", longer)).ids).toEqual((await write("tiny", longer)).ids);
    const together = [
      write("onnx"),
      write("onnx", longer),
      engine.call("generate", { ...KNOBS, model: "onnx", prompt: PROMPT, useCache: false }),
    ];
    const [first, , third] = await Promise.all(together);
    expect([first?.ids, third?.ids]).toEqual([expected.ids, expected.ids]);
  });

  it("gives the logits of the next token, for a text of any length", async () => {
    await drop(floats());
    for (const length of [3, 200]) {
      const ids = Int32Array.from({ length }, (_, i) => (7 * i) % 1500);
      const expected = await engine.call("nextToken", { model: "tiny", ids });
      const actual = await engine.call("nextToken", { model: "onnx", ids });
      expect(Math.max(...actual.map((logit, i) => Math.abs(logit - expected[i]!)))).toBeLessThan(1e-3);
    }
    await expect(engine.call("nextToken", { model: "onnx", ids: Int32Array.of(99_999) })).rejects.toThrow(
      "Token 99999",
    );
  });

  it("says that it shows nothing of its inside", async () => {
    await drop(without(/decoder\.onnx/u));
    const ids = Int32Array.of(1, 2);
    const fault = { code: "ANSWERS_ONLY" };
    await expect(engine.call("attention", { model: "onnx", ids, causal: true })).rejects.toMatchObject(fault);
    await expect(engine.call("plane", { model: "onnx", ids })).rejects.toMatchObject(fault);
    expect(await engine.call("vocabulary", { model: "onnx" })).toHaveLength(1536);
    expect((await write("onnx")).ids).toHaveLength(30); // in 8 bits
  });

  it("is found in loose files too, and safetensors go before it", async () => {
    const loose = floats().map(({ path, content }) => ({ path: path.split("/").at(-1)!, content }));
    expect((await drop(loose)).onnx?.quantization).toBe("none");
    const weights = { path: "m/model.safetensors", content: new Blob([new Uint8Array(9)]) };
    await expect(drop([...whole, weights])).rejects.toMatchObject({ name: "SafetensorsError" });
  });

  it("says what is wrong with it, and what was there before stays", async () => {
    await drop(floats());
    await expect(drop(without(/int8|onnx_data/u))).rejects.toMatchObject({ code: "DATA_MISSING" });
    const short = floats().map((file) =>
      file.path.endsWith("onnx_data") ? { ...file, content: file.content.slice(0, 99) } : file,
    );
    await expect(drop(short)).rejects.toThrow("has 99 bytes instead of");
    const garbled = [{ path: "decoder.onnx", content: new Blob(["no protobuf"]) }];
    await expect(drop(garbled)).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(drop(without(/int8|tokenizer|vocab|merges/u))).rejects.toMatchObject({ code: "TOKENIZER_MISSING" });
    expect((await write("onnx")).ids).toHaveLength(30);
  });

  it("is refused before it is read where WASM has no room for it", async () => {
    const { decoder, dataName } = exportOnnx({
      model: { config: GPT_CONFIGS["gpt2-774M"], namedParameters: () => new Map() },
    });
    const files = [
      { path: "decoder.onnx", content: new Blob([decoder]) },
      { path: dataName, content: new Blob() },
    ];
    await expect(drop(files)).rejects.toMatchObject({
      code: "MEMORY",
      message: expect.stringContaining("GB of weights"),
    });
  });

  it("is given up while it is read", async () => {
    const stop = new AbortController();
    const stages: string[] = [];
    const loading = load(
      { model: "onnx", source: { kind: "files", files: floats() } },
      {
        host: nodeHost(),
        learned: () => expect.unreachable(),
        signal: stop.signal,
        emit: ({ stage, done }) => {
          stages.push(stage);
          if (done > 0) stop.abort();
        },
      },
    );
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
    expect(stages).toEqual(["read", "read", "compile"]);
  });
});

describe("a repository with several forms of a model", () => {
  let server: HubServer;
  const asked = () => ({ endpoint: server.endpoint, repository: "owner/name" });
  beforeEach(async () => {
    const files = whole.map(async ({ path }) => {
      const name = path.slice(path.indexOf("/") + 1);
      return [name, await readFile(join(exported.path, name))] as const;
    });
    const foreign = ["onnx/decoder_model.onnx", Buffer.from("another tool's")] as const;
    server = await new HubServer(new Map([...(await Promise.all(files)), foreign])).start();
    return () => server.stop();
  });

  it("offers each with its size, and fetches and opens the one that is chosen", async () => {
    const { offers, licence } = await engine.call("describeDownload", asked());
    expect(offers.map(({ form, name, fits }) => [form, name, fits])).toEqual([
      ["none", "owner/name/onnx-none", true],
      ["int8", "owner/name/onnx-int8", true],
    ]);
    expect(licence).toBeNull();
    expect(offers[1]!.totalBytes).toBeLessThan(offers[0]!.totalBytes / 2);
    expect(offers[1]!.files.map(({ name }) => name)).toEqual([
      "config.json",
      "generation_config.json",
      "merges.txt",
      "tokenizer.json",
      "tokenizer_config.json",
      "vocab.json",
      "onnx/decoder_int8.onnx",
      "onnx/model_int8.onnx_data",
    ]);
    const { name } = await engine.call("download", { ...asked(), form: "int8" });
    expect(await engine.call("storedModels", {})).toMatchObject({ models: [{ name }], unfinished: [] });
    const info = await engine.call("loadModel", { model: "stored", source: { kind: "stored", name } });
    expect(info.onnx?.quantization).toBe("int8");
    expect((await engine.call("deleteStored", { name })).models).toEqual([]);
    await expect(engine.call("download", asked())).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("goes on where the weights were cut, and repairs what came damaged", async () => {
    const data = "onnx/model.onnx_data";
    server.misbehave = ({ name, request, response, content, attempt }) => {
      if (name !== data || attempt > 1) return false;
      const start = Number(/\d+/u.exec(request.headers.range ?? "0")![0]);
      response.writeHead(attempt === 0 ? 200 : 206, { "content-length": content.length - start });
      if (attempt === 0) response.write(content.subarray(0, 1_000_000), () => setTimeout(() => response.destroy(), 50));
      else response.end(Buffer.alloc(content.length - start)); // zeros
      return true;
    };
    const form = "none";
    await expect(engine.call("download", { ...asked(), form })).rejects.toMatchObject({
      code: "CHECKSUM_MISMATCH",
      message: expect.stringContaining(data),
    });
    expect((await engine.call("storedModels", {})).unfinished).toMatchObject([{ name: "owner/name/onnx-none" }]);
    await engine.call("download", { ...asked(), form });
    expect((await engine.call("storedModels", {})).unfinished).toEqual([]);
  });
});
