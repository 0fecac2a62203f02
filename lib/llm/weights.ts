/**
 * Weights of a checkpoint as tensors.
 *
 * @module
 */

import { FileMap } from "../core/file_map.ts";
import type { StateArena } from "../core/state.ts";
import type { Tensor } from "../core/tensor.ts";
import { localCopy } from "../formats/local_copy.ts";
import { hasRows16 } from "../formats/rows16.ts";
import type { Checkpoint, TensorInfo } from "../formats/types.ts";
import { scope } from "../core/scope.ts";
import { QorusError } from "../native/error.ts";
import { to } from "../ops/convert.ts";

const embeddingName = "model.embed_tokens.weight";

/** Whether a matrix is multiplied with: of others, single rows are looked up. */
function isMultiplied(info: TensorInfo, tied: boolean): boolean {
  return info.shape.length === 2 && (info.name !== embeddingName || tied);
}

/** The layout that a tensor is computed in. */
function layoutOf(info: TensorInfo, tied: boolean): "rows" | "rows16" {
  const isRepacked = hasRows16(info.dtype, info.shape) && isMultiplied(info, tied);
  return isRepacked ? "rows16" : info.layout;
}

/** Whether a tensor must be f32 for the kernels that take it: norms and biases. */
function isWidened(info: TensorInfo): boolean {
  return info.shape.length === 1 && info.dtype !== "f32";
}

/** Bytes of state that {@linkcode mapWeights} needs at most. */
export function repackedBytes(checkpoint: Checkpoint): number {
  let total = 0;
  for (const info of checkpoint.tensors.values()) {
    // Rows are padded to 16, vectors widened to f32; 64 bytes of alignment for each.
    const rows = info.shape[0];
    const padded = info.byteLength / Math.max(rows, 1) * (rows + 15);
    total += Math.max(padded, info.byteLength * 2) + 64;
  }
  return total;
}

/** The weights of a checkpoint, and the maps that they lie in. */
export class MappedWeights implements Disposable {
  readonly #maps = new Map<string, FileMap>();
  /** By Hugging Face name. */
  readonly tensors = new Map<string, Tensor>();

  /**
   * Maps the checkpoint's files. Tensors are used where they lie; quantized matrices in row layout
   * are repacked into the arena, as are tensors at addresses that the kernels cannot take. With
   * `copyWeights`, all matrices that are multiplied with are copied there.
   */
  constructor(
    checkpoint: Checkpoint,
    arena: StateArena,
    onMessage: (message: string) => void,
    { copyWeights = false }: { copyWeights?: boolean } = {},
  ) {
    const { tiedEmbeddings } = checkpoint.config;
    for (const info of checkpoint.tensors.values()) {
      using _ = scope();
      const mapped = this.#open(info, arena, onMessage);
      const layout = layoutOf(info, tiedEmbeddings);
      const isCopied = copyWeights && isMultiplied(info, tiedEmbeddings);
      const copied = layout !== info.layout || isCopied
        ? to(mapped, info.dtype, { layout, state: arena.id })
        : isWidened(info)
        ? to(mapped, "f32", { state: arena.id })
        : mapped;
      this.tensors.set(info.name, copied.named(info.name));
    }
  }

  #open(info: TensorInfo, arena: StateArena, onMessage: (message: string) => void): Tensor {
    let map = this.#maps.get(info.path);
    if (map === undefined) {
      map = new FileMap(localCopy(info.path, { onMessage }));
      this.#maps.set(info.path, map);
    }
    try {
      return map.tensor(info.shape, info.dtype, info.offset, info.layout);
    } catch (error) {
      if (!(error instanceof QorusError && error.code === "invalid_layout")) throw error;
      // The file has the tensor at an odd address: only a copy can be aligned.
      const bytes = map.tensor([info.byteLength], "u8", info.offset);
      const copy = arena.empty(info.shape, info.dtype, info.layout);
      return copyBytes(bytes, copy);
    }
  }

  /** Ends the maps and the tensors in them. */
  [Symbol.dispose](): void {
    for (const map of this.#maps.values()) map[Symbol.dispose]();
    this.#maps.clear();
  }
}

function copyBytes(source: Tensor, target: Tensor): Tensor {
  const from = source.data as Uint8Array;
  const to = target.data;
  new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(from);
  return target;
}
