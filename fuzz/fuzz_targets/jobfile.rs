//! A job file of any content: parsing and rendering of its diagnostics neither panics nor hangs.

#![no_main]

use std::path::Path;
use std::sync::Arc;

use fiord_options::diagnostic::{Colors, Severity};
use fiord_options::spec::Source;
use fiord_options::{EngineFacts, Host, jobfile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let host = Host {
        page_size: 4096,
        cpus: 4,
        memory_bytes: 1 << 30,
        env: &|_| Some("text".into()),
        // Includes find the same text again.
        read_file: &|_| Ok(data.to_vec()),
        engine: &|_| Some(EngineFacts::default()),
    };
    let source = Arc::new(Source { name: "fuzz.fio".into(), text: data.to_vec() });
    let (_, diagnostics) = jobfile::parse(&source, Path::new("fuzz.fio"), &host);
    let _ = diagnostics.render(Severity::Note, Colors::Never);
});
