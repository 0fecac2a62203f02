import { full } from "../../../lib/core/creation.ts";
import { type ExportCall, floatWords, integers, rows, target } from "./call.ts";

/** Calls of blocks of a transformer. */
export function transformerCalls(): ExportCall[] {
  return [blockCall()];
}

/** One block with 6 heads of 4 in 2 groups. */
function blockCall(): ExportCall {
  const floats = (...shape: number[]) => full(shape, 0.5).handle;
  const norm = () => [floats(24), ...floatWords([1e-5])];
  const [blocks, half, position] = [1, 1, 5];
  const places = integers([0, 3, 0, 7, 0, 8], { optional: true });
  return {
    name: "q_add_transformer_blocks",
    arguments: [
      target([3, 24]),
      blocks,
      rows([2, 3, 2], { optional: true }),
      half,
      position,
      { ...places, tensor: places.tensor.view([3, 2]) },
    ],
    sizes: [
      ...norm(),
      ...[floats(24, 24), floats(8, 24), floats(8, 24), floats(24), floats(8), floats(8)],
      ...[floats(24, 24), floats(24)],
      ...norm(),
      ...[floats(10, 24), floats(10, 24), floats(10), floats(10)],
      ...[floats(24, 10), floats(24)],
      ...[floats(2, 9, 4), floats(2, 9, 4)],
    ],
  };
}
