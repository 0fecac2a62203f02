/**
 * Converts one tensor after the other, a few rows at a time.
 *
 * @module
 */

import type { DType } from "../core/dtype.ts";
import { byteLengthOf, isQuantized } from "../core/dtype.ts";
import type { TensorCodec } from "./codec.ts";
import { FileReader } from "./file.ts";
import type { RopeStyle } from "./rope_order.ts";
import { reorderRows } from "./rope_order.ts";
import { hasRows16, rowsPerGroup } from "./rows16.ts";
import { storedByteLength } from "./stored_tensor.ts";
import { isRotated, toGgufName } from "./tensor_names.ts";
import type { WritableTensor } from "./tensor_writer.ts";
import type { Checkpoint, TensorInfo } from "./types.ts";

/** Element types that weights can be converted to. */
export type WeightDType = "f32" | "f16" | "bf16" | "q8_0" | "q4_0";

/** What the tensors of a converted file look like. */
export interface TensorTarget {
  /** Type of the matrices; absent leaves each as it is. */
  readonly dtype?: WeightDType;
  /** The format has block-quantized types. */
  readonly quantized: boolean;
  /** Quantized matrices go to layout `rows16`. */
  readonly rows16: boolean;
  /** Order of rows in query and key projections. */
  readonly ropeStyle: RopeStyle;
  /** Tensors get GGUF's names. */
  readonly ggufNames: boolean;
}

/** Bytes that a piece of a tensor has about, in its widest form. */
const usualPieceBytes = 1 << 24;

/** Where the bytes of tensors are read from: files, or memory. */
export interface ByteSources {
  /** What {@linkcode TensorInfo.path} names. */
  get(path: string): Pick<FileReader, "read">;
}

/** Files that are open for reading, each once, closed together. */
export class OpenFiles implements ByteSources, Disposable {
  readonly #files = new Map<string, FileReader>();

  /** The file, opened at the first call. */
  get(path: string): FileReader {
    let file = this.#files.get(path);
    if (file === undefined) {
      file = FileReader.open(path);
      this.#files.set(path, file);
    }
    return file;
  }

  /** Closes them all. */
  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}

/**
 * The type a tensor gets, by the rules of llama.cpp: vectors are f32, matrices the wanted type,
 * and f16 where their rows are no whole blocks of it.
 */
function targetDType(tensor: TensorInfo, target: TensorTarget): DType {
  if (tensor.shape.length < 2) return "f32";
  const wanted = target.dtype ?? tensor.dtype;
  if (Number.isNaN(byteLengthOf(wanted, tensor.shape))) return "f16";
  // Without a wish the values stay what they are, and f32 holds every quantized value exactly.
  if (!target.quantized && isQuantized(wanted)) return "f32";
  return wanted;
}

/** A checkpoint's tensors as they are to be written, in pieces of about `pieceBytes`. */
export function planTensors(
  checkpoint: Checkpoint,
  target: TensorTarget,
  codec: TensorCodec,
  sources: ByteSources,
  pieceBytes: number = usualPieceBytes,
): WritableTensor[] {
  const { config } = checkpoint;
  const reorders = config.ropeStyle !== target.ropeStyle;
  return [...checkpoint.tensors.values()].map((source) => {
    const dtype = targetDType(source, target);
    const layout = target.rows16 && hasRows16(dtype, source.shape) ? "rows16" : "rows";
    const { shape } = source;
    const name = target.ggufNames ? toGgufName(source.name) ?? source.name : source.name;
    const headSize = reorders && isRotated(source.name) ? config.headSize : undefined;
    const { ropeStyle } = target;
    const plan = { name, dtype, layout, shape, headSize, ropeStyle, pieceBytes } as const;
    return { ...plan, chunks: () => convertRows(sources.get(source.path), source, plan, codec) };
  });
}

interface RowPlan extends Omit<WritableTensor, "chunks"> {
  /** Rows of a head that are to be reordered; absent where rows stay in place. */
  readonly headSize?: number;
  /** The order they get. */
  readonly ropeStyle: RopeStyle;
  readonly pieceBytes: number;
}

function* convertRows(
  file: Pick<FileReader, "read">,
  source: TensorInfo,
  plan: RowPlan,
  codec: TensorCodec,
): Generator<Uint8Array> {
  // A vector is a matrix of one column, so that its elements can be reordered like rows.
  const columns = source.shape.length < 2 ? 1 : source.shape[source.shape.length - 1];
  const rows = source.shape.reduce((product, size) => product * size, 1) / columns;
  // Pieces are whole heads and whole groups of interleaved rows.
  const unit = rowsPerGroup * (plan.headSize ?? 1);
  const step = unit * Math.max(1, Math.floor(plan.pieceBytes / (unit * columns * 4)));
  for (let start = 0; start < rows; start += step) {
    const shape = [Math.min(step, rows - start), columns];
    const sourceBytes = storedByteLength(source.dtype, source.layout, shape);
    const before = start === 0
      ? 0
      : storedByteLength(source.dtype, source.layout, [start, columns]);
    const bytes = file.read(source.offset + before, sourceBytes, `data of ${source.name}`);
    yield convertPiece(bytes, shape, source, plan, codec);
  }
}

function convertPiece(
  bytes: Uint8Array,
  shape: readonly number[],
  source: TensorInfo,
  plan: RowPlan,
  codec: TensorCodec,
): Uint8Array {
  const { headSize } = plan;
  const isSame = source.dtype === plan.dtype && source.layout === plan.layout;
  if (isSame && headSize === undefined) return bytes;
  let result = source.layout === "rows16" ? codec.fromRows16(bytes, source.dtype, shape) : bytes;
  if (headSize !== undefined) {
    result = reorderRows(result, result.byteLength / shape[0], headSize, plan.ropeStyle);
  }
  if (source.dtype !== plan.dtype) {
    result = codec.convert(result, source.dtype, plan.dtype, shape);
  }
  return plan.layout === "rows16" ? codec.toRows16(result, plan.dtype, shape) : result;
}
