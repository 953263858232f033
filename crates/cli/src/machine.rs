//! What the job language may know of this machine, gathered in one place.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use fiord_engines::REGISTRY;
use fiord_options::{EngineFacts, Host};

/// Longest job file. Devices and pipes may have no end.
const MOST_BYTES: u64 = 256 << 20;

/// The machine as the job language sees it.
pub(crate) fn host() -> Host<'static> {
    let cpus = fiord_sys::host::cpus_online();
    Host {
        page_size: fiord_sys::host::page_bytes(),
        cpus: cpus.count,
        last_cpu: cpus.last,
        last_node: fiord_sys::host::nodes_online().last,
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
    let mut bytes = Vec::new();
    let length = match path.as_os_str() == OsStr::new("-") {
        true => io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)?,
        false => File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?,
    };
    if length as u64 > MOST_BYTES {
        return Err(io::Error::other(format!("more than {MOST_BYTES} bytes")));
    }
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
