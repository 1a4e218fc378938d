import { describe, expect, it } from "vitest";
import { headerLength, parseHeader, SafetensorsError } from "./index.ts";

/** A file with this header (object or text) and `data` bytes behind it. */
function file(header: object | string, data = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function codeOf(bytes: Uint8Array, fileSize = bytes.length): string {
  try {
    parseHeader(bytes, fileSize);
  } catch (error) {
    if (error instanceof SafetensorsError) return error.code;
    throw error;
  }
  return "no error";
}

const w = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

describe("parseHeader", () => {
  it("places tensors from the start of the file, in the order of the data", () => {
    const bytes = file(
      { __metadata__: { format: "pt" }, b: { dtype: "U8", shape: [1], data_offsets: [8, 9] }, a: w },
      9,
    );
    const { tensors, metadata, dataStart } = parseHeader(bytes, bytes.length);
    expect([...tensors.keys()]).toEqual(["a", "b"]);
    expect(tensors.get("a")).toEqual({ name: "a", dtype: "F32", shape: [2], start: dataStart, end: dataStart + 8 });
    expect(tensors.get("b")?.end).toBe(bytes.length);
    expect(metadata).toEqual({ format: "pt" });
  });

  it("takes a header padded with spaces, no tensors, and a name that means something to JavaScript", () => {
    expect(codeOf(file("{}     "))).toBe("no error");
    const bytes = file('{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', 1);
    expect([...parseHeader(bytes, bytes.length).tensors.keys()]).toEqual(["__proto__"]);
  });

  it.each([
    ["an empty file", new Uint8Array(0), "HEADER_TRUNCATED"],
    ["less than a length", new Uint8Array(7), "HEADER_TRUNCATED"],
    ["a header longer than the file", file({ a: w }, 8).subarray(0, 20), "HEADER_TRUNCATED"],
    ["a hostile length", new Uint8Array(16).fill(255, 0, 8), "HEADER_TOO_LARGE"],
    ["text that is not JSON", file("{"), "HEADER_INVALID"],
    ["bytes that are not UTF-8", file('{"a":1}').fill(0xff, 10, 11), "HEADER_INVALID"],
    ["a byte order mark", file("\uFEFF{}"), "HEADER_INVALID"],
    ["an array", file("[]"), "HEADER_INVALID"],
    ["null", file("null"), "HEADER_INVALID"],
    ["a tensor twice", file(`{"a":${JSON.stringify(w)},"a":${JSON.stringify(w)}}`, 8), "HEADER_INVALID"],
    [
      "a tensor twice, once escaped",
      file(`{"a":${JSON.stringify(w)},"\\u0061":${JSON.stringify(w)}}`, 8),
      "HEADER_INVALID",
    ],
    ["a field twice", file('{"a":{"dtype":"U8","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8), "HEADER_INVALID"],
    ["metadata that is no string", file({ __metadata__: { a: 1 } }), "HEADER_INVALID"],
    ["metadata that is no object", file({ __metadata__: [] }), "HEADER_INVALID"],
    ["an entry that is no object", file({ a: 3 }), "HEADER_INVALID"],
    ["no dtype", file({ a: { ...w, dtype: undefined } }, 8), "UNKNOWN_DTYPE"],
    ["a dtype of no format", file({ a: { ...w, dtype: "toString" } }, 8), "UNKNOWN_DTYPE"],
    ["a shape that is no array", file({ a: { ...w, shape: 2 } }, 8), "HEADER_INVALID"],
    ["a negative size", file({ a: { ...w, shape: [-2] } }, 8), "HEADER_INVALID"],
    ["a fraction of a size", file({ a: { ...w, shape: [0.5, 4] } }, 8), "HEADER_INVALID"],
    [
      "a whole number written as a fraction",
      file('{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}', 2),
      "HEADER_INVALID",
    ],
    [
      "a number no double holds",
      file('{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,2]}}', 2),
      "HEADER_INVALID",
    ],
    ["65 dimensions", file({ a: { ...w, shape: Array(65).fill(1) } }, 4), "HEADER_INVALID"],
    ["a field of no format", file({ a: { ...w, stride: [1] } }, 8), "HEADER_INVALID"],
    ["a comma at the end", file('{"a":{"dtype":"U8","shape":[0,],"data_offsets":[0,0]}}'), "HEADER_INVALID"],
    ["text behind the object", file("{} x"), "HEADER_INVALID"],
    ["a string that does not end", file('{"a\\'), "HEADER_INVALID"],
    ["a raw line break in a name", file('{"a\n":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), "HEADER_INVALID"],
    ["a shape beyond safe integers", file({ a: { ...w, shape: [2 ** 40, 2 ** 40, 0] } }, 8), "SIZE_MISMATCH"],
    ["three offsets", file({ a: { ...w, data_offsets: [0, 8, 8] } }, 8), "OFFSETS_INVALID"],
    ["offsets backwards", file({ a: { ...w, data_offsets: [8, 0] } }, 8), "SIZE_MISMATCH"],
    ["offsets that do not fit the shape", file({ a: { ...w, data_offsets: [0, 4] } }, 4), "SIZE_MISMATCH"],
    ["half a byte", file({ a: { dtype: "F4", shape: [3], data_offsets: [0, 2] } }, 2), "SIZE_MISMATCH"],
    ["a gap", file({ a: w, b: { ...w, data_offsets: [9, 17] } }, 17), "OFFSETS_INVALID"],
    ["an overlap", file({ a: w, b: { ...w, data_offsets: [4, 12] } }, 12), "OFFSETS_INVALID"],
    ["two tensors on the same bytes", file({ a: w, b: w }, 8), "OFFSETS_INVALID"],
    ["a file cut short", file({ a: w }, 7), "OFFSETS_INVALID"],
    ["bytes after the last tensor", file({ a: w }, 9), "OFFSETS_INVALID"],
  ])("refuses %s", (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it("refuses bytes that end before the header does, and says where it ends", () => {
    const bytes = file({ a: w }, 8);
    expect(() => parseHeader(bytes.subarray(0, 20), bytes.length)).toThrow(/20 bytes, the header ends at \d+/);
  });

  it("says which tensor, what was found and what was expected", () => {
    const bytes = file({ "h.0.w": { ...w, data_offsets: [0, 4] } }, 4);
    expect(() => parseHeader(bytes, 30)).toThrow(/claims \d+ bytes but the file has 30/);
    expect(() => parseHeader(bytes, bytes.length)).toThrow(
      '"h.0.w": F32 of shape [2] takes 8 bytes, data_offsets give 4',
    );
  });
});

it("refuses deep or wide rubbish of the largest size at once", () => {
  const began = process.cpuUsage();
  for (const rubbish of ["[", '{"a":', '{"a":[', '{"b":1,']) {
    expect(codeOf(file(rubbish.repeat(Math.floor(99e6 / rubbish.length))))).toBe("HEADER_INVALID");
  }
  expect(process.cpuUsage(began).user).toBeLessThan(5_000_000); // of its own time, whatever else the machine does
});

it("headerLength needs the first eight bytes only", () => {
  const bytes = file({ a: w }, 8);
  expect(headerLength(bytes.subarray(0, 8), bytes.length)).toBe(bytes.length - 16);
});
