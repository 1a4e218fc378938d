import { hostTensor } from "@scratch-llm/nn";
import { useTestBackend } from "@test/backend.ts";
import * as tf from "@tensorflow/tfjs";
import { afterEach, describe, expect, test } from "vitest";
import { compile, type Compiled } from "./compile.ts";
import { CompileError, type CompileErrorCode } from "./compile-error.ts";
import { nativeBackend } from "./native-backend.ts";

const native = await useTestBackend("native");
const opened: Compiled<tf.Tensor[], tf.Tensor>[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.dispose?.();
});

function compiled(fn: (...args: tf.Tensor[]) => tf.Tensor, name = "subject"): Compiled<tf.Tensor[], tf.Tensor> {
  const result = compile(fn, { name });
  opened.push(result);
  return result;
}

/** The error of a call. */
function errorOf(call: () => unknown): CompileError {
  try {
    call();
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
  throw new Error("no error");
}

function expectCode(error: CompileError, code: CompileErrorCode, ...texts: readonly string[]): void {
  expect(error.code).toBe(code);
  for (const text of texts) expect(error.message).toContain(text);
}

const HERE = "compile-error.test.ts:";

describe.skipIf(!native)("errors while a function is recorded name the function and the place", () => {
  test("a value that is read", () => {
    const error = errorOf(() => compiled((x) => x.mul(x.dataSync()[0] as number))(tf.scalar(1)));
    expectCode(error, "COMPILE_VALUE_READ", 'compile("subject")', HERE);
  });

  test("a value that is read asynchronously", async () => {
    let reading: Promise<unknown> = Promise.resolve();
    compiled((x) => {
      reading = x.mul(2).data();
      return x;
    })(tf.scalar(1));
    await expect(reading).rejects.toMatchObject({ code: "COMPILE_VALUE_READ" });
  });

  test("an operation that has no rule", () => {
    const error = errorOf(() =>
      compiled((x) => tf.linalg.qr(tf.fft(tf.complex(x, x)).abs() as tf.Tensor2D)[0])(tf.ones([2, 2])),
    );
    expectCode(error, "COMPILE_UNSUPPORTED_OP", HERE);
  });

  test("a shape that depends on a value", () => {
    const error = errorOf(() =>
      compiled((x) => {
        const { binding } = nativeBackend();
        const type = { name: "T", type: binding.TF_ATTR_TYPE, value: 1 };
        return (tf.backend() as ReturnType<typeof nativeBackend>).executeSingleOutput(
          "Reshape",
          [type],
          [x, x.cast("int32")],
        );
      })(tf.ones([1])),
    );
    expectCode(error, "COMPILE_UNSUPPORTED_OP", "Reshape", "computed inside the function", HERE);
  });

  test("a tensor from outside, whether its data has been used before or not", () => {
    const used = tf.scalar(3);
    used.dataSync();
    tf.tidy(() => used.add(1));
    for (const outside of [used, tf.scalar(4)]) {
      const error = errorOf(() => compiled((x) => x.add(outside))(tf.scalar(1)));
      expectCode(error, "COMPILE_FOREIGN_TENSOR", 'compile("subject")', HERE, "tf.variable");
      expect([3, 4]).toContain(outside.dataSync()[0]); // it has come to no harm
    }
  });

  test("a tensor that outlives its recording", () => {
    let kept = tf.scalar(0);
    compiled((x) => {
      kept = tf.keep(x.add(1));
      return x.mul(2);
    })(tf.scalar(1));
    expectCode(
      errorOf(() => kept.add(1)),
      "COMPILE_ESCAPED_TENSOR",
      HERE,
    );
    expectCode(
      errorOf(() => kept.dataSync()),
      "COMPILE_ESCAPED_TENSOR",
      HERE,
    );
    expectCode(
      errorOf(() => compiled((x) => x.add(kept))(tf.scalar(1))),
      "COMPILE_FOREIGN_TENSOR",
      HERE,
    );
    kept.dispose();
  });

  test("a variable that is made or disposed of inside", () => {
    const made = errorOf(() => compiled((x) => tf.variable(x).add(1))(tf.scalar(1)));
    expectCode(made, "COMPILE_VARIABLE_CHANGED", 'compile("subject")');
    const variable = tf.variable(tf.scalar(1));
    const disposed = errorOf(() =>
      compiled((x) => {
        variable.dispose();
        return x;
      })(tf.scalar(1)),
    );
    expectCode(disposed, "COMPILE_VARIABLE_CHANGED");
  });

  test("a result that is no tensor", () => {
    const number = errorOf(() => compiled((() => 3) as unknown as () => tf.Tensor)());
    expectCode(number, "COMPILE_BAD_RESULT", "number");
    const promise = errorOf(() => compiled((async () => tf.scalar(1)) as unknown as () => tf.Tensor)());
    expectCode(promise, "COMPILE_BAD_RESULT", "promise");
  });
});

test.skipIf(!native)("a graph that would not fit is refused before it runs", () => {
  const error = errorOf(() => compiled((x) => tf.fill([1e6, 1e6], 2).mul(x).exp().sum())(tf.scalar(1)));
  expectCode(error, "COMPILE_OUT_OF_MEMORY", 'compile("subject")', "4000.0 GB", "recompute");
});

describe.skipIf(!native)("after an error", () => {
  test("of the function itself, variables are what they were and the next call works", () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    let fails = true;
    const step = compiled((x) => {
      variable.assign(variable.add(x));
      if (fails) throw new RangeError("not today");
      return variable.sum();
    });
    const before = tf.memory().numTensors;
    const one = tf.scalar(1);
    expect(() => step(one)).toThrow(RangeError);
    expect(tf.getBackend()).toBe("tensorflow");
    expect(tf.memory().numTensors).toBe(before + 1);
    expect([...variable.dataSync()]).toEqual([1, 2]);
    fails = false;
    expect(step(one).dataSync()[0]).toBe(5);
  });

  test("of TensorFlow, it says what TensorFlow says, and the next call works", () => {
    const rows = compiled((ids) => tf.gather(tf.ones([3, 2]), ids as tf.Tensor1D), "rows");
    const error = errorOf(() => rows(tf.tensor1d([1, 7], "int32")));
    expectCode(error, "COMPILE_RUN_FAILED", 'compile("rows")', "indices[1] = 7 is not in [0, 3)");
    expect(rows(tf.tensor1d([0, 2], "int32")).shape).toEqual([2, 2]);
  });
});

describe.skipIf(!native)("disposing", () => {
  test("ends the function, twice is once", () => {
    const double = compiled((x) => x.mul(2));
    double(tf.scalar(1));
    double.dispose?.();
    double.dispose?.();
    expectCode(
      errorOf(() => double(tf.scalar(1))),
      "COMPILE_DISPOSED",
      'compile("subject")',
    );
  });

  test("while it runs brings the variables back", () => {
    const variable = tf.variable(tf.scalar(5));
    const step = compiled((x) => {
      const seed = hostTensor(
        () => {
          step.dispose?.();
          return Float32Array.of(1);
        },
        { shape: [] },
      );
      variable.assign(variable.add(seed));
      return x;
    });
    expectCode(
      errorOf(() => step(tf.scalar(1))),
      "COMPILE_DISPOSED",
    );
    expect(variable.dataSync()[0]).toBe(5);
  });

  test("while it is recorded too", () => {
    const step = compiled((x) => {
      step.dispose?.();
      return x.mul(2);
    });
    expectCode(
      errorOf(() => step(tf.scalar(1))),
      "COMPILE_DISPOSED",
    );
  });
});
