//! A plan as a job file again: one section per job with all that is in force, whatever defaults,
//! includes, variables, other files and switches it came from.
//!
//! Options that were set are written in canonical form; reading the file gives the same plan but for
//! where things were typed. What the rules made of them, or added, stands below as a comment: as an
//! option it would count as chosen, which some rules ask for.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::settings::Settings;
use crate::plan::{JobPlan, Plan};
use crate::table::{self, OptionDef, ValueKind};
use crate::value::{self, ParseContext, Value};

/// Longest name in a section's header.
const MAX_NAME_BYTES: usize = 255;

/// What ends a line or begins a comment.
const SEPARATORS: &[u8] = b"#;\n";

/// A job file, and what cannot be said in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFile {
    /// Its bytes: names of files need not be UTF-8.
    pub text: Vec<u8>,
    /// Lines that were left out because no job file can hold them, such as values with a `#`.
    pub left_out: Vec<String>,
}

/// Writes the jobs of a plan.
pub fn job_file(plan: &Plan) -> JobFile {
    let mut file = JobFile::default();
    for job in &plan.jobs {
        if !file.text.is_empty() {
            file.text.push(b'\n');
        }
        section(job, &mut file);
    }
    file
}

fn section(job: &JobPlan, file: &mut JobFile) {
    let name = job.os_name().as_bytes();
    let is_text = !name.iter().any(|byte| SEPARATORS.contains(byte));
    let fits = name.len() <= MAX_NAME_BYTES && is_text && !name.starts_with(b"global");
    let header = if fits { name } else { b"job" };
    file.text.extend([b"[", header, b"]\n"].concat());
    if !fits {
        file.line(&job.name, "name", Some(name));
    }
    let settings = Settings::replay(job.defaults.iter().chain(&job.given));
    for def in table::job_options().filter(|def| def.name != "name") {
        match def.name {
            "stonewall" if job.stonewall => file.line(&job.name, def.name, Some(b"1")),
            "filename" => names(job, file),
            _ => {
                if let Some(value) = settings.value(def.name) {
                    file.line(&job.name, def.name, text(def, value, job).as_deref());
                }
            }
        }
    }
    for (name, text) in &job.engine.options {
        file.line(&job.name, name, Some(text.as_bytes()));
    }
    computed(job, &settings, &mut file.text);
}

/// The value of an option; names of files as the bytes that they are.
fn text(def: &OptionDef, value: &Value, job: &JobPlan) -> Option<Vec<u8>> {
    let path = |path: &OsStr| path.as_bytes().to_vec();
    match (def.name, value) {
        (_, Value::Nothing) => None,
        ("opendir", _) => job.files.opendir.as_deref().map(path),
        ("write_iolog", _) => job.write_iolog.as_deref().map(path),
        ("directory", _) => Some(Value::Names(job.files.directories.clone()).to_bytes()),
        _ => Some(value.to_bytes()),
    }
}

/// A name with colons in it may be one path or several, which is seen when it is used; names that came
/// one by one are several.
fn names(job: &JobPlan, file: &mut JobFile) {
    if let Some(unsplit) = &job.files.unsplit {
        return file.line(&job.name, "filename", Some(unsplit.as_bytes()));
    }
    for name in job.files.names.iter() {
        let name = Value::Names([name].into_iter().collect()).to_bytes();
        file.line(&job.name, "filename", Some(&name));
    }
}

impl JobFile {
    fn line(&mut self, job: &str, name: &str, value: Option<&[u8]>) {
        let line = match value {
            Some(value) => [name.as_bytes(), b"=", value].concat(),
            None => name.as_bytes().to_vec(),
        };
        if is_plain(&line) {
            self.text.extend_from_slice(&line);
            self.text.push(b'\n');
        } else {
            self.left_out.push(format!("[{job}] {}", String::from_utf8_lossy(&line)));
        }
    }
}

/// True if a job file gives the text back: it is no comment, line end or variable, and has no blanks
/// at its end.
fn is_plain(text: &[u8]) -> bool {
    const VARIABLES: [&[u8]; 4] = [b"${", b"$pagesize", b"$mb_memory", b"$ncpus"];
    let has = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    let blank = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_whitespace() || *b == 0x0b);
    !text.iter().any(|byte| SEPARATORS.contains(byte))
        && !VARIABLES.into_iter().any(has)
        && !blank(text.last())
}

/// Options in force that were not set, or not to this.
fn computed(job: &JobPlan, settings: &Settings<'_>, file: &mut Vec<u8>) {
    let read = |def, text: &str| value::parse(def, Some(text.as_bytes()), &ParseContext::default());
    let mut lines = String::new();
    for (name, text) in job.effective() {
        // These two have been written as they are.
        let written = ["name", "stonewall"].contains(&name.as_str());
        let Some(def) = table::job_option(&name).filter(|_| !written) else { continue };
        if def.inverse.is_some_and(|inverse| settings.value(inverse).is_some()) {
            continue;
        }
        let default = def.default.or((def.kind == ValueKind::Flag).then_some("0"));
        let said = settings.value(&name).cloned();
        let said = said.or_else(|| default.and_then(|default| read(def, default).ok()));
        if said != read(def, &text).ok() && is_plain(text.as_bytes()) {
            lines.push_str(&format!("#   {name}={text}\n"));
        }
    }
    if !lines.is_empty() {
        file.extend_from_slice(b"# which makes:\n");
        file.extend_from_slice(lines.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::*;
    use crate::commandline;
    use crate::host::{Host, test_host};
    use crate::lower::lower;
    use crate::shared::Part;

    /// The plan of these words, without errors.
    fn plan(words: &[OsString], host: &Host<'_>) -> Plan {
        let (invocation, diagnostics) = commandline::parse(words, host);
        assert!(!diagnostics.has_errors(), "{words:?}: {diagnostics:?}");
        let (plan, diagnostics) = lower(&invocation.spec, host);
        plan.unwrap_or_else(|| panic!("{words:?}: {diagnostics:?}"))
    }

    /// Without what tells where things were typed.
    fn meaning(mut plan: Plan) -> Plan {
        plan.global_options = Part::default();
        plan.notes.clear();
        for job in &mut plan.jobs {
            job.given.clear();
            job.defaults = Part::default();
        }
        plan
    }

    /// The plan of a job file.
    fn plan_of(text: &[u8]) -> Plan {
        let read_file = |_: &std::path::Path| Ok(text.to_vec());
        let host = Host { read_file: &read_file, ..test_host() };
        plan(&["again.fio".into()], &host)
    }

    fn again(file: &JobFile) -> Plan {
        plan_of(&file.text)
    }

    fn check(words: &[OsString]) -> JobFile {
        let before = plan(words, &test_host());
        let file = job_file(&before);
        assert_eq!(file.left_out, [""; 0], "{words:?}");
        let shown = String::from_utf8_lossy(&file.text).into_owned();
        assert_eq!(meaning(again(&file)), meaning(before), "{words:?}\n{shown}");
        assert_eq!(job_file(&again(&file)), file, "a second time changes nothing");
        file
    }

    fn check_line(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        String::from_utf8(check(&words).text).unwrap()
    }

    #[test]
    fn what_is_written_means_the_same() {
        for line in [
            "--name=a --size=1m",
            "--size=1m --bs=4k,8k --name=a --rw=randrw --name=b --bs=,,16k",
            "--name=a --size=1m --iodepth=16 --iodepth_batch=0 --bsrange=1k-4k,2k-8k",
            "--name=a --size=1m --rw=randrw --rwmixread=30 --rwmixwrite=20 --norandommap",
            "--name=a --size=1m --randseed=5 --name=b --size=1m --randrepeat=0",
            "--name=a --size=1m --random_generator=tausworthe --rw=randread:4",
            "--kb_base=1000 --name=a --size=10k --bs=1k --bssplit=1k/20:2k/80,3k",
            "--filename=x --name=a --filename=y --size=1m",
            "--name=a --filename=c:\\:d --size=1m --directory=p:q",
            "--name=a --size=1m --direct=1 --name=b --size=2m --buffered=0",
            "--name=a --size=10% --offset=20% --filename=/dev/x --runtime=1500ms --startdelay=1-3",
            "--name=a --size=1m --name=b --size=1m --stonewall --numjobs=4 --new_group",
            "--name=a --size=1m --buffer_pattern=0xdeadbeef --name=b --size=1m --buffer_pattern=\"x\"-5",
            "--name=a --size=1m --ignore_error=EIO:5,ENOSPC --continue_on_error=all",
            "--name=a --size=1m --percentile_list=1:50:99.9 --description=some_text",
            "--name=a --size=1m --sync_file_range=write,wait_after:8 --file_service_type=random:3",
            "a.fio b.fio --section=a --section=b",
            "--name=a --ioengine=null --size=1g --time_based --runtime=3 --ramp_time=500ms",
        ] {
            check_line(line);
        }
    }

    #[test]
    fn a_second_file_waits_for_the_first() {
        let text = check_line("a.fio b.fio");
        assert!(text.contains("[b]\n"), "{text}");
        assert_eq!(text.matches("\nstonewall=1\n").count(), 1, "{text}");
    }

    #[test]
    fn names_that_would_open_other_sections_are_options() {
        let before = plan_of(b"[x]\nname=globals\nsize=4k\n");
        let file = job_file(&before);
        assert!(file.text.starts_with(b"[job]\nname=globals\n"));
        assert_eq!(meaning(again(&file)), meaning(before));
    }

    #[test]
    fn what_was_computed_is_a_comment() {
        let text = check_line("--name=a --size=1m --bs=4k --rw=randread --iodepth_batch=0");
        let (set, made) = text.split_once("# which makes:\n").unwrap();
        assert!(set.contains("\nbs=4096\n") && set.contains("\niodepth_batch=0\n"), "{text}");
        assert!(made.contains("#   iodepth_batch=1\n"), "{text}");
        assert!(!made.contains("  bs="), "{text}");
    }

    #[test]
    fn names_keep_their_bytes() {
        let name = OsString::from_vec(b"--filename=f\xff".to_vec());
        let file = check(&["--name=a".into(), name, "--size=1m".into()]);
        assert!(file.text.windows(12).any(|window| window == b"filename=f\xff\n"));
    }

    #[test]
    fn what_no_job_file_can_hold_is_told() {
        for value in ["a#b", "a;b", "a${HOME}", "x$ncpus", "a\nb", "a "] {
            let words: Vec<OsString> =
                vec!["--name=a".into(), "--size=1m".into(), format!("--filename={value}").into()];
            let file = job_file(&plan(&words, &test_host()));
            assert_eq!(file.left_out, [format!("[a] filename={value}")]);
        }
    }
}
