/**
 * Checks that hyper-parameters make sense and that a file has the tensors they promise.
 *
 * @module
 */

import { isQuantized } from "../core/dtype.ts";
import { invalidFile } from "./file_error.ts";
import { usableTensor } from "./stored_tensor.ts";
import { expectedTensors } from "./tensor_names.ts";
import type { ModelConfig, StoredTensor, TensorInfo } from "./types.ts";

/** Families that Qorus computes. */
export const knownArchitectures: readonly string[] = ["llama", "mistral", "qwen2"];

const largestSize = 2 ** 31 - 1;

const sizes = [
  "vocabSize",
  "hiddenSize",
  "intermediateSize",
  "layerCount",
  "headCount",
  "keyValueHeadCount",
  "headSize",
  "contextLength",
] as const;

/**
 * The config itself, if its numbers make sense together; throws `invalid_file` otherwise.
 *
 * @example
 * ```ts
 * const config = checkConfig(configOfFile, "model.gguf");
 * ```
 */
export function checkConfig(config: ModelConfig, path: string): ModelConfig {
  for (const name of sizes) {
    const value = config[name];
    if (Number.isSafeInteger(value) && value >= 1 && value <= largestSize) continue;
    throw invalidFile(path, name, "is no sensible size", {
      given: value,
      expected: `a whole number from 1 to ${largestSize}`,
    });
  }
  if (config.headCount % config.keyValueHeadCount !== 0) {
    throw invalidFile(path, "keyValueHeadCount", "does not divide the number of heads", {
      given: config.keyValueHeadCount,
      expected: `a divisor of ${config.headCount}`,
    });
  }
  if (config.headSize % 2 !== 0) {
    throw invalidFile(path, "headSize", "is odd, rotary embedding needs pairs", {
      given: config.headSize,
    });
  }
  checkPositive(config.normEpsilon, "normEpsilon", path);
  checkPositive(config.ropeBase, "ropeBase", path);
  checkRopeScaling(config, path);
  return config;
}

function checkPositive(value: number, field: string, path: string): void {
  if (Number.isFinite(value) && value > 0) return;
  throw invalidFile(path, field, "is not positive", { given: value });
}

function checkRopeScaling(config: ModelConfig, path: string): void {
  const scaling = config.ropeScaling;
  if (scaling === undefined) return;
  if (scaling.type === "factors") {
    if (scaling.factors.length !== config.headSize / 2) {
      throw invalidFile(path, "ropeScaling.factors", "has another length", {
        given: scaling.factors.length,
        expected: config.headSize / 2,
      });
    }
    for (const factor of scaling.factors) checkPositive(factor, "ropeScaling.factors", path);
    return;
  }
  checkPositive(scaling.factor, "ropeScaling.factor", path);
  if (scaling.type === "linear") return;
  checkPositive(scaling.lowFrequencyFactor, "ropeScaling.lowFrequencyFactor", path);
  checkPositive(scaling.originalContextLength, "ropeScaling.originalContextLength", path);
  if (!(scaling.highFrequencyFactor > scaling.lowFrequencyFactor)) {
    throw invalidFile(path, "ropeScaling.highFrequencyFactor", "is too small", {
      given: scaling.highFrequencyFactor,
      expected: `more than ${scaling.lowFrequencyFactor}`,
    });
  }
}

/**
 * The tensors that a model of this config has, under Hugging Face's names.
 *
 * `stored` has Hugging Face's names as keys; `nameInFile` gives what the file calls one of them.
 * Throws `invalid_file` for a tensor that is missing or
 * has a wrong shape or type, `unsupported` for one whose element type Qorus cannot compute with.
 * Tensors that the config does not ask for (old files keep rotary tables) are left out.
 */
export function selectTensors(
  stored: ReadonlyMap<string, StoredTensor>,
  config: ModelConfig,
  path: string,
  nameInFile: (name: string) => string | undefined = (name) => name,
): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>();
  for (const [name, shape] of expectedTensors(config)) {
    const tensor = stored.get(name);
    if (tensor === undefined) {
      throw invalidFile(path, `tensor ${nameInFile(name) ?? name}`, "is missing", {
        expected: `a tensor of shape [${shape.join(", ")}]`,
        hint: "The file is incomplete, or its hyper-parameters belong to another model.",
      });
    }
    tensors.set(name, checkTensor(tensor, name, shape));
  }
  return tensors;
}

function checkTensor(tensor: StoredTensor, name: string, shape: readonly number[]): TensorInfo {
  const { path } = tensor;
  const known = tensor.name === name ? name : `${tensor.name} (${name})`;
  const isSame = tensor.shape.length === shape.length &&
    tensor.shape.every((size, i) => size === shape[i]);
  if (!isSame) {
    throw invalidFile(path, `shape of ${known}`, "does not fit the model's hyper-parameters", {
      given: tensor.shape,
      expected: shape,
    });
  }
  const usable = usableTensor(tensor, name);
  const isPlainFloat = usable.dtype === "f32" || usable.dtype === "f16" || usable.dtype === "bf16";
  if (isPlainFloat || (isQuantized(usable.dtype) && shape.length === 2)) return usable;
  throw invalidFile(path, `dtype of ${known}`, "is no type of a weight of this shape", {
    given: tensor.storedType,
    expected: shape.length === 2 ? "floats or a quantized type" : "F32, F16 or BF16",
  });
}
