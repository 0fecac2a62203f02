import { full, tensor } from "../../../lib/core/creation.ts";
import { type ExportCall, images, operand, rows } from "./call.ts";

/** Calls of convolutions and pooling. */
export function convolutionCalls(): ExportCall[] {
  return [
    {
      name: "q_convolution",
      arguments: [images([2, 4, 5, 6]), images([6, 2, 3, 2]), rows([6], { optional: true })],
      sizes: [2, 1, 1, 0, 1, 2, 2],
    },
    {
      name: "q_convolution_transpose",
      arguments: [images([2, 6, 3, 4]), images([6, 2, 3, 2]), rows([4], { optional: true })],
      sizes: [2, 1, 1, 0, 1, 2, 2, 5, 6],
    },
    {
      name: "q_convolution_weight_gradient",
      arguments: [images([2, 4, 5, 6]), rows([2, 6, 3, 4])],
      sizes: [2, 1, 1, 0, 1, 2, 2, 3, 2],
    },
    {
      name: "q_max_pool",
      arguments: [images([2, 3, 5, 6])],
      sizes: [2, 3, 1, 2, 1, 0, 1, 1, 0],
    },
    {
      name: "q_max_pool_gradient",
      arguments: [
        rows([1, 2, 1, 3]),
        operand(tensor(new Int32Array([1, 4, 5, 6, 9, 3]), { shape: [1, 2, 1, 3] }), "integers"),
      ],
      sizes: [2, 5],
    },
    {
      name: "q_average_pool",
      arguments: [images([2, 3, 5, 6]), 0],
      sizes: [2, 3, 1, 2, 1, 0, 0, 1],
    },
    {
      name: "q_average_pool_gradient",
      arguments: [operand(full([2, 3, 3, 2], 1), "rows", { free: true }), 1],
      sizes: [3, 2, 0, 0, 0, 0, 0, 0, 5, 6],
    },
  ];
}
