import { full } from "../../../lib/core/creation.ts";
import { any, type ExportCall, floats, indices, operand, out, rows } from "./call.ts";

/** Calls of memory and tensors. */
export function tensorsCalls(): ExportCall[] {
  return [
    { name: "q_tensor_name", arguments: [any([3]), 4] },
    { name: "q_reshape", arguments: [operand(full([3, 4], 1), "any"), 2], sizes: [2, 6] },
    { name: "q_permute", arguments: [operand(full([3, 4], 1), "any"), 2], sizes: [1, 0] },
    { name: "q_slice", arguments: [operand(full([5, 4], 1), "any", { free: true }), 0, 1, 2, 2] },
    { name: "q_expand", arguments: [operand(full([1, 4], 1), "any"), 2], sizes: [3, 4] },
    { name: "q_copy", arguments: [operand(full([3, 4], 1), "floats"), out([3, 4])] },
    { name: "q_fill", arguments: [operand(full([3, 4], 1), "rows", { free: true }), 2] },
    {
      name: "q_convert",
      arguments: [rows([3, 4]), operand(full([3, 4], 0), "out", { optional: false })],
    },
    {
      name: "q_gather",
      arguments: [floats([3, 4], { free: true }), indices([[2, 0], [1, 1]], { free: true }), 0],
    },
    {
      name: "q_scatter_add",
      arguments: [rows([2, 2]), indices([[2, 0], [1, 1]]), 0, 2],
      sizes: [3, 4],
    },
  ];
}
