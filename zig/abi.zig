//! The C ABI of Qorus: what concerns the library as a whole, and the files of abi/ with the rest.
//! tools/generate_abi.mjs reads them and writes the symbol tables of lib/native/abi.gen.ts and the
//! C header zig/qorus.gen.h: an export is one line of arguments.
//!
//! Every export returns zero, a handle or a small number on success and a negative `Status` on
//! failure, whose message is in the shared memory. Arguments are u32, i32 or f32, at most eight.
//! Handles are checked in every build mode; nothing unwinds or aborts across this boundary.

const std = @import("std");
const call = @import("abi/call.zig").call;
const context_module = @import("core/context.zig");
const cpu = @import("core/cpu.zig");
const pool = @import("core/pool.zig");
const status = @import("core/status.zig");

const Context = context_module.Context;

/// Raised whenever an export, a code or a shared structure changes its meaning.
const abi_version = 3;

comptime {
    _ = @import("core/memset.zig");
}

comptime {
    _ = @import("abi/tensors.zig");
    _ = @import("abi/elementwise.zig");
    _ = @import("abi/products.zig");
    _ = @import("abi/convolution.zig");
    _ = @import("abi/normalization.zig");
    _ = @import("abi/attention.zig");
    _ = @import("abi/recurrent.zig");
    _ = @import("abi/training.zig");
    _ = @import("abi/transformer.zig");
    _ = @import("abi/sampling.zig");
}

/// A failed check is a bug of ours that the ABI cannot report: stop with what is known.
pub const panic = std.debug.FullPanic(struct {
    fn panicked(message: []const u8, _: ?usize) noreturn {
        std.debug.print("qorus: internal error: {s}\n", .{message});
        std.process.abort();
    }
}.panicked);

/// Version of this interface; works before q_open.
export fn q_abi_version() i32 {
    return abi_version;
}

/// Opens the library for the calling thread. isa is a code of core/cpu.zig or -1 for the best.
export fn q_open(scratch_mebibytes: u32, isa: i32) i32 {
    const failed = status.Status;
    if (context_module.current != null) return @intFromEnum(failed.invalid_argument);
    const wanted = if (isa == -1)
        cpu.best()
    else
        std.enums.fromInt(cpu.Isa, isa) orelse return @intFromEnum(failed.invalid_argument);
    if (!cpu.supports(wanted)) return @intFromEnum(failed.unsupported);
    const scratch_bytes = std.math.mul(usize, scratch_mebibytes, 1 << 20) catch
        return @intFromEnum(failed.invalid_argument);
    context_module.current = Context.create(scratch_bytes, wanted) catch
        return @intFromEnum(failed.out_of_memory);
    return 0;
}

/// Gives back everything that the calling thread has in the library.
export fn q_close() i32 {
    const context = context_module.current orelse return @intFromEnum(status.Status.not_open);
    context.destroy();
    context_module.current = null;
    return 0;
}

/// Sets how many threads compute, for the whole process; 0 changes nothing. Returns how many do.
export fn q_threads(count: u32) i32 {
    if (count > 0) pool.global.resize(count);
    return @intCast(pool.global.thread_count.load(.monotonic));
}

/// Code of the instruction set in use.
export fn q_isa() i32 {
    return call(struct {
        fn isa(context: *Context) status.Error!u32 {
            return @intFromEnum(context.isa);
        }
    }.isa, .{});
}

/// Sets the precision of products from here on, with a code of kernels/cpu/threaded/runner.zig.
export fn q_set_precision(precision: u32) i32 {
    return call(setPrecision, .{precision});
}

fn setPrecision(context: *Context, code: u32) status.Error!void {
    context.precision = std.enums.fromInt(context_module.Precision, code) orelse
        return context.fail(error.InvalidArgument, "{d} is no precision", .{code});
}

/// 1 when products in bf16 run on instructions of the processor, 0 when rounded operands are
/// multiplied as f32.
export fn q_multiplies_bf16() i32 {
    return call(multipliesBf16, .{});
}

fn multipliesBf16(context: *Context) status.Error!u32 {
    return @intFromBool(cpu.multipliesBf16(context.isa));
}

/// 24 bits of an address: region 0 is the shared memory, 1 the table of tensors; part 0 the lowest.
export fn q_address(region: u32, part: u32) i32 {
    return call(address, .{ region, part });
}

fn address(context: *Context, region: u32, part: u32) status.Error!u32 {
    if (region > 1 or part > 2) return context.fail(
        error.InvalidArgument,
        "no such region or part",
        .{},
    );
    const value: u64 = switch (region) {
        0 => @intFromPtr(&context.shared),
        else => @intFromPtr(context.table.tensors),
    };
    return @truncate((value >> @intCast(24 * part)) & 0xff_ffff);
}

/// Writes the counters to the shared memory.
export fn q_counters() i32 {
    return call(counters, .{});
}

fn counters(context: *Context) status.Error!void {
    context.writeCounters();
}
