import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChatAnswer, ChatServer, ollamaAnswer } from "@test/chat-server.ts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openAnswerFile } from "../node/answer-file.ts";
import { JudgeError } from "./judge-error.ts";
import { judgePrompt, parseScore } from "./judge-prompt.ts";
import { type ChatEndpoint, queryModel } from "./query-model.ts";
import { type JudgedResponse, scoreResponses } from "./score-responses.ts";

const RESPONSES: JudgedResponse[] = Array.from({ length: 6 }, (_, i) => ({
  instruction: `Say ${i}.`,
  input: "",
  output: `${i}`,
  response: `It is ${i}.`,
}));

/** What the judge is asked about: the number in its instruction. */
const numberIn = (prompt: string): number => Number(/Say (\d+)\./u.exec(prompt)?.[1]);
const scoreIsTen: ChatAnswer = ({ prompt }) => String(10 * numberIn(prompt));

let server: ChatServer;
beforeEach(async () => {
  server = await new ChatServer(scoreIsTen).start();
});
afterEach(() => server.stop());

const endpoint = (more: Partial<ChatEndpoint> = {}): ChatEndpoint => ({
  url: `${server.endpoint}/v1`,
  model: "judge",
  retryDelayMs: 1,
  ...more,
});

describe("queryModel", () => {
  it("speaks OpenAI's protocol, with a seed, temperature 0 and the key", async () => {
    server.answer = () => "Grass.";
    const query = queryModel(endpoint({ apiKey: "secret", seed: 7 }));
    expect(await query("What do llamas eat?")).toBe("Grass.");
    expect(server.questions[0]).toMatchObject({ path: "/v1/chat/completions", authorization: "Bearer secret" });
    expect(server.questions[0]?.body).toEqual({
      model: "judge",
      messages: [{ role: "user", content: "What do llamas eat?" }],
      seed: 7,
      temperature: 0,
    });
  });

  it("speaks Ollama's protocol with the book's settings", async () => {
    server.answer = () => "Grass.";
    expect(await queryModel(endpoint({ url: `${server.endpoint}/api/chat` }))("What do llamas eat?")).toBe("Grass.");
    expect(server.questions[0]?.body).toEqual({
      model: "judge",
      messages: [{ role: "user", content: "What do llamas eat?" }],
      stream: false,
      options: { seed: 123, temperature: 0, num_ctx: 2048 },
    });
    expect(server.questions[0]?.authorization).toBeUndefined();
    await queryModel(endpoint({ url: server.endpoint, protocol: "ollama" }))("Again?");
    expect(server.questions[1]?.path).toBe("/api/chat");
  });

  it("reads the lines of a server that streams all the same", async () => {
    server.answer = () => (response) =>
      response.end(["9", "0"].map((part) => `${JSON.stringify(ollamaAnswer(part))}\n`).join(""));
    expect(await queryModel(endpoint({ url: `${server.endpoint}/api/chat` }))("?")).toBe("90");
  });

  it("tries again after what may pass", async () => {
    const failures: ((attempt: number) => ReturnType<ChatAnswer>)[] = [
      () => (response) => response.writeHead(503).end("busy"),
      () => (response) => response.writeHead(429).end("slow down"),
      () => (response) => response.destroy(),
      () => (response) => response.end("<html>"),
      () => "42",
    ];
    server.answer = (_, attempt) => failures[attempt]?.(attempt) ?? "never";
    expect(await queryModel(endpoint())("?")).toBe("42");
    expect(server.questions).toHaveLength(5);
  });

  it("waits only so long for an answer", async () => {
    server.answer = (_, attempt) => (attempt === 0 ? () => {} : "7"); // the first never comes
    expect(await queryModel(endpoint({ timeoutMs: 500 }))("?")).toBe("7");
    server.answer = () => () => {};
    const query = queryModel(endpoint({ timeoutMs: 30, retries: 1 }));
    await expect(query("x")).rejects.toThrow("no answer within 30 ms");
  });

  it("gives up with one line that says why", async () => {
    const query = queryModel(endpoint({ retries: 1 }));
    server.answer = () => (response) => response.writeHead(500).end("out of memory");
    await expect(query("a")).rejects.toMatchObject({ code: "JUDGE_UNREACHABLE", name: "JudgeError" });
    await expect(query("b")).rejects.toThrow(/answers 500: out of memory/u);
    expect(server.questions).toHaveLength(4);

    server.answer = () => (response) => response.writeHead(401).end("no such key");
    await expect(query("c")).rejects.toMatchObject({ code: "JUDGE_REFUSED" });
    expect(server.questions).toHaveLength(5); // a refusal is not repeated

    server.answer = () => (response) => response.end('{"choices": []}');
    await expect(query("d")).rejects.toMatchObject({ code: "JUDGE_ANSWER" });

    await server.stop();
    await expect(query("e")).rejects.toThrow(/ECONNREFUSED.*Is the server running/u);
    await server.start();
  });

  it("stops at the signal, in the middle of an answer or of a pause", async () => {
    server.answer = () => () => {};
    const waiting = queryModel(endpoint())("?", AbortSignal.timeout(50));
    await expect(waiting).rejects.toMatchObject({ name: "TimeoutError" });
    server.answer = () => (response) => response.writeHead(503).end();
    const pausing = queryModel(endpoint({ retryDelayMs: 60_000 }))("?", AbortSignal.timeout(50));
    await expect(pausing).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

describe("parseScore", () => {
  it.each([
    ["85", 85],
    [" 100.\n", 100],
    ["**Score: 85/100**", 85],
    ["I would score it 70 out of 100.", 70],
    ["<think>Maybe 20? Or 30?</think>\n\n0", 0],
    ["90, yes, 90", 90],
    ["", undefined],
    ["A fine answer!", undefined],
    ["70 or 80", undefined],
    ["7.5", undefined],
    ["-5", undefined],
    ["150", undefined],
    ["1e2", undefined],
  ])("of %j is %s", (answer, score) => {
    expect(parseScore(answer)).toBe(score);
  });
});

describe("scoreResponses", () => {
  it("asks the book's question and averages", async () => {
    const prompts: string[] = [];
    const scores = await scoreResponses(RESPONSES.slice(0, 3), {
      query: async (prompt) => {
        prompts.push(prompt);
        return scoreIsTen({ prompt } as never, 0) as string;
      },
    });
    expect(scores).toMatchObject({ mean: 10, unscored: 0 });
    expect(scores.verdicts.map(({ score }) => score)).toEqual([0, 10, 20]);
    expect(prompts[0]).toBe(judgePrompt(RESPONSES[0] as JudgedResponse, "It is 0."));
    expect(prompts[0]).toMatch(
      /^Given the input `Below is an instruction .*### Instruction:\nSay 0\.` and correct output `0`, score the model response `It is 0\.` on a scale from 0 to 100, where 100 is the best score\. Respond with the integer number only\.$/su,
    );
  });

  it("counts nonsense and leaves it out of the mean; an empty response gets 0 unasked", async () => {
    server.answer = ({ prompt }) => (numberIn(prompt) === 1 ? "What a fine answer!" : "40");
    const responses = [...RESPONSES.slice(0, 3), { ...RESPONSES[3], response: "" } as JudgedResponse];
    const scores = await scoreResponses(responses, { query: queryModel(endpoint()) });
    expect(scores.verdicts.map(({ score }) => score)).toEqual([40, null, 40, 0]);
    expect(scores.mean).toBeCloseTo(80 / 3, 10);
    expect(scores.unscored).toBe(1);
    expect(server.questions).toHaveLength(3);
    expect((await scoreResponses([], { query: queryModel(endpoint()) })).mean).toBeNaN();
  });

  it("stops the questions that are still open when one has failed", async () => {
    const stopped: number[] = [];
    const query = (prompt: string, signal?: AbortSignal): Promise<string> => {
      if (numberIn(prompt) === 2) return Promise.reject(new JudgeError("JUDGE_REFUSED", "no"));
      return new Promise((resolve) => {
        signal?.addEventListener("abort", () => (stopped.push(numberIn(prompt)), resolve("1")));
      });
    };
    await expect(scoreResponses(RESPONSES.slice(0, 3), { query })).rejects.toThrow("no");
    expect(stopped).toEqual([0, 1]);
  });

  it("asks several questions at the same time, but no more than it may", async () => {
    const answer = (): string => JSON.stringify(ollamaAnswer("5"));
    // The first ones are answered when three are there, and a moment later: a fourth would have come meanwhile.
    server.answer = () => async (response) => {
      await vi.waitUntil(() => server.mostAtOnce >= 3, 30_000);
      setTimeout(() => response.end(answer()), 50);
    };
    const query = queryModel(endpoint({ url: `${server.endpoint}/api/chat` }));
    await scoreResponses(RESPONSES, { query, concurrency: 3 });
    expect(server.mostAtOnce).toBe(3);
  });
});

describe("an interrupted evaluation", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "scratch-llm-verdicts-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("goes on where it stopped, and asks nothing twice", async () => {
    const path = join(folder, "deep", "verdicts.jsonl");
    server.answer = (question, attempt) =>
      numberIn(question.prompt) >= 4 ? (response) => response.writeHead(500).end() : scoreIsTen(question, attempt);
    const query = queryModel(endpoint({ retries: 0 }));
    const broken = scoreResponses(RESPONSES, { query, concurrency: 1, store: await openAnswerFile(path, "judge") });
    await expect(broken).rejects.toThrow(JudgeError);
    await writeFile(path, `${await readFile(path, "utf8")}{"key": "cut sh`); // as a crash leaves it

    server.answer = scoreIsTen;
    const asked = server.questions.length;
    const scores = await scoreResponses(RESPONSES, { query, store: await openAnswerFile(path, "judge") });
    expect(scores.verdicts.map(({ score }) => score)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(new Set(server.questions.slice(asked).map(({ prompt }) => numberIn(prompt)))).toEqual(new Set([4, 5]));

    const third = await scoreResponses(RESPONSES, { query, store: await openAnswerFile(path, "judge") });
    expect(third).toEqual(scores);
    expect(server.questions).toHaveLength(asked + 2);
  });

  it("takes no other judge's word, nor an old one for a new response", async () => {
    const path = join(folder, "verdicts.jsonl");
    const query = queryModel(endpoint());
    const score = async (judge: string, responses: readonly JudgedResponse[]): Promise<number> => {
      const before = server.questions.length;
      await scoreResponses(responses, { query, store: await openAnswerFile(path, judge) });
      return server.questions.length - before;
    };
    expect(await score("one", RESPONSES)).toBe(6);
    expect(await score("other", RESPONSES)).toBe(6);
    const changed = [{ ...RESPONSES[0], response: "Nought." } as JudgedResponse, ...RESPONSES.slice(1)];
    expect(await score("one", changed)).toBe(1);
  });

  it("stops asking at the signal", async () => {
    const stop = new AbortController();
    server.answer = () => {
      if (server.questions.length === 4) stop.abort(new Error("Ctrl-C"));
      return () => {};
    };
    const stopped = scoreResponses(RESPONSES, { query: queryModel(endpoint()), signal: stop.signal });
    await expect(stopped).rejects.toThrow("Ctrl-C");
    expect(server.questions).toHaveLength(4);
  });
});
