//! Finds what can be understood and is hardly what was meant: options without effect,
//! contradictions, traps.
//!
//! Lowering complains of what it cannot carry out or has to change; what it carries out as said is
//! looked at here, rule by rule, one function each. Rules are pure functions of what was typed and of
//! what it means. An option without effect in one job may be a default for others, so it is
//! mentioned only if it has no effect in any job for which it holds.

mod buffers;
mod caches;
mod depth;
mod findings;
mod jobs;
mod needs;
mod pattern;
mod sections;
mod stats;
mod targets;
mod times;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::host::{EngineFacts, Host};
use crate::plan::{JobPlan, Plan};
use crate::spec::{Document, DocumentKind, Origin, Section, SectionKind, Setting, Spec};
use crate::table::{self, OptionDef};
use crate::value::{self, ParseContext, Value};
use findings::Findings;

/// Most names of a job that are looked at: a hundred thousand may be inherited by as many jobs.
const MOST_NAMES: usize = 1000;

/// All that can be said about what was read: `found` when it was read, faults in its meaning, and
/// what is hardly meant. Here a finding is as bad as its kind is, even if a run just mentions it.
pub fn check(spec: &Spec, found: Diagnostics, host: &Host<'_>) -> Diagnostics {
    let mut all = found;
    let (plan, lowered) = crate::lower(spec, host);
    all.extend(lowered);
    let whole = plan.filter(|_| !all.has_errors());
    all.extend(lint(spec, whole.as_ref(), host));
    all.raise_to_kind();
    if spec.warnings_fatal {
        all.promote_warnings();
    }
    all.sort_by_place();
    all
}

/// Looks at a specification and, if there is one, at the plan that was made of it.
pub fn lint(spec: &Spec, plan: Option<&Plan>, host: &Host<'_>) -> Diagnostics {
    let mut findings = Findings::default();
    sections::look(spec, host, &mut findings);
    if let Some(plan) = plan {
        look_at_jobs(spec, plan, host, &mut findings);
    }
    let mut found = findings.finish();
    // The jobs of a profile are as they are; but what they destroy is worth a word.
    let of_profiles: Vec<Origin> = spec
        .documents
        .iter()
        .filter(|document| document.kind() == DocumentKind::Profile)
        .filter_map(|document| Some(document.sections().next()?.origin()))
        .collect();
    found.retain(|finding| {
        let of_profile = finding.origin.as_ref().is_some_and(|origin| {
            of_profiles.iter().any(|profile| Arc::ptr_eq(profile.source(), origin.source()))
        });
        !of_profile || finding.code == Some(Code::OVERWRITES_DEVICE)
    });
    found
}

/// The settings in force by the names of their options.
type Settings<'a> = BTreeMap<&'static str, Setting<'a>>;

/// Walks through the sections with the jobs that were made of them.
fn look_at_jobs<'a>(
    spec: &'a Spec,
    plan: &'a Plan,
    host: &'a Host<'a>,
    findings: &mut Findings<'a>,
) {
    let wanted =
        |section: &Section<'_>| section.kind() == SectionKind::Job && spec.wants(section.name());
    let sections = spec.documents.iter().flat_map(Document::sections);
    if sections.filter(wanted).count() != plan.jobs.len() {
        // The jobs come from somewhere else, as those of profiles do.
        return;
    }
    let mut defaults = Settings::new();
    let mut plans = plan.jobs.iter();
    let mut kept = Vec::new();
    for (index, document) in spec.documents.iter().enumerate() {
        if index >= 2 {
            defaults.clear();
        }
        for section in document.sections() {
            if section.kind() == SectionKind::Global {
                defaults.extend(settings_of(section));
            } else if wanted(&section)
                && let Some(job_plan) = plans.next()
            {
                let own = settings_of(section);
                findings.count(&defaults, &own);
                let number = kept.len();
                let mut job = Job {
                    plan: job_plan,
                    run: plan,
                    number,
                    section,
                    own: &own,
                    defaults: &defaults,
                    host,
                    findings,
                };
                look_at_job(&mut job);
                let unlink = job.setting("unlink").filter(|_| job_plan.files.unlink);
                let recording = job.setting("write_iolog");
                let plan = job_plan;
                kept.push(jobs::Kept { document: index, section, plan, own, recording, unlink });
            }
        }
    }
    jobs::look(&kept, findings);
}

/// All rules about a single job.
fn look_at_job(job: &mut Job<'_, '_>) {
    needs::look(job);
    pattern::look(job);
    depth::look(job);
    times::look(job);
    caches::look(job);
    buffers::look(job);
    stats::look(job);
    targets::look(job);
}

/// The options that a section sets; of those set twice, the last one.
fn settings_of(section: Section<'_>) -> Settings<'_> {
    let named = |setting| option_of(setting).or_else(|| engine_option_of(setting));
    section.settings().filter_map(|setting| Some((named(setting)?.name, setting))).collect()
}

/// The option of jobs that a setting sets.
fn option_of(setting: Setting<'_>) -> Option<&'static OptionDef> {
    table::job_option(std::str::from_utf8(setting.name()).ok()?)
}

/// An option of this name of whatever engine.
fn engine_option_of(setting: Setting<'_>) -> Option<&'static OptionDef> {
    let name = std::str::from_utf8(setting.name()).ok()?;
    table::engine_options().find(|def| def.is_called(name))
}

/// A job as rules see it.
struct Job<'a, 'f> {
    /// What it means.
    plan: &'a JobPlan,
    /// All jobs.
    run: &'a Plan,
    /// Its place among all jobs, from 0.
    number: usize,
    section: Section<'a>,
    own: &'f Settings<'a>,
    defaults: &'f Settings<'a>,
    host: &'a Host<'a>,
    findings: &'f mut Findings<'a>,
}

impl<'a> Job<'a, '_> {
    /// The setting of an option that is in force.
    fn setting(&self, name: &str) -> Option<Setting<'a>> {
        self.own.get(name).or_else(|| self.defaults.get(name)).copied()
    }

    /// True if both options are set, and in the same place: then neither overrides the other.
    fn has_beside(&self, one: &str, other: &str) -> bool {
        let both =
            |settings: &Settings<'_>| settings.contains_key(one) && settings.contains_key(other);
        let mixed = self.own.contains_key(one) || self.own.contains_key(other);
        both(self.own) || (!mixed && both(self.defaults))
    }

    /// The option of this name: of all jobs, or of the engine of this one.
    fn option(&self, name: &str) -> Option<&'static OptionDef> {
        table::job_option(name).or_else(|| table::engine_option(self.engine(), name))
    }

    /// The value of an option, if it is set.
    fn value(&self, name: &str) -> Option<Value> {
        let def = self.option(name)?;
        let text = self.setting(name)?.value();
        value::parse(def, text, &self.context()).ok()
    }

    fn context(&self) -> ParseContext {
        ParseContext { kb_base: self.plan.stats.kb_base }
    }

    /// True if an option is set to something that says neither no nor none.
    fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| says_something(&value))
    }

    /// True if an option is set to something else than what would hold without it.
    fn is_changed(&self, name: &str) -> bool {
        let Some(value) = self.value(name) else { return false };
        let default = self.option(name).and_then(|def| {
            value::parse(def, Some(def.default?.as_bytes()), &ParseContext::default()).ok()
        });
        default.map_or_else(|| says_something(&value), |default| default != value)
    }

    /// A whole number that an option is set to.
    fn number(&self, name: &str) -> Option<u64> {
        match self.value(name)? {
            Value::Int(number) => u64::try_from(number).ok(),
            Value::Bytes(number) => Some(number),
            _ => None,
        }
    }

    /// True if an option is set to this word.
    fn is_word(&self, name: &str, expected: &str) -> bool {
        matches!(self.value(name), Some(Value::Choice { word, .. }) if word == expected)
    }

    /// What requests there are comes from a recording.
    fn replays(&self) -> bool {
        self.is_on("read_iolog")
    }

    /// The canonical name of the engine.
    fn engine(&self) -> &str {
        let name = self.plan.engine.name.as_str();
        table::engine(name).map_or(name, |engine| engine.name)
    }

    /// Facts of the engine, if this build has it.
    fn engine_facts(&self) -> Option<EngineFacts> {
        (self.host.engine)(&self.plan.engine.name)
    }

    /// True if the engine reads and writes files and devices by their paths.
    fn uses_paths(&self) -> bool {
        const ENGINES: [&str; 10] = [
            "sync", "psync", "vsync", "pvsync", "pvsync2", "libaio", "io_uring", "posixaio",
            "mmap", "splice",
        ];
        ENGINES.contains(&self.engine())
    }

    /// An option without effect: mentioned if it has none in any job for which it holds.
    fn idle(&mut self, name: &str, diagnostic: Diagnostic) {
        let Some(setting) = self.setting(name) else { return };
        let diagnostic = diagnostic.at(&place(setting));
        match self.own.contains_key(name) {
            true => self.findings.push(setting, diagnostic),
            false => self.findings.push_default(setting, diagnostic),
        }
    }

    /// A setting that does what it says, which is hardly what is meant; of options that are not set,
    /// the section is to blame.
    fn trap(&mut self, name: &str, diagnostic: Diagnostic) {
        match self.setting(name) {
            Some(setting) => self.findings.push(setting, diagnostic.at(&place(setting))),
            None => self.findings.push_for_section(self.section, diagnostic),
        }
    }
}

/// Name and value of a setting.
fn place(setting: Setting<'_>) -> crate::spec::Origin {
    setting.name_origin().through(&setting.value_origin())
}

/// False for values that say no, none or nothing.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::Int(number) => *number != 0,
        Value::Bytes(number) => *number != 0,
        Value::Time(time) => time.0 != 0,
        Value::TimeRange(_, high) => high.0 != 0,
        Value::Choice { word, .. } => !matches!(*word, "0" | "none"),
        Value::Text(text) => !text.is_empty(),
        Value::Sizes(sizes) => sizes.iter().any(|(_, size)| size.is_some_and(|size| size != 0)),
        _ => true,
    }
}
