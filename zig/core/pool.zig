//! The process's thread pool: fork and join over numbered chunks.
//!
//! What is added up in a chunk, and in which order, must depend on shapes only, never on the number
//! of threads, so that results are the same for any number of them. Chunks are handed out as
//! threads become free.

const std = @import("std");
const builtin = @import("builtin");
const pin = @import("pin.zig").pin;

/// Most threads that a pool can have, the caller included.
pub const max_threads = 256;

/// Spins before a worker sleeps: about 80 us, more than lies between two operations of one model.
const spin_count = 3000;

/// Computes one chunk. `worker` is below the pool's thread count and unique among running chunks.
pub const Task = *const fn (context: *const anyopaque, chunk: u32, worker: u32) void;

pub const Pool = struct {
    /// Threads that take part, the caller included.
    thread_count: std.atomic.Value(u32) = .init(1),
    spawned_count: u32 = 0,
    /// Taken while a job runs; a second caller then does its work alone.
    busy: std.atomic.Value(bool) = .init(false),

    // The job. Workers read it before they claim a chunk and drop what they read when the claim
    // fails, which it does when the job has changed: `ticket` holds the job's number in its upper
    // half.
    task: std.atomic.Value(usize) = .init(0),
    context: std.atomic.Value(usize) = .init(0),
    chunk_count: std.atomic.Value(u32) = .init(0),
    ticket: std.atomic.Value(u64) align(64) = .init(0),
    /// Number of the current job; workers sleep on it.
    job: std.atomic.Value(u32) align(64) = .init(0),
    sleeper_count: std.atomic.Value(u32) = .init(0),
    done_count: std.atomic.Value(u32) align(64) = .init(0),

    /// Sets how many threads take part and starts those that are missing. Fewer may start than were
    /// asked for when the system refuses; `thread_count` says how many there are.
    pub fn resize(pool: *Pool, wanted: u32) void {
        const count = std.math.clamp(wanted, 1, max_threads);
        while (pool.busy.swap(true, .acquire)) std.Thread.yield() catch {};
        defer pool.busy.store(false, .release);
        if (pool.spawned_count == 0 and count > 1) pin();
        while (pool.spawned_count + 1 < count) {
            const worker = pool.spawned_count + 1;
            const config: std.Thread.SpawnConfig = .{ .stack_size = 1 << 20 };
            const thread = std.Thread.spawn(config, work, .{ pool, worker }) catch break;
            thread.detach();
            pool.spawned_count += 1;
        }
        pool.thread_count.store(@min(count, pool.spawned_count + 1), .seq_cst);
    }

    /// Runs `task` for every chunk from 0 to `chunk_count` and returns when all are done.
    /// `context` is a pointer to whatever the task needs.
    pub fn run(pool: *Pool, chunk_count: u32, context: *const anyopaque, task: Task) void {
        if (chunk_count == 0) return;
        if (chunk_count == 1 or pool.thread_count.load(.monotonic) == 1 or
            pool.busy.swap(true, .acquire))
        {
            for (0..chunk_count) |chunk| task(context, @intCast(chunk), 0);
            return;
        }
        defer pool.busy.store(false, .release);

        const number = pool.job.load(.monotonic) +% 1;
        // Closes the previous job to late workers before its fields change.
        pool.ticket.store(@as(u64, number) << 32 | std.math.maxInt(u32), .seq_cst);
        pool.task.store(@intFromPtr(task), .monotonic);
        pool.context.store(@intFromPtr(context), .monotonic);
        pool.chunk_count.store(chunk_count, .monotonic);
        pool.done_count.store(0, .monotonic);
        pool.ticket.store(@as(u64, number) << 32, .release);
        pool.job.store(number, .seq_cst);
        if (pool.sleeper_count.load(.seq_cst) > 0) wake(&pool.job);

        pool.takeChunks(number, 0);
        var spins: u32 = 0;
        while (pool.done_count.load(.acquire) != chunk_count) : (spins += 1) {
            // A worker may have lost its processor: give it ours rather than burn it.
            if (spins < 200) std.atomic.spinLoopHint() else std.Thread.yield() catch {};
        }
    }

    /// Like `run`, but each thread begins with a share of its own, always the same one of as many
    /// chunks, and helps the others when it is done. Chunks that lie beside each other in memory
    /// are found by the next operation in the caches of the core that wrote them: between cores
    /// that share no cache, lines travel slowly.
    pub fn runShares(pool: *Pool, chunk_count: u32, context: *const anyopaque, task: Task) void {
        const share_count = @min(chunk_count, pool.thread_count.load(.monotonic));
        if (share_count <= 1) return pool.run(chunk_count, context, task);
        var shares: Shares = .{
            .task = task,
            .context = context,
            .chunk_count = chunk_count,
            .share_count = share_count,
        };
        for (shares.next[0..share_count], 0..) |*next, i| {
            next.* = .{ .chunk = .init(shares.start(@intCast(i))) };
        }
        pool.run(share_count, &shares, Shares.take);
    }

    fn takeChunks(pool: *Pool, number: u32, worker: u32) void {
        var ticket = pool.ticket.load(.acquire);
        while (ticket >> 32 == number) {
            const chunk: u32 = @truncate(ticket);
            const task = pool.task.load(.monotonic);
            const context = pool.context.load(.monotonic);
            if (chunk >= pool.chunk_count.load(.monotonic)) return;
            if (pool.ticket.cmpxchgWeak(ticket, ticket + 1, .acq_rel, .acquire)) |changed| {
                ticket = changed;
                continue;
            }
            const function: Task = @ptrFromInt(task);
            function(@ptrFromInt(context), chunk, worker);
            _ = pool.done_count.fetchAdd(1, .release);
            ticket = pool.ticket.load(.acquire);
        }
    }

    fn work(pool: *Pool, worker: u32) void {
        var seen: u32 = 0;
        while (true) {
            var spins: u32 = 0;
            while (pool.job.load(.acquire) == seen) {
                const takes_part = worker < pool.thread_count.load(.monotonic);
                if (takes_part and spins < spin_count) {
                    spins += 1;
                    std.atomic.spinLoopHint();
                    continue;
                }
                _ = pool.sleeper_count.fetchAdd(1, .seq_cst);
                sleep(&pool.job, seen);
                _ = pool.sleeper_count.fetchSub(1, .seq_cst);
                spins = 0;
            }
            seen = pool.job.load(.acquire);
            if (worker < pool.thread_count.load(.seq_cst)) pool.takeChunks(seen, worker);
        }
    }
};

/// Chunks of a job in as many shares as threads take part.
const Shares = struct {
    task: Task,
    context: *const anyopaque,
    chunk_count: u32,
    share_count: u32,
    /// The next chunk of each share, in a cache line of its own.
    next: [max_threads]struct { chunk: std.atomic.Value(u32) align(64) } = undefined,

    fn start(shares: *const Shares, share: u32) u32 {
        return @intCast(@as(u64, shares.chunk_count) * share / shares.share_count);
    }

    /// Takes chunks until none is left: whoever comes late finds its share done by others.
    fn take(pointer: *const anyopaque, _: u32, worker: u32) void {
        const shares: *Shares = @ptrCast(@alignCast(@constCast(pointer)));
        for (0..shares.share_count) |i| {
            const share = (worker + @as(u32, @intCast(i))) % shares.share_count;
            const next = &shares.next[share].chunk;
            const end = shares.start(share + 1);
            while (next.load(.monotonic) < end) {
                const chunk = next.fetchAdd(1, .monotonic);
                if (chunk < end) shares.task(shares.context, chunk, worker);
            }
        }
    }
};

/// The one pool of the process. It lives until exit: its threads are never joined.
pub var global: Pool = .{};

/// Sleeps while `word` is `expected`; may wake for no reason.
fn sleep(word: *std.atomic.Value(u32), expected: u32) void {
    const io = std.Io.Threaded.global_single_threaded.io();
    io.futexWaitUncancelable(u32, &word.raw, expected);
}

fn wake(word: *std.atomic.Value(u32)) void {
    const io = std.Io.Threaded.global_single_threaded.io();
    io.futexWake(u32, &word.raw, max_threads);
}
