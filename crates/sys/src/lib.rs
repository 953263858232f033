//! Every system call, mapping and raw clock that fiord uses: the only crate with `unsafe` code.
//!
//! Callers see safe functions with typed errors ([`Errno`]). Nothing here knows what a job is.

pub mod aio;
pub mod allocations;
pub mod buffers;
pub mod clock;
pub mod disks;
pub mod errno;
pub mod file;
pub mod futex;
pub mod host;
pub mod ioprio;
pub mod locked;
#[cfg(target_env = "gnu")]
pub mod posix_aio;
pub mod process;
pub mod shared;
pub mod signal;
pub mod signature;
mod transfer;
pub mod uring;
pub mod users;

pub use buffers::BufferPool;
pub use clock::Clock;
pub use errno::Errno;
pub use transfer::{MAX_TRANSFER_BYTES, Transfer};
