//! A machine for tests that read real files.

use std::ffi::OsString;
use std::path::Path;

use fiord_options::{Diagnostics, EngineFacts, Host, Plan, commandline, lower};

fn engine(name: &str) -> Option<EngineFacts> {
    let inline = EngineFacts { inline: true, ..EngineFacts::default() };
    match name {
        "sync" | "psync" | "vsync" | "pvsync" | "pvsync2" | "falloc" => Some(inline),
        "mmap" => Some(EngineFacts { no_extend: true, ..inline }),
        "ftruncate" => Some(EngineFacts { no_data: true, ..inline }),
        "null" => Some(EngineFacts { diskless: true, no_data: true, ..EngineFacts::default() }),
        _ => None,
    }
}

/// What the words after the program's name mean: the plan, if there is one, and all findings.
pub(crate) fn understand(args: &[OsString]) -> (Option<Plan>, Diagnostics) {
    let host = Host {
        page_size: 4096,
        cpus: 2,
        memory_bytes: 4 << 30,
        env: &|name| std::env::var_os(name),
        read_file: &|path: &Path| std::fs::read(path),
        engine: &engine,
    };
    let (invocation, mut diagnostics) = commandline::parse(args, &host);
    let (plan, found) = lower(&invocation.spec, &host);
    diagnostics.extend(found);
    (plan.filter(|_| !diagnostics.has_errors()), diagnostics)
}

/// All findings, one on a line.
pub(crate) fn lines(diagnostics: &Diagnostics) -> String {
    diagnostics.iter().map(|d| d.one_line() + "\n").collect()
}
