import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { chatFormat } from "./chat-format.ts";
import { FormatError } from "./errors.ts";
import type { Instruction } from "./instruction.ts";
import {
  ALPACA,
  type ChatMessage,
  extractResponse,
  formatEntry,
  formatInput,
  PHI3,
  templateFormat,
} from "./prompt-format.ts";

/** What fixtures/finetune-instruct/make_formats.py writes: chats by transformers. */
interface Formats {
  readonly tokens: { readonly bos_token: string; readonly eos_token: string };
  readonly templates: Record<string, string>;
  readonly entries: Instruction[];
  readonly chats: Record<string, { readonly prompt: string; readonly whole: string }[]>;
}

const fixture = JSON.parse(
  await readFile(new URL("../../../fixtures/finetune-instruct/formats.json", import.meta.url), "utf8"),
) as Formats;
const tricky: Instruction = { instruction: "Say $& and {output}.", input: "{instruction} $1", output: "$& {input}" };

describe("Alpaca's format", () => {
  it("is the book's (section 7.2), with and without an input", () => {
    const entry = { instruction: "What is an antonym of 'complicated'?", input: "", output: "'simple'." };
    const begin =
      "Below is an instruction that describes a task. Write a response that appropriately completes the request.";
    expect(formatInput(entry)).toBe(`${begin}\n\n### Instruction:\nWhat is an antonym of 'complicated'?`);
    const more = { ...entry, input: "Ocassion" };
    expect(formatEntry(more)).toBe(
      `${begin}\n\n### Instruction:\nWhat is an antonym of 'complicated'?\n\n### Input:\nOcassion\n\n### Response:\n'simple'.`,
    );
  });

  it("takes a task's text as it is, whatever it looks like", () => {
    expect(formatEntry(tricky).split("### Instruction:\n")[1]).toBe(
      "Say $& and {output}.\n\n### Input:\n{instruction} $1\n\n### Response:\n$& {input}",
    );
  });

  it("is taken off a response, with what a model leaves out or adds", () => {
    expect(extractResponse("\n\n### Response:\nA cat. ### Response: B")).toBe("A cat. ### Response: B");
    expect(extractResponse("  A cat.\n")).toBe("A cat.");
    expect(extractResponse("\n<|assistant|>:\nA cat.", PHI3)).toBe("A cat.");
  });
});

it("writes Phi-3's format as exercise 7.1 does", () => {
  const entry = { instruction: "Identify the correct spelling.", input: "Ocassion", output: "Occasion." };
  expect(formatEntry(entry, PHI3)).toBe(
    "<|user|>\nIdentify the correct spelling.\nOcassion\n<|assistant|>:\nOccasion.",
  );
});

describe("a template", () => {
  const good = { instruction: "Q {instruction}", input: " ({input})", response: "\nA {output}." };

  it("may be any that has its placeholders", () => {
    const format = templateFormat(good);
    expect(formatEntry(tricky, format)).toBe("Q Say $& and {output}. ({instruction} $1)\nA $& {input}.");
    expect(format).toMatchObject({ head: "\nA ", tail: "." });
    expect(extractResponse("\nA Rome. Q Where", format)).toBe("Rome");
  });

  it.each([
    [{ ...good, instruction: "{instruction} {name}" }, "UNKNOWN_PLACEHOLDER", "unknown placeholder {name}"],
    [{ ...good, response: "{instruction} {output}" }, "UNKNOWN_PLACEHOLDER", "may only have {output}"],
    [{ ...good, input: "no place" }, "MISSING_PLACEHOLDER", "{input} once"],
    [{ ...good, response: "{output} {output}" }, "MISSING_PLACEHOLDER", "{output} once"],
    [{ instruction: "{instruction}", response: "{output}" } as typeof good, "MISSING_PLACEHOLDER", "undefined"],
  ])("is refused where it cannot work: %j", (template, code, words) => {
    expect(() => templateFormat(template)).toThrow(FormatError);
    expect(() => templateFormat(template)).toThrow(expect.objectContaining({ code }));
    expect(() => templateFormat(template)).toThrow(words);
  });
});

describe("a chat template", () => {
  const formatOf = (name: string) =>
    chatFormat({ chat_template: fixture.templates[name] as string, ...fixture.tokens });

  it.each(Object.keys(fixture.templates))("gives transformers' text: %s", (name) => {
    const format = formatOf(name);
    const chats = fixture.entries.map((entry) => ({ prompt: format.prompt(entry), whole: formatEntry(entry, format) }));
    expect(chats).toEqual(fixture.chats[name]);
  });

  it("tells where an answer begins and ends", () => {
    expect(formatOf("turns")).toMatchObject({ head: "", tail: "<|end|>\n" });
    expect(formatOf("brackets")).toMatchObject({ head: " ", tail: "</s>" });
    expect(extractResponse(" Mars</s>[INST]", formatOf("brackets"))).toBe("Mars");
  });

  it.each([
    ["{% for m in messages %}", "does not work"],
    ["{{ raise_exception('No.') }}", "No."],
    ["{{ messages[-1].content }}", "only appends"],
    ["{% for m in messages %}{{ m.content }}{% endfor %}{% if add_generation_prompt %}>{% endif %}", "only appends"],
  ])("is refused where it cannot work: %s", (template, words) => {
    expect(() => chatFormat({ chat_template: template })).toThrow(FormatError);
    expect(() => chatFormat({ chat_template: template })).toThrow(words);
  });
});

describe("a conversation", () => {
  const talk: ChatMessage[] = [
    { role: "user", content: "Name a planet." },
    { role: "assistant", content: "Mars" },
    { role: "user", content: "Another." },
  ];

  it("is a task after the other where the format knows only tasks", () => {
    expect(PHI3.conversation(talk.slice(0, 1))).toBe("<|user|>\nName a planet.\n<|assistant|>:\n");
    expect(PHI3.conversation([{ role: "system", content: "Be brief." }, ...talk])).toBe(
      "<|user|>\nBe brief.\n\nName a planet.\n<|assistant|>:\nMars\n\n<|user|>\nAnother.\n<|assistant|>:\n",
    );
  });

  it("is the chat template's, up to where the answer's first word begins", () => {
    const formatOf = (name: string) =>
      chatFormat({ chat_template: fixture.templates[name] as string, ...fixture.tokens });
    const { bos_token: bos, eos_token: eos } = fixture.tokens;
    expect(formatOf("brackets").conversation(talk)).toBe(
      `${bos}[INST] Name a planet. [/INST] Mars${eos}[INST] Another. [/INST]`,
    );
    expect(formatOf("system").conversation([{ role: "system", content: "Be brief." }, ...talk.slice(2)])).toBe(
      "<sys>Be brief.</sys>\n<user>Another.</user><assistant>",
    );
  });
});

it.each([
  ["Alpaca", ALPACA],
  ["Phi-3", PHI3],
  [
    "a template with an end",
    templateFormat({ instruction: '"Q": {instruction}!', input: "{input}", response: "\nA: {output} ###" }),
  ],
])("is the same text for Hugging Face's tools: %s", (_, format) => {
  const twin = chatFormat(format.chatTemplate);
  expect(twin).toMatchObject({ tail: format.tail, chatTemplate: format.chatTemplate });
  const task = { instruction: tricky.instruction, input: "" };
  expect(twin.whole(task, "Yes {%")).toBe(format.whole(task, "Yes {%"));
  const roles = ["system", "user", "assistant", "user", "assistant", "user", "user"] as const;
  const talk = roles.map((role, i): ChatMessage => ({ role, content: `${role} ${i} <b>` }));
  for (const length of [2, 4, 6, 7]) {
    expect(twin.conversation(talk.slice(0, length))).toBe(format.conversation(talk.slice(0, length)));
  }
});

it("has the same format as data and as the book's function", () => {
  expect(formatInput(tricky)).toBe(ALPACA.prompt(tricky));
});
