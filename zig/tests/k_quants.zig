//! K-quants: dequantization bit for bit, layout `rows16` by its definition, single rows of it.

const std = @import("std");
const cpu = @import("../core/cpu.zig");
const dtypes = @import("../core/dtype.zig");
const reference = @import("../kernels/cpu/reference/k_quants.zig");
const converter = @import("../kernels/cpu/threaded/convert.zig");
const Weight = @import("../kernels/cpu/threaded/linear.zig").Weight;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const Guarded = @import("guarded.zig").Guarded;
const support = @import("support.zig");

const DType = dtypes.DType;
const expectEqualSlices = std.testing.expectEqualSlices;

pub const kinds = [_]DType{ .q4_k, .q5_k, .q6_k };

/// Small scales in blocks of random bytes, so that weights are at most about 0.1; some are zero,
/// subnormal or negative.
pub fn fillScales(random: std.Random, dtype: DType, data: []u8) void {
    const size = dtype.blockBytes();
    var start: usize = 0;
    while (start < data.len) : (start += size) {
        const block = data[start..][0..size];
        switch (dtype) {
            .q4_k, .q5_k => {
                setScale(random, block[0..2], 0x1p-12);
                setScale(random, block[2..4], 0x1p-9);
            },
            .q6_k => setScale(random, block[size - 2 ..][0..2], 0x1p-14),
            else => unreachable,
        }
    }
}

fn setScale(random: std.Random, bytes: *[2]u8, largest: f32) void {
    const scale: f32 = switch (random.int(u8)) {
        0...7 => 0,
        8...15 => 0x1p-24,
        else => (random.float(f32) - 0.5) * largest,
    };
    bytes.* = @bitCast(@as(f16, @floatCast(scale)));
}

/// Layout `rows16` straight from its definition in core/dtype.zig, number by number.
pub fn rearrange(dtype: DType, out: []u8, x: []const u8, rows: usize, columns: usize) void {
    switch (dtype) {
        inline .q4_k, .q5_k, .q6_k => |known| rearrangeAs(known, out, x, rows, columns),
        else => unreachable,
    }
}

fn Group(comptime dtype: DType) type {
    return switch (dtype) {
        .q4_k => dtypes.Rows16Q4K,
        .q5_k => dtypes.Rows16Q5K,
        .q6_k => dtypes.Rows16Q6K,
        else => comptime unreachable,
    };
}

fn rearrangeAs(
    comptime dtype: DType,
    out: []u8,
    x: []const u8,
    rows: usize,
    columns: usize,
) void {
    @memset(out, 0);
    const blocks: [*]align(1) const reference.Block(dtype) = @ptrCast(x.ptr);
    const groups: [*]Group(dtype) = @ptrCast(@alignCast(out.ptr));
    const block_count = columns / 256;
    for (0..rows) |row| for (0..block_count) |index| {
        const block = &blocks[row * block_count + index];
        const group = &groups[row / 16 * block_count + index];
        const lane = row % 16;
        group.d[lane] = if (dtype == .q6_k) block.d else .{ block.d, block.dmin };
        for (block.scales, 0..) |scale, i| group.scales[i / 4][lane][i % 4] = @bitCast(scale);
        for (0..256) |column| {
            place(dtype, group, lane, column, reference.number(dtype, block, column));
        }
    };
}

fn place(comptime dtype: DType, group: *Group(dtype), row: usize, column: usize, number: u8) void {
    const byte = column % 4;
    if (dtype == .q6_k) {
        const field = column / 32 % 4;
        const quad = &group.parts[column / 128 * 2 + column / 16 % 2].quads[column / 4 % 4];
        quad.q[field % 2][row][byte] |= (number & 15) << @intCast(field / 2 * 4);
        quad.high[row][byte] |= (number >> 4) << @intCast(2 * field);
        return;
    }
    const pair = column / 64;
    const field = column / 32 % 2;
    const quad = column % 32 / 4;
    const q = if (dtype == .q4_k) &group.q[pair * 8 + quad] else &group.parts[pair].q[quad];
    q[row][byte] |= (number & 15) << @intCast(4 * field);
    if (dtype == .q5_k) {
        const high = &group.parts[pair].high[quad / 4][row][byte];
        high.* |= (number >> 4) << @intCast(2 * (quad % 4) + field);
    }
}

/// NaN is any NaN; all else is equal bit by bit.
fn expectSame(expected: f32, actual: f32) !void {
    if (std.math.isNan(expected)) return std.testing.expect(std.math.isNan(actual));
    try std.testing.expectEqual(@as(u32, @bitCast(expected)), @as(u32, @bitCast(actual)));
}

test "quantized: k-quants are dequantized as GGML does, bit for bit" {
    var generator: std.Random.DefaultPrng = .init(5);
    inline for (kinds) |dtype| for ([_]usize{ 0, 1, 200 }) |block_count| {
        const data = try Guarded(u8).init(block_count * dtype.blockBytes());
        defer data.deinit();
        // Any bytes: scales of every size, infinite ones and NaN too.
        generator.random().bytes(data.items);
        var buffer: [8]cpu.Isa = undefined;
        for (support.supportedIsas(&buffer)) |isa| {
            const out = try Guarded(f32).init(block_count * 256);
            defer out.deinit();
            const table = cpu.kernels(isa).?.quantized;
            table.dequantize(out.items.ptr, data.items.ptr, dtype, out.items.len);
            for (out.items, 0..) |value, i| {
                try expectSame(reference.element(dtype, data.items.ptr, i), value);
            }
        }
    };
}

test "quantized: k-quants in rows16 and back, and single rows of it" {
    try support.forRunners({}, checkRows16);
}

fn checkRows16(_: void, runner: *Runner, _: u32) anyerror!void {
    const columns = 768;
    inline for (kinds) |dtype| for ([_]usize{ 0, 1, 7, 16, 35 }) |rows| {
        var generator: std.Random.DefaultPrng = .init(rows);
        const plain = try Guarded(u8).init(rows * columns / 256 * dtype.blockBytes());
        defer plain.deinit();
        generator.random().bytes(plain.items);
        const expected = try Guarded(u8).init(converter.rows16Bytes(dtype, rows, columns));
        defer expected.deinit();
        rearrange(dtype, expected.items, plain.items, rows, columns);
        const arranged = try Guarded(u8).init(expected.items.len);
        defer arranged.deinit();
        converter.repack(runner, arranged.items.ptr, plain.items.ptr, dtype, rows, columns);
        try expectEqualSlices(u8, expected.items, arranged.items);
        const back = try Guarded(u8).init(plain.items.len);
        defer back.deinit();
        converter.unpack(runner, back.items.ptr, arranged.items.ptr, dtype, rows, columns);
        try expectEqualSlices(u8, plain.items, back.items);
        const weight: Weight = .{
            .data = arranged.items.ptr,
            .dtype = dtype,
            .layout = .rows16,
            .rows = rows,
            .columns = columns,
        };
        for (0..rows) |row| {
            const out = try Guarded(f32).init(columns);
            defer out.deinit();
            converter.dequantizeRow(runner.kernels, out.items.ptr, weight, row);
            for (out.items, 0..) |value, column| {
                const index = row * columns + column;
                try expectSame(reference.element(dtype, plain.items.ptr, index), value);
            }
        }
    };
}

test "quantized: k-quants become other types by way of f32" {
    try support.forRunners({}, checkConvert);
}

fn checkConvert(_: void, runner: *Runner, _: u32) anyerror!void {
    const count = 256 * 300;
    var generator: std.Random.DefaultPrng = .init(4);
    inline for (kinds) |dtype| {
        const source = try Guarded(u8).init(count / 256 * dtype.blockBytes());
        defer source.deinit();
        generator.random().bytes(source.items);
        fillScales(generator.random(), dtype, source.items);
        const floats = try Guarded(f32).init(count);
        defer floats.deinit();
        for (floats.items, 0..) |*value, i| {
            value.* = reference.element(dtype, source.items.ptr, i);
        }
        for ([_]DType{ .f32, .f16, .bf16, .q8_0, .q4_0, dtype }) |to| {
            const size = count / to.blockElements() * to.blockBytes();
            const direct = try Guarded(u8).init(size);
            defer direct.deinit();
            converter.convert(runner, direct.items.ptr, to, source.items.ptr, dtype, count);
            const twice = try Guarded(u8).init(size);
            defer twice.deinit();
            if (to == dtype) {
                @memcpy(twice.items, source.items);
            } else {
                const middle: [*]const u8 = @ptrCast(floats.items.ptr);
                converter.convert(runner, twice.items.ptr, to, middle, .f32, count);
            }
            try expectEqualSlices(u8, twice.items, direct.items);
        }
    }
}
