//! Products of the same activations with several weights, and products whose results go on at once:
//! x is prepared once, and all chunks are one run of the pool.

const std = @import("std");
const Arena = @import("../../../core/arena.zig").Arena;
const elementwise = @import("elementwise.zig");
const linear_module = @import("linear.zig");
const Runner = @import("runner.zig").Runner;

const Product = linear_module.Product;
const divideUp = linear_module.divideUp;
const linear = linear_module.linear;

/// Most weights of one call.
pub const most_weights = 3;

/// `[rows][columns]` and, unless null, a bias `[rows]`.
pub const Weight = struct {
    matrix: linear_module.Weight,
    bias: ?[*]const f32,
};

/// Weights of `linears`, and where their products go.
pub const Target = struct {
    weight: Weight,
    /// `[count][rows]`.
    out: [*]f32,
};

/// `out = x @ weight^T + bias` for each target; x is `[count][columns]` for all. Bit by bit what
/// `linear` gives for each.
pub fn linears(
    runner: *Runner,
    x: [*]const f32,
    count: usize,
    targets: []const Target,
) Arena.Error!void {
    var weights: [most_weights]Weight = undefined;
    for (weights[0..targets.len], targets) |*weight, target| weight.* = target.weight;
    if (!allHaveParts(runner, count, weights[0..targets.len])) {
        for (targets) |target| {
            const weight = target.weight;
            try linear(runner, target.out, x, count, weight.matrix, weight.bias);
        }
        return;
    }
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    var call: Call = try .init(runner, x, count, weights[0..targets.len]);
    for (call.products[0..targets.len], targets) |*product, target| product.out = target.out;
    try call.takeWorkspace();
    call.prepare();
    call.runner.pool.run(call.countChunks(), &call, Call.writeChunk);
}

/// `out = silu(x @ gate^T) * (x @ up^T)` with their biases: the upper half of a SwiGLU network
/// (Shazeer 2020). Both matrices have the same rows; out is `[count][rows]`.
pub fn gated(
    runner: *Runner,
    out: [*]f32,
    x: [*]const f32,
    count: usize,
    gate: Weight,
    up: Weight,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const rows = gate.matrix.rows;
    if (!allHaveParts(runner, count, &.{ gate, up })) {
        const factors = try runner.scratch.slice(f32, count * rows);
        try linear(runner, out, x, count, gate.matrix, gate.bias);
        try linear(runner, factors.ptr, x, count, up.matrix, up.bias);
        return elementwise.siluMul(runner, out, out, factors.ptr, count * rows);
    }
    var call: Call = try .init(runner, x, count, &.{ gate, up });
    call.products[0].out = out;
    try call.takeResults();
    call.prepare();
    const chunks = call.products[0].cuts.count();
    runner.pool.run(@intCast(chunks), &call, Call.gateChunk);
}

/// `residual += x @ weight^T + bias`; residual is `[count][rows]` and overlaps nothing.
pub fn addTo(
    runner: *Runner,
    residual: [*]f32,
    x: [*]const f32,
    count: usize,
    weight: Weight,
) Arena.Error!void {
    const mark = runner.scratch.head;
    defer runner.scratch.reset(mark);
    const rows = weight.matrix.rows;
    if (!allHaveParts(runner, count, &.{weight})) {
        const sums = try runner.scratch.slice(f32, count * rows);
        try linear(runner, sums.ptr, x, count, weight.matrix, weight.bias);
        return elementwise.binary(runner, .add, residual, residual, sums.ptr, count * rows);
    }
    var call: Call = try .init(runner, x, count, &.{weight});
    call.products[0].out = residual;
    try call.takeResults();
    call.prepare();
    runner.pool.run(call.countChunks(), &call, Call.addChunk);
}

/// Whether all products can be taken apart; else `linear` computes one after the other.
fn allHaveParts(runner: *const Runner, count: usize, weights: []const Weight) bool {
    for (weights) |weight| {
        if (!linear_module.hasParts(runner, count, weight.matrix)) return false;
    }
    return true;
}

/// Products of one x.
const Call = struct {
    runner: *Runner,
    products: [most_weights]Product,
    product_count: usize,
    /// The product that prepares the tiles of each: itself or one before it.
    sources: [most_weights]usize,
    /// Results of a chunk that are not the call's own yet, `[count][cuts.most()]` for each
    /// thread.
    results: [*]f32 = undefined,

    fn init(
        runner: *Runner,
        x: [*]const f32,
        count: usize,
        weights: []const Weight,
    ) Arena.Error!Call {
        var call: Call = .{
            .runner = runner,
            .products = undefined,
            .product_count = weights.len,
            .sources = undefined,
        };
        const products = call.products[0..weights.len];
        for (products, weights, 0..) |*product, weight, i| {
            product.* = .init(runner, x, count, weight.matrix, weight.bias);
            call.sources[i] = for (products[0..i], 0..) |*other, j| {
                if (product.sharesTiles(other)) break j;
            } else i;
            product.prepared = if (call.sources[i] == i)
                try runner.scratch.take(product.preparedBytes())
            else
                products[call.sources[i]].prepared;
        }
        return call;
    }

    fn takeWorkspace(call: *Call) Arena.Error!void {
        const scratch = call.runner.scratch;
        const threads = call.runner.pool.thread_count.load(.monotonic);
        for (call.products[0..call.product_count]) |*product| {
            product.workspace = try scratch.take(product.workspaceBytes() * threads);
        }
    }

    /// Chunks of all products, which have equally many rows, are cut alike from now on, and results
    /// have memory.
    fn takeResults(call: *Call) Arena.Error!void {
        const products = call.products[0..call.product_count];
        var cuts = products[0].cuts;
        var step: usize = 1;
        for (products) |*product| {
            cuts = cuts.coarser(product.cuts);
            step = std.math.lcm(step, product.plan.row_step);
        }
        cuts.step = divideUp(cuts.step, step) * step;
        for (products) |*product| product.cuts = cuts;
        try call.takeWorkspace();
        const threads = call.runner.pool.thread_count.load(.monotonic);
        const size = products[0].count * cuts.most() * threads;
        call.results = (try call.runner.scratch.slice(f32, size)).ptr;
    }

    fn prepare(call: *const Call) void {
        var tiles: usize = 0;
        for (0..call.product_count) |i| tiles += call.ownTiles(i);
        call.runner.pool.run(@intCast(tiles), call, prepareChunk);
    }

    /// Tiles that a product prepares itself.
    fn ownTiles(call: *const Call, index: usize) usize {
        return if (call.sources[index] == index) call.products[index].tileCount() else 0;
    }

    fn countChunks(call: *const Call) u32 {
        var chunks: usize = 0;
        for (call.products[0..call.product_count]) |*product| chunks += product.cuts.count();
        return @intCast(chunks);
    }

    fn prepareChunk(context: *const anyopaque, chunk: u32, _: u32) void {
        const call: *const Call = @ptrCast(@alignCast(context));
        var tile: usize = chunk;
        for (call.products[0..call.product_count], 0..) |*product, i| {
            const tiles = call.ownTiles(i);
            if (tile < tiles) return product.prepareTile(tile);
            tile -= tiles;
        }
    }

    fn writeChunk(context: *const anyopaque, chunk: u32, worker: u32) void {
        const call: *const Call = @ptrCast(@alignCast(context));
        var own: usize = chunk;
        for (call.products[0..call.product_count]) |*product| {
            const chunks = product.cuts.count();
            if (own < chunks) return product.multiplyOwnChunk(own, worker);
            own -= chunks;
        }
    }

    fn gateChunk(context: *const anyopaque, chunk: u32, worker: u32) void {
        const call: *const Call = @ptrCast(@alignCast(context));
        call.products[0].multiplyOwnChunk(chunk, worker);
        call.combine(1, chunk, worker, struct {
            fn row(own: *const Call, out: [*]f32, factors: [*]const f32, count: usize) void {
                own.runner.kernels.elementwise.silu_mul(out, out, factors, count);
            }
        }.row);
    }

    fn addChunk(context: *const anyopaque, chunk: u32, worker: u32) void {
        const call: *const Call = @ptrCast(@alignCast(context));
        call.combine(0, chunk, worker, struct {
            fn row(own: *const Call, out: [*]f32, sums: [*]const f32, count: usize) void {
                own.runner.kernels.elementwise.binary(.add, out, out, sums, count);
            }
        }.row);
    }

    /// Computes a chunk of a product aside and combines it with that of the first product's `out`.
    fn combine(
        call: *const Call,
        index: usize,
        chunk: usize,
        worker: u32,
        comptime row: fn (*const Call, [*]f32, [*]const f32, usize) void,
    ) void {
        const product = &call.products[index];
        const first = product.cuts.start(chunk);
        const stride = product.weight.rows;
        const rows = product.cuts.start(chunk + 1) - first;
        const results = call.results + worker * product.count * product.cuts.most();
        product.multiplyRows(first, rows, results, rows, worker);
        const out = call.products[0].out + first;
        for (0..product.count) |token| {
            row(call, out + token * stride, results + token * rows, rows);
        }
    }
};
