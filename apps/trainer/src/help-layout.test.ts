import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { chooseMessages } from "./messages/messages.ts";
import { buildProgram } from "./program.ts";

const withVerbs = (command: Command): Command[] => [command, ...command.commands.flatMap(withVerbs)];
const pages = (language: string): string[] =>
  withVerbs(buildProgram(chooseMessages(["--lang", language]))).map((command) => command.helpInformation());
const columns = (line: string): number => [...line].reduce((sum, character) => sum + (character > "\u2E80" ? 2 : 1), 0);

describe("help", () => {
  it.each(["en", "zh"])("has a page for every command in %s, within 100 columns", (language) => {
    const all = pages(language);
    expect(all.length).toBeGreaterThan(30);
    for (const line of all.flatMap((page) => page.split("\n"))) expect(columns(line), line).toBeLessThanOrEqual(100);
    expect(all.join("\n")).not.toMatch(/choices:|default: \[\]|undefined/u);
  });

  it("is Chinese in Chinese, but for names and values", () => {
    const words = pages("zh").join("\n");
    expect(words).not.toMatch(/Usage:|Options:|Commands:|display help|\(default/u);
    expect(words).toContain("（默认：auto）");
  });
});

describe("flags", () => {
  it.each([
    ["generate", "--prompt", "x", "--top-p", "2"],
    ["chat", "--min-p", "0"],
    ["eval", "instruct", "--judge", "localhost:11434"],
  ])("that cannot mean anything are refused before a model is loaded: %s %s %s %s %s", async (...args) => {
    const parsed = buildProgram(chooseMessages([])).parseAsync(args, { from: "user" });
    await expect(parsed).rejects.toMatchObject({ code: "commander.invalidArgument" });
  });
});

it.each(["--temperature 0.7", "--top-k 5", "--top-p 0.9", "--min-p 0.1", "--stop x", "--top-log-probs 2"])(
  "--num-beams does not go with %s",
  async (flag) => {
    const args = ["generate", "--prompt", "x", "--num-beams", "2", ...flag.split(" ")];
    const words = `'--num-beams <n>' cannot be used with option '${flag.split(" ")[0]} `;
    const parsed = buildProgram(chooseMessages([])).parseAsync(args, { from: "user" });
    await expect(parsed).rejects.toThrow(words);
  },
);

describe("language", () => {
  it("is that of --lang, else the system's, where an empty variable says nothing", () => {
    const of = (args: string[], environment: NodeJS.ProcessEnv): string => chooseMessages(args, environment).tagline;
    const [english, chinese] = [of(["--lang", "en"], {}), of(["--lang", "zh"], {})];
    expect(of(["--lang=zh"], { LANG: "C" })).toBe(chinese);
    expect(of(["--lang=en"], { LANG: "zh_CN.UTF-8" })).toBe(english);
    expect(of([], { LC_ALL: "", LANG: "zh_CN.UTF-8" })).toBe(chinese);
    expect(of([], { LC_ALL: "C", LANG: "zh_CN.UTF-8" })).toBe(english);
  });
});
