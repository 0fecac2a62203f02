import { type ExportCall, floatWords, integers, rows } from "./call.ts";

/** Calls of the choice of the next token. */
export function samplingCalls(): ExportCall[] {
  const sampling = floatWords([0.7, 0, 0.9, 0.05, 1.1]);
  return [
    { name: "q_argmax", arguments: [rows([7], { free: true })] },
    { name: "q_seed", arguments: [integers([0, 0, 0, 0, 0, 0, 0, 0]), 1, 2] },
    {
      name: "q_sample",
      arguments: [
        rows([7], { free: true }),
        integers([1, 2], { optional: true, free: true }),
        integers([1, 2, 3, 4, 5, 6, 7, 8]),
      ],
      sizes: [sampling[0], 3, ...sampling.slice(2)],
    },
  ];
}
