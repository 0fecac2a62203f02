/**
 * Converts language models between file formats and element types.
 *
 * @module
 */

import { existsSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { isQuantized } from "../core/dtype.ts";
import { QorusError } from "../native/error.ts";
import { openCheckpoint } from "./checkpoint.ts";
import type { TensorCodec, TokenizerWriter } from "./codec.ts";
import {
  ggufArchitecture,
  modelMetadata,
  ropeFactorsTensor,
  tokenizerMetadata,
} from "./convert_gguf.ts";
import { OpenFiles, planTensors } from "./convert_tensor.ts";
import type { ByteSources, TensorTarget, WeightDType } from "./convert_tensor.ts";
import { unsupportedFile } from "./file_error.ts";
import { writeGguf } from "./gguf_writer.ts";
import { checkFolderTarget, writeHuggingFace } from "./huggingface_writer.ts";
import { writeQorus } from "./qorus_writer.ts";
import { writeSafetensors } from "./safetensors_writer.ts";
import { writtenByteLength } from "./tensor_writer.ts";
import type { WritableTensor, WriteOptions } from "./tensor_writer.ts";
import type { Checkpoint, TokenizerSource } from "./types.ts";

/** Options of {@linkcode convert}. */
export interface ConvertOptions extends WriteOptions {
  /** Converts elements and layouts. */
  readonly codec: TensorCodec;
  /**
   * Element type of the matrices: those whose rows are no whole blocks of it become f16, vectors
   * are f32. Absent, each matrix keeps its own (f32 for quantized ones in formats without them).
   */
  readonly dtype?: WeightDType;
  /** Takes the place of the model's own tokenizer. */
  readonly tokenizer?: TokenizerSource;
  /**
   * What a `.qorus` file says for people about where the model comes from, beside the converted
   * file and its format. The command line prints a member `note` whenever it loads the model.
   */
  readonly provenance?: Readonly<Record<string, string>>;
  /** Brings the tokenizer into the output's form; needed wherever it is not in that form yet. */
  readonly tokenizerWriter?: TokenizerWriter;
}

/** What {@linkcode convert} wrote. */
export interface ConvertReport {
  /** The file or folder. */
  readonly path: string;
  /** Its format. */
  readonly format: OutputFormat;
  /** Number of tensors. */
  readonly tensorCount: number;
  /** Bytes of all tensors. */
  readonly byteLength: number;
  /** What the output cannot hold, as sentences for people. */
  readonly warnings: readonly string[];
}

/** Formats that can be written. */
export type OutputFormat = "qorus" | "gguf" | "safetensors" | "folder";

/** The format that an output's name asks for; throws `unsupported` for other models' extensions. */
export function outputFormat(path: string): OutputFormat {
  if (existsSync(path) && statSync(path).isDirectory()) return "folder";
  const extension = extname(path).toLowerCase();
  if (extension === ".qorus" || extension === ".gguf" || extension === ".safetensors") {
    return extension.slice(1) as OutputFormat;
  }
  if (![".bin", ".pt", ".pth", ".ckpt", ".onnx", ".ggml", ".npz", ".h5"].includes(extension)) {
    return "folder";
  }
  throw unsupportedFile(path, "extension", "is no format that Qorus writes", {
    given: extension,
    expected: ".qorus, .gguf, .safetensors, or a name without extension for a folder",
  });
}

function targetFor(
  format: OutputFormat,
  checkpoint: Checkpoint,
  dtype?: WeightDType,
): TensorTarget {
  const { config } = checkpoint;
  switch (format) {
    case "qorus":
      return {
        dtype,
        quantized: true,
        rows16: true,
        ropeStyle: config.ropeStyle,
        ggufNames: false,
      };
    case "gguf":
      return {
        dtype,
        quantized: true,
        rows16: false,
        ropeStyle: ggufArchitecture(config) === "qwen2" ? "half" : "neighbouring",
        ggufNames: true,
      };
    default:
      return { dtype, quantized: false, rows16: false, ropeStyle: "half", ggufNames: false };
  }
}

/**
 * Converts a language model into another format, another element type, or both.
 *
 * The output's name decides the format: `.qorus`, `.gguf`, `.safetensors` (weights only), or a
 * folder in Hugging Face's form. Tensors go through memory a few rows at a time. The output
 * appears under its name when it is whole; where anything fails, or the signal ends the work
 * (`aborted`), nothing is left. Throws `unsupported` where the output cannot hold the model, and
 * what `openCheckpoint` throws.
 *
 * @example
 * ```ts
 * await convert("SmolLM2-135M", "smollm2-q4.qorus", { dtype: "q4_0", codec, tokenizerWriter });
 * ```
 */
export async function convert(
  input: string,
  output: string,
  options: ConvertOptions,
): Promise<ConvertReport> {
  outputFormat(output); // refuses an output that cannot be before it looks at the input
  using files = new OpenFiles();
  return await writeModel(openCheckpoint(input), files, output, options);
}

/**
 * Writes a model that is open, as {@linkcode convert} does.
 *
 * @param sources where the checkpoint's tensors have their bytes
 */
export async function writeModel(
  checkpoint: Checkpoint,
  sources: ByteSources,
  output: string,
  options: ConvertOptions,
): Promise<ConvertReport> {
  const { codec, dtype } = options;
  const format = outputFormat(output);
  const target = targetFor(format, checkpoint, dtype);
  if (!target.quantized && dtype !== undefined && isQuantized(dtype)) {
    throw unsupportedFile(output, "dtype", "safetensors has no block-quantized types", {
      given: dtype,
      expected: "f32, f16 or bf16",
      hint: "Write .qorus or .gguf instead.",
    });
  }
  if (format === "folder") checkFolderTarget(output);
  const source = options.tokenizer ?? checkpoint.tokenizer;
  const tensors = planTensors(checkpoint, target, codec, sources);
  const warnings: string[] = [];
  switch (format) {
    case "qorus":
      await writeAsQorus(output, checkpoint, source, tensors, options, warnings);
      break;
    case "gguf":
      await writeAsGguf(output, checkpoint, source, tensors, options, warnings);
      break;
    case "safetensors":
      warnings.push("the file has weights only, neither hyper-parameters nor a tokenizer");
      await writeSafetensors(output, new Map([["format", "pt"]]), tensors, options);
      break;
    case "folder":
      await writeHuggingFace(output, checkpoint, source, tensors, options, warnings);
  }
  const byteLength = tensors.reduce((sum, tensor) => sum + writtenByteLength(tensor, output), 0);
  return { path: output, format, tensorCount: tensors.length, byteLength, warnings };
}

async function writeAsQorus(
  output: string,
  checkpoint: Checkpoint,
  source: TokenizerSource | undefined,
  tensors: readonly WritableTensor[],
  options: ConvertOptions,
  warnings: string[],
): Promise<void> {
  const { config, generation, chatTemplate } = checkpoint;
  let tokenizer: Uint8Array | undefined;
  if (source === undefined) {
    warnings.push("the file has no tokenizer: give one with --tokenizer when using it");
  } else if (source.kind === "serialized") {
    tokenizer = source.bytes;
  } else if (options.tokenizerWriter !== undefined) {
    tokenizer = options.tokenizerWriter.serialize(source);
  } else {
    throw new QorusError(
      "invalid_argument",
      `${output}: the model has a tokenizer (${source.kind}), and no tokenizerWriter was given`,
      { path: output, field: "tokenizerWriter" },
    );
  }
  const origin = { source: basename(checkpoint.path), format: checkpoint.format };
  const provenance = { ...origin, ...options.provenance };
  const content = { config, generation, chatTemplate, tokenizer, provenance };
  await writeQorus(output, content, tensors, options);
}

async function writeAsGguf(
  output: string,
  checkpoint: Checkpoint,
  source: TokenizerSource | undefined,
  tensors: readonly WritableTensor[],
  options: ConvertOptions,
  warnings: string[],
): Promise<void> {
  const metadata = new Map([
    ...modelMetadata(checkpoint, tensors),
    ...tokenizerMetadata(checkpoint, source, options.tokenizerWriter, warnings),
  ]);
  const factors = ropeFactorsTensor(checkpoint.config);
  const all = factors === undefined ? tensors : [factors, ...tensors];
  await writeGguf(output, metadata, all, options);
}
