//! The plain matrix product that the kernels are tested against.

const std = @import("std");
const Product = @import("../matmul_interface.zig").Product;

/// `out = a x b` or `out += a x b`, summed in f64. Any strides, and sizes from zero.
pub fn multiply(product: Product) void {
    multiplyAs(product, unchanged);
}

/// The same with operands rounded to bf16.
pub fn multiplyRounded(product: Product) void {
    multiplyAs(product, roundToBf16);
}

fn unchanged(x: f32) f32 {
    return x;
}

/// The nearest number that has 8 significant bits, of two the one whose last bit is 0. What lies
/// below the normal numbers is zero, as it is for the processors' instructions.
pub fn roundToBf16(x: f32) f32 {
    if (!std.math.isFinite(x)) return x;
    if (@abs(x) < std.math.floatMin(f32)) return 0 * x;
    const bits: u32 = @bitCast(x);
    const lower: f32 = @bitCast(bits & 0xffff_0000);
    const upper: f32 = @bitCast((bits & 0xffff_0000) + 0x1_0000);
    const rest = bits & 0xffff;
    if (rest < 0x8000 or (rest == 0x8000 and bits & 0x1_0000 == 0)) return lower;
    return upper;
}

fn multiplyAs(product: Product, comptime round: fn (f32) f32) void {
    for (0..product.m) |i| {
        for (0..product.n) |j| {
            const out = &product.out[i * product.out_row_stride + j];
            var sum: f64 = if (product.accumulate) out.* else 0;
            for (0..product.k) |p| {
                const x: f64 = round(product.a.at(i, p).data[0]);
                sum += x * round(product.b.at(p, j).data[0]);
            }
            out.* = @floatCast(sum);
        }
    }
}
