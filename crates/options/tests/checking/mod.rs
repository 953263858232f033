//! `fiord check` on a machine that is always the same.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use fiord_options::{Diagnostics, EngineFacts, Host, commandline, lint, showcmd};

fn engine(name: &str) -> Option<EngineFacts> {
    let inline = EngineFacts { inline: true, ..EngineFacts::default() };
    match name {
        "sync" | "psync" | "vsync" | "pvsync" | "pvsync2" | "splice" | "falloc" => Some(inline),
        "mmap" => Some(EngineFacts { no_extend: true, ..inline }),
        "libaio" | "io_uring" | "posixaio" => Some(EngineFacts::default()),
        "null" => Some(EngineFacts { diskless: true, no_data: true, ..EngineFacts::default() }),
        _ => None,
    }
}

/// All findings about what stands behind `fiord`, those of the commands that it shows included.
pub(crate) fn check(
    words: &[OsString],
    read_file: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
) -> Diagnostics {
    let host = Host {
        page_size: 4096,
        cpus: 4,
        last_cpu: 3,
        last_node: 0,
        memory_bytes: 8 << 30,
        env: &|name| match name.to_str()? {
            "HOME" => Some("/home/me".into()),
            "SIZE" => Some("12q".into()),
            _ => None,
        },
        read_file,
        engine: &engine,
    };
    let (invocation, found) = commandline::parse(words, &host);
    let mut found = lint::check(&invocation.spec, found, &host);
    if words.iter().any(|word| word == "--showcmd") {
        found.extend(showcmd::command_lines(&invocation.spec, "fio").1);
    }
    found
}
