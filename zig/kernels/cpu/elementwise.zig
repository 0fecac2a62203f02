pub const table: @import("elementwise_interface.zig").Table = undefined;
