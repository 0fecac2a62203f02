//! Which processor this is, and the kernels for it.

const std = @import("std");
const builtin = @import("builtin");
const built_isas = @import("built_isas");
const bf16_interface = @import("../kernels/cpu/bf16_interface.zig");
const interface = @import("../kernels/cpu/interface.zig");

pub const Kernels = interface.Kernels;
pub const Bf16Kernels = bf16_interface.Kernels;

/// Instruction sets, for each architecture in rising order. The codes are part of the ABI.
pub const Isa = enum(u32) {
    baseline = 0,
    /// x86-64-v3: AVX2, FMA, F16C.
    v3 = 1,
    /// x86-64-v4 with VNNI: AVX-512.
    v4 = 2,
    /// aarch64 with the dot product extension.
    dotprod = 3,
    /// v4 with AVX512-BF16: its kernels are those of v4 and some beside them.
    v4_bf16 = 4,
};

/// Kernels of an instruction set, or null when they are not part of this build.
pub fn kernels(isa: Isa) ?*const Kernels {
    return switch (isa) {
        .v4_bf16 => if (comptime isBuilt(.v4_bf16)) kernels(.v4) else null,
        inline else => |known| if (comptime isBuilt(known))
            @extern(*const Kernels, .{ .name = "qk_" ++ @tagName(known) ++ "_table" })
        else
            null,
    };
}

/// The kernels in bf16 that an instruction set has beside the others, or null.
pub fn bf16Kernels(isa: Isa) ?*const Bf16Kernels {
    if (isa != .v4_bf16 or comptime !isBuilt(.v4_bf16)) return null;
    return @extern(*const Bf16Kernels, .{ .name = "qk_v4_bf16_table" });
}

fn isBuilt(comptime isa: Isa) bool {
    for (built_isas.names) |name| {
        if (std.mem.eql(u8, name, @tagName(isa))) return true;
    }
    return false;
}

/// Whether this build has kernels for `isa` and this processor can run them.
pub fn supports(isa: Isa) bool {
    if (kernels(isa) == null) return false;
    return switch (builtin.cpu.arch) {
        .x86_64 => switch (isa) {
            .baseline => true,
            .v3 => x86Level() >= 3,
            .v4 => x86Level() >= 4,
            .v4_bf16 => x86Level() >= 4 and hasBf16(),
            .dotprod => false,
        },
        .aarch64 => switch (isa) {
            .baseline => true,
            .dotprod => hasDotProduct(),
            else => false,
        },
        else => @compileError("no kernels for this architecture"),
    };
}

/// The fastest instruction set that this processor can run.
pub fn best() Isa {
    if (supports(.v4_bf16)) return .v4_bf16;
    if (supports(.v4)) return .v4;
    if (supports(.v3)) return .v3;
    if (supports(.dotprod)) return .dotprod;
    return .baseline;
}

/// Whether the kernels of `isa` multiply bf16 by instructions of the processor. Otherwise products
/// in bf16 round their operands and multiply them as f32, which is no faster than f32.
pub fn multipliesBf16(isa: Isa) bool {
    return bf16Kernels(isa) != null;
}

/// Level 1, 3 or 4 of x86-64, where 4 includes VNNI, from what processor and system both support.
fn x86Level() u32 {
    const leaf_1 = cpuid(1, 0);
    // FMA, MOVBE, OSXSAVE, AVX, F16C.
    const wanted_1: u32 = 1 << 12 | 1 << 22 | 1 << 27 | 1 << 28 | 1 << 29;
    if (leaf_1.ecx & wanted_1 != wanted_1) return 1;
    const enabled = xgetbv();
    if (enabled & 0x6 != 0x6) return 1;
    if (cpuid(0, 0).eax < 7) return 1;
    const leaf_7 = cpuid(7, 0);
    // BMI1, AVX2, BMI2.
    const wanted_7: u32 = 1 << 3 | 1 << 5 | 1 << 8;
    if (leaf_7.ebx & wanted_7 != wanted_7) return 1;
    // LZCNT.
    if (cpuid(0x8000_0001, 0).ecx & (1 << 5) == 0) return 1;
    // AVX512 F, DQ, CD, BW, VL, and VNNI in ecx.
    const wanted_512: u32 = 1 << 16 | 1 << 17 | 1 << 28 | 1 << 30 | 1 << 31;
    if (leaf_7.ebx & wanted_512 != wanted_512 or leaf_7.ecx & (1 << 11) == 0) return 3;
    return if (enabled & 0xe6 == 0xe6) 4 else 3;
}

/// AVX512-BF16, on a processor that has AVX-512.
fn hasBf16() bool {
    return cpuid(7, 0).eax >= 1 and cpuid(7, 1).eax & (1 << 5) != 0;
}

const Registers = struct { eax: u32, ebx: u32, ecx: u32, edx: u32 };

fn cpuid(leaf: u32, subleaf: u32) Registers {
    var eax: u32 = undefined;
    var ebx: u32 = undefined;
    var ecx: u32 = undefined;
    var edx: u32 = undefined;
    asm volatile ("cpuid"
        : [_] "={eax}" (eax),
          [_] "={ebx}" (ebx),
          [_] "={ecx}" (ecx),
          [_] "={edx}" (edx),
        : [_] "{eax}" (leaf),
          [_] "{ecx}" (subleaf),
    );
    return .{ .eax = eax, .ebx = ebx, .ecx = ecx, .edx = edx };
}

/// Register state that the operating system saves: bits 1-2 for AVX, 5-7 for AVX-512.
fn xgetbv() u32 {
    return asm volatile ("xgetbv"
        : [_] "={eax}" (-> u32),
        : [_] "{ecx}" (@as(u32, 0)),
        : .{ .edx = true });
}

fn hasDotProduct() bool {
    return switch (builtin.os.tag) {
        // Every Apple processor that runs macOS has it.
        .macos => true,
        // HWCAP_ASIMDDP
        .linux => std.os.linux.getauxval(std.elf.AT_HWCAP) & (1 << 20) != 0,
        else => false,
    };
}
