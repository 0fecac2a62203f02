/**
 * The models that are measured: made where they are missing.
 *
 * @module
 */

import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { convertModel } from "../../lib/llm/convert.ts";
import { QorusError } from "../../lib/native/error.ts";
import {
  type ModelDType,
  type ShapeName,
  shapes,
  writeRandomModel,
} from "../../tools/support/random_model.ts";
import type { Plan } from "./plan.ts";

/** A GGUF file. */
export interface ModelFile {
  readonly path: string;
  /** The file's name without `.gguf`. */
  readonly name: string;
  /** What its matrices are made of; undefined for a file that was given. */
  readonly dtype?: ModelDType;
}

/** A file with random weights. */
export async function randomModel(
  { folder, layers }: Plan,
  shape: ShapeName,
  dtype: ModelDType,
): Promise<ModelFile> {
  const name = `${shape}-${dtype}${layers === undefined ? "" : `-${layers}-layers`}`;
  const path = join(folder, `${name}.gguf`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    console.error(`writing ${path}`);
    const config = {
      ...shapes[shape],
      layerCount: layers ?? shapes[shape].layerCount,
    };
    await writeRandomModel(path, config, { dtype });
  }
  return { path, name, dtype };
}

/** The files that were given, or else one for each shape and dtype. */
export async function* plannedModels(plan: Plan): AsyncGenerator<ModelFile> {
  for (const path of plan.files) {
    if (!existsSync(path)) {
      throw new QorusError("not_found", `${path}: there is no such file`);
    }
    yield { path, name: basename(path, ".gguf") };
  }
  if (plan.files.length > 0) return;
  for (const shape of plan.shapes) {
    for (const dtype of plan.dtypes) {
      yield await randomModel(plan, shape, dtype);
    }
  }
}

/** The model as a `.qorus` file beside it. */
export async function qorusFile({ path }: ModelFile): Promise<string> {
  const converted = path.replace(/\.gguf$/, ".qorus");
  if (!existsSync(converted)) {
    console.error(`writing ${converted}`);
    await convertModel(path, converted);
  }
  return converted;
}
