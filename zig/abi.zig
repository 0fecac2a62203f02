const cpu = @import("core/cpu.zig");
export fn q_abi_version() i32 { return if (cpu.kernels(cpu.best()) != null) 1 else 0; }
