import { readFile } from "node:fs/promises";
import { DockerfileParser, type JSONInstruction } from "dockerfile-ast";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { en } from "../messages/en.ts";
import { buildProgram } from "../program.ts";

const read = (name: string): Promise<string> => readFile(new URL(`../../../../${name}`, import.meta.url), "utf8");

it("the Dockerfile builds in one stage and serves in another, without root, and looks after its health", async () => {
  const dockerfile = DockerfileParser.parse(await read("Dockerfile"));
  expect(dockerfile.getFROMs().map((from) => from.getImage())).toEqual([
    "node:22-bookworm-slim",
    "node:22-bookworm-slim",
  ]);
  const last = dockerfile.getFROMs().at(-1)?.getRange()?.start.line ?? 0;
  const served = dockerfile.getInstructions().filter((one) => (one.getRange()?.start.line ?? 0) > last);
  const argumentsOf = (keyword: string): string[] =>
    served
      .filter((one) => one.getKeyword() === keyword)
      .flatMap((one) => one.getArguments().map((argument) => argument.getValue()));
  expect(Number(argumentsOf("USER")[0])).toBeGreaterThan(0);
  expect(argumentsOf("HEALTHCHECK").join(" ")).toContain("http://127.0.0.1:8000/health");
  const command = served.find((one) => one.getKeyword() === "CMD") as JSONInstruction;
  const [name, ...flags] = command.getJSONStrings().map((one) => one.getJSONValue());
  const serve = buildProgram(en).commands.find((one) => one.name() === name);
  expect(serve?.parseOptions(flags)).toEqual({ operands: [], unknown: [] });
  expect(serve?.opts()).toMatchObject({ host: "0.0.0.0", port: 8000, model: "/model", backend: "auto" });
  // ONNX Runtime is there: a development dependency of the trainer, which is deployed with all of them.
  const build = dockerfile.getInstructions().find((one) => one.getArgumentsContent()?.includes(" deploy "));
  expect(build?.getArgumentsContent()).not.toMatch(/--prod |--no-optional/u);
  const trainer = JSON.parse(await read("apps/trainer/package.json")) as { devDependencies: Record<string, string> };
  expect(trainer.devDependencies).toHaveProperty("onnxruntime-node");
});

it("the compose file wants a model and a key, and listens on this computer alone", async () => {
  const { services } = parse(await read("compose.yaml")) as { services: Record<string, Record<string, unknown>> };
  expect(Object.keys(services)).toEqual(["serve"]);
  expect(services["serve"]).toMatchObject({
    build: ".",
    ports: ["127.0.0.1:8000:8000"],
    volumes: [expect.stringMatching(/^\$\{SCRATCH_LLM_MODEL:\?[^}]+\}:\/model:ro$/u)],
    environment: { SCRATCH_LLM_API_KEY: expect.stringMatching(/^\$\{SCRATCH_LLM_API_KEY:\?/u) },
    read_only: true,
    security_opt: ["no-new-privileges:true"],
    tmpfs: expect.arrayContaining(["/home/node/.cache"]),
    cap_drop: ["ALL"],
  });
});
