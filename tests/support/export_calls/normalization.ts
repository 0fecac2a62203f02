import { type ExportCall, out, rows, target } from "./call.ts";

/** Calls of softmax and norms. */
export function normalizationCalls(): ExportCall[] {
  const [groups, momentum, epsilon, constant] = [2, 0.1, 1e-5, 0];
  const free = { free: true };
  return [
    { name: "q_softmax", arguments: [rows([3, 4]), 1, out([3, 4])] },
    { name: "q_softmax_gradient", arguments: [rows([3, 4]), rows([3, 4]), 1] },
    { name: "q_log_softmax", arguments: [rows([3, 4]), out([3, 4])] },
    { name: "q_log_softmax_gradient", arguments: [rows([3, 4]), rows([3, 4])] },
    { name: "q_rmsnorm", arguments: [rows([3, 4]), rows([4]), 1e-5, out([3, 4])] },
    {
      name: "q_add_rmsnorm",
      arguments: [rows([3, 4]), rows([3, 4]), rows([4]), 1e-5, out([3, 4])],
    },
    {
      name: "q_layernorm",
      arguments: [rows([3, 4]), rows([4]), rows([4], { optional: true }), 1e-5, out([3, 4])],
    },
    {
      name: "q_norm_gradient",
      arguments: [rows([3, 4]), rows([4]), rows([3, 4]), epsilon, target([2, 4])],
    },
    {
      name: "q_row_product_gradient",
      arguments: [rows([3, 4]), rows([4]), rows([3, 4]), target([4])],
    },
    {
      name: "q_batch_statistics",
      arguments: [rows([3, 4], free), rows([4], { optional: true }), rows([4]), momentum, epsilon],
    },
    { name: "q_running_statistics", arguments: [rows([4]), rows([4]), epsilon] },
    { name: "q_group_statistics", arguments: [rows([3, 4], free), groups, epsilon] },
    {
      name: "q_channel_norm",
      arguments: [
        rows([3, 4, 5], free),
        rows([2, 3, 2], free),
        rows([4], { optional: true }),
        rows([4], { optional: true }),
      ],
    },
    {
      name: "q_channel_norm_gradient",
      arguments: [
        rows([3, 4, 5]),
        rows([3, 4, 5]),
        rows([2, 3, 2], free),
        rows([4], { optional: true }),
        constant,
        target([2, 4]),
        out([3, 4, 5]),
      ],
    },
  ];
}
