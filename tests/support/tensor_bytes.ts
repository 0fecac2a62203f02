/**
 * A checkpoint's tensors in one form, so that those of two files can be compared.
 *
 * @module
 */

import { FileReader } from "../../lib/formats/file.ts";
import { reorderRows } from "../../lib/formats/rope_order.ts";
import { isRotated } from "../../lib/formats/tensor_names.ts";
import type { Checkpoint } from "../../lib/formats/types.ts";
import { scalarCodec } from "./scalar_codec.ts";

/** Row-major bytes of a tensor, queries and keys in Hugging Face's order of rows. */
export function tensorBytes(checkpoint: Checkpoint, name: string): Uint8Array {
  const tensor = checkpoint.tensors.get(name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  const { dtype, shape, layout, path, offset, byteLength } = tensor;
  using file = FileReader.open(path);
  let bytes = file.read(offset, byteLength, name);
  if (layout === "rows16") bytes = scalarCodec.fromRows16(bytes, dtype, shape);
  const { ropeStyle, headSize } = checkpoint.config;
  if (ropeStyle === "half" || !isRotated(name)) return bytes;
  return reorderRows(bytes, bytes.byteLength / shape[0], headSize, "half");
}
