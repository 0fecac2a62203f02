//! Quantization, layouts and products with weights, on every instruction set of this machine.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const dtypes = @import("../core/dtype.zig");
const reference = @import("../kernels/cpu/reference/quantized.zig");
const matmul_reference = @import("../kernels/cpu/reference/matmul.zig");
const threaded = @import("../kernels/cpu/threaded/linear.zig");
const converter = @import("../kernels/cpu/threaded/convert.zig");
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const Guarded = @import("guarded.zig").Guarded;
const k_quants = @import("k_quants.zig");
const support = @import("support.zig");

test {
    _ = @import("quantized_convert.zig");
    _ = k_quants;
}

const DType = dtypes.DType;
const Weight = threaded.Weight;
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;
const expectEqualSlices = std.testing.expectEqualSlices;

fn bytesOf(dtype: DType, count: usize) usize {
    return count / dtype.blockElements() * dtype.blockBytes();
}

/// Weights as no quantizer makes them: every byte occurs (-128 too), scales of both signs, zero
/// and subnormal ones.
pub fn fillWeights(random: std.Random, dtype: DType, data: []u8) void {
    random.bytes(data);
    switch (dtype) {
        .f32 => for (std.mem.bytesAsSlice(f32, data)) |*w| {
            w.* = random.float(f32) - 0.5;
        },
        .f16 => for (std.mem.bytesAsSlice(f16, data)) |*w| {
            w.* = @floatCast(random.float(f32) - 0.5);
        },
        .bf16 => for (std.mem.bytesAsSlice(u16, data)) |*w| {
            w.* = @truncate(@as(u32, @bitCast(random.float(f32) - 0.5)) >> 16);
        },
        .q8_0, .q4_0 => {
            const size = dtype.blockBytes();
            const largest: f32 = if (dtype == .q8_0) 0x1p-10 else 0x1p-6;
            var start: usize = 0;
            while (start < data.len) : (start += size) {
                const scale: f32 = switch (random.int(u8)) {
                    0...7 => 0,
                    8...15 => 0x1p-24,
                    else => (random.float(f32) - 0.5) * largest,
                };
                std.mem.bytesAsSlice(f16, data[start..][0..2])[0] = @floatCast(scale);
                if (random.int(u8) < 8) @memset(data[start + 2 .. start + size], 0x80);
            }
        },
        .q4_k, .q5_k, .q6_k => k_quants.fillScales(random, dtype, data),
        .i32, .u8 => unreachable,
    }
}

/// Activations with blocks of zeros and blocks of another size.
pub fn fillActivations(random: std.Random, x: []f32) void {
    for (x, 0..) |*value, i| {
        const scale: f32 = switch (i / 32 % 7) {
            3 => 0,
            5 => 4,
            else => 1,
        };
        value.* = (random.float(f32) * 2 - 1) * scale;
    }
}

/// One product, checked on every instruction set and number of threads.
const Case = struct {
    weight: Weight,
    x: []const f32,
    count: usize,
    bias: ?[]const f32,
    expected: []const f32,
    /// What processors that multiply bf16 give.
    expected_bf16: []const f32,
    first: []f32,

    fn check(case: Case, runner: *Runner, threads: u32) anyerror!void {
        const out = try Guarded(f32).init(case.expected.len);
        defer out.deinit();
        const bias = if (case.bias) |bias| bias.ptr else null;
        try threaded.linear(runner, out.items.ptr, case.x.ptr, case.count, case.weight, bias);
        if (threads == 1) {
            const has_bf16 = runner.bf16 != null;
            const expected = if (has_bf16) case.expected_bf16 else case.expected;
            try support.expectClose(expected, out.items, 1e-5, 1e-4);
            @memcpy(case.first, out.items);
        } else {
            try expectEqualSlices(u32, @ptrCast(case.first), @ptrCast(out.items));
        }
    }
};

/// Makes weights and activations of a shape and checks their product.
fn checkLinear(
    dtype: DType,
    layout: threaded.Layout,
    rows: usize,
    columns: usize,
    count: usize,
) !void {
    errdefer std.debug.print("{t} {t} rows {d} columns {d} count {d}\n", .{
        dtype, layout, rows, columns, count,
    });
    const allocator = std.testing.allocator;
    var generator: std.Random.DefaultPrng = .init(rows * 1000 + columns * 10 + count);
    const random = generator.random();
    const plain = try Guarded(u8).init(bytesOf(dtype, rows * columns));
    defer plain.deinit();
    fillWeights(random, dtype, plain.items);
    const x = try Guarded(f32).init(count * columns);
    defer x.deinit();
    fillActivations(random, x.items);
    const bias = try Guarded(f32).init(rows);
    defer bias.deinit();
    fillActivations(random, bias.items);
    const has_bias = (rows + count) % 2 == 0;

    const rounded = try allocator.alloc(f64, x.items.len);
    defer allocator.free(rounded);
    if (dtype.isQuantized()) {
        reference.roundActivations(rounded, x.items);
    } else for (rounded, x.items) |*to, from| {
        to.* = from;
    }
    const rounded_bf16 = try allocator.dupe(f64, rounded);
    defer allocator.free(rounded_bf16);
    if (dtype == .bf16) for (rounded_bf16, x.items) |*to, from| {
        to.* = matmul_reference.roundToBf16(from);
    };
    const expected = try allocator.alloc(f32, rows * count);
    defer allocator.free(expected);
    const expected_bf16 = try allocator.alloc(f32, rows * count);
    defer allocator.free(expected_bf16);
    const activations = [_][]const f64{ rounded, rounded_bf16 };
    for ([_][]f32{ expected, expected_bf16 }, activations) |sums, from| {
        for (sums, 0..) |*sum, i| {
            const row = i % rows;
            const token = from[i / rows * columns ..][0..columns];
            sum.* = @floatCast(reference.dot(token, dtype, plain.items.ptr, row) +
                if (has_bias) bias.items[row] else 0);
        }
    }
    const arranged = try Guarded(u8).init(converter.rows16Bytes(dtype, rows, columns));
    defer arranged.deinit();
    if (layout == .rows16) {
        const arrange = if (dtype.isKQuant()) &k_quants.rearrange else &rearrange;
        arrange(dtype, arranged.items, plain.items, rows, columns);
    }
    const first = try allocator.alloc(f32, expected.len);
    defer allocator.free(first);
    try support.forRunners(Case{
        .weight = .{
            .data = if (layout == .rows16) arranged.items.ptr else plain.items.ptr,
            .dtype = dtype,
            .layout = layout,
            .rows = rows,
            .columns = columns,
        },
        .x = x.items,
        .count = count,
        .bias = if (has_bias) bias.items else null,
        .expected = expected,
        .expected_bf16 = expected_bf16,
        .first = first,
    }, Case.check);
}

/// Layout `rows16` straight from its definition in core/dtype.zig.
pub fn rearrange(dtype: DType, out: []u8, x: []const u8, rows: usize, columns: usize) void {
    const block_bytes = dtype.blockBytes();
    const blocks = columns / 32;
    for (0..std.mem.alignForward(usize, rows, 16)) |row| {
        for (0..blocks) |index| {
            const start = (row / 16 * blocks + index) * 16 * block_bytes;
            const group = out[start..][0 .. 16 * block_bytes];
            const block = if (row < rows)
                x[(row * blocks + index) * block_bytes ..][0..block_bytes]
            else
                null;
            for (0..2) |byte| group[row % 16 * 2 + byte] = if (block) |b| b[byte] else 0;
            for (0..block_bytes - 2) |byte| {
                const number: u8 = if (block) |b| b[2 + byte] else if (dtype == .q8_0) 0 else 0x88;
                group[32 + byte / 4 * 64 + row % 16 * 4 + byte % 4] =
                    if (dtype == .q8_0) number ^ 0x80 else number;
            }
        }
    }
}

const counts = [_]usize{ 1, 2, 3, 7, 8, 9, 17, 64 };
const row_counts = [_]usize{ 1, 15, 16, 17, 172 };

test "quantized: products with q8_0 and q4_0 weights" {
    for ([_]DType{ .q8_0, .q4_0 }) |dtype| {
        for ([_]threaded.Layout{ .rows, .rows16 }) |layout| {
            for (counts) |count| {
                for (row_counts) |rows| {
                    for ([_]usize{ 32, 96, 288 }) |columns| {
                        try checkLinear(dtype, layout, rows, columns, count);
                    }
                }
            }
            // More rows than one chunk has with one token.
            try checkLinear(dtype, layout, 3001, 512, 1);
        }
    }
}

test "quantized: products with k-quants" {
    for (k_quants.kinds) |dtype| {
        for ([_]threaded.Layout{ .rows16, .rows }) |layout| {
            for ([_]usize{ 1, 2, 3, 7, 8, 13 }) |count| {
                for ([_]usize{ 1, 16, 35 }) |rows| {
                    for ([_]usize{ 256, 768 }) |columns| {
                        try checkLinear(dtype, layout, rows, columns, count);
                    }
                }
            }
            // More rows than one chunk has.
            try checkLinear(dtype, layout, 1201, 512, 1);
            try checkLinear(dtype, layout, 1201, 512, 5);
        }
    }
    try checkLinear(.q4_k, .rows16, 0, 256, 3);
    try checkLinear(.q6_k, .rows16, 3, 256, 0);
}

test "quantized: products with f32, f16 and bf16 weights" {
    for ([_]DType{ .f32, .f16, .bf16 }) |dtype| {
        for (counts) |count| {
            for (row_counts) |rows| {
                for ([_]usize{ 1, 7, 33, 172 }) |columns| {
                    try checkLinear(dtype, .rows, rows, columns, count);
                }
            }
        }
        try checkLinear(dtype, .rows, 40, 1100, 13);
        try checkLinear(dtype, .rows, 1003, 300, 1);
    }
    // Several blocks in each direction.
    try checkLinear(.f32, .rows, 262, 600, 200);
    try checkLinear(.bf16, .rows, 262, 1030, 140);
}

test "quantized: products of nothing" {
    try checkLinear(.f32, .rows, 5, 0, 3);
    try checkLinear(.f32, .rows, 5, 0, 20);
    try checkLinear(.q8_0, .rows16, 0, 32, 3);
    try checkLinear(.q4_0, .rows16, 3, 32, 0);
}

test "quantized: products stay close to those of unrounded activations" {
    const columns = 1024;
    const rows = 48;
    var generator: std.Random.DefaultPrng = .init(7);
    var weights: [rows * columns]f32 = undefined;
    support.fillNormal(generator.random(), &weights);
    var x: [columns]f32 = undefined;
    support.fillNormal(generator.random(), &x);
    const context: Sanity = .{ .weights = &weights, .x = &x };
    try support.forRunners(context, Sanity.check);
}

const Sanity = struct {
    weights: []const f32,
    x: []const f32,

    fn check(sanity: Sanity, runner: *Runner, _: u32) anyerror!void {
        const columns = sanity.x.len;
        const rows = sanity.weights.len / columns;
        // Bounds on the error over |w| * |x|: steps of 1/127 and 1/8 of the largest of 32 normal
        // numbers are errors of 0.6 and 9 percent, of which a random direction shows 1/32.
        for ([_]DType{ .q8_0, .q4_0 }, [_]f64{ 0.002, 0.02 }) |dtype, bound| {
            var data: [48 * 1024 / 32 * 34]u8 align(64) = undefined;
            const weights = sanity.weights;
            converter.convert(runner, &data, dtype, @ptrCast(weights.ptr), .f32, weights.len);
            var out: [48]f32 = undefined;
            try threaded.linear(runner, &out, sanity.x.ptr, 1, .{
                .data = &data,
                .dtype = dtype,
                .layout = .rows,
                .rows = rows,
                .columns = columns,
            }, null);
            for (out, 0..) |got, row| {
                var sum: f64 = 0;
                for (sanity.x, weights[row * columns ..][0..columns]) |a, b| sum += @as(f64, a) * b;
                // |w| * |x| of normal numbers is the number of columns.
                try expect(@abs(got - sum) < bound * @as(f64, @floatFromInt(columns)));
            }
        }
    }
};

test "quantized: a number that is not finite spoils its own token only" {
    try support.forRunners({}, checkNotFinite);
}

fn checkNotFinite(_: void, runner: *Runner, _: u32) anyerror!void {
    var data: [16 * 2 * 18]u8 align(64) = undefined;
    @memset(&data, 0x11);
    const weight: Weight = .{
        .data = &data,
        .dtype = .q4_0,
        .layout = .rows16,
        .rows = 16,
        .columns = 64,
    };
    for ([_]f32{ std.math.nan(f32), std.math.inf(f32), -std.math.inf(f32) }) |bad| {
        var x: [3 * 64]f32 = @splat(1);
        x[64 + 40] = bad;
        var out: [3 * 16]f32 = undefined;
        try threaded.linear(runner, &out, &x, 3, weight, null);
        for (out, 0..) |number, i| try expectEqual(i / 16 == 1, std.math.isNan(number));
    }
}
