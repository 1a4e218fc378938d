import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, type Event, eventsOf, interruptTrainer, runTrainer } from "@test/run-trainer.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyTraining as train } from "../test/tiny-training.ts";

const run = (args: readonly string[], cwd: string, input = "", env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  runTrainer(args, { cwd, input, env });
const events = eventsOf;
const losses = (all: readonly Event[]): unknown[] => all.filter(({ type }) => type === "step").map(({ loss }) => loss);

describe("scratch-llm", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "scratch-llm-"));
  });

  it("prints help and its languages", async () => {
    const english = await run(["--help"], folder);
    expect(english).toMatchObject({ code: 0, stderr: "" });
    expect(english.stdout).toContain("train a small GPT");
    expect((await run(["--help", "--lang", "zh"], folder)).stdout).toContain("训练模型");
  });

  it.each([["--version"], ["-V"], ["--lang", "zh", "--version"]])("prints its version: %s %s %s", async (...args) => {
    const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await run(args, folder)).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [["train", "pretrain", "--preset", "nope"], 2, "USAGE", "Use one of: quickstart, book-ch05"],
    [["train", "pretrain", "--nope"], 2, "USAGE", "--nope"],
    [["generate"], 2, "USAGE", "--prompt"],
    [["train", "pretrain", "--max-steps", "zero"], 2, "USAGE", "whole number"],
    [["train", "pretrain", "--recompute", "all"], 2, "USAGE", "none, block"],
    [["--backend", "gpu"], 2, "USAGE", "gpu"],
    [["train", "pretrain", "--set", "model.nHeads=5", "--backend", "cpu"], 1, "GPT_CONFIG", "nHeads"],
    [["train", "pretrain", "--data", "none.txt"], 1, "DATA", "none.txt"],
    [["generate", "--prompt", "x", "--model", "none"], 1, "MODEL_FOLDER", "model download none"],
    [["model", "info", "../none"], 1, "MODEL_FOLDER", "model import"],
    [["chat", "--temperature", "-1"], 2, "USAGE", "from 0"],
    [["generate", "--prompt", "x"], 1, "MODEL_FOLDER", "--model"],
    [["train", "pretrain", "--resume", "none"], 1, "RUN_FOLDER", "none"],
  ])("answers %j with exit code %i and one line", async (args, code, errorCode, words) => {
    const ended = await run(args as string[], folder);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe("");
    expect(ended.stderr).toContain(words);
    const json = await run([...(args as string[]), "--json"], folder);
    expect(events(json.stdout).at(-1)).toMatchObject({ type: "error", code: errorCode });
    expect(json.code).toBe(code);
    expect(await readdir(folder)).not.toContain("runs");
  });

  it.each([
    [["tran"], "unknown command 'tran' (see --help)", "没有这个命令；可用 --help 查看全部命令。"],
    [
      ["chat", "--modl", "x"],
      "unknown option '--modl' (Did you mean --model?)",
      "没有这个选项；可用 --help 查看全部选项。",
    ],
    [["generate"], "required option '--prompt <text>' not specified", "缺少必需的选项；请加上它。"],
    [
      ["model", "download", "/"],
      /^"\/" is no model's name: use gpt2.*$/u,
      "名称或地址不对；模型写作 gpt2 或“所有者/名称”。",
    ],
    [
      ["train", "pretrain", "--data", "文件.txt"],
      /^Cannot open the data file .*$/u,
      "数据不能用；请按括号里的说明检查文件。",
    ],
  ])("says of %j in Chinese what it means, and then in English what it is", async (args, english, chinese) => {
    const { stderr } = await run(args, folder);
    const message = /^Error: (.*)\n$/u.exec(stderr)?.[1];
    expect(message).toMatch(english);
    expect((await run([...args, "--lang", "zh"], folder)).stderr).toBe(`错误：${chinese}（${message}）\n`);
    const json = await run([...args, "--lang", "zh", "--json"], folder);
    expect({ ...events(json.stdout).at(-1), stderr: json.stderr }).toMatchObject({ message, stderr: "" });
  });

  it("shows the verbs where one is missing, and nothing else", async () => {
    const { code, stdout, stderr } = await run(["train"], folder);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: [\s\S]*pretrain/u);
    expect(stderr).not.toContain("Error");
  });

  it("refuses a text too short for one window, naming a context that works", async () => {
    const path = join(folder, "short.txt");
    await writeFile(path, "Bread first, then talk. ".repeat(3));
    const { code, stderr } = await run(["train", "pretrain", "--data", path, "--backend", "cpu"], folder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/one window needs 129\..*model\.contextLength=\d+/u);
  });

  it("refuses a run folder that cannot be written or already holds a run", async () => {
    const file = join(folder, "occupied");
    await writeFile(file, "");
    const blocked = await run(train("--run-dir", join(file, "run")), folder);
    expect(events(blocked.stdout).at(-1)).toMatchObject({ type: "error", code: "RUN_FOLDER" });
    const taken = join(folder, "taken");
    await mkdir(taken);
    await writeFile(join(taken, "config.json"), "{}");
    const refused = await run(train("--run-dir", taken), folder);
    expect(events(refused.stdout).at(-1)).toMatchObject({
      code: "RUN_FOLDER",
      message: expect.stringContaining("--resume"),
    });
  });

  it("says what a run needs without starting it", async () => {
    const path = join(folder, "dry");
    const { code, stdout } = await run(train("--dry-run", "--run-dir", path), folder);
    expect(code).toBe(0);
    expect(events(stdout).map(({ type }) => type)).toEqual(["start", "done"]);
    expect(existsSync(join(path, "config.json"))).toBe(false);
  });

  it("trains, writes the run folder and generates from it", async () => {
    const path = join(folder, "whole");
    const flags = ["--run-dir", path, "--max-steps", "12", "--recompute", "block"];
    const { code, stdout, stderr } = await run(train(...flags), folder);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe("");
    const all = events(stdout);
    expect(all[0]).toMatchObject({ type: "start", backend: "wasm", seed: 123, precision: "f32" });
    expect(all.at(-1)).toMatchObject({ type: "done" });
    expect(all.filter(({ type }) => type === "eval")).toHaveLength(3);
    expect((await readdir(path)).toSorted()).toEqual([
      "checkpoints",
      "config.json",
      "latest",
      "loss-plot.svg",
      "metrics.jsonl",
    ]);
    const metrics = (await readFile(join(path, "metrics.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Event);
    expect(metrics).toHaveLength(15);
    expect(metrics[0]).toMatchObject({ schema: 1, type: "step", step: 0 });

    const saved = JSON.parse(await readFile(join(path, "config.json"), "utf8")) as { config: { train: object } };
    expect(saved.config.train).toMatchObject({ precision: "f32", recompute: "block" });

    const greedy = await run(
      ["generate", "--model", path, "--prompt", "The Patience", "--max-new-tokens", "5", "--backend", "wasm", "--json"],
      folder,
    );
    expect(greedy.code, greedy.stderr).toBe(0);
    const done = events(greedy.stdout).at(-1);
    expect(done).toMatchObject({ type: "done", text: expect.stringMatching(/^The Patience/u) });

    const onward = train("--init", path, "--run-dir", join(folder, "once-more"), "--max-steps", "2");
    const told = await run(
      onward.filter((flag) => flag !== "--json"),
      folder,
    );
    expect(told.stderr).toMatch(/^step 1\/2 .* \| … left$/mu); // one step does not tell how long others take
  });

  it("keeps as many checkpoints as --keep-last says", async () => {
    const path = join(folder, "kept");
    const every = ["--set", "train.checkpointEvery=1", "--keep-last", "3"];
    const { code, stdout } = await run(train("--run-dir", path, "--max-steps", "6", ...every), folder);
    expect(code, stdout).toBe(0);
    const kept = ["step-000004", "step-000005", "step-000006"];
    expect((await readdir(join(path, "checkpoints"))).toSorted()).toEqual(kept);
    expect(events(stdout).filter(({ type }) => type === "checkpoint")).toHaveLength(6);
  });

  it("chats, exports, imports and measures with what it trained", async () => {
    const path = join(folder, "used");
    const trained = await run(train("--run-dir", path, "--max-steps", "8"), folder);
    expect(trained.code, trained.stdout).toBe(0);
    const wasm = ["--backend", "wasm"];

    const talk = [
      "Nell looked up.",
      "/set temperature 0.5",
      "/nonsense",
      '"""two',
      'lines"""',
      "/save talk.json",
      "/bye",
    ];
    const chat = await run(["chat", "--model", path, "--max-new-tokens", "4", ...wasm], folder, `${talk.join("\n")}\n`);
    expect(chat.code, chat.stderr).toBe(0);
    expect(chat.stderr).toContain("There is no command /nonsense");
    const saved = JSON.parse(await readFile(join(folder, "talk.json"), "utf8")) as { messages: { content: string }[] };
    expect(saved.messages.map(({ content }) => content)).toEqual([
      "Nell looked up.",
      expect.any(String),
      "two\nlines",
      expect.any(String),
    ]);

    const env = { XDG_CACHE_HOME: join(folder, "cache") };
    const exported = await run(["model", "export", path, "half", "--dtype", "F16", ...wasm], folder);
    expect(exported.code, exported.stderr).toBe(0);
    const imported = await run(["model", "import", "half", "--name", "mine"], folder, "", env);
    expect(imported.code, imported.stderr).toBe(0);
    expect((await run(["model", "list"], folder, "", env)).stdout).toContain("mine");
    const info = await run(["model", "info", "mine", "--json", ...wasm], folder, "", env);
    expect(events(info.stdout).at(-1)).toMatchObject({ type: "done", format: "hf", config: { embDim: 16 } });
    const perplexity = await run(["eval", "perplexity", "--model", "mine", "--json", ...wasm], folder, "", env);
    expect(events(perplexity.stdout).at(-1)).toMatchObject({ type: "done", loss: expect.any(Number) });
    await writeFile(join(folder, "one.txt"), "a");
    const short = ["eval", "perplexity", "--model", path, "--data", "one.txt", "--json", ...wasm];
    expect(events((await run(short, folder)).stdout).at(-1)).toMatchObject({ type: "error", code: "DATA" });
    const onward = await run(
      train("--init", "mine", "--max-steps", "2", "--run-dir", join(folder, "onward")),
      folder,
      "",
      env,
    );
    const first = events(onward.stdout).find(({ type }) => type === "eval");
    const last = events(trained.stdout).findLast(({ type }) => type === "eval");
    expect(Math.abs(Number(first?.["trainLoss"]) - Number(last?.["trainLoss"]))).toBeLessThan(0.5); // not from scratch
    expect((await run(["model", "rm", "mine"], folder, "", env)).code).toBe(0);
    expect((await run(["model", "list"], folder, "", env)).stdout).not.toContain("mine");
  });

  it("goes on after Ctrl-C with the same losses as a run that was not stopped", async () => {
    const whole = await run(train("--run-dir", join(folder, "straight"), "--max-steps", "300"), folder);
    const path = join(folder, "stopped");
    const args = train("--run-dir", path, "--max-steps", "300");
    const stopped = await interruptTrainer(args, { cwd: folder }, '"step":9,');
    expect(stopped.code).toBe(130);
    const last = events(stopped.stdout).at(-1);
    expect(last).toMatchObject({
      type: "error",
      code: "INTERRUPTED",
      message: expect.stringContaining(`--resume ${path}`),
    });
    const before = losses(events(stopped.stdout));
    expect(before.length).toBeGreaterThan(8);
    expect(before.length).toBeLessThan(300);

    const rest = await run(
      ["train", "pretrain", "--resume", path, "--backend", "wasm", "--no-probe", "--json"],
      folder,
    );
    expect(rest.code, rest.stderr).toBe(0);
    expect([...before, ...losses(events(rest.stdout))]).toEqual(losses(events(whole.stdout)));
  });

  it("stops when the loss is no number, and names the last good checkpoint", async () => {
    const path = join(folder, "ruined");
    const rising = [
      "--set",
      "train.minLearningRate=1e30",
      "--set",
      "train.warmupSteps=0",
      "--set",
      "train.checkpointEvery=1",
    ];
    const { code, stdout } = await run(train("--run-dir", path, "--max-steps", "12", ...rising), folder);
    expect(code).toBe(1);
    const last = events(stdout).at(-1);
    const checkpoints = events(stdout).filter(({ type }) => type === "checkpoint");
    const saved = checkpoints.at(-2); // the last one holds the weights that gave no number
    const message = expect.stringMatching(/^The loss is (NaN|Infinity) at step \d+.*--resume/u);
    expect(last).toMatchObject({ type: "error", code: "NON_FINITE_LOSS", message });
    expect(last?.["message"]).toContain(`--resume ${String(saved?.["path"])}`);
    const resumed = [
      "train",
      "pretrain",
      "--resume",
      String(saved?.["path"]),
      "--dry-run",
      "--backend",
      "wasm",
      "--json",
    ];
    expect((await run(resumed, folder)).code).toBe(0);
  });

  it("loses nothing but the probe's time: losses are the same with and without it", async () => {
    const quick = train("--max-steps", "3").filter((arg) => arg !== "--no-probe");
    const probed = await run([...quick, "--run-dir", join(folder, "probed")], folder);
    const plain = await run(train("--max-steps", "3", "--run-dir", join(folder, "plain")), folder);
    expect(events(probed.stdout)[0]?.["etaSeconds"]).toEqual(expect.any(Number));
    expect(losses(events(probed.stdout))).toEqual(losses(events(plain.stdout)));
  });

  it("refuses to resume on a text that has changed", async () => {
    const text = join(folder, "own.txt");
    await writeFile(text, "The Patience will wait. Keep the light. ".repeat(200));
    const path = join(folder, "changed");
    const first = await run(train("--data", text, "--run-dir", path, "--max-steps", "2"), folder);
    expect(first.code, first.stdout).toBe(0);
    await writeFile(text, "Other words. ".repeat(400));
    const second = await run(["train", "pretrain", "--resume", path, "--backend", "wasm", "--json"], folder);
    expect(events(second.stdout).at(-1)).toMatchObject({ code: "DATA", message: expect.stringContaining("changed") });
  });
});
