//! A machine for tests that read real files, and a shell's way to part words.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use fiord_options::commandline::{self, Invocation};
use fiord_options::{Diagnostics, EngineFacts, Host, Plan, lower};

/// Variables that the snippets use; fio has them, too.
pub(crate) const ENVIRONMENT: &[(&str, &str)] = &[
    ("FIORD_TEST_BS", "8k"),
    ("FIORD_TEST_NAME", "bs"),
    ("FIORD_TEST_TEXT", "a # 'b' \"c\" ; $d"),
];

fn engine(name: &str) -> Option<EngineFacts> {
    let inline = EngineFacts { inline: true, ..EngineFacts::default() };
    match name {
        "sync" | "psync" | "vsync" | "pvsync" | "pvsync2" | "falloc" => Some(inline),
        "mmap" => Some(EngineFacts { no_extend: true, ..inline }),
        "ftruncate" => Some(EngineFacts { no_data: true, ..inline }),
        "null" => Some(EngineFacts { diskless: true, no_data: true, ..EngineFacts::default() }),
        // Whether an engine is built is not what is compared here.
        _ => Some(EngineFacts::default()),
    }
}

fn environment(name: &OsStr) -> Option<OsString> {
    let known = ENVIRONMENT.iter().find(|(known, _)| name == *known);
    known.map(|(_, value)| OsString::from(value))
}

fn memory_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

fn on_host<T>(directory: &Path, work: impl FnOnce(&Host<'_>) -> T) -> T {
    let cpus = std::thread::available_parallelism().unwrap().get() as u32;
    work(&Host {
        page_size: 4096,
        cpus,
        last_cpu: cpus - 1,
        last_node: 0,
        memory_bytes: memory_bytes(),
        env: &environment,
        read_file: &|path: &Path| std::fs::read(directory.join(path)),
        engine: &engine,
    })
}

/// The words after the program's name, as they are read in `directory`.
pub(crate) fn invocation(args: &[OsString], directory: &Path) -> (Invocation, Diagnostics) {
    on_host(directory, |host| commandline::parse(args, host))
}

/// What they mean: the plan, if there is one, and all findings.
pub(crate) fn understand(args: &[OsString], directory: &Path) -> (Option<Plan>, Diagnostics) {
    let (invocation, mut diagnostics) = invocation(args, directory);
    let (plan, found) = on_host(directory, |host| lower(&invocation.spec, host));
    diagnostics.extend(found);
    (plan.filter(|_| !diagnostics.has_errors()), diagnostics)
}

/// What words mean, the first of which is the program's name, without the words that said it.
pub(crate) fn meaning_of(words: Vec<Vec<u8>>, directory: &Path) -> (Option<Plan>, Diagnostics) {
    let words = words.into_iter().skip(1).map(OsString::from_vec);
    let (plan, diagnostics) = understand(&words.collect::<Vec<_>>(), directory);
    (plan.map(without_words), diagnostics)
}

/// The plan without what tells only where it comes from.
pub(crate) fn without_words(plan: Plan) -> Plan {
    let jobs = plan.jobs.iter().map(|job| job.without_words()).collect();
    Plan { jobs, global_options: Default::default(), notes: Vec::new(), ..plan }
}

/// All findings, one on a line.
pub(crate) fn lines(diagnostics: &Diagnostics) -> String {
    diagnostics.iter().map(|d| d.one_line() + "\n").collect()
}

/// The words of a line by fio, which quotes nothing but descriptions: they begin at dashes.
pub(crate) fn fio_words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    for part in line.strip_suffix(b" ").unwrap_or(line).split(|&byte| byte == b' ') {
        match words.last_mut() {
            Some(word) if !part.starts_with(b"--") => word.extend([b" ", part].concat()),
            _ => words.push(part.to_vec()),
        }
    }
    for word in &mut words {
        let quoted = word.strip_prefix(b"--description=\"").and_then(|w| w.strip_suffix(b"\""));
        if let Some(text) = quoted {
            *word = [b"--description=", text].concat();
        }
    }
    words
}

/// The words of a line, parted at blanks as a POSIX shell does; nothing is expanded.
pub(crate) fn shell_words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\n' => words.extend(word.take()),
            b'\'' => word
                .get_or_insert_default()
                .extend(bytes.by_ref().take_while(|&quoted| quoted != b'\'')),
            b'"' => word
                .get_or_insert_default()
                .extend(bytes.by_ref().take_while(|&quoted| quoted != b'"')),
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words
}
