//! What the job language may know of this machine, gathered in one place.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::Path;

use fiord_engines::REGISTRY;
use fiord_options::{EngineFacts, Host};

/// The machine as the job language sees it.
pub(crate) fn host() -> Host<'static> {
    Host {
        page_size: fiord_sys::host::page_bytes(),
        cpus: fiord_sys::host::cpus() as u32,
        memory_bytes: fiord_sys::host::memory_bytes(),
        env: &env,
        read_file: &read_file,
        engine: &engine,
    }
}

fn env(name: &OsStr) -> Option<OsString> {
    // Names with `=` or NUL would make the standard library panic.
    let plain = !name.is_empty() && !name.as_encoded_bytes().iter().any(|b| matches!(b, b'=' | 0));
    plain.then(|| std::env::var_os(name)).flatten()
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn engine(name: &str) -> Option<EngineFacts> {
    let caps = fiord_engine::find(REGISTRY, name)?.caps;
    Some(EngineFacts {
        inline: caps.inline,
        diskless: caps.diskless,
        no_extend: caps.no_extend,
        no_data: caps.no_data,
    })
}
