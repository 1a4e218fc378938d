import { expect, it } from "vitest";
import { describeError, explainError, TrainerError } from "./errors.ts";
import { en } from "./messages/en.ts";
import { zh } from "./messages/zh.ts";

it("explains what the system or a package refuses, in the chosen language", () => {
  const full = describeError(Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }));
  const advice = "The disk is full; free some space or choose another folder with --run-dir";
  expect(explainError(full, en)).toBe(`${advice} (ENOSPC: no space left on device, write)`);
  expect(explainError(full, zh)).toBe(
    "磁盘已满；请腾出空间，或换一个文件夹。（ENOSPC: no space left on device, write）",
  );
  const damaged = { code: "CHECKSUM_MISMATCH", message: "model.safetensors came damaged." };
  expect(explainError(damaged, en)).toBe(damaged.message);
  expect(explainError(damaged, zh)).toBe("下载的文件与校验值不符；请重试。（model.safetensors came damaged.）");
});

it("explains nothing that is Chinese already", () => {
  const error = describeError(new TrainerError("USAGE", zh.serve.emptyKey));
  expect(explainError(error, zh)).toBe(zh.serve.emptyKey);
  const named = describeError(new TrainerError("DATA", "小说.txt is empty."));
  expect(explainError(named, zh)).toBe("数据不能用；请按括号里的说明检查文件。（小说.txt is empty.）");
});
