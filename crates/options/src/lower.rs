//! From what was typed to what it means: [`Spec`] to [`Plan`].
//!
//! Lowering is pure: facts of the machine come with the [`Host`]. It walks the sections in order,
//! keeps the defaults that global sections set, resolves each job's settings through the option
//! table into typed groups, turns each group into its parts of the plan (one function per group, which
//! takes it apart without `..`, so that no option can be forgotten), and then makes the job
//! consistent (`consistency`). All faults of all jobs are collected.

mod agreement;
mod consistency;
mod data;
mod draft;
mod effective;
mod files;
mod general;
mod io;
mod logs;
mod pacing;
mod priority;
mod process;
mod random;
mod replay;
mod resolved;
mod resolver;
mod settings;
mod stats;
mod verify;
mod zones;

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::host::{EngineFacts, Host};
use crate::plan::{IdRanges, JobPlan, NodeSet, Plan};
use crate::shared::Part;
use crate::spec::{Document, DocumentKind, Origin, Section, SectionKind, Spec};
use crate::table::JobOptions;
use agreement::Agreement;
pub use resolved::{JobFile, job_file};
use resolver::Resolver;
pub(crate) use resolver::order;
use settings::Settings;

/// Most clones over all jobs of a run. A bound keeps a typing error in `numjobs` from filling the
/// machine with processes.
pub const MAX_CLONES: u64 = 65_536;

/// Finds out what the specification means. There is a plan exactly if there is no error.
pub fn lower(spec: &Spec, host: &Host<'_>) -> (Option<Plan>, Diagnostics) {
    let mut lowering = Lowering::new(spec, host);
    for (index, document) in spec.documents.iter().enumerate() {
        lowering.document(index, document);
    }
    lowering.finish()
}

struct Lowering<'a> {
    spec: &'a Spec,
    host: &'a Host<'a>,
    plan: Plan,
    diagnostics: Diagnostics,
    /// What global sections have set so far, and the present job over it.
    settings: Settings<'a>,
    /// What global sections have set, as typed.
    global_options: Vec<(String, String)>,
    /// Where the options begin that hold for the present document.
    global_options_start: usize,
    clones: u64,
    /// Where the jobs became too many to run.
    too_many: Option<Origin>,
    group: u32,
    group_has_members: bool,
    /// How many jobs of each name there are so far.
    names: HashMap<String, u32>,
    agreement: Agreement,
}

impl<'a> Lowering<'a> {
    fn new(spec: &'a Spec, host: &'a Host<'a>) -> Self {
        Lowering {
            spec,
            host,
            plan: Plan {
                readonly: spec.readonly,
                aux_path: spec.aux_path.clone(),
                ..Plan::default()
            },
            diagnostics: Diagnostics::default(),
            settings: Settings::new(),
            global_options: Vec::new(),
            global_options_start: 0,
            clones: 0,
            too_many: None,
            group: 0,
            group_has_members: false,
            names: HashMap::new(),
            agreement: Agreement::default(),
        }
    }

    /// The command line is document 0 and its defaults hold for the first job file, too; each later
    /// file begins with fresh defaults, and its first job waits for all before it. Profiles know the
    /// defaults of the command line only.
    fn document(&mut self, index: usize, document: &'a Document) {
        let profile = document.kind() == DocumentKind::Profile;
        if profile && index >= 2 {
            self.restore_typed_defaults();
        }
        let later = index >= 2 && !profile;
        if later {
            self.settings = Settings::new();
            // fio reports the defaults that were in force at the end.
            self.global_options_start = self.global_options.len();
        }
        let mut waits = later;
        for section in document.sections() {
            match section.kind() {
                SectionKind::Global => self.globals(document.kind(), section),
                SectionKind::Job if self.spec.wants(section.name()) => {
                    self.settings.begin_job();
                    self.job(document.kind(), section, std::mem::take(&mut waits));
                    self.settings.end_job();
                }
                SectionKind::Job => {}
            }
        }
    }

    /// Puts in force what the command line says for all jobs; nothing has to be said about it again.
    fn restore_typed_defaults(&mut self) {
        self.settings = Settings::new();
        self.global_options_start = self.global_options.len();
        let spec = self.spec;
        let found = std::mem::take(&mut self.diagnostics);
        for typed in spec.documents.first().into_iter().flat_map(Document::sections) {
            if typed.kind() == SectionKind::Global {
                self.globals(DocumentKind::CommandLine, typed);
            }
        }
        self.diagnostics = found;
    }

    fn globals(&mut self, kind: DocumentKind, section: Section<'a>) {
        let mut resolver = Resolver::new(&mut self.settings, &mut self.diagnostics);
        resolver.section(kind, section);
        self.global_options.extend(resolver.given);
    }

    fn job(&mut self, kind: DocumentKind, section: Section<'a>, implied_stonewall: bool) {
        let mut resolver = Resolver::new(&mut self.settings, &mut self.diagnostics);
        resolver.section(kind, section);
        let of_engine = resolver.engine_options();
        let given = resolver.given;
        let name = self.settings.own_text("name").unwrap_or_else(|| section.name());
        let raw_name = std::str::from_utf8(name).is_err().then(|| name.into());
        let name = String::from_utf8_lossy(name).into_owned();
        let mut job = Job {
            settings: &self.settings,
            host: self.host,
            section,
            engine: EngineFacts::default(),
            diagnostics: &mut self.diagnostics,
        };
        let mut plan = draft::draft(name);
        plan.raw_name = raw_name;
        plan.given = given;
        let new_group = lower_groups(self.settings.options(&of_engine), &mut plan, &mut job);
        priority::lower_priorities(&of_engine, &mut plan.engine, &mut job);
        process::check_polling_cpu(&of_engine, &mut job);
        consistency::make_consistent(&mut plan, &mut job, self.spec.readonly);
        consistency::check_wait_for(&plan, &self.names, &mut job);
        *self.names.entry(plan.name.clone()).or_default() += 1;
        plan.stonewall |= implied_stonewall;
        plan.defaults = Part::unset(self.global_options_start..self.global_options.len());
        self.place(&mut plan, new_group, section);
        if let Some(previous) = self.plan.jobs.last() {
            plan.share_with(previous);
        }
        self.plan.jobs.push(plan);
    }

    /// Gives the job its group and thread numbers.
    fn place(&mut self, plan: &mut JobPlan, new_group: bool, section: Section<'_>) {
        let place = |option| self.settings.origin(option).unwrap_or_else(|| section.origin());
        if (plan.stonewall || new_group) && self.group_has_members {
            self.group += 1;
            self.agreement.open_group();
        }
        self.group_has_members = true;
        plan.group = self.group;
        let section_origin = section.origin();
        self.agreement.join(plan, &self.settings, &section_origin, &mut self.diagnostics);
        plan.first_thread_number = u32::try_from(self.clones + 1).unwrap_or(u32::MAX);
        let before = self.clones;
        self.clones += u64::from(plan.clones);
        if before <= MAX_CLONES && self.clones > MAX_CLONES {
            self.too_many = Some(place("numjobs"));
        }
    }

    /// So many jobs can be understood, but not run.
    fn bound_clones(&mut self) {
        if let Some(origin) = self.too_many.take() {
            self.diagnostics.push(
                Diagnostic::unbuilt(format!("{} jobs are too many to run", self.clones))
                    .code(Code::TOO_MANY_JOBS)
                    .at(&origin)
                    .label(format!("at most {MAX_CLONES} jobs and clones together")),
            );
        }
    }

    fn finish(mut self) -> (Option<Plan>, Diagnostics) {
        self.bound_clones();
        self.diagnostics.sort_by_place();
        if self.spec.warnings_fatal {
            self.diagnostics.promote_warnings();
        }
        if self.diagnostics.has_errors() {
            return (None, self.diagnostics);
        }
        let all = Arc::new(self.global_options);
        self.plan.global_options = Part::of(&all, self.global_options_start..all.len());
        for job in &mut self.plan.jobs {
            job.defaults.set(&all);
        }
        self.plan.notes = self
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity < Severity::Unbuilt)
            .map(Diagnostic::one_line)
            .collect();
        (Some(self.plan), self.diagnostics)
    }
}

/// Turns each group of options into its part of the plan; true if the job opens a group.
fn lower_groups(options: JobOptions, plan: &mut JobPlan, job: &mut Job<'_>) -> bool {
    let JobOptions {
        general,
        file,
        io,
        random,
        pacing,
        verify,
        replay,
        zones,
        data,
        stats,
        logs,
        engine,
    } = options;
    let new_group = general::lower_general(general, plan, job);
    io::lower_io(io, plan, job);
    files::lower_files(file, plan);
    random::lower_random(random, plan);
    pacing::lower_pacing(pacing, plan);
    verify::lower_verify(verify, plan, job);
    replay::lower_replay(replay, plan, job);
    zones::lower_zones(zones, plan, job);
    data::lower_data(data, plan, job);
    stats::lower_stats(stats, plan);
    logs::lower_logs(logs, plan, job);
    plan.engine.options = engine;
    new_group
}

/// What the lowering of one job may ask for.
struct Job<'a> {
    settings: &'a Settings<'a>,
    host: &'a Host<'a>,
    /// The section itself.
    section: Section<'a>,
    /// Facts of its engine.
    engine: EngineFacts,
    diagnostics: &'a mut Diagnostics,
}

impl Job<'_> {
    /// Reports a finding about an option, at the place where it was set.
    fn report(&mut self, option: &str, diagnostic: Diagnostic) {
        let origin = self.settings.origin(option).unwrap_or_else(|| self.section.origin());
        self.diagnostics.push_once(diagnostic.at(&origin));
    }

    /// Refuses CPUs that this machine does not have.
    fn need_cpus(&mut self, option: &str, cpus: &IdRanges) {
        let last = self.host.last_cpu;
        if let Some(largest) = cpus.largest().filter(|&cpu| cpu > last) {
            self.report(
                option,
                Diagnostic::error(format!("CPU {largest} of `{option}` does not exist"))
                    .code(Code::NO_SUCH_CPU)
                    .label(format!("this machine has CPUs 0 to {last}")),
            );
        }
    }

    /// Refuses NUMA nodes that this machine does not have.
    fn need_nodes(&mut self, option: &str, nodes: &NodeSet) {
        let last = self.host.last_node;
        let (NodeSet::Nodes(named) | NodeSet::AllBut(named)) = nodes else { return };
        if let Some(largest) = named.largest().filter(|&node| node > last) {
            self.report(
                option,
                Diagnostic::error(format!("NUMA node {largest} of `{option}` does not exist"))
                    .code(Code::NO_SUCH_NODE)
                    .label(match last {
                        0 => "this machine has node 0 only".to_owned(),
                        _ => format!("this machine has nodes 0 to {last}"),
                    }),
            );
        }
    }
}

#[cfg(test)]
mod tests;
