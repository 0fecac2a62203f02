//! The plain matrix product that the kernels are tested against.

const Product = @import("../matmul_interface.zig").Product;

/// `out = a x b` or `out += a x b`, summed in f64. Any strides, and sizes from zero.
pub fn multiply(product: Product) void {
    for (0..product.m) |i| {
        for (0..product.n) |j| {
            const out = &product.out[i * product.out_row_stride + j];
            var sum: f64 = if (product.accumulate) out.* else 0;
            for (0..product.k) |p| {
                const x: f64 = product.a.at(i, p).data[0];
                sum += x * product.b.at(p, j).data[0];
            }
            out.* = @floatCast(sum);
        }
    }
}
