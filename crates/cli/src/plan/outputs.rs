//! Files that a run would write beside those that its jobs work on: the report, logs, states.

use std::ffi::OsStr;
use std::path::Path;

use fiord_options::Plan;
use fiord_options::commandline::Invocation;
use fiord_options::plan::{JobPlan, LogFile, VerifyJournal};

/// Their names, each once. Those of several clones are one name with an `N`.
pub(super) fn names(plan: &Plan, invocation: &Invocation) -> Vec<String> {
    let mut names = Vec::new();
    names.extend(invocation.output.path.as_deref().map(text));
    for job in &plan.jobs {
        names.extend(job.write_iolog.as_deref().map(text));
        names.extend(logs(job));
        let writes = job.pattern.rw.write && !job.limits.verify_only;
        let journals = job.verify.journal != VerifyJournal::Off;
        if (job.verify.state_save || journals) && job.verify.kind.is_some() && writes {
            let name = job.name.replace('/', ".");
            // States count from 0.
            let first = job.first_thread_number.saturating_sub(1);
            let name = format!("local-{name}-{}-verify.state", numbers(first, job.clones));
            let directory = plan.aux_path.as_deref().map(Path::new).unwrap_or(Path::new(""));
            let name = text(directory.join(name).as_os_str());
            let journal = journals.then(|| format!("{name}.journal"));
            names.extend(job.verify.state_save.then_some(name));
            names.extend(journal);
        }
        let merge = job.replay.as_ref().and_then(|replay| replay.merge.as_ref());
        names.extend(merge.map(|merge| text(&merge.output)));
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn logs(job: &JobPlan) -> Vec<String> {
    let logs = &job.logs;
    let suffix = match &logs.compression {
        Some(compression) if compression.store => "log.fz",
        _ => "log",
    };
    let number = match logs.per_job {
        true => format!(".{}", numbers(job.first_thread_number, job.clones)),
        false => String::new(),
    };
    let mut names = Vec::new();
    let mut add = |file: &LogFile, kinds: &[&str]| {
        let prefix = file.prefix.as_deref().map_or_else(|| job.name.clone(), text);
        names.extend(kinds.iter().map(|kind| format!("{prefix}_{kind}{number}.{suffix}")));
    };
    let stats = &job.stats;
    if let Some(log) = &logs.bandwidth {
        add(&log.file, &["bw"]);
    }
    if let Some(log) = &logs.latency {
        let kinds = [("lat", stats.lat), ("slat", stats.slat), ("clat", stats.clat)];
        for (kind, _) in kinds.into_iter().filter(|(_, measured)| *measured) {
            add(&log.file, &[kind]);
        }
    }
    if let Some(log) = &logs.iops {
        add(&log.file, &["iops"]);
    }
    if let Some(log) = logs.histogram.as_ref().filter(|log| log.period_ms > 0) {
        add(&log.file, &["clat_hist"]);
    }
    names
}

/// The only number, or the range.
fn numbers(first: u32, count: u32) -> String {
    match count {
        1 => first.to_string(),
        _ => format!("{{{first}..{}}}", first.saturating_add(count.saturating_sub(1))),
    }
}

fn text(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::machine;
    use fiord_options::{commandline, lower};

    fn check(line: &str, expected: &[&str]) {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let (invocation, _) = commandline::parse(&words, &machine::host());
        let (plan, found) = lower(&invocation.spec, &machine::host());
        let plan = plan.unwrap_or_else(|| panic!("{found:?}"));
        assert_eq!(names(&plan, &invocation), expected, "{line}");
    }

    #[test]
    fn logs_carry_the_numbers_of_their_jobs() {
        let job = "--name=a --size=1m";
        check(job, &[]);
        check(&format!("{job} --output=r --write_iolog=i"), &["r", "i"]);
        check(&format!("{job} --write_bw_log=p"), &["p_bw.1.log"]);
        check(&format!("{job} --numjobs=3 --write_iops_log"), &["a_iops.{1..3}.log"]);
        check(&format!("{job} --write_bw_log=p --per_job_logs=0"), &["p_bw.log"]);
        check(
            &format!("{job} --write_lat_log=p --disable_slat=1"),
            &["p_lat.1.log", "p_clat.1.log"],
        );
        check(
            "--name=x/y --size=1m --rw=write --verify=md5 --verify_state_save=1",
            &["local-x.y-0-verify.state"],
        );
        check(
            "--name=x --size=1m --rw=write --verify=md5 --verify_journal=sync",
            &["local-x-0-verify.state", "local-x-0-verify.state.journal"],
        );
        check("--name=x --size=1m --rw=write --verify=md5 --verify_only", &[]);
    }
}
