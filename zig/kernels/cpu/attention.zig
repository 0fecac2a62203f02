pub const table: @import("attention_interface.zig").Table = undefined;
