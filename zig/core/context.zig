//! Everything that one JavaScript thread has in the library: its tensors, arenas and file maps.
//! Threads share nothing but the pool, so that Workers cannot harm each other.

const std = @import("std");
const Arena = @import("arena.zig").Arena;
const cpu = @import("cpu.zig");
const Map = @import("map.zig").Map;
const pool = @import("pool.zig");
const runner_module = @import("../kernels/cpu/threaded/runner.zig");
const status = @import("status.zig");
const table_module = @import("table.zig");
const tensor_module = @import("tensor.zig");
const virtual_memory = @import("virtual_memory.zig");

const Tensor = tensor_module.Tensor;
const Table = table_module.Table;
pub const Handle = table_module.Handle;
pub const Precision = runner_module.Precision;
pub const Error = status.Error;

/// Memory through which calls pass what does not fit their arguments. Part of the ABI.
pub const Shared = extern struct {
    /// Shapes, offsets, option blocks: each export says which slots it reads or writes.
    parameters: [512]u32,
    /// Length of `message`.
    message_bytes: u32,
    message: [4092]u8,
    /// Paths and names, UTF-8; their length is an argument of the call.
    text: [8192]u8,
    /// Written by `q_counters`.
    counters: [16]f64,
};

const max_states = 256;
const max_maps = 1024;
const max_scopes = 256;
const first_map_owner = 0x4000;

const Mark = struct { bytes: usize, descriptors: u32 };

pub const Context = struct {
    table: Table,
    scratch: Arena,
    states: [max_states]?Arena = @splat(null),
    maps: [max_maps]?Map = @splat(null),
    scopes: [max_scopes]Mark = undefined,
    scope_count: u32 = 0,
    isa: cpu.Isa,
    kernels: *const cpu.Kernels,
    /// Of products, until it is set again.
    precision: Precision = .f32,
    shared: Shared,

    /// Reserves the context and its scratch arena. Called once per thread.
    pub fn create(scratch_bytes: usize, isa: cpu.Isa) error{ OutOfMemory, ArenaFull }!*Context {
        const memory = try virtual_memory.reserve(@sizeOf(Context));
        errdefer virtual_memory.release(memory, @sizeOf(Context));
        _ = try virtual_memory.commit(memory, 0, @sizeOf(Context), @sizeOf(Context));
        var table = try Table.init();
        errdefer table.deinit();
        const context: *Context = @ptrCast(@alignCast(memory));
        context.* = .{
            .table = table,
            .scratch = try Arena.init(scratch_bytes),
            .isa = isa,
            .kernels = cpu.kernels(isa).?,
            .shared = std.mem.zeroes(Shared),
        };
        return context;
    }

    pub fn destroy(context: *Context) void {
        for (&context.maps) |*map| if (map.*) |*open| open.close();
        for (&context.states) |*state| if (state.*) |*arena| arena.deinit();
        context.scratch.deinit();
        context.table.deinit();
        virtual_memory.release(@ptrCast(@alignCast(context)), @sizeOf(Context));
    }

    pub fn runner(context: *Context) runner_module.Runner {
        return .{
            .kernels = context.kernels,
            .bf16 = cpu.bf16Kernels(context.isa),
            .pool = &pool.global,
            .scratch = &context.scratch,
            .precision = context.precision,
        };
    }

    /// Writes the message that goes with a failure and returns the failure.
    pub fn fail(
        context: *Context,
        failure: Error,
        comptime format: []const u8,
        arguments: anytype,
    ) Error {
        var writer = std.Io.Writer.fixed(&context.shared.message);
        // A message that is too long is cut: the status still tells.
        writer.print(format, arguments) catch {};
        context.shared.message_bytes = @intCast(writer.end);
        return failure;
    }

    /// The live tensor that a handle stands for; `role` names it in messages.
    pub fn tensor(context: *Context, handle: Handle, role: []const u8) Error!*Tensor {
        const index = context.table.indexOf(handle) catch |failure| switch (failure) {
            error.InvalidHandle => return context.fail(
                failure,
                "{s}: {d} is no tensor",
                .{ role, handle },
            ),
            error.StaleHandle => return context.fail(
                failure,
                "{s}: the tensor's memory was given back: its scope has ended or it was disposed",
                .{role},
            ),
        };
        return &context.table.tensors[index];
    }

    /// Takes memory and a descriptor for a contiguous tensor. `state` 0 is the scratch arena.
    pub fn createTensor(
        context: *Context,
        state: u32,
        dtype: tensor_module.DType,
        layout: tensor_module.Layout,
        sizes: []const u32,
    ) Error!Handle {
        const size = tensor_module.sizeBytes(dtype, layout, sizes) orelse return context.fail(
            error.InvalidShape,
            "{f} of {t} does not fit: the last dimension must be a multiple of {d} " ++
                "and the whole below 2^62 bytes",
            .{ tensor_module.Shape{ .sizes = sizes }, dtype, dtype.blockElements() },
        );
        const arena = try context.arenaOf(state);
        const owner: u16 = if (state == 0) table_module.scratch_owner else @intCast(state);
        const mark = arena.head;
        const memory = arena.take(@intCast(size)) catch |failure| return context.arenaFailure(
            failure,
            arena,
            state,
        );
        errdefer arena.reset(mark);
        return context.describe(owner, @intFromPtr(memory), dtype, layout, sizes, false);
    }

    /// Makes a descriptor for contiguous memory that is there already.
    pub fn describe(
        context: *Context,
        owner: u16,
        address: u64,
        dtype: tensor_module.DType,
        layout: tensor_module.Layout,
        sizes: []const u32,
        read_only: bool,
    ) Error!Handle {
        const index = try context.takeDescriptor(owner);
        const made = &context.table.tensors[index];
        made.data = address;
        made.scales = 0;
        made.ne = @splat(1);
        @memcpy(made.ne[0..sizes.len], sizes);
        made.nb = tensor_module.contiguousStrides(dtype, sizes);
        made.dtype = dtype;
        made.device = 0;
        made.rank = @intCast(sizes.len);
        made.flags = .{ .live = true, .read_only = read_only, .layout = layout };
        made.name = @splat(0);
        return context.table.handleOf(index);
    }

    /// Makes a descriptor in scratch that shares `source`'s memory; the caller changes sizes and
    /// strides.
    pub fn view(
        context: *Context,
        source: *const Tensor,
    ) Error!struct { handle: Handle, tensor: *Tensor } {
        const index = try context.takeDescriptor(table_module.scratch_owner);
        const made = &context.table.tensors[index];
        const generation = made.generation;
        made.* = source.*;
        made.generation = generation;
        return .{ .handle = context.table.handleOf(index), .tensor = made };
    }

    fn takeDescriptor(context: *Context, owner: u16) Error!u32 {
        return context.table.take(owner) catch |failure| return context.fail(
            failure,
            "all {d} tensor descriptors are in use: use scope() around each step",
            .{@as(u32, if (owner == table_module.scratch_owner)
                table_module.capacity - table_module.scratch_start
            else
                table_module.scratch_start)},
        );
    }

    fn arenaOf(context: *Context, state: u32) Error!*Arena {
        if (state == 0) return &context.scratch;
        if (state < max_states) if (context.states[state]) |*arena| return arena;
        return context.fail(error.InvalidHandle, "{d} is no state arena", .{state});
    }

    /// The message for an arena that could not serve a request.
    pub fn arenaFailure(
        context: *Context,
        failure: Arena.Error,
        arena: *const Arena,
        state: u32,
    ) Error {
        const name = if (state == 0) "scratch" else "state";
        return switch (failure) {
            error.ArenaFull => context.fail(
                failure,
                "the {s} arena is full: {d} bytes asked, {d} of {d} used; " ++
                    "raise {s}Bytes in configure(), or give memory back earlier with scope()",
                .{ name, arena.refused, arena.head, arena.capacity, name },
            ),
            error.OutOfMemory => context.fail(
                failure,
                "the system has no memory for the {s} arena",
                .{name},
            ),
        };
    }

    pub fn createState(context: *Context, capacity_bytes: usize) Error!u32 {
        for (context.states[1..], 1..) |*state, id| {
            if (state.* != null) continue;
            state.* = Arena.init(capacity_bytes) catch return context.fail(
                error.OutOfMemory,
                "the system refuses to reserve {d} bytes",
                .{capacity_bytes},
            );
            return @intCast(id);
        }
        return context.fail(error.TableFull, "all {d} state arenas are in use", .{max_states - 1});
    }

    pub fn freeState(context: *Context, id: u32) Error!void {
        if (id == 0) return context.fail(error.InvalidHandle, "0 is no state arena", .{});
        const arena = try context.arenaOf(id);
        context.table.freeOwner(@intCast(id));
        context.table.endViews(@intFromPtr(arena.base), arena.capacity);
        arena.deinit();
        context.states[id] = null;
    }

    pub fn openMap(context: *Context, path: []const u8) Error!u32 {
        for (&context.maps, 0..) |*map, id| {
            if (map.* != null) continue;
            map.* = Map.open(path) catch |failure| return context.fail(
                failure,
                "cannot map {s}",
                .{path},
            );
            return @intCast(id + 1);
        }
        return context.fail(error.TableFull, "all {d} file maps are in use", .{max_maps});
    }

    pub fn mapOf(context: *Context, id: u32) Error!*Map {
        if (id > 0 and id <= max_maps) if (context.maps[id - 1]) |*map| return map;
        return context.fail(error.InvalidHandle, "{d} is no file map", .{id});
    }

    pub fn mapOwner(id: u32) u16 {
        return @intCast(first_map_owner + id);
    }

    pub fn closeMap(context: *Context, id: u32) Error!void {
        const map = try context.mapOf(id);
        context.table.freeOwner(mapOwner(id));
        context.table.endViews(@intFromPtr(map.base), map.size_bytes);
        map.close();
        context.maps[id - 1] = null;
    }

    /// Starts a scope; its number is the depth.
    pub fn enterScope(context: *Context) Error!u32 {
        if (context.scope_count == max_scopes) {
            return context.fail(
                error.TableFull,
                "{d} scopes are open: dispose of them",
                .{max_scopes},
            );
        }
        context.scopes[context.scope_count] = .{
            .bytes = context.scratch.head,
            .descriptors = context.table.scratch_head,
        };
        context.scope_count += 1;
        return context.scope_count;
    }

    /// Ends a scope, and those that were opened inside it.
    pub fn leaveScope(context: *Context, depth: u32) Error!void {
        if (depth == 0 or depth > context.scope_count) {
            return context.fail(error.InvalidHandle, "scope {d} is not open", .{depth});
        }
        const mark = context.scopes[depth - 1];
        context.table.resetScratch(mark.descriptors);
        context.scratch.reset(mark.bytes);
        context.scope_count = depth - 1;
    }

    /// Writes the counters in the order of `Counter`.
    pub fn writeCounters(context: *Context) void {
        var state_bytes: usize = 0;
        var state_high_water: usize = 0;
        for (&context.states) |*state| if (state.*) |*arena| {
            state_bytes += arena.head;
            state_high_water += arena.high_water;
        };
        var mapped_bytes: u64 = 0;
        for (&context.maps) |*map| if (map.*) |*open| {
            mapped_bytes += open.size_bytes;
        };
        const values = [_]f64{
            @floatFromInt(virtual_memory.request_count.load(.monotonic)),
            @floatFromInt(context.scratch.head),
            @floatFromInt(context.scratch.high_water),
            @floatFromInt(context.scratch.capacity),
            @floatFromInt(state_bytes),
            @floatFromInt(state_high_water),
            @floatFromInt(mapped_bytes),
            @floatFromInt(context.table.scratch_head - table_module.scratch_start),
            @floatFromInt(context.table.lasting_head - 1),
        };
        @memcpy(context.shared.counters[0..values.len], &values);
    }
};

/// The context of this thread; null before `q_open`.
pub threadlocal var current: ?*Context = null;
