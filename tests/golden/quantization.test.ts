import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { empty, tensor, zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { convert, to } from "../../lib/ops/convert.ts";
import { embedding } from "../../lib/ops/embedding.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";

const golden = new GoldenFile("quantization");

/** The tensor's memory, byte by byte. */
function bytesOf(x: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = x.read();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

for (const dtype of ["q8_0", "q4_0"] as const) {
  test(`golden: ${dtype} is GGML's, bit for bit`, () => {
    using _ = scope();
    const quantized = to(golden.tensor(`${dtype}/x`), dtype);
    assertEquals(bytesOf(quantized), golden.stored(`${dtype}/expected`).numbers);
    const values = to(golden.tensor(`${dtype}/expected`, dtype), "f32");
    assertEquals(values.read(), golden.stored(`${dtype}/expected_values`).numbers);
  });

  test(`golden: ${dtype} through rows16 and back changes nothing`, () => {
    using _ = scope();
    const quantized = golden.tensor(`${dtype}/expected`, dtype);
    const interleaved = convert(quantized, empty(quantized.shape, { dtype, layout: "rows16" }));
    const back = convert(interleaved, empty(quantized.shape, { dtype }));
    assertEquals(back.read(), quantized.read());
  });
}

for (const dtype of ["q4_k", "q5_k", "q6_k"] as const) {
  test(`golden: ${dtype} is dequantized as GGML does, bit for bit`, () => {
    using _ = scope();
    const blocks = golden.tensor(`${dtype}/expected`, dtype);
    const { shape, numbers } = golden.stored(`${dtype}/expected_values`);
    const bits = new Uint8Array((numbers as Float32Array).buffer);
    assertEquals(blocks.shape, shape);
    assertEquals(bytesOf(to(blocks, "f32")), bits);
    const interleaved = convert(blocks, empty(shape, { dtype, layout: "rows16" }));
    const ids = tensor(Int32Array.from({ length: shape[0] }, (_, i) => i));
    for (const table of [blocks, interleaved]) assertEquals(bytesOf(embedding(table, ids)), bits);
    assertEquals(convert(interleaved, empty(shape, { dtype })).read(), blocks.read());
  });

  test(`golden: nothing is quantized to ${dtype}`, () => {
    using _ = scope();
    const x = zeros([2, 256]);
    const error = assertThrows(() => to(x, dtype), QorusError, `nothing is quantized to ${dtype}`);
    assertEquals(error.code, "invalid_dtype");
    assertThrows(() => empty([2, 128], { dtype }), QorusError, "multiple of 256");
  });
}

for (const dtype of ["f16", "bf16"] as const) {
  test(`golden: ${dtype} rounds as PyTorch does`, () => {
    using _ = scope();
    const narrow = to(golden.tensor(`${dtype}/x`), dtype);
    const bits = golden.stored(`${dtype}/expected`).numbers;
    const wide = to(golden.tensor(`${dtype}/expected`, dtype), "f32").read();
    const expected = golden.stored(`${dtype}/expected_values`).numbers;
    assertClose(wide, expected, { absolute: 0, relative: 0, reason: "widening is exact" });
    // Bits of NaN are free; it stands last.
    assertEquals(bytesOf(narrow).subarray(0, -2), (bits as Uint8Array).subarray(0, -2));
    assertEquals(Number.isNaN(to(narrow, "f32").read().at(-1)), true);
  });
}

test("golden: no quantization case is forgotten", () => {
  assertEquals([...golden.cases].sort(), ["bf16", "f16", "q4_0", "q4_k", "q5_k", "q6_k", "q8_0"]);
});
