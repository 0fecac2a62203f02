import { full, tensor } from "../../../lib/core/creation.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { type ExportCall, floatWords, integers, operand, out, rows } from "./call.ts";

/** Calls of losses, optimizers and limits on gradients. */
export function trainingCalls(): ExportCall[] {
  const [huber, mean, sgd, euclidean, ignored] = [2, 1, 0, 2, -100];
  const classes = () => integers([3, 0, ignored]);
  const weights = () => rows([4], { optional: true });
  const handles = (tensors: (Tensor | undefined)[], shape: number[]) =>
    operand(
      tensor(new Int32Array(tensors.map((made) => made?.handle ?? 0)), { shape }),
      "integers",
      { free: true },
    );
  const none = undefined;
  const row = [full([3, 4], 1), full([3, 4], 2), full([3, 4], 0), none, none, none];
  return [
    {
      name: "q_pointwise_loss",
      arguments: [
        huber,
        rows([3, 4]),
        rows([3, 4]),
        rows([3, 4], { optional: true }),
        rows([3, 4], { optional: true }),
        out([3, 4]),
      ],
      sizes: [...floatWords([1.5]), mean],
    },
    {
      name: "q_cross_entropy",
      arguments: [rows([3, 4]), classes(), weights(), out([3, 4]), 0.1, ignored, mean],
    },
    {
      name: "q_nll_loss",
      arguments: [rows([3, 4]), classes(), weights(), out([3, 4]), ignored, mean],
    },
    {
      name: "q_optimizer_step",
      arguments: [sgd, handles(row, [1, 6])],
      sizes: floatWords([0.1, 0.01, 0.9, 1, 0]),
    },
    { name: "q_clip_norm", arguments: [handles(row.slice(0, 3), [3]), euclidean, 1, 0] },
    { name: "q_clip_value", arguments: [handles(row.slice(0, 3), [3]), 1] },
  ];
}
