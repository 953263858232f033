//! The text before the results, of whole job files: as recorded here, and as a present fio writes it.

use std::path::Path;
use std::sync::Arc;

use fiord_options::host::{EngineFacts, Host};
use fiord_options::plan::Plan;
use fiord_options::spec::{Document, DocumentKind, Source, Spec};
use fiord_report::headers::{job_headers, starting_line};

/// Job files and what fio writes first.
pub const STARTS: &[(&str, &str)] = &[
    (
        "[global]\nioengine=null\nsize=64k\n[a]\nrw=randrw\nnumjobs=3\n[b]\nstonewall\nrw=trim\nthread\nbsrange=16k-16k,4k-8k,12345-12345\n",
        "a: (g=0): rw=randrw, bs=(R) 4096B-4096B, (W) 4096B-4096B, (T) 4096B-4096B, ioengine=null, iodepth=1\n...\n\
         b: (g=1): rw=trim, bs=(R) 16.0KiB-16.0KiB, (W) 4096B-8192B, (T) 12.1KiB-12.1KiB, ioengine=null, iodepth=1\n\
         fio-3.42\nStarting 1 thread and 3 processes\n",
    ),
    (
        "[a]\nioengine=null\nsize=1m\nrw=readwrite\nbs=12k,4k\nbs_is_seq_rand=1\nthread\n",
        "a: (g=0): rw=rw, bs=(R) 12.0KiB-12.0KiB, (W) 4096B-4096B, bs_is_seq_rand, ioengine=null, iodepth=1\n\
         fio-3.42\nStarting 1 thread\n",
    ),
    (
        "[global]\nioengine=null\nsize=1g\nthread\nnumber_ios=1\n[a]\nbsrange=1m-4m\nkb_base=1000\nrw=write\n[b]\nrw=randtrimwrite\nbs=20000\nsignificant_figures=6\n",
        "a: (g=0): rw=write, bs=(R) 1000kB-4000kB, (W) 1000kB-4000kB, (T) 1000kB-4000kB, ioengine=null, iodepth=1\n\
         b: (g=0): rw=randtrimwrite, bs=(R) 20000B-20000B, (W) 20000B-20000B, (T) 20000B-20000B, ioengine=null, iodepth=1\n\
         fio-3.42\nStarting 2 threads\n",
    ),
    (
        "[a]\nioengine=null\niodepth=32\nrw=randread\nsize=4k\n",
        "a: (g=0): rw=randread, bs=(R) 4096B-4096B, (W) 4096B-4096B, (T) 4096B-4096B, ioengine=null, iodepth=32\n\
         fio-3.42\nStarting 1 process\n",
    ),
];

/// What fiord writes before the results of this job file.
pub fn start_of(text: &str) -> String {
    let plan = plan_of(text);
    job_headers(&plan) + &starting_line(&plan)
}

fn plan_of(text: &str) -> Plan {
    let host = Host {
        page_size: 4096,
        cpus: 4,
        last_cpu: 3,
        last_node: 0,
        memory_bytes: 1 << 30,
        env: &|_| None,
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
        engine: &|_| Some(EngineFacts { diskless: true, ..EngineFacts::default() }),
    };
    let source = Arc::new(Source::new("t.fio", text));
    let (document, diagnostics) = fiord_options::jobfile::parse(&source, Path::new("t.fio"), &host);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let mut spec = Spec::default();
    spec.documents.push(Document::new(DocumentKind::CommandLine));
    spec.documents.push(document);
    let (plan, diagnostics) = fiord_options::lower(&spec, &host);
    plan.unwrap_or_else(|| panic!("{diagnostics:?}"))
}
