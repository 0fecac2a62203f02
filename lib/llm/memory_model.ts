/**
 * Networks in memory as models that writers and generation take.
 *
 * @module
 */

import type { ByteSources } from "../formats/convert_tensor.ts";
import type { FileReader } from "../formats/file.ts";
import { checkConfig } from "../formats/model_config.ts";
import type { Checkpoint, GenerationDefaults, TensorInfo } from "../formats/types.ts";
import { unexpected } from "../core/arguments.ts";
import type { Tensor } from "../core/tensor.ts";
import { Llama } from "../models/llama.ts";
import { QorusError } from "../native/error.ts";
import { serializeTokenizer } from "../tokenizer/serialize.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** What makes a language model of a network. */
export interface NetworkOptions {
  /** Text to tokens and back. */
  tokenizer: Tokenizer;
  /** Jinja template that turns a list of messages into a prompt. */
  chatTemplate?: string;
  /** What is to be said about generation; tokens that begin and end are the tokenizer's. */
  generation?: Partial<GenerationDefaults>;
}

/** What stands where a model from a file has the file's path. */
export const memoryPath = "memory";

/**
 * A network and its tokenizer as an opened model; each tensor's `path` is its name.
 *
 * @throws {QorusError} `invalid_argument` when the tokenizer has more tokens than the network,
 * `invalid_file` when the network's config makes no sense.
 */
export function memoryCheckpoint(network: Llama, options: NetworkOptions): Checkpoint {
  checkNetwork(network, options);
  const { tokenizer, chatTemplate, generation } = options;
  const config = checkConfig(network.config, memoryPath);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new QorusError(
      "invalid_argument",
      `the tokenizer has ${tokenizer.vocabSize} tokens, the network ${config.vocabSize}: ` +
        "make the network with vocabSize: tokenizer.vocabSize",
      { field: "tokenizer", given: tokenizer.vocabSize, expected: config.vocabSize },
    );
  }
  const { beginToken, endTokens } = tokenizer;
  return {
    format: "memory",
    path: memoryPath,
    config,
    tensors: new Map([...network.stateDict()].map(([name, x]) => [name, describe(name, x)])),
    tokenizer: {
      kind: "serialized",
      bytes: serializeTokenizer(tokenizer.definition),
      path: memoryPath,
    },
    generation: { beginToken, endTokens, ...generation },
    chatTemplate,
  };
}

function checkNetwork(network: Llama, { tokenizer }: Partial<NetworkOptions> = {}): void {
  if (!(network instanceof Llama)) {
    const expected = "a Llama: weights of other modules are saved with model.save()";
    throw unexpected(network, expected, "network", "language model");
  }
  if (tokenizer === undefined) {
    throw unexpected(tokenizer, "a tokenizer", "tokenizer", "language model");
  }
}

function describe(name: string, { dtype, shape, layout, byteLength }: Tensor): TensorInfo {
  return { name, dtype, shape, layout, path: name, offset: 0, byteLength };
}

/** The bytes of a network's tensors, by name. */
export class MemoryTensors implements ByteSources {
  readonly #tensors: ReadonlyMap<string, Tensor>;

  /** Takes the state dict as it is. */
  constructor(network: Llama) {
    this.#tensors = network.stateDict();
  }

  get(name: string): Pick<FileReader, "read"> {
    const { buffer, byteOffset } = this.#tensors.get(name)!.data;
    return {
      read: (offset, length) => new Uint8Array(buffer, byteOffset + offset, length).slice(),
    };
  }
}
