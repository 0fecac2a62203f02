//! Winograd's minimal filtering F(4x4, 3x3) in pieces (Lavin and Gray 2015).
//!
//! A kernel of 3 x 3 gives a tile of 4 x 4 pixels from 6 x 6 of the source. Source tile and kernel
//! become 6 x 6 elements each; element by element, and summed over channels, their products are
//! what the result's tile is computed from: 36 products for 16 pixels instead of 144. The gradient
//! of the weights is computed from 36 products as well, of source tiles and tiles of the gradient.
//!
//! Registers hold channels, `lanes` of them, so that any size of image fills them: pixels lie as
//! `[row][column][lanes]`. Element e of tile t lies at `e * element_step + t * tile_step`, its
//! channels behind each other.
//!
//! The points of interpolation are 0, +-1/sqrt(2), +-sqrt(2) and infinity: errors are a fifth of
//! those that Lavin and Gray's 0, +-1, +-2 have. See the tests for how large they are.

/// Rows and columns of a tile's pixels, and of what is read of the source.
pub const tile_pixels = 4;
pub const tile_source = 6;
/// Elements of a transformed tile.
pub const elements = tile_source * tile_source;
/// Elements of a kernel.
pub const taps = 9;

/// Pixels of planes beside each other, and the same pixels with channels beside each other.
pub const Transpose = extern struct {
    /// Pixel p of channel c is `planes[c * channel_step + p]`.
    planes: [*]f32,
    channel_step: usize,
    /// 1 to `lanes`. The lanes behind them are zeros in registers.
    channels: usize,
    pixels: usize,
    registers: [*]f32,
    /// Where the register of each pixel begins, or null: pixel after pixel.
    places: ?[*]const u32 = null,
};

/// Tiles of one register of channels, row by row.
pub const Tiles = extern struct {
    rows: usize,
    columns: usize,
    /// Neighbouring tiles begin `tile_pixels` apart.
    pixels: [*]f32,
    /// Floats from one row of pixels to the next.
    row_step: usize,
    transformed: [*]f32,
    element_step: usize,
    tile_step: usize,
    /// Of results: rows and columns of pixels that exist, and what is added to each.
    pixel_rows: usize = 0,
    pixel_columns: usize = 0,
    bias: ?[*]const f32 = null,
};

/// Kernels of one register of channels.
pub const Weights = extern struct {
    count: usize,
    /// Registers `[count][taps]`.
    weights: [*]f32,
    transformed: [*]f32,
    element_step: usize,
    /// Floats from one transformed kernel to the next.
    weight_step: usize,
    /// Turn the kernels by 180 degrees.
    is_turned: bool = false,
};

const Transform = fn (tiles: *const Tiles) callconv(.c) void;

pub const Table = extern struct {
    /// From planes to registers, and back.
    to_registers: *const fn (transpose: *const Transpose) callconv(.c) void,
    to_planes: *const fn (transpose: *const Transpose) callconv(.c) void,
    /// 6 x 6 pixels of the source to elements.
    transform_source: *const Transform,
    /// 4 x 4 pixels of a result's gradient to elements.
    transform_gradient: *const Transform,
    /// Sums of elements to 4 x 4 pixels of a result.
    transform_result: *const Transform,
    /// Kernels to elements.
    transform_weights: *const fn (weights: *const Weights) callconv(.c) void,
    /// Sums of elements to gradients of kernels.
    transform_weight_gradient: *const fn (weights: *const Weights) callconv(.c) void,
};
