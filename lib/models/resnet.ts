/**
 * Residual networks for images.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { AdaptiveAvgPool2d } from "../nn/adaptive_avg_pool2d.ts";
import { BatchNorm2d } from "../nn/batch_norm2d.ts";
import { Conv2d } from "../nn/conv2d.ts";
import { Flatten } from "../nn/flatten.ts";
import { kaimingNormal } from "../nn/initializers.ts";
import { Linear } from "../nn/linear.ts";
import { MaxPool2d } from "../nn/max_pool2d.ts";
import { Module } from "../nn/module.ts";
import { Parameter } from "../nn/parameter.ts";
import { Sequential } from "../nn/sequential.ts";
import { QorusError } from "../native/error.ts";

/** What all residual networks can be asked for. */
export interface ResNetOptions {
  /** Classes to tell apart. Default 1000. */
  numClasses?: number;
  /** Channels of the images. Default 3. */
  inChannels?: number;
  /**
   * How images enter. `imagenet` (the default) is for some 224 x 224 pixels: a kernel of 7 x 7 in
   * steps of 2, then max pooling. `small` is for some 32 x 32: a kernel of 3 x 3 in steps of 1.
   */
  stem?: "imagenet" | "small";
  /** Channels of the first stage; each further one has twice as many. Default 64. */
  width?: number;
}

/** A convolution without bias whose initial values are those of He et al. 2015, section 2.2. */
class ResidualConv2d extends Conv2d {
  /** At first normal with a variance of 2 / (filters * kernel size), as in torchvision. */
  override readonly weight: Parameter;

  constructor(channels: number, filters: number, kernelSize: number, stride: number) {
    super(channels, filters, kernelSize, {
      stride,
      padding: (kernelSize - 1) / 2,
      bias: false,
    });
    const shape = [filters, channels, kernelSize, kernelSize];
    this.weight = new Parameter(shape, () => kaimingNormal(shape, { mode: "fanOut" }));
  }
}

/**
 * Two convolutions with batch norm around which a connection goes (He et al. 2015, figure 2).
 * Parameters are named as torchvision's `BasicBlock` names them.
 */
export class BasicBlock extends Module {
  /** 3 x 3; takes the steps. */
  readonly conv1: Conv2d;
  /** Behind the first convolution. */
  readonly bn1: BatchNorm2d;
  /** 3 x 3. */
  readonly conv2: Conv2d;
  /** Behind the second convolution. */
  readonly bn2: BatchNorm2d;
  /** Gives the input the shape of the output, where it has another: 1 x 1 and batch norm. */
  readonly downsample?: Sequential;

  /** Makes a block from `channels` to `filters` channels. */
  constructor(channels: number, filters: number, options: { stride?: number } = {}) {
    super();
    const { stride = 1 } = options;
    this.conv1 = new ResidualConv2d(channels, filters, 3, stride);
    this.bn1 = new BatchNorm2d(filters);
    this.conv2 = new ResidualConv2d(filters, filters, 3, 1);
    this.bn2 = new BatchNorm2d(filters);
    if (stride === 1 && channels === filters) return;
    this.downsample = new Sequential(
      new ResidualConv2d(channels, filters, 1, stride),
      new BatchNorm2d(filters),
    );
  }

  /** f32 `[images, channels, rows, columns]` to `[images, filters, rows / stride, ...]`. */
  forward(x: Tensor): Tensor {
    const inner = this.bn1.forward(this.conv1.forward(x), { relu: true });
    const residual = this.downsample?.forward(x) ?? x;
    return this.bn2.forward(this.conv2.forward(inner), { residual, relu: true });
  }
}

/**
 * A residual network of basic blocks (He, Zhang, Ren and Sun 2015): stem, four stages of which all
 * but the first halve rows and columns and double the channels, mean over all pixels, classes.
 * {@linkcode resnet18} and {@linkcode resnet34} make the usual ones.
 *
 * Parameters are named as in torchvision (`layer1.0.conv1.weight`, `layer2.0.downsample.1.bias`,
 * `fc.weight`), so that state dicts go both ways.
 */
export class ResNet extends Module {
  /** The stem's kernel. */
  readonly conv1: Conv2d;
  /** Behind it. */
  readonly bn1: BatchNorm2d;
  /** In the stem for large images. */
  readonly maxpool?: MaxPool2d;
  /** Blocks of `width` channels. */
  readonly layer1: Sequential;
  /** Blocks of 2 `width` channels. */
  readonly layer2: Sequential;
  /** Blocks of 4 `width` channels. */
  readonly layer3: Sequential;
  /** Blocks of 8 `width` channels. */
  readonly layer4: Sequential;
  /** The mean of each channel. */
  readonly avgpool: AdaptiveAvgPool2d = new AdaptiveAvgPool2d(1);
  /** `[images, channels, 1, 1]` to `[images, channels]`. */
  readonly flatten: Flatten = new Flatten();
  /** From channels to classes. */
  readonly fc: Linear;

  /**
   * Makes the layers.
   *
   * @param blocks how many each of the four stages has
   * @throws {QorusError} `invalid_argument` unless there are four numbers of blocks, each 1 or
   * more.
   */
  constructor(blocks: readonly number[], options: ResNetOptions = {}) {
    super();
    const { numClasses = 1000, inChannels = 3, stem = "imagenet", width = 64 } = options;
    checkBlocks(blocks);
    const isSmall = stem === "small";
    this.conv1 = new ResidualConv2d(inChannels, width, isSmall ? 3 : 7, isSmall ? 1 : 2);
    this.bn1 = new BatchNorm2d(width);
    if (!isSmall) this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
    this.layer1 = stage(width, width, blocks[0], 1);
    this.layer2 = stage(width, 2 * width, blocks[1], 2);
    this.layer3 = stage(2 * width, 4 * width, blocks[2], 2);
    this.layer4 = stage(4 * width, 8 * width, blocks[3], 2);
    this.fc = new Linear(8 * width, numClasses);
  }

  /** f32 `[images, inChannels, rows, columns]` to logits `[images, numClasses]`. */
  forward(x: Tensor): Tensor {
    const entered = this.bn1.forward(this.conv1.forward(x), { relu: true });
    const stages = [this.layer1, this.layer2, this.layer3, this.layer4];
    const seen = stages.reduce(
      (given, layer) => layer.forward(given),
      this.maxpool?.forward(entered) ?? entered,
    );
    return this.fc.forward(this.flatten.forward(this.avgpool.forward(seen)));
  }
}

function stage(channels: number, filters: number, count: number, stride: number): Sequential {
  return new Sequential(
    new BasicBlock(channels, filters, { stride }),
    ...Array.from({ length: count - 1 }, () => new BasicBlock(filters, filters)),
  );
}

function checkBlocks(blocks: readonly number[]): void {
  if (blocks.length === 4 && blocks.every((count) => Number.isInteger(count) && count > 0)) return;
  throw new QorusError(
    "invalid_argument",
    `ResNet: [${blocks}] blocks were given, expected four numbers, each 1 or more`,
    { op: "ResNet", field: "blocks", given: blocks },
  );
}

/**
 * ResNet-18: two blocks in each stage, 11.7 million parameters with 1000 classes.
 *
 * @example
 * ```ts
 * import { resnet18, scope, zeros } from "@qorus/qorus";
 *
 * using model = resnet18({ stem: "small", numClasses: 10, width: 8 });
 * using _ = scope();
 * model.forward(zeros([2, 3, 32, 32])).shape; // [2, 10]
 * ```
 */
export function resnet18(options: ResNetOptions = {}): ResNet {
  return new ResNet([2, 2, 2, 2], options);
}

/** ResNet-34: 3, 4, 6 and 3 blocks, 21.8 million parameters with 1000 classes. */
export function resnet34(options: ResNetOptions = {}): ResNet {
  return new ResNet([3, 4, 6, 3], options);
}
