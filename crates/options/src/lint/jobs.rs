//! Rules about jobs that get in each other's way.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;

use super::findings::Findings;
use super::{MOST_NAMES, Settings, place};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::JobPlan;
use crate::spec::{Section, Setting};

/// What is remembered of a job.
pub(super) struct Kept<'a> {
    /// Which of the texts it is in.
    pub(super) document: usize,
    pub(super) section: Section<'a>,
    pub(super) plan: &'a JobPlan,
    /// What its own section sets.
    pub(super) own: Settings<'a>,
    /// The setting by which it records what it does.
    pub(super) recording: Option<Setting<'a>>,
    /// The setting by which it removes its files.
    pub(super) unlink: Option<Setting<'a>>,
}

pub(super) fn look<'a>(jobs: &[Kept<'a>], findings: &mut Findings<'a>) {
    same_name_same_files(jobs, findings);
    group_reported_in_part(jobs, findings);
    shared_file_removed(jobs, findings);
    recording_shared(jobs, findings);
}

fn same_name_same_files<'a>(jobs: &[Kept<'a>], findings: &mut Findings<'a>) {
    let mut seen = HashMap::new();
    for job in jobs {
        let files = &job.plan.files;
        if !files.names.is_empty() || files.opendir.is_some() || job.section.name().is_empty() {
            continue;
        }
        let key = (job.document, &job.plan.name, &files.directories, &files.name_format);
        if let Some(first) = seen.insert(key, job.section) {
            let text = format!("another job is called `{}` and uses the same files", job.plan.name);
            findings.push_for_section(
                job.section,
                Diagnostic::warning(text)
                    .code(Code::SAME_NAME_SAME_FILES)
                    .label("files are named after the job")
                    .help(format!("rename one of them; the other one is at {}", first.origin())),
            );
        }
    }
}

/// A job that asks for it in its own section, in a group with jobs that do not have it.
fn group_reported_in_part<'a>(jobs: &[Kept<'a>], findings: &mut Findings<'a>) {
    let mut apart: BTreeMap<u32, &str> = BTreeMap::new();
    for job in jobs.iter().filter(|job| job.plan.stats.report && !job.plan.stats.group_reporting) {
        apart.entry(job.plan.group).or_insert(&job.plan.name);
    }
    for job in jobs.iter().filter(|job| job.plan.stats.group_reporting) {
        if let Some(other) = apart.get(&job.plan.group)
            && let Some(&setting) = job.own.get("group_reporting")
        {
            findings.push_at_setting(
                setting,
                Diagnostic::warning("the group is reported in part only")
                    .code(Code::GROUP_REPORTED_IN_PART)
                    .label(format!("job `{other}` of the same group does not have it"))
                    .help("put it into the global section, or part the jobs with `new_group`"),
            );
        }
    }
}

/// A job that removes a file which a job reads that waits for it.
fn shared_file_removed<'a>(jobs: &[Kept<'a>], findings: &mut Findings<'a>) {
    let mut last_reader: HashMap<&OsStr, usize> = HashMap::new();
    for (index, job) in jobs.iter().enumerate() {
        if job.plan.pattern.rw.read {
            last_reader
                .extend(job.plan.files.names.iter().take(MOST_NAMES).map(|name| (name, index)));
        }
    }
    let mut next_wait = jobs.len();
    for (index, job) in jobs.iter().enumerate().rev() {
        if let Some(setting) = job.unlink {
            let readers = job
                .plan
                .files
                .names
                .iter()
                .take(MOST_NAMES)
                .filter_map(|name| last_reader.get(name));
            if let Some(&reader) = readers.max()
                && reader >= next_wait
                && let Some(reader) = jobs.get(reader)
            {
                findings.push(
                    setting,
                    Diagnostic::warning("a file is removed that a later job reads")
                        .code(Code::SHARED_FILE_REMOVED)
                        .at(&place(setting))
                        .label(format!("job `{}` reads it", reader.plan.name))
                        .help("let the last job that uses the file remove it"),
                );
            }
        }
        if job.plan.stonewall {
            next_wait = index;
        }
    }
}

fn recording_shared<'a>(jobs: &[Kept<'a>], findings: &mut Findings<'a>) {
    let mut writers: HashMap<&OsStr, &str> = HashMap::new();
    for job in jobs {
        let (Some(path), Some(setting)) = (&job.plan.write_iolog, job.recording) else { continue };
        let other = writers.insert(path, &job.plan.name);
        let label = match other {
            Some(other) => format!("job `{other}` writes it, too"),
            None if job.plan.clones > 1 => format!("{} clones write it", job.plan.clones),
            None => continue,
        };
        findings.push_at_setting(
            setting,
            Diagnostic::warning("several jobs write the same recording")
                .code(Code::RECORDING_SHARED)
                .label(label)
                .help("give each of them a file of its own"),
        );
    }
}
