import { ALPACA, chatFormat } from "@scratch-llm/finetune-instruct";
import { generate, type GenerateStep } from "@scratch-llm/gpt";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTinyServer, tinyModel, type TinyModel, type TinyServer } from "../../test/tiny-server.ts";

const PROMPT = "A prompt goes";
const CHAT = chatFormat({
  chat_template:
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
});

let tiny: TinyModel;
let server: TinyServer;
let openai: OpenAI;

beforeAll(async () => {
  tiny = await tinyModel();
  server = await startTinyServer(tiny, { format: CHAT });
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" });
});
afterAll(async () => {
  await server.stop();
});

/** What the library writes for the same wish. */
async function expected(
  prompt: string | Int32Array,
  options: Parameters<typeof generate>[2] = {},
): Promise<{ text: string; steps: GenerateStep[] }> {
  const { model, tokenizer } = tiny;
  const ids = typeof prompt === "string" ? tokenizer.encode(prompt) : prompt;
  const steps: GenerateStep[] = [];
  for await (const step of generate(model, ids, { tokenizer, eosId: tokenizer.eosId, ...options })) steps.push(step);
  return { text: steps.map(({ text }) => text).join(""), steps };
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

describe("completions", () => {
  it("are what generate writes, with usage", async () => {
    const answer = await openai.completions.create({ model: "tiny", prompt: PROMPT, max_tokens: 12, temperature: 0 });
    const { text } = await expected(PROMPT, { maxNewTokens: 12 });
    expect(answer.choices).toEqual([{ index: 0, text, logprobs: null, finish_reason: "length" }]);
    const promptTokens = tiny.tokenizer.encode(PROMPT).length;
    expect(answer.usage).toEqual({
      prompt_tokens: promptTokens,
      completion_tokens: 12,
      total_tokens: promptTokens + 12,
    });
    expect(answer).toMatchObject({
      object: "text_completion",
      model: "tiny",
      id: expect.stringMatching(/^cmpl-\w{32}$/u),
    });
  });

  it("stream the same text, and end with their usage", async () => {
    const wish = { model: "tiny", prompt: PROMPT, max_tokens: 12, temperature: 0.9, seed: 5, top_p: 0.9 } as const;
    const whole = await openai.completions.create(wish);
    const stream = await openai.completions.create({ ...wish, stream: true, stream_options: { include_usage: true } });
    const chunks = await collect(stream);
    expect(chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBe(whole.choices[0]?.text);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("length");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    const { text } = await expected(PROMPT, { maxNewTokens: 12, temperature: 0.9, seed: 5, topP: 0.9 });
    expect(whole.choices[0]?.text).toBe(text);
  });

  it("take several prompts, as text and as tokens, and give n of each", async () => {
    const ids = [...tiny.tokenizer.encode("and an")];
    const wish = { model: "tiny", max_tokens: 5, temperature: 0 } as const;
    const both = await openai.completions.create({ ...wish, prompt: ["A prompt", "and an"], n: 2 });
    const [first, second] = [
      await expected("A prompt", { maxNewTokens: 5 }),
      await expected("and an", { maxNewTokens: 5 }),
    ];
    expect(both.choices.map(({ text }) => text)).toEqual([first.text, first.text, second.text, second.text]);
    expect(both.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    const asTokens = await openai.completions.create({ ...wish, prompt: ids });
    expect(asTokens.choices[0]?.text).toBe(second.text);
    const sampled = await openai.completions.create({ ...wish, temperature: 2, seed: 1, prompt: "A", n: 3 });
    expect(new Set(sampled.choices.map(({ text }) => text)).size).toBe(3);
  });

  it("stop at a text that the model writes, wherever it is cut", async () => {
    const { text } = await expected(PROMPT, { maxNewTokens: 30 });
    const stop = text.slice(5, 8);
    const wish = { model: "tiny", prompt: PROMPT, max_tokens: 30, temperature: 0, stop } as const;
    const answer = await openai.completions.create(wish);
    expect(answer.choices[0]).toMatchObject({ text: text.slice(0, text.indexOf(stop)), finish_reason: "stop" });
    const chunks = await collect(await openai.completions.create({ ...wish, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]?.text).join("")).toBe(answer.choices[0]?.text);
  });

  it("tell the log-probabilities of their tokens and where each begins", async () => {
    const wish = { model: "tiny", prompt: PROMPT, max_tokens: 6, temperature: 0, logprobs: 3 } as const;
    const { choices } = await openai.completions.create(wish);
    const { steps } = await expected(PROMPT, { maxNewTokens: 6, topLogProbs: 3 });
    const logprobs = choices[0]?.logprobs;
    expect(logprobs?.token_logprobs).toEqual(steps.map(({ logProb }) => logProb));
    expect(Object.values(logprobs?.top_logprobs?.[0] ?? {})).toEqual(
      steps[0]?.topLogProbs.map(({ logProb }) => logProb),
    );
    const lengths = steps.map(({ text }) => text.length);
    expect(logprobs?.text_offset).toEqual(lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0)));
    const chunks = await collect(await openai.completions.create({ ...wish, stream: true }));
    const streamed = chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.token_logprobs ?? []);
    expect(streamed).toEqual(logprobs?.token_logprobs);
  });

  it("repeat the prompt with echo, and obey penalties and biases", async () => {
    const wish = { model: "tiny", prompt: PROMPT, max_tokens: 8, temperature: 0 } as const;
    const plain = await openai.completions.create(wish);
    const echoed = await openai.completions.create({ ...wish, echo: true });
    expect(echoed.choices[0]?.text).toBe(PROMPT + plain.choices[0]?.text);
    const penalised = await openai.completions.create({ ...wish, frequency_penalty: 2, presence_penalty: 2 });
    const { text } = await expected(PROMPT, { maxNewTokens: 8, frequencyPenalty: 2, presencePenalty: 2 });
    expect(penalised.choices[0]?.text).toBe(text);
    const [id] = tiny.tokenizer.encode("Z");
    const biased = await openai.completions.create({ ...wish, logit_bias: { [String(id)]: 100 } });
    expect(biased.choices[0]?.text).toBe("ZZZZZZZZ");
  });

  it("end at the end-of-text token", async () => {
    const answer = await openai.completions.create({
      model: "tiny",
      prompt: PROMPT,
      temperature: 0,
      logit_bias: { [String(tiny.tokenizer.eosId)]: 100 },
    });
    expect(answer.choices[0]).toMatchObject({ text: "", finish_reason: "stop" });
    expect(answer.usage?.completion_tokens).toBe(1);
  });
});

describe("chats", () => {
  const messages = [
    { role: "system", content: "Go" },
    {
      role: "user",
      content: [
        { type: "text", text: "A pro" },
        { type: "text", text: "mpt" },
      ],
    },
  ] satisfies OpenAI.ChatCompletionMessageParam[];
  const text = "<system>Go</><user>A prompt</><assistant>";

  it("answer what the chat template writes", async () => {
    const answer = await openai.chat.completions.create({
      model: "tiny",
      messages,
      max_completion_tokens: 9,
      temperature: 0,
    });
    const { text: content } = await expected(text, { maxNewTokens: 9 });
    expect(answer.choices).toEqual([
      { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "length" },
    ]);
    expect(answer.usage?.prompt_tokens).toBe(tiny.tokenizer.encode(text).length);
    expect(answer).toMatchObject({ object: "chat.completion", id: expect.stringMatching(/^chatcmpl-\w{32}$/u) });
  });

  it("stream deltas, beginning with the role", async () => {
    const wish = { model: "tiny", messages, max_tokens: 9, temperature: 0, n: 2 } as const;
    const whole = await openai.chat.completions.create({ ...wish, messages });
    const chunks = await collect(await openai.chat.completions.create({ ...wish, messages, stream: true }));
    expect(chunks.slice(0, 2).map(({ choices }) => choices[0]?.delta.role)).toEqual(["assistant", "assistant"]);
    for (const index of [0, 1]) {
      const own = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
      expect(own.map(({ delta }) => delta.content ?? "").join("")).toBe(whole.choices[index]?.message.content);
      expect(own.at(-1)?.finish_reason).toBe("length");
    }
    expect(chunks.every(({ object }) => object === "chat.completion.chunk")).toBe(true);
  });

  it("tell log-probabilities with bytes", async () => {
    const wish = { model: "tiny", messages, max_tokens: 4, temperature: 0, logprobs: true, top_logprobs: 2 } as const;
    const { choices } = await openai.chat.completions.create({ ...wish, messages });
    const content = choices[0]?.logprobs?.content ?? [];
    const { steps } = await expected(text, { maxNewTokens: 4, topLogProbs: 2 });
    expect(content.map(({ logprob }) => logprob)).toEqual(steps.map(({ logProb }) => logProb));
    expect(content.map(({ bytes }) => bytes)).toEqual(steps.map(({ id }) => [...tiny.tokenizer.tokenBytes(id)]));
    expect(content[0]?.top_logprobs.map(({ logprob }) => logprob)).toEqual(
      steps[0]?.topLogProbs.map(({ logProb }) => logProb),
    );
  });

  it("use up the context where the request does not limit them", async () => {
    const answer = await openai.chat.completions.create({ model: "tiny", messages, temperature: 0 });
    expect(answer.usage?.total_tokens).toBe(96);
    expect(answer.choices[0]?.finish_reason).toBe("length");
  });

  it("take the format that a model was taught", async () => {
    const taught = await startTinyServer(tiny, { format: { ...ALPACA, conversation: () => "A prompt" } });
    const client = new OpenAI({ baseURL: `${taught.url}/v1`, apiKey: "none" });
    const answer = await client.chat.completions.create({ model: "tiny", messages, max_tokens: 3, temperature: 0 });
    expect(answer.choices[0]?.message.content).toBe((await expected("A prompt", { maxNewTokens: 3 })).text);
    await taught.stop();
  });

  it("are refused by a base model", async () => {
    const base = await startTinyServer(tiny);
    const client = new OpenAI({ baseURL: `${base.url}/v1`, apiKey: "none" });
    const wish = client.chat.completions.create({ model: "tiny", messages });
    await expect(wish).rejects.toMatchObject({ status: 400, code: "no_chat_template", type: "invalid_request_error" });
    await base.stop();
  });
});

it("lists its one model", async () => {
  const { data } = await openai.models.list();
  expect(data).toMatchObject([{ id: "tiny", object: "model", owned_by: "scratch-llm" }]);
  expect(await openai.models.retrieve("tiny")).toEqual(data[0]);
  await expect(openai.models.retrieve("gpt-4")).rejects.toMatchObject({ status: 404, code: "model_not_found" });
});
