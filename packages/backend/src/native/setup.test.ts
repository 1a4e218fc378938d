import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"; // prettier-ignore
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { requireDiskSpace } from "./disk-space.ts";
import type { SetupEvent } from "./events.ts";
import { findInstallation, nativeFolder } from "./installation.ts";
import { setupNative } from "./setup.ts";
import { nativeStatus, removeNative } from "./status.ts";
import { locateTfjsNode } from "./tfjs-node.ts";

const tfjsNode = locateTfjsNode();
/** What is set up on this computer, outside these tests. */
const installed = tfjsNode && findInstallation(tfjsNode);

let folder: string;
let programs: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "setup-"));
  programs = join(folder, "programs");
  mkdirSync(programs);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("PATH", programs);
  vi.stubEnv("TFJS_NODE_CDN_STORAGE", "http://127.0.0.1:9/"); // nobody listens there
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A program of that name on the PATH, as a shell script. */
function program(name: string, script: string): void {
  const path = join(programs, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** A Python whose pip does as told when it downloads. */
function pythonWithPip(download: string): void {
  program("python3", `case "$*" in *download*) ${download};; esac`);
}

/** What a failed set-up leaves in the cache. */
function leftovers(): string[] {
  return readdirSync(nativeFolder());
}

describe("names what is missing and the remedy", () => {
  const failure = async (): Promise<{ code: string; message: string }> => {
    const error = await setupNative().then(
      () => undefined,
      (error: unknown) => error as { code: string; message: string },
    );
    if (!error) throw new Error("The set-up succeeded.");
    expect(leftovers()).toEqual([]);
    return error;
  };

  it("without Python and a compiler", async () => {
    const { code, message } = await failure();
    expect(code).toBe("SETUP_NO_PYTHON");
    expect(message).toMatch(/^Native TensorFlow needs python3 with pip and a C\+\+ compiler \(g\+\+\): install them/);
  });

  it("without pip", async () => {
    program("python3", 'case "$*" in *pip*) exit 1;; esac');
    program("g++", "");
    const { code, message } = await failure();
    expect(code).toBe("SETUP_NO_PIP");
    expect(message).toMatch(/^Native TensorFlow needs pip: install/);
  });

  it("without a compiler", async () => {
    pythonWithPip("");
    const { code, message } = await failure();
    expect(code).toBe("SETUP_NO_COMPILER");
    expect(message).toContain("a C++ compiler (g++)");
  });

  it.each([
    ["the index cannot be reached", "Failed to establish a new connection: Name or service not known", "SETUP_NETWORK", "PIP_INDEX_URL"], // prettier-ignore
    ["the wheel is another one", "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "SETUP_DOWNLOAD", "not the published one"], // prettier-ignore
    ["the disk is full", "ERROR: [Errno 28] No space left on device", "SETUP_NO_SPACE", "XDG_CACHE_HOME"],
    ["anything else", "ERROR: something new", "SETUP_DOWNLOAD", "ERROR: something new"],
  ])("where %s", async (_what, words, code, remedy) => {
    pythonWithPip(`echo "${words}" >&2; exit 1`);
    program("g++", "");
    const error = await failure();
    expect(error.code).toBe(code);
    expect(error.message).toContain(remedy);
    expect(error.message).not.toContain("\n");
  });

  it("where the wheel is damaged", async () => {
    pythonWithPip('while [ "$1" != -d ]; do shift; done; echo damaged > "$2/tensorflow.whl"');
    program("g++", "");
    expect((await failure()).code).toBe("SETUP_UNPACK");
  });

  it("on a disk that is too small", async () => {
    const check = requireDiskSpace(join(folder, "not", "there", "yet"), 1e18);
    await expect(check).rejects.toThrow(
      expect.objectContaining({
        code: "SETUP_NO_SPACE",
        message: expect.stringMatching(/^1000000000000 MB are needed in .* and \d+ MB are free: free some space/),
      }),
    );
  });
});

it("says so where the cache folder cannot be made", async () => {
  writeFileSync(join(folder, "file"), "");
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "file"));
  await expect(setupNative()).rejects.toThrow(expect.objectContaining({ code: "SETUP_CACHE" }));
});

it("ends its programs and removes what it began when it is stopped", async () => {
  const beats = join(folder, "beats");
  pythonWithPip(`(while :; do echo >> ${beats}; /bin/sleep 0.02; done) & wait`);
  program("g++", "");
  const stop = new AbortController();
  const events: SetupEvent[] = [];
  const setup = setupNative({
    signal: stop.signal,
    onProgress(event) {
      events.push(event);
      if (existsSync(beats)) stop.abort(new Error("Ctrl-C"));
    },
  });
  await expect(setup).rejects.toThrow("Ctrl-C");
  const heard = readFileSync(beats).length;
  await sleep(200);
  expect(readFileSync(beats).length).toBe(heard); // pip's own child has ended, too
  expect(leftovers()).toEqual([]);
  expect(events.at(-1)).toMatchObject({ phase: "download", bytes: expect.any(Number), totalBytes: expect.any(Number) });
});

it("removes what a killed set-up has left", async () => {
  mkdirSync(join(nativeFolder(), "unfinished-abc", "lib"), { recursive: true });
  await expect(setupNative()).rejects.toThrow("python3");
  expect(leftovers()).toEqual([]);
});

it("tells what there is, and removes it", async () => {
  expect(await nativeStatus()).toMatchObject({ ready: false, cacheBytes: 0, tfjsNode: "4.22.0" });
  expect(await removeNative()).toBe(0);
  mkdirSync(nativeFolder(), { recursive: true });
  writeFileSync(join(nativeFolder(), "something"), "12345");
  expect((await nativeStatus()).cacheBytes).toBe(5);
  expect(await removeNative()).toBe(5);
  expect(existsSync(nativeFolder())).toBe(false);
});

describe.skipIf(!installed || `${process.platform}-${process.arch}` !== "linux-x64")("the official download", () => {
  /** Archives with the layout of the official ones; their content is this computer's own addon. */
  function archives(): Record<string, Buffer> {
    if (!installed?.quiet) throw new Error("not set up from a wheel");
    const lib = join(folder, "library", "lib");
    const addon = join(folder, "addon", "napi-v8");
    for (const path of [lib, addon]) mkdirSync(path, { recursive: true });
    for (const name of readdirSync(join(installed.folder, "lib"))) {
      symlinkSync(join(installed.folder, "lib", name), join(addon, name));
    }
    rmSync(join(addon, "tfjs_binding.node"));
    writeFileSync(join(addon, "tfjs_binding.node"), readFileSync(installed.addon));
    const pack = (path: string): Buffer =>
      execFileSync("/bin/tar", ["-cz", "-C", dirname(path), basename(path)], { env: {} });
    return { "libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz": pack(lib), "CPU-linux-4.22.0.tar.gz": pack(addon) };
  }

  async function serve(files: Record<string, Buffer>): Promise<() => void> {
    const server = createServer((request, response) => {
      const file = files[request.url?.split("/").at(-1) ?? ""];
      response.writeHead(file ? 200 : 404).end(file);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("TFJS_NODE_CDN_STORAGE", `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return () => server.close();
  }

  it("serves people without Python", async () => {
    vi.stubEnv("PATH", [programs, "/usr/bin", "/bin"].join(delimiter)); // tar and gzip
    program("python3", "exit 1");
    const close = await serve(archives());
    const { source, tensorflow } = await setupNative();
    expect(source).toBe("official");
    expect(tensorflow).toMatch(/^2\./);
    expect(await nativeStatus()).toMatchObject({ ready: true, source: "official" });
    expect((await setupNative()).source).toBe("official"); // found, not made again
    close();
  });

  it("leaves nothing where the host has no such file", async () => {
    const close = await serve({});
    await expect(setupNative()).rejects.toThrow("python3");
    expect(leftovers()).toEqual([]);
    close();
  });
});
