//! The way of new rows into caches: what turning and storing them one after the other gives.

const std = @import("std");
const Guarded = @import("guarded.zig").Guarded;
const attention = @import("../kernels/cpu/threaded/attention.zig");
const cache_rows = @import("../kernels/cpu/threaded/cache_rows.zig");
const RopeStyle = @import("../kernels/cpu/rows_interface.zig").RopeStyle;
const Runner = @import("../kernels/cpu/threaded/runner.zig").Runner;
const support = @import("support.zig");

const heads = 6;
const kv_heads = 2;
const size = 20;
const capacity = 70;
const slots = 2;
const row_size = kv_heads * size;
const slot_size = kv_heads * capacity * size;

const cache: attention.Cache = .{
    .dtype = .f32,
    .head_stride_bytes = capacity * size * @sizeOf(f32),
    .position_stride_bytes = size * @sizeOf(f32),
    .slot_stride_bytes = slot_size * @sizeOf(f32),
};

const Case = struct {
    count: usize,
    query_count: usize,
    style: ?RopeStyle,
    /// Rows at places of their own, else from position 3 of slot 0 on.
    placed: bool,

    fn placeOf(case: Case, row: usize) attention.Place {
        const index: i32 = @intCast(row);
        if (!case.placed) return .{ .slot = 0, .position = 3 + index };
        return .{ .slot = @rem(index, slots), .position = 69 - index };
    }
};

const cases = [_]Case{
    .{ .count = 1, .query_count = 1, .style = .half, .placed = false },
    .{ .count = 60, .query_count = 60, .style = .neighbouring, .placed = false },
    .{ .count = 60, .query_count = 1, .style = .half, .placed = false },
    .{ .count = 5, .query_count = 2, .style = null, .placed = false },
    .{ .count = 9, .query_count = 9, .style = .half, .placed = true },
};

fn filled(random: std.Random, count: usize) !Guarded(f32) {
    const made = try Guarded(f32).init(count);
    support.fillNormal(random, made.items);
    return made;
}

/// Turns the heads of one row by the angles of row `index`.
fn turn(x: []f32, angles: []const f32, count: usize, index: usize, style: RopeStyle) void {
    const half = size / 2;
    const cosines = angles[index * half ..][0..half];
    const sines = angles[(count + index) * half ..][0..half];
    for (0..x.len / size) |head| {
        const own = x[head * size ..][0..size];
        for (0..half) |i| {
            const a, const b = if (style == .half) .{ i, i + half } else .{ 2 * i, 2 * i + 1 };
            const first, const second = .{ own[a], own[b] };
            own[a] = first * cosines[i] - second * sines[i];
            own[b] = first * sines[i] + second * cosines[i];
        }
    }
}

test "cache rows: turned and stored at their places and nowhere else" {
    for (cases) |case| {
        errdefer std.debug.print("{any}\n", .{case});
        try support.forRunners(case, checkCase);
    }
}

fn checkCase(case: Case, runner: *Runner, _: u32) !void {
    var generator = std.Random.DefaultPrng.init(case.count);
    const random = generator.random();
    const query = try filled(random, case.query_count * heads * size);
    defer query.deinit();
    const key = try filled(random, case.count * row_size);
    defer key.deinit();
    const value = try filled(random, case.count * row_size);
    defer value.deinit();
    const angles = try filled(random, case.count * size);
    defer angles.deinit();
    const keys = try Guarded(f32).init(slots * slot_size);
    defer keys.deinit();
    const values = try Guarded(f32).init(slots * slot_size);
    defer values.deinit();
    for ([_][]f32{ keys.items, values.items }) |items| @memset(items, 99);

    const expected_query = try Guarded(f32).copy(query.items);
    defer expected_query.deinit();
    const expected_key = try Guarded(f32).copy(key.items);
    defer expected_key.deinit();
    var places: [64]attention.Place = undefined;
    for (0..case.count) |row| {
        places[row] = case.placeOf(row);
        const style = case.style orelse continue;
        const own_key = expected_key.items[row * row_size ..][0..row_size];
        turn(own_key, angles.items, case.count, row, style);
        const without_query = case.count - case.query_count;
        if (row < without_query) continue;
        const width = heads * size;
        const own = expected_query.items[(row - without_query) * width ..][0..width];
        turn(own, angles.items, case.count, row, style);
    }
    cache_rows.take(runner, &.{
        .query = query.items.ptr,
        .query_count = case.query_count,
        .heads = heads,
        .key = key.items.ptr,
        .value = value.items.ptr,
        .count = case.count,
        .kv_heads = kv_heads,
        .head_size = size,
        .rotation = if (case.style) |style| .{
            .cosines = angles.items.ptr,
            .sines = angles.items.ptr + case.count * (size / 2),
            .style = style,
        } else null,
        .keys = @ptrCast(keys.items.ptr),
        .values = @ptrCast(values.items.ptr),
        .cache = cache,
        .positions = if (case.placed) .{ .places = &places } else .{ .first = 3 },
    });
    try support.expectClose(expected_query.items, query.items, 1e-6, 1e-6);
    try support.expectClose(expected_key.items, key.items, 1e-6, 1e-6);
    try expectStored(case, keys.items, key.items);
    try expectStored(case, values.items, value.items);
}

/// Every row of x lies at its place, and all else is as it was.
fn expectStored(case: Case, cached: []f32, x: []const f32) !void {
    for (0..case.count) |row| for (0..kv_heads) |head| {
        const place = case.placeOf(row);
        const slot: usize = @intCast(place.slot);
        const position: usize = @intCast(place.position);
        const got = cached[((slot * kv_heads + head) * capacity + position) * size ..][0..size];
        const want = x[(row * kv_heads + head) * size ..][0..size];
        try std.testing.expectEqualSlices(f32, want, got);
        @memset(got, 99);
    };
    for (cached) |element| try std.testing.expectEqual(99, element);
}
