import { type ExportCall, floats, out, rows, target } from "./call.ts";

/** Calls of functions of single elements and reductions. */
export function elementwiseCalls(): ExportCall[] {
  const [add, silent, unary] = [0, 0, 5];
  return [
    { name: "q_unary", arguments: [unary, floats([3, 4]), out([3, 4])] },
    { name: "q_binary", arguments: [add, floats([3, 4]), floats([3, 4]), out([3, 4])] },
    { name: "q_binary_scalar", arguments: [add, floats([3, 4]), 2, silent, out([3, 4])] },
    { name: "q_parametric", arguments: [add, floats([3, 4]), 0.1, 0, out([3, 4])] },
    {
      name: "q_ternary",
      arguments: [add, floats([3, 4]), floats([3, 4]), floats([3, 4]), out([3, 4])],
    },
    {
      name: "q_derivative",
      arguments: [add, floats([3, 4]), floats([3, 4]), 0, 0, out([3, 4])],
    },
    { name: "q_silu_mul", arguments: [rows([3, 4]), rows([3, 4]), out([3, 4])] },
    {
      name: "q_silu_mul_gradients",
      arguments: [floats([3, 4]), rows([3, 4]), rows([3, 4]), target([3, 4]), target([3, 4])],
    },
    { name: "q_dropout", arguments: [floats([3, 4]), 0.5, 1, 2, out([3, 4])] },
    { name: "q_reduce", arguments: [0, floats([3, 4], { free: true }), 1, 0, silent] },
    { name: "q_sum_to", arguments: [floats([3, 4], { free: true }), 2], sizes: [1, 4] },
    { name: "q_index_of_extreme", arguments: [0, floats([3, 4], { free: true }), 1, 0] },
  ];
}
