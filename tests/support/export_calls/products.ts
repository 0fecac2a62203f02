import { full } from "../../../lib/core/creation.ts";
import { type ExportCall, floats, integers, operand, out, rows, target, weight } from "./call.ts";

/** Calls of products and tables. */
export function productsCalls(): ExportCall[] {
  const tableRows = 5;
  return [
    { name: "q_matmul", arguments: [floats([3, 4]), floats([4, 5]), out([3, 5])] },
    { name: "q_matmul_add", arguments: [floats([3, 4]), floats([4, 5]), target([3, 5])] },
    {
      name: "q_linear",
      arguments: [rows([3, 32]), weight([5, 32]), rows([5], { optional: true }), out([3, 5])],
    },
    {
      name: "q_linears",
      arguments: [
        rows([3, 32], { free: true }),
        weight([5, 32]),
        weight([4, 32]),
        operand(full([6, 32], 0.5), "weight", { optional: true }),
        rows([5], { optional: true }),
        rows([4], { optional: true }),
        rows([6], { optional: true }),
      ],
    },
    {
      name: "q_gated_linear",
      arguments: [
        rows([3, 32], { free: true }),
        weight([5, 32]),
        weight([5, 32]),
        rows([5], { optional: true }),
        rows([5], { optional: true }),
      ],
    },
    {
      name: "q_add_linear",
      arguments: [target([3, 5]), rows([3, 32]), weight([5, 32]), rows([5], { optional: true })],
    },
    {
      name: "q_embedding",
      arguments: [weight([5, 32], { free: true }), integers([1, 4]), out([2, 32])],
    },
    {
      name: "q_holds_rows",
      arguments: [rows([2, 6]), rows([5, 6], { free: true }), integers([1, 4])],
    },
    {
      name: "q_embedding_gradient",
      arguments: [integers([1, 4]), rows([2, 6], { free: true }), tableRows],
    },
  ];
}
