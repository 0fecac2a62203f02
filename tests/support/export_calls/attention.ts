import { full } from "../../../lib/core/creation.ts";
import { cache, type ExportCall, floats, integers, operand, out, rows, target } from "./call.ts";

/** Calls of attention, of rotary positions and caches. */
export function attentionCalls(): ExportCall[] {
  return [...sequenceCalls(), ...cacheCalls(), ...placedCalls()];
}

const [forwards, half] = [0, 1];

/** Whole sequences. */
function sequenceCalls(): ExportCall[] {
  const [causal, scale] = [1, 0.5];
  // A seed, dropout of 0.5 as bits of f32, and the gradient of the mask.
  const parameters = [7, 11, 0x3f000000, 1];
  const query = () => floats([2, 4, 3, 8]);
  const key = () => floats([2, 2, 5, 8]);
  const mask = () => operand(full([2, 4, 3, 5], 0.5), "floats", { optional: true, free: true });
  return [
    { name: "q_causal_mask", arguments: [rows([3, 4], { free: true }), 1] },
    {
      name: "q_scaled_attention",
      arguments: [query(), key(), key(), mask(), target([2, 2, 4, 3]), causal, scale],
      sizes: parameters,
    },
    {
      name: "q_attention_products",
      arguments: [rows([2, 3, 4, 8], { free: true }), rows([2, 3, 4, 8]), target([2, 2, 4, 3])],
    },
    {
      name: "q_attention_gradient",
      arguments: [
        rows([2, 3, 4, 8]),
        query(),
        key(),
        key(),
        mask(),
        rows([2, 2, 4, 3]),
        causal,
        scale,
      ],
      sizes: parameters,
    },
  ];
}

/** New tokens of one sequence. */
function cacheCalls(): ExportCall[] {
  return [
    { name: "q_rope_table", arguments: [rows([4], { free: true }), 3, 2] },
    {
      name: "q_rope",
      arguments: [rows([3, 2, 8]), rows([2, 3, 4]), half, forwards, out([3, 2, 8])],
    },
    { name: "q_store_cache", arguments: [cache({ free: true }), rows([3, 2, 4]), 6] },
    {
      name: "q_attention",
      arguments: [rows([3, 6, 4]), cache(), cache(), 5, 0.5, out([3, 6, 4])],
    },
    {
      name: "q_cached_attention",
      arguments: [
        target([3, 24]),
        target([3, 8]),
        rows([3, 8]),
        rows([2, 3, 2], { optional: true }),
        half,
        cache(),
        cache(),
        5,
      ],
    },
  ];
}

/** Rows of two sequences, at two places of the second one. */
function placedCalls(): ExportCall[] {
  const places = integers([0, 3, 1, 7, 1, 8]);
  const placed = { ...places, tensor: places.tensor.view([3, 2]) };
  const slots = (options?: { free?: boolean }) =>
    operand(full([2, 2, 9, 4], 0.5), "cache", options);
  return [
    {
      name: "q_rope_table_rows",
      arguments: [rows([4], { free: true }), { ...placed, free: true }],
    },
    {
      name: "q_store_cache_rows",
      arguments: [slots({ free: true }), rows([3, 2, 4]), placed],
    },
    {
      name: "q_attention_rows",
      arguments: [rows([3, 6, 4]), slots(), slots(), placed, 0.5, out([3, 6, 4])],
    },
    {
      name: "q_cached_attention_rows",
      arguments: [
        target([3, 24]),
        target([3, 8]),
        rows([3, 8]),
        rows([2, 3, 2], { optional: true }),
        half,
        slots(),
        slots(),
        placed,
      ],
    },
  ];
}
