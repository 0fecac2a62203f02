/** The same trained model in all of its files: what the readers make of them must agree. */

import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { openCheckpoint } from "../../lib/formats/checkpoint.ts";
import { convert } from "../../lib/formats/convert.ts";
import { readGguf } from "../../lib/formats/gguf.ts";
import { dataPath, needsData } from "../support/data.ts";
import { scalarCodec } from "../support/scalar_codec.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { tensorBytes } from "../support/tensor_bytes.ts";

const folderPath = dataPath("models/stories260K");
const forms = ["stories260K.bin", "stories260K-f32.gguf", "stories260K-q8_0.gguf"];

test("stories260K has one config in every form", needsData, () => {
  const { config, format } = openCheckpoint(folderPath);
  assertEquals([format, config.layerCount, config.normEpsilon], ["huggingface", 5, 1e-5]);
  for (const form of forms) {
    const other = openCheckpoint(`${folderPath}/${form}`);
    assertEquals(other.config, { ...config, ropeStyle: "neighbouring" });
    assertEquals([...other.tensors.keys()], [...openCheckpoint(folderPath).tensors.keys()]);
  }
});

test("stories260K has the same float32 weights in every form", needsData, () => {
  const expected = openCheckpoint(folderPath);
  for (const form of forms.slice(0, 2)) {
    const other = openCheckpoint(`${folderPath}/${form}`);
    for (const name of expected.tensors.keys()) {
      assertEquals(tensorBytes(other, name), tensorBytes(expected, name), `${form} ${name}`);
    }
  }
});

test("our Q8_0 conversion of stories260K is llama.cpp's, byte by byte", needsData, async () => {
  using folder = new TemporaryFolder();
  const expected = openCheckpoint(`${folderPath}/stories260K-q8_0.gguf`);
  for (const source of ["", "stories260K.bin", "stories260K-f32.gguf"]) {
    for (const output of ["out.gguf", "out.qorus"]) {
      const path = folder.file(output);
      const options = {
        codec: scalarCodec,
        dtype: "q8_0",
        tokenizerWriter: { serialize: () => new Uint8Array(1) },
      } as const;
      await convert(`${folderPath}/${source}`, path, options);
      const converted = openCheckpoint(path);
      for (const [name, { dtype }] of expected.tensors) {
        assertEquals(converted.tensors.get(name)?.dtype, dtype, name);
        assertEquals(tensorBytes(converted, name), tensorBytes(expected, name), name);
      }
    }
  }
});

test("stories260K's tokenizer goes along from GGUF to GGUF", needsData, async () => {
  using folder = new TemporaryFolder();
  const source = `${folderPath}/stories260K-f32.gguf`;
  const path = folder.file("copy.gguf");
  const { warnings } = await convert(source, path, { codec: scalarCodec });
  assertEquals(warnings, []);
  const [before, after] = [readGguf(source).metadata, readGguf(path).metadata];
  for (const [key, value] of before) {
    if (key.startsWith("tokenizer.")) assertEquals(after.get(key), value);
  }
  assert(after.has("tokenizer.ggml.tokens"));
});

test("GGUF vocabularies without tensors are read", needsData, () => {
  const sizes = { "gpt-2": 50257, "llama-spm": 32000 };
  for (const [name, size] of Object.entries(sizes)) {
    const path = dataPath(`tokenizers/gguf-vocab/ggml-vocab-${name}.gguf`);
    const { metadata, tensors } = readGguf(path);
    const tokens = metadata.get("tokenizer.ggml.tokens");
    assert(tokens?.type === "array");
    assertEquals([tokens.value.length, tensors.size], [size, 0]);
  }
});
