//! What the fuzz targets share: the whole way from words to a plan on an invented machine, and back, and
//! plans to work with.

#![forbid(unsafe_code)]

use std::ffi::OsString;

use fiord_options::diagnostic::{Colors, Severity};
use fiord_options::lower::{job_file, lower};
use fiord_options::plan::JobPlan;
use fiord_options::{EngineFacts, Host, commandline, lint, showcmd};

/// What became of the words.
pub struct Understood {
    /// There is a plan.
    pub plan: bool,
    /// There are errors.
    pub errors: bool,
}

/// An invented machine, where every file has the same content.
fn host<'a>(read_file: &'a dyn Fn(&std::path::Path) -> std::io::Result<Vec<u8>>) -> Host<'a> {
    Host {
        page_size: 4096,
        cpus: 4,
        last_cpu: 3,
        last_node: 0,
        memory_bytes: 1 << 30,
        env: &|_| Some("text".into()),
        read_file,
        engine: &|_| Some(EngineFacts::default()),
    }
}

/// The plan of the only job of a file.
pub fn verified_job(file: &str) -> Option<JobPlan> {
    let read_file = |_: &std::path::Path| Ok(file.as_bytes().to_vec());
    let host = host(&read_file);
    let (invocation, _) = commandline::parse(&["fuzz.fio".into()], &host);
    let (plan, _) = lower(&invocation.spec, &host);
    plan?.jobs.into_iter().next()
}

/// Understands a command line on a machine where every file has the same content.
pub fn understand(words: &[OsString], file: &[u8]) -> Understood {
    let read_file = |_: &std::path::Path| Ok(file.to_vec());
    let host = host(&read_file);
    let (invocation, found) = commandline::parse(words, &host);
    let mut diagnostics = found.clone();
    let (plan, more) = lower(&invocation.spec, &host);
    diagnostics.extend(more);
    // Rendering cuts lines into spans: any bytes must do.
    let _ = diagnostics.render(Severity::Note, Colors::Always);
    let _ = lint::check(&invocation.spec, found, &host);
    if let Some(plan) = &plan {
        let _ = showcmd::command_lines(&invocation.spec, "fiord");
        let _ = job_file(plan);
    }
    Understood { plan: plan.is_some(), errors: diagnostics.has_errors() }
}
