//! What an export returns: zero or a handle on success, one of these on failure.
//! tools/generate_abi.mjs reads this file for the TypeScript and C side.

/// Status codes of the ABI.
pub const Status = enum(i32) {
    ok = 0,
    /// A bug in Qorus.
    internal = -1,
    /// `q_open` has not been called on this thread.
    not_open = -2,
    invalid_argument = -3,
    invalid_handle = -4,
    stale_handle = -5,
    invalid_shape = -6,
    invalid_dtype = -7,
    invalid_layout = -8,
    aliasing = -9,
    arena_full = -10,
    table_full = -11,
    out_of_memory = -12,
    out_of_range = -13,
    not_found = -14,
    io = -15,
    unsupported = -16,
};

/// The failures of operations; each is the status of the same name.
pub const Error = error{
    Internal,
    InvalidArgument,
    InvalidHandle,
    StaleHandle,
    InvalidShape,
    InvalidDtype,
    InvalidLayout,
    Aliasing,
    ArenaFull,
    TableFull,
    OutOfMemory,
    OutOfRange,
    NotFound,
    Io,
    Unsupported,
};

pub fn statusOf(failure: Error) Status {
    return switch (failure) {
        error.Internal => .internal,
        error.InvalidArgument => .invalid_argument,
        error.InvalidHandle => .invalid_handle,
        error.StaleHandle => .stale_handle,
        error.InvalidShape => .invalid_shape,
        error.InvalidDtype => .invalid_dtype,
        error.InvalidLayout => .invalid_layout,
        error.Aliasing => .aliasing,
        error.ArenaFull => .arena_full,
        error.TableFull => .table_full,
        error.OutOfMemory => .out_of_memory,
        error.OutOfRange => .out_of_range,
        error.NotFound => .not_found,
        error.Io => .io,
        error.Unsupported => .unsupported,
    };
}
