//! From an export to its operation.

const context_module = @import("../core/context.zig");
const status = @import("../core/status.zig");

/// Calls an operation with this thread's context and turns its result into what exports return.
pub inline fn call(comptime operation: anytype, arguments: anytype) i32 {
    const context = context_module.current orelse return @intFromEnum(status.Status.not_open);
    context.shared.message_bytes = 0;
    const result = @call(.auto, operation, .{context} ++ arguments) catch |failure|
        return @intFromEnum(status.statusOf(failure));
    return if (@TypeOf(result) == void) 0 else @intCast(result);
}
