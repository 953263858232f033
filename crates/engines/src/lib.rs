//! The engines that execute requests, one file each, and their registry.
//!
//! An engine's file opens with what its interface is, where its limits lie and what "complete" means
//! there. To add one: write the file, and put its `REGISTRATION` into [`REGISTRY`].

#![forbid(unsafe_code)]

mod blocking;
mod falloc;
mod flags;
mod ftruncate;
mod io_uring;
mod libaio;
mod limits;
mod mmap;
mod null;
#[cfg(target_env = "gnu")]
mod posixaio;
mod psync;
mod pvsync;
mod pvsync2;
mod queued;
mod settings;
mod splice;
mod sync;
mod vsync;

use fiord_engine::Registration;

/// All engines, in the order of `--enghelp`.
pub const REGISTRY: &[Registration] = &[
    sync::REGISTRATION,
    psync::REGISTRATION,
    vsync::REGISTRATION,
    pvsync::REGISTRATION,
    pvsync2::REGISTRATION,
    libaio::REGISTRATION,
    io_uring::REGISTRATION,
    #[cfg(target_env = "gnu")]
    posixaio::REGISTRATION,
    mmap::REGISTRATION,
    splice::REGISTRATION,
    null::REGISTRATION,
    falloc::REGISTRATION,
    ftruncate::REGISTRATION,
];
