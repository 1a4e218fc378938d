import { describe, expect, it } from "vitest";
import { generatedStrings, Lcg } from "@test/generated-strings.ts";
import { BPETokenizer } from "./bpe-tokenizer.ts";
import { trainBPE } from "./train-bpe.ts";

const specialTokens = ["<|endoftext|>", "<|end|>", "<|end|>!"];
const texts = ["the cat sat on the mat, the cat that sat", "我说你好，你说你好。"];
const tokenizer = trainBPE(texts, { vocabSize: 300, specialTokens });

describe("encode and decode", () => {
  it("gives back every text that is well formed, and U+FFFD for lone surrogates", () => {
    for (const text of generatedStrings(1000, new Lcg(11))) {
      const back = tokenizer.decode(tokenizer.encode(text));
      expect(back).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text)));
    }
    expect(tokenizer.decode(tokenizer.encode("a\ud83d b"))).toBe("a\ufffd b");
  });

  it("keeps a byte order mark", () => {
    expect(tokenizer.decode(tokenizer.encode("\ufeffthe cat"))).toBe("\ufeffthe cat");
  });

  it("encodes nothing as nothing", () => {
    expect(tokenizer.encode("")).toEqual(new Int32Array(0));
    expect(tokenizer.decode([])).toBe("");
  });

  it("uses what it has learned", () => {
    expect(tokenizer.encode("the cat").length).toBe(2);
    expect(tokenizer.encode("你好").length).toBe(1);
  });

  it("gives the bytes of a token, be they half a character", () => {
    const [first] = tokenizer.encode("🐢");
    expect(tokenizer.tokenBytes(first as number)).toEqual(Uint8Array.of(0xf0));
    expect(tokenizer.tokenBytes(0)).toEqual(new TextEncoder().encode("<|endoftext|>"));
  });

  it.each([300, -1, 1.5, NaN])("refuses the id %s", (id) => {
    expect(() => tokenizer.decode([id])).toThrow(expect.objectContaining({ code: "UNKNOWN_TOKEN" }));
  });
});

describe("special tokens", () => {
  it("are refused unless allowed", () => {
    expect(() => tokenizer.encode("a <|end|>")).toThrow('special token "<|end|>" at character 2');
    expect(() => tokenizer.encode("a<|end|><|endoftext|>", { allowedSpecial: new Set(["<|end|>"]) })).toThrow(
      '"<|endoftext|>"',
    );
  });

  it("become their id when allowed, the longest first", () => {
    const allowedSpecial = "all";
    expect([...tokenizer.encode("<|endoftext|><|end|>!", { allowedSpecial })]).toEqual([0, 2]);
    expect([...tokenizer.encode("<|end|><|end|>", { allowedSpecial })]).toEqual([1, 1]);
  });

  it("are read as text when neither allowed nor disallowed", () => {
    const ids = tokenizer.encode("<|end|>", { disallowedSpecial: new Set() });
    expect(ids.length).toBeGreaterThan(1);
    expect(tokenizer.decode(ids)).toBe("<|end|>");
  });

  it("are refused when disallowed by name, even where allowed", () => {
    const named = new Set(["<|end|>"]);
    expect(() => tokenizer.encode("<|end|>", { allowedSpecial: named, disallowedSpecial: named })).toThrow("<|end|>");
  });

  it("has no end of text where the vocabulary has none", () => {
    expect(tokenizer.eosId).toBe(0);
    expect(trainBPE(["a"], { vocabSize: 256, specialTokens: [] }).eosId).toBeUndefined();
  });
});

describe("streamDecoder", () => {
  it("shows whole characters only, and all of them", () => {
    const text = "你好 👩‍💻 café";
    const stream = trainBPE([""], { vocabSize: 257 }).streamDecoder();
    const shown = Array.from(trainBPE([""], { vocabSize: 257 }).encode(text), (id) => stream.push(id));
    expect(shown.join("") + stream.flush()).toBe(text);
    expect(shown.filter((part) => part !== "")).toEqual([...text]);
  });

  it("gives U+FFFD for a character that never became whole, and can then be used again", () => {
    const stream = tokenizer.streamDecoder();
    const [first] = tokenizer.encode("🐢");
    expect(stream.push(first as number)).toBe("");
    expect(stream.flush()).toBe("\ufffd");
    expect(stream.push(tokenizer.encode("the")[0] as number)).toBe("the");
    expect(stream.flush()).toBe("");
  });

  it("agrees with decode on any ids", () => {
    const lcg = new Lcg(2);
    for (let round = 0; round < 300; round++) {
      const ids = Array.from({ length: 12 }, () => lcg.pick(tokenizer.vocabSize));
      const stream = tokenizer.streamDecoder();
      expect(ids.map((id) => stream.push(id)).join("") + stream.flush()).toBe(tokenizer.decode(ids));
    }
  });
});

describe("speed", () => {
  it("encodes one word of a megabyte without quadratic time", { timeout: 300_000 }, () => {
    const text = "a".repeat(1_000_000);
    const learned = trainBPE(["a".repeat(5000)], { vocabSize: 280 });
    const start = process.cpuUsage().user;
    expect(learned.decode(learned.encode(text))).toBe(text);
    expect(process.cpuUsage().user - start).toBeLessThan(20e6); // microseconds; one second is usual, quadratic is hours
  });
});

describe("fromJSON", () => {
  it("encodes as the tokenizer that was saved", () => {
    const loaded = BPETokenizer.fromJSON(JSON.parse(JSON.stringify(tokenizer)) as object);
    expect(loaded.toJSON()).toEqual(tokenizer.toJSON());
    expect(loaded.vocabSize).toBe(tokenizer.vocabSize);
    for (const text of generatedStrings(200, new Lcg(12))) expect(loaded.encode(text)).toEqual(tokenizer.encode(text));
  });
});
