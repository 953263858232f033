//! What parsing and lowering may know of the machine: facts and closures that the caller supplies.
//!
//! The job language itself reads no file, environment or clock, so the same words on the same
//! [`Host`] always mean the same.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

/// The machine as the job language sees it.
#[derive(Clone, Copy)]
pub struct Host<'a> {
    /// `$pagesize`.
    pub page_size: u64,
    /// `$ncpus`.
    pub cpus: u32,
    /// Largest number of a CPU.
    pub last_cpu: u32,
    /// Largest number of a NUMA node.
    pub last_node: u32,
    /// Total memory; `$mb_memory` is this in MiB.
    pub memory_bytes: u64,
    /// Looks up an environment variable.
    pub env: &'a dyn Fn(&OsStr) -> Option<OsString>,
    /// Reads a job file; the path `-` is standard input.
    pub read_file: &'a dyn Fn(&Path) -> io::Result<Vec<u8>>,
    /// Looks up an engine that this build has.
    pub engine: &'a dyn Fn(&str) -> Option<EngineFacts>,
}

impl std::fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host")
            .field("page_size", &self.page_size)
            .field("cpus", &self.cpus)
            .field("memory_bytes", &self.memory_bytes)
            .finish_non_exhaustive()
    }
}

/// What lowering must know of an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineFacts {
    /// One request at a time: `iodepth` has no effect.
    pub inline: bool,
    /// Opens no files.
    pub diskless: bool,
    /// Writing does not extend a file.
    pub no_extend: bool,
    /// Requests carry no data.
    pub no_data: bool,
}

/// A small machine for tests.
#[cfg(test)]
pub(crate) fn test_host() -> Host<'static> {
    Host {
        page_size: 4096,
        cpus: 4,
        last_cpu: 3,
        last_node: 1,
        memory_bytes: 2 << 30,
        env: &|name| match name.to_str()? {
            "SIZE" => Some("16k".into()),
            "NAME" => Some("bs".into()),
            "LOOP" => Some("${LOOP}".into()),
            _ => None,
        },
        read_file: &|path| match path.to_str() {
            Some("a.fio") => Ok(b"[a]\nsize=4k\n".to_vec()),
            Some("b.fio") => Ok(b"[b]\nsize=4k\n".to_vec()),
            Some("-") => Ok(b"[stdin]\nsize=4k\n".to_vec()),
            Some("part.inc") => Ok(b"bs=8k\niodepth=2\n".to_vec()),
            Some("dir/near.inc") => Ok(b"bs=2k\n".to_vec()),
            Some("cycle.inc") => Ok(b"include cycle.inc\n".to_vec()),
            Some("section.inc") => Ok(b"[x]\n".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        },
        engine: &|name| match name {
            "psync" | "sync" | "vsync" | "pvsync" | "pvsync2" | "splice" | "falloc" => {
                Some(EngineFacts { inline: true, ..EngineFacts::default() })
            }
            "mmap" => Some(EngineFacts { inline: true, no_extend: true, ..EngineFacts::default() }),
            "libaio" => Some(EngineFacts::default()),
            "null" => Some(EngineFacts { diskless: true, no_data: true, ..EngineFacts::default() }),
            _ => None,
        },
    }
}
