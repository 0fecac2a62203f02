/**
 * Files as tensors, without reading them.
 *
 * @module
 */

import { context } from "./context.ts";
import { type DType, dtypes } from "./dtype.ts";
import { type Tensor, wrap } from "./tensor.ts";

/** A file mapped into memory, read-only. The system reads its pages when they are used. */
export class FileMap implements Disposable {
  #id: number;

  /**
   * Maps a whole file.
   *
   * @throws {QorusError} `not_found` or `io`.
   */
  constructor(path: string) {
    const { native } = context();
    const length = context().writeText(path, "map");
    this.#id = context().check(native.q_map_open(length), "map");
  }

  /**
   * A read-only tensor over bytes of the file.
   *
   * @param offset first byte in the file
   * @throws {QorusError} `out_of_range` when the tensor does not lie inside of the file,
   * `invalid_layout` when its address is not aligned for the dtype.
   */
  tensor(
    shape: readonly number[],
    dtype: DType,
    offset: number,
    layout: "rows" | "rows16" = "rows",
  ): Tensor {
    const library = context();
    library.writeSizes(shape, "map");
    library.parameters[shape.length] = offset % 2 ** 32;
    library.parameters[shape.length + 1] = Math.floor(offset / 2 ** 32);
    const code = layout === "rows16" ? 1 : 0;
    return wrap(
      library.native.q_tensor_from_map(this.#id, dtypes[dtype].code, code, shape.length),
      "map",
    );
  }

  /** Ends the map and its tensors. */
  [Symbol.dispose](): void {
    if (this.#id === 0) return;
    context().check(context().native.q_map_close(this.#id), "map");
    this.#id = 0;
    context().detachEnded();
  }
}
