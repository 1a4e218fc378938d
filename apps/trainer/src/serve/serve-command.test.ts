import type { ChildProcess } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, eventsOf, startTrainer } from "@test/run-trainer.ts";
import { saveHuggingFaceFolder } from "@scratch-llm/weights-loader/node";
import { beforeAll, describe, expect, it } from "vitest";
import { post, tinyModel } from "../../test/tiny-server.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "scratch-llm-serve-"));
  await saveHuggingFaceFolder(join(folder, "small"), await tinyModel());
});

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly url: string;
}

/** Starts the built command and waits for its address. */
async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Started> {
  const all = ["serve", "--backend", "cpu", "--json", "--port", "0", ...args];
  const { child, ended } = startTrainer(all, { cwd: folder, env });
  const url = await new Promise<string>((resolve, reject) => {
    let stdout = "";
    child.stdout?.on("data", (data: Buffer) => {
      stdout += data.toString();
      const event = eventsOf(stdout.slice(0, stdout.lastIndexOf("\n"))).find(({ type }) => type === "listening");
      if (event !== undefined) resolve(String(event["url"]));
    });
    void ended.then(({ stdout: out, stderr }) => reject(new Error(out + stderr)));
  });
  return { child, ended, url };
}

describe("serve", () => {
  it("serves a folder under its name, and after SIGTERM ends with what it was answering", async () => {
    const { child, ended, url } = await start(["--model", "small", "--template", "phi3"]);
    const models = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toEqual(["small"]);
    const chat = { model: "small", messages: [{ role: "user", content: "A" }], temperature: 0, stream: true };
    const answer = await post(`${url}/v1/chat/completions`, chat);
    const reader = answer.body?.getReader();
    await reader?.read(); // it has begun
    child.kill("SIGTERM");
    let text = "";
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
      text += new TextDecoder().decode(part.value);
    expect(text).toMatch(/"finish_reason":"length"[^\n]*\n\ndata: \[DONE\]\n\n$/u);
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    const [listening, done] = eventsOf(stdout).slice(-2);
    expect(listening).toMatchObject({ type: "listening", model: "small", chat: "phi3" });
    expect(done).toEqual({ type: "done" });
    expect(eventsOf(stderr)).toEqual([]); // --json is quiet: only warnings are logged
  });

  it("asks for the key of the environment, and ends at once with a second signal", async () => {
    const { child, ended, url } = await start(["--model", "small", "--name", "mine"], { SCRATCH_LLM_API_KEY: "k" });
    const headers = { Authorization: "Bearer k" };
    const wish = { model: "mine", prompt: "A", max_tokens: 90, stream: true };
    expect((await post(`${url}/v1/completions`, wish)).status).toBe(401);
    const answer = await post(`${url}/v1/completions`, wish, headers);
    expect(answer.status).toBe(200);
    child.kill("SIGINT");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(130);
  });

  it("says where it cannot listen", async () => {
    const { child, ended, url } = await start(["--model", "small"]);
    const { port } = new URL(url);
    const second = startTrainer(["serve", "--backend", "cpu", "--model", "small", "--port", port], { cwd: folder });
    const { code, stderr } = await second.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot listen on 127.0.0.1 port ${port}: EADDRINUSE. Choose another --port or --host.`);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("chats by itself where the model brings a chat template", async () => {
    const config = {
      chat_template:
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
    };
    await saveHuggingFaceFolder(join(folder, "chatty"), await tinyModel());
    await writeFile(join(folder, "chatty", "tokenizer_config.json"), JSON.stringify(config));
    const { child, ended, url } = await start(["--model", "chatty"]);
    const chat = { messages: [{ role: "user", content: "A" }], max_tokens: 2 };
    expect((await post(`${url}/v1/chat/completions`, chat)).status).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });
});
