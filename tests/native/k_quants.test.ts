import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { empty, tensor } from "../../lib/core/creation.ts";
import { Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { nativeCodec } from "../../lib/llm/codec.ts";
import { convert, to } from "../../lib/ops/convert.ts";
import { linear } from "../../lib/ops/matmul.ts";
import { kQuant, kQuantBytes } from "../support/k_quant_tensor.ts";
import { decodeElements, scalarCodec } from "../support/scalar_codec.ts";

test("k-quants with scales that are no numbers spoil their own rows only", () => {
  using _ = scope();
  for (const dtype of ["q4_k", "q5_k", "q6_k"] as const) {
    const bytes = kQuantBytes(dtype, [20, 256], new Random(1));
    // Every scale, minimum and number of row 3 has all bits set: `d` is NaN.
    bytes.fill(255, 3 * bytes.length / 20, 4 * bytes.length / 20);
    const weight = empty([20, 256], { dtype }).write(bytes);
    const interleaved = convert(weight, empty([20, 256], { dtype, layout: "rows16" }));
    const product = linear(tensor(new Float32Array(512).fill(1), { shape: [2, 256] }), interleaved);
    const spoiled = Array.from(product.read(), (number) => Number.isNaN(number));
    assertEquals(spoiled, spoiled.map((_, i) => i % 20 === 3));
  }
});

for (const dtype of ["q4_k", "q5_k", "q6_k"] as const) {
  test(`${dtype}: values, layouts and conversions are those of the definition`, () => {
    for (const shape of [[1, 256], [16, 512], [35, 256]]) {
      const bytes = kQuantBytes(dtype, shape, new Random(shape[0]));
      const packed = nativeCodec.toRows16(bytes, dtype, shape);
      assertEquals(packed, scalarCodec.toRows16(bytes, dtype, shape));
      assertEquals(nativeCodec.fromRows16(packed, dtype, shape), bytes);
      assertEquals(scalarCodec.fromRows16(packed, dtype, shape), bytes);
      for (const target of ["f32", "f16", "bf16", "q8_0", "q4_0"] as const) {
        const expected = scalarCodec.convert(bytes, dtype, target, shape);
        assertEquals(nativeCodec.convert(bytes, dtype, target, shape), expected, target);
      }
    }
  });

  test(`${dtype}: products are those of the dequantized weights`, () => {
    using _ = scope();
    const [rows, columns] = [37, 512];
    const weight = kQuant(dtype, [rows, columns], new Random(2));
    const interleaved = convert(weight, empty([rows, columns], { dtype, layout: "rows16" }));
    const bias = tensor(Float32Array.from({ length: rows }, (_, i) => i / 10));
    for (const count of [1, 5]) {
      const random = new Random(count);
      const x = tensor(Float32Array.from({ length: count * columns }, () => random.normal()), {
        shape: [count, columns],
      });
      const product = linear(x, interleaved, bias).read() as Float32Array;
      assertEquals(linear(x, weight, bias).read(), product);
      const exact = linear(x, to(weight, "f32"), bias).read() as Float32Array;
      // A step of activations is 1/127 of the largest of 32, which is about 2: an error of 0.005
      // for each, as large as the weights' length in the sum.
      const values = decodeElements(
        kQuantBytes(dtype, [rows, columns], new Random(2)),
        dtype,
        rows * columns,
      );
      const length = Math.sqrt(values.reduce((sum, w) => sum + w * w, 0) / rows);
      for (const [i, number] of product.entries()) {
        assert(Math.abs(number - exact[i]) < 5 * 0.005 * length, `${number}, not ${exact[i]}`);
      }
    }
  });
}
