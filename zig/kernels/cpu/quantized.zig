pub const table: @import("quantized_interface.zig").Table = undefined;
