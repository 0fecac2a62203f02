//! Products of matrices, and rows of tables.

const call = @import("call.zig").call;
const normalization_gradient = @import("../ops/normalization_gradient.zig");
const products = @import("../ops/products.zig");
const products_fused = @import("../ops/products_fused.zig");

/// [..., m, k] x [..., k, n].
export fn q_matmul(a: u32, b: u32, out: u32) i32 {
    return call(products.matmul, .{ a, b, out });
}

/// out += [..., m, k] x [..., k, n].
export fn q_matmul_add(a: u32, b: u32, out: u32) i32 {
    return call(products.matmulAdd, .{ a, b, out });
}

/// x @ weight^T + bias; bias may be 0.
export fn q_linear(x: u32, weight: u32, bias: u32, out: u32) i32 {
    return call(products.linear, .{ x, weight, bias, out });
}

/// Products of x with two or three weights; weight_c and biases may be 0. Handles of the results
/// are in the parameters.
export fn q_linears(
    x: u32,
    weight_a: u32,
    weight_b: u32,
    weight_c: u32,
    bias_a: u32,
    bias_b: u32,
    bias_c: u32,
) i32 {
    const weights = .{ weight_a, weight_b, weight_c };
    return call(products_fused.linears, .{ x, weights, .{ bias_a, bias_b, bias_c } });
}

/// silu(x @ gate^T) * (x @ up^T); biases may be 0.
export fn q_gated_linear(x: u32, gate: u32, up: u32, gate_bias: u32, up_bias: u32) i32 {
    return call(products_fused.gatedLinear, .{ x, gate, up, gate_bias, up_bias });
}

/// residual += x @ weight^T + bias; bias may be 0.
export fn q_add_linear(residual: u32, x: u32, weight: u32, bias: u32) i32 {
    return call(products_fused.addLinear, .{ residual, x, weight, bias });
}

/// Rows of a matrix of any dtype and layout, as f32.
export fn q_embedding(weight: u32, ids: u32, out: u32) i32 {
    return call(products.embedding, .{ weight, ids, out });
}

/// 1 when x [..., columns] holds, bit for bit, the rows ids [count] of a table, else 0.
export fn q_holds_rows(x: u32, rows: u32, ids: u32) i32 {
    return call(products.holdsRows, .{ x, rows, ids });
}

/// The gradient [rows, columns] of a table whose rows were looked up.
export fn q_embedding_gradient(ids: u32, gradient: u32, rows: u32) i32 {
    return call(normalization_gradient.embeddingGradient, .{ ids, gradient, rows });
}
