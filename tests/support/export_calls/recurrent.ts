import { type ExportCall, rows } from "./call.ts";

/** Calls of recurrent networks: 3 steps, 2 sequences, 5 units. */
export function recurrentCalls(): ExportCall[] {
  const [tanh, backwards] = [0, 1];
  const states = () => rows([4, 2, 5]);
  const gates = (count: number) => rows([3, 2, count * 5]);
  const weight = (count: number) => rows([count * 5, 5]);
  return [
    { name: "q_rnn", arguments: [tanh, backwards, gates(1), weight(1), states()] },
    {
      name: "q_rnn_backward",
      arguments: [tanh, backwards, states(), weight(1), states(), gates(1)],
    },
    { name: "q_lstm", arguments: [backwards, gates(4), weight(4), states(), states()] },
    {
      name: "q_lstm_backward",
      arguments: [backwards, gates(4), states(), weight(4), states(), rows([2, 5]), gates(4)],
    },
    {
      name: "q_gru",
      arguments: [
        backwards,
        gates(3),
        weight(3),
        rows([15], { optional: true }),
        states(),
        gates(1),
      ],
    },
    {
      name: "q_gru_backward",
      arguments: [
        backwards,
        gates(3),
        gates(1),
        states(),
        weight(3),
        states(),
        gates(3),
        gates(3),
      ],
    },
  ];
}
