//! The whole C ABI of Qorus. tools/generate_abi.mjs reads this file and writes the symbol tables of
//! lib/native/abi.gen.ts and the C header zig/qorus.gen.h: an export is one line of arguments.
//!
//! Every export returns zero, a handle or a small number on success and a negative `Status` on
//! failure, whose message is in the shared memory. Arguments are u32, i32 or f32, at most eight.
//! Handles are checked in every build mode; nothing unwinds or aborts across this boundary.

const std = @import("std");
const context_module = @import("core/context.zig");
const cpu = @import("core/cpu.zig");
const keep = @import("core/keep.zig");
const pool = @import("core/pool.zig");
const status = @import("core/status.zig");
const attention = @import("ops/attention.zig");
const attention_cached = @import("ops/attention_cached.zig");
const attention_training = @import("ops/attention_training.zig");
const channels = @import("ops/channels.zig");
const convert = @import("ops/convert.zig");
const convolution = @import("ops/convolution.zig");
const elementwise = @import("ops/elementwise.zig");
const elementwise_gradients = @import("ops/elementwise_gradients.zig");
const gather = @import("ops/gather.zig");
const losses = @import("ops/losses.zig");
const normalization = @import("ops/normalization.zig");
const normalization_gradient = @import("ops/normalization_gradient.zig");
const optimizers = @import("ops/optimizers.zig");
const pooling = @import("ops/pooling.zig");
const products = @import("ops/products.zig");
const products_fused = @import("ops/products_fused.zig");
const reduction = @import("ops/reduction.zig");
const recurrent = @import("ops/recurrent.zig");
const rope = @import("ops/rope.zig");
const sampling = @import("ops/sampling.zig");
const tensors = @import("ops/tensors.zig");

const Context = context_module.Context;

/// Raised whenever an export, a code or a shared structure changes its meaning.
const abi_version = 3;

/// A failed check is a bug of ours that the ABI cannot report: stop with what is known.
pub const panic = std.debug.FullPanic(struct {
    fn panicked(message: []const u8, _: ?usize) noreturn {
        std.debug.print("qorus: internal error: {s}\n", .{message});
        std.process.abort();
    }
}.panicked);

/// Calls an operation with this thread's context and turns its result into what exports return.
inline fn call(comptime operation: anytype, arguments: anytype) i32 {
    const context = context_module.current orelse return @intFromEnum(status.Status.not_open);
    context.shared.message_bytes = 0;
    const result = @call(.auto, operation, .{context} ++ arguments) catch |failure|
        return @intFromEnum(status.statusOf(failure));
    return if (@TypeOf(result) == void) 0 else @intCast(result);
}

/// Version of this interface; works before q_open.
export fn q_abi_version() i32 {
    return abi_version;
}

/// Opens the library for the calling thread. isa is a code of core/cpu.zig or -1 for the best.
export fn q_open(scratch_mebibytes: u32, isa: i32) i32 {
    const failed = status.Status;
    if (context_module.current != null) return @intFromEnum(failed.invalid_argument);
    const wanted = if (isa == -1)
        cpu.best()
    else
        std.enums.fromInt(cpu.Isa, isa) orelse return @intFromEnum(failed.invalid_argument);
    if (!cpu.supports(wanted)) return @intFromEnum(failed.unsupported);
    const scratch_bytes = std.math.mul(usize, scratch_mebibytes, 1 << 20) catch
        return @intFromEnum(failed.invalid_argument);
    context_module.current = Context.create(scratch_bytes, wanted) catch
        return @intFromEnum(failed.out_of_memory);
    return 0;
}

/// Gives back everything that the calling thread has in the library.
export fn q_close() i32 {
    const context = context_module.current orelse return @intFromEnum(status.Status.not_open);
    context.destroy();
    context_module.current = null;
    return 0;
}

/// Sets how many threads compute, for the whole process; 0 changes nothing. Returns how many do.
export fn q_threads(count: u32) i32 {
    if (count > 0) pool.global.resize(count);
    return @intCast(pool.global.thread_count.load(.monotonic));
}

/// Code of the instruction set in use.
export fn q_isa() i32 {
    return call(struct {
        fn isa(context: *Context) status.Error!u32 {
            return @intFromEnum(context.isa);
        }
    }.isa, .{});
}

/// Sets the precision of products from here on, with a code of kernels/cpu/threaded/runner.zig.
export fn q_set_precision(precision: u32) i32 {
    return call(setPrecision, .{precision});
}

fn setPrecision(context: *Context, code: u32) status.Error!void {
    context.precision = std.enums.fromInt(context_module.Precision, code) orelse
        return context.fail(error.InvalidArgument, "{d} is no precision", .{code});
}

/// 1 when products in bf16 run on instructions of the processor, 0 when rounded operands are
/// multiplied as f32.
export fn q_multiplies_bf16() i32 {
    return call(multipliesBf16, .{});
}

fn multipliesBf16(context: *Context) status.Error!u32 {
    return @intFromBool(cpu.multipliesBf16(context.isa));
}

/// 24 bits of an address: region 0 is the shared memory, 1 the table of tensors; part 0 the lowest.
export fn q_address(region: u32, part: u32) i32 {
    return call(address, .{ region, part });
}

fn address(context: *Context, region: u32, part: u32) status.Error!u32 {
    if (region > 1 or part > 2) return context.fail(
        error.InvalidArgument,
        "no such region or part",
        .{},
    );
    const value: u64 = switch (region) {
        0 => @intFromPtr(&context.shared),
        else => @intFromPtr(context.table.tensors),
    };
    return @truncate((value >> @intCast(24 * part)) & 0xff_ffff);
}

/// Writes the counters to the shared memory.
export fn q_counters() i32 {
    return call(counters, .{});
}

fn counters(context: *Context) status.Error!void {
    context.writeCounters();
}

/// Reserves a state arena; returns its number, from 1.
export fn q_state_create(mebibytes: u32) i32 {
    return call(stateCreate, .{mebibytes});
}

fn stateCreate(context: *Context, mebibytes: u32) status.Error!u32 {
    return context.createState(@as(usize, mebibytes) << 20);
}

/// Gives a state arena back; its tensors become stale.
export fn q_state_free(state: u32) i32 {
    return call(Context.freeState, .{state});
}

/// Maps a file whose path is in shared.text; returns the map's number, from 1.
export fn q_map_open(path_bytes: u32) i32 {
    return call(mapOpen, .{path_bytes});
}

fn mapOpen(context: *Context, path_bytes: u32) status.Error!u32 {
    if (path_bytes > context.shared.text.len) return context.fail(
        error.InvalidArgument,
        "the path is too long",
        .{},
    );
    return context.openMap(context.shared.text[0..path_bytes]);
}

/// Ends a map; its tensors become stale.
export fn q_map_close(map: u32) i32 {
    return call(Context.closeMap, .{map});
}

/// Starts a scope; returns its depth.
export fn q_scope_enter() i32 {
    return call(Context.enterScope, .{});
}

/// Ends the scope of this depth and all inside it: one reset of the scratch arena.
export fn q_scope_leave(depth: u32) i32 {
    return call(Context.leaveScope, .{depth});
}

/// Ends what the scope of this depth made but for `count` tensors, which move together and get new
/// handles; parameters: their handles, before and after. See core/keep.zig.
export fn q_scope_keep(depth: u32, count: u32) i32 {
    return call(keep.keep, .{ depth, count });
}

/// Makes a tensor with undefined contents in a state arena (0: scratch); parameters: sizes.
export fn q_tensor_create(state: u32, dtype: u32, layout: u32, rank: u32) i32 {
    return call(tensors.create, .{ state, dtype, layout, rank });
}

/// Makes a read-only tensor over a file map; parameters: sizes, then the offset's two halves.
export fn q_tensor_from_map(map: u32, dtype: u32, layout: u32, rank: u32) i32 {
    return call(tensors.fromMap, .{ map, dtype, layout, rank });
}

/// Ends a lasting tensor; its memory returns with its arena.
export fn q_tensor_free(tensor: u32) i32 {
    return call(tensors.free, .{tensor});
}

/// Names a tensor for messages; the name is in shared.text.
export fn q_tensor_name(tensor: u32, name_bytes: u32) i32 {
    return call(tensors.setName, .{ tensor, name_bytes });
}

/// A view in another shape; parameters: sizes.
export fn q_reshape(x: u32, rank: u32) i32 {
    return call(tensors.reshape, .{ x, rank });
}

/// A view with dimensions in another order; parameters: the order.
export fn q_permute(x: u32, rank: u32) i32 {
    return call(tensors.permute, .{ x, rank });
}

/// A view of `length` elements of one dimension.
export fn q_slice(x: u32, dimension: u32, start: u32, length: u32, step: u32) i32 {
    return call(tensors.slice, .{ x, dimension, start, length, step });
}

/// A view that repeats dimensions of size 1; parameters: sizes.
export fn q_expand(x: u32, rank: u32) i32 {
    return call(tensors.expand, .{ x, rank });
}

/// Elements of x along a dimension, picked by an i32 index of x's rank.
export fn q_gather(x: u32, index: u32, dimension: u32) i32 {
    return call(gather.gather, .{ x, index, dimension });
}

/// Zeros of the sizes in the parameters, with source added at the places that index picks.
export fn q_scatter_add(source: u32, index: u32, dimension: u32, rank: u32) i32 {
    return call(gather.scatterAdd, .{ source, index, dimension, rank });
}

/// Copies x in row-major order; out 0 makes it.
export fn q_copy(x: u32, out: u32) i32 {
    return call(tensors.copy, .{ x, out });
}

/// Writes one value everywhere.
export fn q_fill(x: u32, value: f32) i32 {
    return call(tensors.fill, .{ x, value });
}

/// Converts x into out, of the same shape and another dtype or layout.
export fn q_convert(x: u32, out: u32) i32 {
    return call(convert.convert, .{ x, out });
}

/// f(x), with a code of kernels/cpu/elementwise_interface.zig; out 0 makes it, here and below.
export fn q_unary(kind: u32, x: u32, out: u32) i32 {
    return call(elementwise.unary, .{ kind, x, out });
}

/// a op b with broadcasting.
export fn q_binary(kind: u32, a: u32, b: u32, out: u32) i32 {
    return call(elementwise.binary, .{ kind, a, b, out });
}

/// x op value, or value op x when reversed.
export fn q_binary_scalar(kind: u32, x: u32, value: f32, reversed: u32, out: u32) i32 {
    return call(elementwise.binaryScalar, .{ kind, x, value, reversed, out });
}

/// silu(gate) * up.
export fn q_silu_mul(gate: u32, up: u32, out: u32) i32 {
    return call(elementwise.siluMul, .{ gate, up, out });
}

/// f(x) with two parameters.
export fn q_parametric(kind: u32, x: u32, first: f32, second: f32, out: u32) i32 {
    return call(elementwise.parametric, .{ kind, x, first, second, out });
}

/// f(a, b, c) with broadcasting.
export fn q_ternary(kind: u32, a: u32, b: u32, c: u32, out: u32) i32 {
    return call(elementwise.ternary, .{ kind, a, b, c, out });
}

/// gradient * f'(saved) with two parameters.
export fn q_derivative(
    kind: u32,
    gradient: u32,
    saved: u32,
    first: f32,
    second: f32,
    out: u32,
) i32 {
    return call(elementwise_gradients.derivative, .{ kind, gradient, saved, first, second, out });
}

/// Writes the gradients of silu(gate) * up; the outputs are required.
export fn q_silu_mul_gradients(gradient: u32, gate: u32, up: u32, gate_out: u32, up_out: u32) i32 {
    return call(elementwise_gradients.siluMulGradients, .{ gradient, gate, up, gate_out, up_out });
}

/// x with a share of its elements 0, the others scaled up; the same seed gives the same mask.
export fn q_dropout(x: u32, probability: f32, low: u32, high: u32, out: u32) i32 {
    return call(elementwise_gradients.dropout, .{ x, probability, low, high, out });
}

// Reductions, ops/reduction.zig.

/// Reduces the axes whose bits are set, with a code of ops/reduction.zig; correction: see variance.
export fn q_reduce(kind: u32, x: u32, axes: u32, keep_dims: u32, correction: f32) i32 {
    return call(reduction.reduce, .{ kind, x, axes, keep_dims, correction });
}

/// Sums x down to a shape that broadcasts to x's; parameters: sizes.
export fn q_sum_to(x: u32, rank: u32) i32 {
    return call(reduction.sumTo, .{ x, rank });
}

/// Indices along one axis, i32, of the largest (kind 0) or smallest (1) elements.
export fn q_index_of_extreme(kind: u32, x: u32, axis: u32, keep_dims: u32) i32 {
    return call(reduction.indexOfExtreme, .{ kind, x, axis, keep_dims });
}

// Products, ops/products.zig.

/// [..., m, k] x [..., k, n].
export fn q_matmul(a: u32, b: u32, out: u32) i32 {
    return call(products.matmul, .{ a, b, out });
}

/// x @ weight^T + bias; bias may be 0.
export fn q_linear(x: u32, weight: u32, bias: u32, out: u32) i32 {
    return call(products.linear, .{ x, weight, bias, out });
}

/// Products of x with two or three weights; weight_c and biases may be 0. Handles of the results
/// are in the parameters.
export fn q_linears(
    x: u32,
    weight_a: u32,
    weight_b: u32,
    weight_c: u32,
    bias_a: u32,
    bias_b: u32,
    bias_c: u32,
) i32 {
    const weights = .{ weight_a, weight_b, weight_c };
    return call(products_fused.linears, .{ x, weights, .{ bias_a, bias_b, bias_c } });
}

/// silu(x @ gate^T) * (x @ up^T); biases may be 0.
export fn q_gated_linear(x: u32, gate: u32, up: u32, gate_bias: u32, up_bias: u32) i32 {
    return call(products_fused.gatedLinear, .{ x, gate, up, gate_bias, up_bias });
}

/// residual += x @ weight^T + bias; bias may be 0.
export fn q_add_linear(residual: u32, x: u32, weight: u32, bias: u32) i32 {
    return call(products_fused.addLinear, .{ residual, x, weight, bias });
}

/// Rows of a matrix of any dtype and layout, as f32.
export fn q_embedding(weight: u32, ids: u32, out: u32) i32 {
    return call(products.embedding, .{ weight, ids, out });
}

// Convolutions. Parameters: stride, padding, dilation (each of rows and columns), groups; then what
// is named.

/// x [images, in, rows, columns] convolved with weight [out, in / groups, rows, columns]; bias may
/// be 0.
export fn q_convolution(x: u32, weight: u32, bias: u32) i32 {
    return call(convolution.convolution, .{ x, weight, bias });
}

/// The reverse: the gradient of q_convolution's x, given that of its result. Parameters: its rows,
/// columns; bias may be 0.
export fn q_convolution_transpose(x: u32, weight: u32, bias: u32) i32 {
    return call(convolution.convolutionTranspose, .{ x, weight, bias });
}

/// The gradient of q_convolution's weight. Parameters: its rows, columns.
export fn q_convolution_weight_gradient(x: u32, gradient: u32) i32 {
    return call(convolution.convolutionWeightGradient, .{ x, gradient });
}

// Pooling of [images, channels, rows, columns]. Parameters of windows: kernel, stride, padding, each
// of rows and columns; then what is named.

/// The largest element of each window. Parameters: dilation, whether to round up; parameters[0] is
/// the handle of their places afterwards.
export fn q_max_pool(x: u32) i32 {
    return call(pooling.maxPool, .{x});
}

/// The gradient of q_max_pool's x. Parameters: its rows, columns, and nothing else.
export fn q_max_pool_gradient(gradient: u32, indices: u32) i32 {
    return call(pooling.maxPoolGradient, .{ gradient, indices });
}

/// The mean of each window. Parameters: whether to round up, whether padding counts; if adaptive
/// only the result's rows, columns.
export fn q_average_pool(x: u32, adaptive: u32) i32 {
    return call(pooling.averagePool, .{ x, adaptive });
}

/// The gradient of q_average_pool's x. Parameters: as there; 8 and 9 are its rows, columns.
export fn q_average_pool_gradient(gradient: u32, adaptive: u32) i32 {
    return call(pooling.averagePoolGradient, .{ gradient, adaptive });
}

/// softmax(scale * x) over the last dimension.
export fn q_softmax(x: u32, scale: f32, out: u32) i32 {
    return call(normalization.softmax, .{ x, scale, out });
}

/// Sets scores above the diagonal, shifted by position, to -inf in place.
export fn q_causal_mask(scores: u32, position: u32) i32 {
    return call(normalization.causalMask, .{ scores, position });
}

/// Root mean square norm over the last dimension.
export fn q_rmsnorm(x: u32, weight: u32, epsilon: f32, out: u32) i32 {
    return call(normalization.rmsnorm, .{ x, weight, epsilon, out });
}

/// residual += x, then its root mean square norm.
export fn q_add_rmsnorm(residual: u32, x: u32, weight: u32, epsilon: f32, out: u32) i32 {
    return call(normalization.addRmsnorm, .{ residual, x, weight, epsilon, out });
}

/// Layer norm over the last dimension; bias may be 0.
export fn q_layernorm(x: u32, weight: u32, bias: u32, epsilon: f32, out: u32) i32 {
    return call(normalization.layernorm, .{ x, weight, bias, epsilon, out });
}

// Gradients of row operations, ops/normalization_gradient.zig.

/// log(softmax(x)) over the last dimension.
export fn q_log_softmax(x: u32, out: u32) i32 {
    return call(normalization_gradient.logSoftmax, .{ x, out });
}

/// The gradient of y = softmax(scale * x).
export fn q_softmax_gradient(y: u32, gradient: u32, scale: f32) i32 {
    return call(normalization_gradient.softmaxGradient, .{ y, gradient, scale });
}

/// The gradient of y = log(softmax(x)).
export fn q_log_softmax_gradient(y: u32, gradient: u32) i32 {
    return call(normalization_gradient.logSoftmaxGradient, .{ y, gradient });
}

/// The gradient of a norm over the last dimension; sums takes the weight's [columns] of a root mean
/// square norm, or the weight's and bias's [2, columns] of a layer norm.
export fn q_norm_gradient(x: u32, weight: u32, gradient: u32, epsilon: f32, sums: u32) i32 {
    return call(normalization_gradient.normGradient, .{ x, weight, gradient, epsilon, sums });
}

/// The gradient [rows, columns] of a table whose rows were looked up.
export fn q_embedding_gradient(ids: u32, gradient: u32, rows: u32) i32 {
    return call(normalization_gradient.embeddingGradient, .{ ids, gradient, rows });
}

// Norms over channels, ops/channels.zig.

/// Statistics [2, channels] of a batch; running ones may be 0, else they move towards it.
export fn q_batch_statistics(
    x: u32,
    running_mean: u32,
    running_variance: u32,
    momentum: f32,
    epsilon: f32,
) i32 {
    const arguments = .{ x, running_mean, running_variance, momentum, epsilon };
    return call(channels.batchStatistics, arguments);
}

/// Statistics [2, channels] from running ones.
export fn q_running_statistics(mean: u32, variance: u32, epsilon: f32) i32 {
    return call(channels.runningStatistics, .{ mean, variance, epsilon });
}

/// Statistics [2, batch, groups] of groups of channels.
export fn q_group_statistics(x: u32, groups: u32, epsilon: f32) i32 {
    return call(channels.groupStatistics, .{ x, groups, epsilon });
}

/// (x - mean) * inverse * weight + bias with the statistics' numbers; weight and bias may be 0.
export fn q_channel_norm(x: u32, statistics: u32, weight: u32, bias: u32) i32 {
    return call(channels.normalize, .{ x, statistics, weight, bias });
}

/// The gradient of q_channel_norm; sums [2, channels] takes those of weight and bias. constant is 1
/// where the statistics do not depend on x. out may be 0, the gradient or x.
export fn q_channel_norm_gradient(
    gradient: u32,
    x: u32,
    statistics: u32,
    weight: u32,
    constant: u32,
    sums: u32,
    out: u32,
) i32 {
    return call(channels.gradient, .{ gradient, x, statistics, weight, constant, sums, out });
}

// Attention of whole sequences, ops/attention_training.zig.

/// Attention [batch, queries, heads, size] of query [batch, heads, queries, size]; mask may be 0.
/// rows [2, batch, heads, queries] takes what the gradients need. Parameters: the seed of dropout,
/// low and high half, and its probability (f32).
export fn q_scaled_attention(
    query: u32,
    key: u32,
    value: u32,
    mask: u32,
    rows: u32,
    causal: u32,
    scale: f32,
) i32 {
    return call(attention_training.forward, .{ query, key, value, mask, rows, causal, scale });
}

/// Writes the products of the output's rows with their gradient to the second half of rows.
export fn q_attention_products(output: u32, gradient: u32, rows: u32) i32 {
    return call(attention_training.products, .{ output, gradient, rows });
}

/// The gradients of query, key and value of q_scaled_attention in one vector. Parameters: as
/// there, then 1 for that of the mask as well.
export fn q_attention_gradient(
    gradient: u32,
    query: u32,
    key: u32,
    value: u32,
    mask: u32,
    rows: u32,
    causal: u32,
    scale: f32,
) i32 {
    const arguments = .{ gradient, query, key, value, mask, rows, causal, scale };
    return call(attention_training.backward, arguments);
}

// Losses and optimizers.

/// A loss of single elements, with a code of kernels/cpu/losses_interface.zig; weight,
/// positive_weight and gradient may be 0. Parameters: delta (f32), reduction (0 none, 1 mean,
/// 2 sum).
export fn q_pointwise_loss(
    kind: u32,
    x: u32,
    target: u32,
    weight: u32,
    positive_weight: u32,
    gradient: u32,
) i32 {
    return call(losses.pointwise, .{ kind, x, target, weight, positive_weight, gradient });
}

/// Cross entropy of softmax(x) with classes or probabilities; weight and gradient may be 0.
export fn q_cross_entropy(
    x: u32,
    target: u32,
    weight: u32,
    gradient: u32,
    smoothing: f32,
    ignored: i32,
    reduce: u32,
) i32 {
    return call(losses.crossEntropy, .{ x, target, weight, gradient, smoothing, ignored, reduce });
}

/// Negative log likelihood of classes; weight and gradient may be 0.
export fn q_nll_loss(
    x: u32,
    target: u32,
    weight: u32,
    gradient: u32,
    ignored: i32,
    reduce: u32,
) i32 {
    return call(losses.negativeLogLikelihood, .{ x, target, weight, gradient, ignored, reduce });
}

/// One step of an optimizer for every row of handles, i32 [rows, 6]; parameters: options of groups.
export fn q_optimizer_step(algorithm: u32, table: u32) i32 {
    return call(optimizers.step, .{ algorithm, table });
}

/// Scales gradients, handles in i32 [count], to a norm of at most bound; parameter 0: their norm.
export fn q_clip_norm(gradients: u32, kind: u32, bound: f32, strict: u32) i32 {
    return call(optimizers.clipNorm, .{ gradients, kind, bound, strict });
}

/// Limits the elements of gradients, handles in i32 [count].
export fn q_clip_value(gradients: u32, bound: f32) i32 {
    return call(optimizers.clipValue, .{ gradients, bound });
}

/// Cosines and sines [2, count, half] for positions from start.
export fn q_rope_table(frequencies: u32, start: u32, count: u32) i32 {
    return call(rope.ropeTable, .{ frequencies, start, count });
}

/// Turns heads [.., count, heads, head_size], back when inverse is 1; style is a code of
/// kernels/cpu/rows_interface.zig.
export fn q_rope(x: u32, table: u32, style: u32, inverse: u32, out: u32) i32 {
    return call(rope.rope, .{ x, table, style, inverse, out });
}

/// Writes keys or values [count, kv_heads, head_size] into a cache [kv_heads, capacity, head_size].
export fn q_store_cache(cache: u32, x: u32, position: u32) i32 {
    return call(attention.storeCache, .{ cache, x, position });
}

/// Causal attention of query [count, heads, head_size] from position on against two caches.
export fn q_attention(query: u32, keys: u32, values: u32, position: u32, scale: f32, out: u32) i32 {
    return call(attention.attend, .{ query, keys, values, position, scale, out });
}

/// Turns new queries and keys by a table, which may be 0, stores keys and values from position on
/// and attends to them; the result takes the query's place.
export fn q_cached_attention(
    query: u32,
    key: u32,
    value: u32,
    table: u32,
    style: u32,
    keys: u32,
    values: u32,
    position: u32,
) i32 {
    const handles: attention_cached.Handles =
        .{ .query = query, .key = key, .value = value, .table = table };
    return call(attention_cached.attend, .{ handles, style, keys, values, position });
}

// Rows of several sequences: places [count, 2] tell slot and position of each, and the caches are
// [slots, kv_heads, capacity, head_size], or that of slot 0 alone.

/// Cosines and sines [2, count, half] for the places' positions.
export fn q_rope_table_rows(frequencies: u32, places: u32) i32 {
    return call(rope.ropeTableRows, .{ frequencies, places });
}

/// Writes keys or values [count, kv_heads, head_size] into caches at places, which ascend.
export fn q_store_cache_rows(cache: u32, x: u32, places: u32) i32 {
    return call(attention.storeCacheRows, .{ cache, x, places });
}

/// As q_cached_attention, for rows at places, which ascend.
export fn q_cached_attention_rows(
    query: u32,
    key: u32,
    value: u32,
    table: u32,
    style: u32,
    keys: u32,
    values: u32,
    places: u32,
) i32 {
    const handles: attention_cached.Handles =
        .{ .query = query, .key = key, .value = value, .table = table };
    return call(attention_cached.attendRows, .{ handles, style, keys, values, places });
}

/// Attention of query [count, heads, head_size], each row against its own slot up to its position.
export fn q_attention_rows(
    query: u32,
    keys: u32,
    values: u32,
    places: u32,
    scale: f32,
    out: u32,
) i32 {
    return call(attention.attendRows, .{ query, keys, values, places, scale, out });
}

// Recurrent networks, ops/recurrent.zig: reverse 1 reads the sequence from its end.

/// A plain recurrent network; activation is a code of kernels/cpu/recurrent_interface.zig.
export fn q_rnn(activation: u32, reverse: u32, gates: u32, weight: u32, states: u32) i32 {
    return call(recurrent.rnn, .{ activation, reverse, gates, weight, states });
}

/// The way back of q_rnn.
export fn q_rnn_backward(
    activation: u32,
    reverse: u32,
    states: u32,
    weight: u32,
    state_gradients: u32,
    gate_gradients: u32,
) i32 {
    const gradients = .{ state_gradients, gate_gradients };
    return call(recurrent.rnnBackward, .{ activation, reverse, states, weight } ++ gradients);
}

/// Long short-term memory.
export fn q_lstm(reverse: u32, gates: u32, weight: u32, states: u32, cells: u32) i32 {
    return call(recurrent.lstm, .{ reverse, gates, weight, states, cells });
}

/// The way back of q_lstm.
export fn q_lstm_backward(
    reverse: u32,
    gates: u32,
    cells: u32,
    weight: u32,
    state_gradients: u32,
    cell_gradients: u32,
    gate_gradients: u32,
) i32 {
    const gradients = .{ state_gradients, cell_gradients, gate_gradients };
    return call(recurrent.lstmBackward, .{ reverse, gates, cells, weight } ++ gradients);
}

/// Gated recurrent units; bias may be 0.
export fn q_gru(
    reverse: u32,
    gates: u32,
    weight: u32,
    bias: u32,
    states: u32,
    candidates: u32,
) i32 {
    return call(recurrent.gru, .{ reverse, gates, weight, bias, states, candidates });
}

/// The way back of q_gru.
export fn q_gru_backward(
    reverse: u32,
    gates: u32,
    candidates: u32,
    states: u32,
    weight: u32,
    state_gradients: u32,
    gate_gradients: u32,
    hidden_gradients: u32,
) i32 {
    const gradients = .{ state_gradients, gate_gradients, hidden_gradients };
    return call(recurrent.gruBackward, .{ reverse, gates, candidates, states, weight } ++ gradients);
}

/// Index of the largest element.
export fn q_argmax(x: u32) i32 {
    return call(sampling.argmax, .{x});
}

/// Starts the sequence of a generator, i32 [8], from a seed of 64 bits.
export fn q_seed(generator: u32, low: u32, high: u32) i32 {
    return call(sampling.seed, .{ generator, low, high });
}

/// Draws an index from a vector of logits; recent may be 0. Parameters: temperature, top-k, top-p,
/// min-p, repetition penalty, all f32 but top-k.
export fn q_sample(logits: u32, recent: u32, generator: u32) i32 {
    return call(sampling.sample, .{ logits, recent, generator });
}
