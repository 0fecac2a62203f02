//! The most f32 multiply-adds that one core does per second right now: what a matrix product is
//! measured against on a machine that is shared with others.

const std = @import("std");
const builtin = @import("builtin");

/// Register widths that the probe knows.
pub const Width = enum { avx2, avx512 };

/// Independent sums, more than latency times units of any processor so far.
const chain_count = 12;

/// GFLOPS of one thread, or null where the probe has no instructions for the processor.
pub fn gigaflops(comptime width: Width, now: *const fn () i96) ?f64 {
    if (builtin.cpu.arch != .x86_64) return null;
    const lanes = if (width == .avx512) 16 else 8;
    const rounds = 2_000_000;
    const start = now();
    spin(width, rounds);
    const nanoseconds: f64 = @floatFromInt(now() - start);
    return 2.0 * lanes * chain_count * rounds / nanoseconds;
}

noinline fn spin(comptime width: Width, rounds: u64) void {
    const name = if (width == .avx512) "zmm" else "ymm";
    // Zeros first: what the registers held might be denormal, and slow.
    comptime var body: []const u8 = "";
    inline for (0..16) |i| {
        body = body ++ std.fmt.comptimePrint("vxorps %%xmm{d}, %%xmm{d}, %%xmm{d}\n", .{ i, i, i });
    }
    body = body ++ "1:\n";
    inline for (0..chain_count) |i| {
        body = body ++ std.fmt.comptimePrint(
            "vfmadd231ps %%{s}14, %%{s}15, %%{s}{d}\n",
            .{ name, name, name, i },
        );
    }
    _ = asm volatile (body ++ "dec %[rounds]\njnz 1b\nvzeroupper"
        : [_] "=r" (-> u64),
        : [rounds] "0" (rounds),
        : .{
          .xmm0 = true,
          .xmm1 = true,
          .xmm2 = true,
          .xmm3 = true,
          .xmm4 = true,
          .xmm5 = true,
          .xmm6 = true,
          .xmm7 = true,
          .xmm8 = true,
          .xmm9 = true,
          .xmm10 = true,
          .xmm11 = true,
          .xmm12 = true,
          .xmm13 = true,
          .xmm14 = true,
          .xmm15 = true,
        });
}
