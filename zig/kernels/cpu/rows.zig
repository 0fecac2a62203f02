pub const table: @import("rows_interface.zig").Table = undefined;
