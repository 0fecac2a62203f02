//! Products with few rows and a B whose columns are contiguous, such as `x W'` with weights [n][k].
//!
//! Packing B would take longer than multiplying. Its transpose has contiguous rows, which a tile
//! can read as they lie when they are its A: so the transposed result is computed, `B' A'`, and
//! turned around at the end.

const interface = @import("../matmul_interface.zig");

const Product = interface.Product;

/// Most rows of A: more make packing B worth it.
pub const max_rows = 64;

/// Most columns that one call computes: as rows of the transposed result they stay in the L2 cache.
pub const max_columns = 120;

/// Floats of workspace for A packed and for the transposed result.
pub fn workspaceFloats(rows: usize) usize {
    return interface.packedColumnsFloats(rows, interface.max_depth) + rows * max_columns;
}

/// `product` has at most `max_columns` columns, `workspace` `workspaceFloats(product.m)` floats.
pub fn multiply(kernels: *const interface.Table, product: Product, workspace: [*]f32) void {
    const flipped_out = workspace + interface.packedColumnsFloats(product.m, interface.max_depth);
    const max_depth = kernels.maxDepth();
    var start: usize = 0;
    while (start < product.k) : (start += max_depth) {
        const depth = @min(max_depth, product.k - start);
        const columns = product.a.at(0, start).transposed();
        kernels.pack_columns(workspace, &columns, depth, product.m);
        kernels.half_packed_product(&.{
            .m = product.n,
            .n = product.m,
            .k = depth,
            .a = product.b.at(start, 0).transposed(),
            .b = .{ .data = workspace, .row_stride = 0, .column_stride = 1 },
            .out = flipped_out,
            .out_row_stride = product.m,
            .accumulate = start > 0,
        });
    }
    for (0..product.m) |i| {
        const row = product.out + i * product.out_row_stride;
        for (0..product.n) |j| {
            const sum = flipped_out[j * product.m + i];
            row[j] = if (product.accumulate) row[j] + sum else sum;
        }
    }
}
