pub const table: @import("matmul_interface.zig").Table = undefined;
