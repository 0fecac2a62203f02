//! Builds the native library: `zig build` for this machine's system, `zig build -Dtarget=...` for
//! any other, `zig build test` for the Zig tests.
//!
//! The kernels are compiled once per instruction set (see `isas`), as objects that each export one
//! table of functions; the library itself is compiled for the baseline of its architecture, so that
//! it loads on every machine, and picks a table by cpuid.

const std = @import("std");

/// One instruction set that the kernels are compiled for.
const Isa = struct {
    name: []const u8,
    model: *const std.Target.Cpu.Model,
    features: []const std.Target.x86.Feature = &.{},
    arm_features: []const std.Target.aarch64.Feature = &.{},
    root: []const u8 = "zig/kernels.zig",
    /// The instruction set whose kernels this one has as well, when `root` holds only some.
    beside: ?[]const u8 = null,
};

const x86_isas = [_]Isa{
    .{ .name = "baseline", .model = &std.Target.x86.cpu.x86_64 },
    .{ .name = "v3", .model = &std.Target.x86.cpu.x86_64_v3 },
    .{ .name = "v4", .model = &std.Target.x86.cpu.x86_64_v4, .features = &.{.avx512vnni} },
    .{
        .name = "v4_bf16",
        .model = &std.Target.x86.cpu.x86_64_v4,
        .features = &.{ .avx512vnni, .avx512bf16 },
        .root = "zig/kernels_bf16.zig",
        .beside = "v4",
    },
};

const arm_isas = [_]Isa{
    .{ .name = "baseline", .model = &std.Target.aarch64.cpu.generic },
    .{ .name = "dotprod", .model = &std.Target.aarch64.cpu.generic, .arm_features = &.{.dotprod} },
};

pub fn build(b: *std.Build) void {
    const target = libraryTarget(b);
    const optimize = b.option(
        std.builtin.OptimizeMode,
        "optimize",
        "ReleaseFast (default), ReleaseSafe or Debug",
    ) orelse .ReleaseFast;
    const isas = chosenIsas(b, target.result.cpu.arch);

    const library = b.addLibrary(.{
        .name = "qorus",
        .linkage = .dynamic,
        .use_llvm = true,
        .root_module = b.createModule(.{
            .root_source_file = b.path("zig/abi.zig"),
            .target = target,
            .optimize = optimize,
            .link_libc = true,
            .strip = optimize == .ReleaseFast,
        }),
    });
    addKernels(b, library.root_module, target, optimize, isas);
    b.installArtifact(library);

    const tests = b.addTest(.{
        .name = "qorus-tests",
        .use_llvm = true,
        .filters = b.option(
            []const []const u8,
            "test-filter",
            "Run only tests whose name contains this",
        ) orelse &.{},
        .root_module = b.createModule(.{
            .root_source_file = b.path("zig/tests.zig"),
            .target = target,
            .optimize = optimize,
            .link_libc = true,
            .sanitize_thread = b.option(
                bool,
                "sanitize-thread",
                "Look for data races",
            ) orelse false,
        }),
    });
    addKernels(b, tests.root_module, target, optimize, isas);
    const run_tests = b.addRunArtifact(tests);
    b.step("test", "Run the Zig tests").dependOn(&run_tests.step);
    const install_tests = b.addInstallArtifact(tests, .{});
    b.step("test-binary", "Build the Zig tests without running them").dependOn(&install_tests.step);

    addBenchmark(b, "matmul", "Measure f32 matrix products", target, optimize, isas);
    addBenchmark(b, "linear", "Measure products with weights", target, optimize, isas);
    addBenchmark(b, "roofline", "Measure bandwidth and multiply-adds", target, optimize, isas);
}

/// Adds the step `bench-NAME`, which runs bench/kernels/NAME.zig; arguments follow `--`.
fn addBenchmark(
    b: *std.Build,
    name: []const u8,
    description: []const u8,
    target: std.Build.ResolvedTarget,
    optimize: std.builtin.OptimizeMode,
    isas: []const Isa,
) void {
    const internals = b.createModule(.{
        .root_source_file = b.path("zig/internals.zig"),
        .target = target,
        .optimize = optimize,
        .link_libc = true,
    });
    addKernels(b, internals, target, optimize, isas);
    const benchmark = b.addExecutable(.{
        .name = b.fmt("bench-{s}", .{name}),
        .use_llvm = true,
        .root_module = b.createModule(.{
            .root_source_file = b.path(b.fmt("bench/kernels/{s}.zig", .{name})),
            .target = target,
            .optimize = optimize,
            .link_libc = true,
            .imports = &.{.{ .name = "qorus", .module = internals }},
        }),
    });
    const run = b.addRunArtifact(benchmark);
    if (b.args) |arguments| run.addArgs(arguments);
    b.step(b.fmt("bench-{s}", .{name}), description).dependOn(&run.step);
}

/// The target asked for; by default this machine's system with its oldest supported C library and
/// never this machine's own processor, which would make a library that crashes on others.
fn libraryTarget(b: *std.Build) std.Build.ResolvedTarget {
    var query = b.standardTargetOptionsQueryOnly(.{});
    query.cpu_model = .baseline;
    const host = b.graph.host.result;
    const arch = query.cpu_arch orelse host.cpu.arch;
    const os = query.os_tag orelse host.os.tag;
    query.cpu_arch = arch;
    query.os_tag = os;
    if (os == .linux and query.abi == null) query.abi = if (host.isMuslLibC()) .musl else .gnu;
    if (query.abi == .gnu and os == .linux and query.glibc_version == null) {
        query.glibc_version = .{ .major = 2, .minor = 17, .patch = 0 };
    }
    return b.resolveTargetQuery(query);
}

/// The instruction sets to build: all that the architecture has, or those named by `-Disa`.
fn chosenIsas(b: *std.Build, arch: std.Target.Cpu.Arch) []const Isa {
    const all: []const Isa = switch (arch) {
        .x86_64 => &x86_isas,
        .aarch64 => &arm_isas,
        else => std.debug.panic("no kernels for {t}", .{arch}),
    };
    const names = b.option(
        []const []const u8,
        "isa",
        "Build these instruction sets only, to save time while working on kernels",
    ) orelse return all;
    var wanted: std.StringHashMapUnmanaged(void) = .empty;
    for (names) |name| {
        for (all) |isa| {
            if (!std.mem.eql(u8, isa.name, name)) continue;
            wanted.put(b.allocator, name, {}) catch @panic("OOM");
            if (isa.beside) |other| wanted.put(b.allocator, other, {}) catch @panic("OOM");
            break;
        } else std.debug.panic("-Disa={s}: {t} has no such kernels", .{ name, arch });
    }
    var chosen: std.ArrayList(Isa) = .empty;
    for (all) |isa| {
        if (wanted.contains(isa.name)) chosen.append(b.allocator, isa) catch @panic("OOM");
    }
    return chosen.items;
}

/// Compiles the kernels once per instruction set, adds the objects to `module` and tells it which
/// there are: its `built_isas`.
fn addKernels(
    b: *std.Build,
    module: *std.Build.Module,
    target: std.Build.ResolvedTarget,
    optimize: std.builtin.OptimizeMode,
    isas: []const Isa,
) void {
    var names: std.ArrayList([]const u8) = .empty;
    for (isas) |isa| names.append(b.allocator, isa.name) catch @panic("OOM");
    const built = b.addOptions();
    built.addOption([]const []const u8, "names", names.items);
    module.addOptions("built_isas", built);
    for (isas) |isa| {
        var query = target.query;
        query.cpu_model = .{ .explicit = isa.model };
        for (isa.features) |feature| query.cpu_features_add.addFeature(@intFromEnum(feature));
        for (isa.arm_features) |feature| query.cpu_features_add.addFeature(@intFromEnum(feature));
        const options = b.addOptions();
        options.addOption([]const u8, "isa", isa.name);
        const object = b.addObject(.{
            .name = b.fmt("kernels-{s}", .{isa.name}),
            .use_llvm = true,
            .root_module = b.createModule(.{
                .root_source_file = b.path(isa.root),
                .target = b.resolveTargetQuery(query),
                // Kernels check nothing themselves (their callers do): Debug would only be slow.
                .optimize = if (optimize == .Debug) .ReleaseSafe else optimize,
                .pic = true,
                .link_libc = true,
                .strip = optimize == .ReleaseFast,
            }),
        });
        object.bundle_compiler_rt = false;
        object.root_module.addOptions("isa_options", options);
        module.addObject(object);
    }
}
