//! Every option there is, with a value from `data/values.txt`: it reads, it prints in its canonical
//! form, it is refused where it should be, it is known by its other names, and setting it changes the
//! plan. Switches are tested where they are parsed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::HashSet;
use std::path::Path;

use fiord_options::plan::{JobPlan, Plan};
use fiord_options::table::{self, JobOptions, OptionDef, Scope, Status, engine_option, job_option};
use fiord_options::value::{ParseContext, Value, ValueError, parse};
use fiord_options::{Diagnostic, Diagnostics, EngineFacts, Host, commandline, lower};

struct Row {
    scope: &'static str,
    name: &'static str,
    /// Other settings of the job, one on a line.
    others: String,
    value: &'static str,
    canonical: &'static str,
    /// A value that is refused; `None` if there is none.
    refused: Option<&'static str>,
}

fn rows() -> impl Iterator<Item = Row> {
    include_str!("data/values.txt").lines().filter(|line| !line.starts_with('#')).map(|line| {
        let fields: Vec<&str> = line.split('|').collect();
        let [scope, name, others, value, canonical, refused] = fields[..] else {
            panic!("six fields: {line}");
        };
        let refused = match refused {
            "" => panic!("{scope} {name}: a refused value, or why there is none"),
            "(empty)" => Some(""),
            reason if reason.starts_with('(') => None,
            text => Some(text),
        };
        Row { scope, name, others: others.replace(';', "\n"), value, canonical, refused }
    })
}

impl Row {
    fn engine(&self) -> Option<&'static str> {
        self.scope.strip_prefix("engine:")
    }

    fn def(&self) -> &'static OptionDef {
        let found = match (self.engine(), self.scope.strip_prefix("profile:")) {
            (Some(engine), _) => engine_option(engine, self.name),
            (_, Some(profile)) => table::profile_option(profile, self.name),
            _ => job_option(self.name),
        };
        found.unwrap_or_else(|| panic!("no option {} of {}", self.name, self.scope))
    }

    /// True if a job can have the option.
    fn works(&self) -> bool {
        let engine = self.engine().and_then(table::engine);
        let possible = |status| matches!(status, Status::Ready | Status::Planned);
        possible(self.def().status)
            && engine.is_none_or(|engine| possible(engine.status))
            && !self.scope.starts_with("profile:")
            // It is a switch; in a job it has no effect.
            && self.name != "profile"
    }

    fn read(&self, text: &str) -> Result<Value, ValueError> {
        parse(self.def(), Some(text.as_bytes()), &ParseContext::default())
    }

    /// The plan of a job that has these settings beside the ones that the option needs.
    fn job(&self, settings: &str) -> Result<JobPlan, String> {
        let engine = self.engine().map_or(String::new(), |engine| format!("ioengine={engine}\n"));
        let job = format!("size=1m\n{engine}{}\n{settings}\n", self.others);
        // These are about another job.
        let about_another = matches!(self.name, "wait_for" | "new_group");
        let first = if about_another { "[first]\nsize=1m\n" } else { "" };
        let (plan, diagnostics) = plan_of(&format!("{first}[a]\n{job}"));
        match plan {
            Some(mut plan) => Ok(plan.jobs.pop().unwrap()),
            None => Err(format!("no plan for {job:?}: {}", lines(&diagnostics))),
        }
    }
}

/// Looks at all rows of some options, and fails with what is wrong about any of them.
fn check_rows(wanted: impl Fn(&Row) -> bool, look: impl Fn(&Row) -> Result<(), String>) {
    let problems: Vec<String> = rows()
        .filter(&wanted)
        .filter_map(|row| Some(format!("{} {}: {}", row.scope, row.name, look(&row).err()?)))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, wanted: &T) -> Result<(), String> {
    if ours == wanted { Ok(()) } else { Err(format!("{what}: {ours:?}, not {wanted:?}")) }
}

fn differ<T: PartialEq>(what: &str, one: &T, other: &T) -> Result<(), String> {
    if one == other { Err(format!("{what}: no difference")) } else { Ok(()) }
}

/// What a job file means: the plan, if there is one, and all findings.
fn plan_of(text: &str) -> (Option<Plan>, Diagnostics) {
    let host = Host {
        page_size: 4096,
        cpus: 2,
        last_cpu: 1,
        last_node: 0,
        memory_bytes: 4 << 30,
        env: &|_| None,
        read_file: &|path: &Path| match path.to_str() {
            Some("t.fio") => Ok(text.into()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        },
        engine: &|name| {
            let ready = table::engine(name).is_some_and(|engine| engine.status == Status::Ready);
            ready.then(EngineFacts::default)
        },
    };
    let (invocation, mut diagnostics) = commandline::parse(&["t.fio".into()], &host);
    let (plan, found) = lower(&invocation.spec, &host);
    diagnostics.extend(found);
    (plan, diagnostics)
}

/// All findings, one on a line.
fn lines(diagnostics: &Diagnostics) -> String {
    diagnostics.iter().map(|d| d.one_line() + "\n").collect()
}

/// The typed parts of a plan: without the settings as they were written.
fn meaning(mut plan: JobPlan) -> JobPlan {
    plan.given = Default::default();
    plan.defaults = Default::default();
    plan
}

#[test]
fn every_option_has_a_row() {
    let known: HashSet<(String, &str)> = rows().map(|r| (r.scope.to_owned(), r.name)).collect();
    assert_eq!(known.len(), rows().count(), "each once");
    for def in table::all() {
        let scopes = match def.scope {
            Scope::Job => vec!["job".to_owned()],
            Scope::Engine(engines) => engines.iter().map(|e| format!("engine:{e}")).collect(),
            Scope::Profile(profile) => vec![format!("profile:{profile}")],
            Scope::Switch => continue,
        };
        for scope in scopes {
            assert!(known.contains(&(scope.clone(), def.name)), "{scope}|{}", def.name);
        }
    }
}

#[test]
fn values_read_and_print_and_others_are_refused() {
    check_rows(
        |_| true,
        |row| {
            let (def, name) = (row.def(), row.name);
            let value = row.read(row.value).map_err(|e| format!("{}: {e:?}", row.value))?;
            same("canonical text", &value.to_string().as_str(), &row.canonical)?;
            same("canonical text again", &row.read(row.canonical), &Ok(value))?;
            if let Some(default) = def.default {
                row.read(default).map_err(|e| format!("default {default}: {e:?}"))?;
                differ("value and default", &row.canonical, &default)?;
            }
            match row.refused.map(|text| (text, row.read(text))) {
                Some((text, Ok(value))) => Err(format!("{text} is taken for {value:?}")),
                Some((text, Err(error))) => {
                    assert!(error.span.end <= text.len() && !error.expected.is_empty(), "{name}");
                    Ok(())
                }
                None => Ok(()),
            }
        },
    );
}

#[test]
fn refused_values_are_reported_where_they_stand() {
    check_rows(Row::works, |row| {
        let Some(text) = row.refused else { return Ok(()) };
        let engine = row.engine().map_or(String::new(), |engine| format!("ioengine={engine}\n"));
        let job = format!("[a]\n{engine}{}={text}\n", row.name);
        let (plan, diagnostics) = plan_of(&job);
        let line = job.lines().count();
        let found = diagnostics.iter().any(|d| {
            d.message.contains(&format!("`{}`", row.name))
                && d.origin.as_ref().is_some_and(|origin| origin.line() == line)
        });
        same("plan, and finding in its line", &(plan.is_some(), found), &(false, true))
    });
}

#[test]
fn values_and_words_have_a_place() {
    check_rows(Row::works, |row| {
        let def = row.def();
        let words = def.choices().iter().map(|choice| choice.word);
        for text in words.chain([row.value]).chain(def.default) {
            // Some words need a parameter.
            let Ok(value) = row.read(text) else { continue };
            if matches!(def.value_status(&value), Status::Unavailable { .. }) {
                continue;
            }
            let mut options = JobOptions::default();
            same(text, &options.set(def, &value), &Ok(()))?;
            differ(text, &options, &JobOptions::default())?;
            options.unset(def);
            same("forgotten", &options, &JobOptions::default())?;
        }
        Ok(())
    });
}

/// Options whose effect is not in the typed part of a job's plan, and why.
const NOT_IN_THE_PLAN_OF_A_JOB: &[(&str, &str)] =
    &[("unique_filename", "it concerns names on remote machines only")];

#[test]
fn setting_an_option_shows_in_the_plan() {
    check_rows(Row::works, |row| {
        let Row { name, value, canonical, .. } = *row;
        let (without, with) = (row.job("")?, row.job(&format!("{name}={value}"))?);
        let shown = (name.to_owned(), canonical.to_owned());
        let effective = with.effective();
        if !effective.contains(&shown) {
            let other = effective.iter().find(|(other, _)| other == name);
            return Err(format!("{shown:?} is not in force, but {other:?}"));
        }
        differ("options in force", &effective, &without.effective())?;
        if row.engine().is_some() {
            same("options of the engine", &with.engine.options, &vec![shown])?;
            same("options of the engine", &without.engine.options, &Vec::new())?;
        }
        match NOT_IN_THE_PLAN_OF_A_JOB.iter().any(|(other, _)| *other == name) {
            false => differ("meaning", &meaning(with), &meaning(without)),
            true => Ok(()),
        }
    });
}

#[test]
fn other_names_say_the_same() {
    check_rows(Row::works, |row| {
        let named = row.job(&format!("{}={}", row.name, row.value))?;
        for alias in row.def().aliases {
            same(alias, &row.job(&format!("{alias}={}", row.value))?, &named)?;
        }
        Ok(())
    });
}

/// What happens anyway may be said.
#[test]
fn defaults_and_values_that_ask_for_nothing_are_built() {
    for row in rows().filter(|row| row.def().status == Status::Planned && row.works()) {
        let def = row.def();
        let Some(text) = def.default.or(def.idle) else { continue };
        let engine = row.engine().map_or(String::new(), |engine| format!("ioengine={engine}\n"));
        let (_, diagnostics) = plan_of(&format!("[a]\nsize=1m\n{engine}{}={text}\n", row.name));
        let of_option = |d: &&Diagnostic| d.message.contains(&format!("option `{}`", row.name));
        assert!(diagnostics.iter().find(of_option).is_none(), "{}={text}", row.name);
    }
}

#[test]
fn options_that_are_gone_say_so() {
    for row in rows().filter(|row| row.scope == "job") {
        let (plan, diagnostics) = plan_of(&format!("[a]\nsize=1m\n{}={}\n", row.name, row.value));
        match row.def().status {
            Status::Ready | Status::Planned => {}
            Status::NoOp => {
                assert!(plan.is_some(), "{}", row.name);
                assert!(lines(&diagnostics).contains("has no effect"), "{}", row.name);
            }
            Status::Removed { .. } | Status::Unavailable { .. } => {
                assert_eq!(plan, None, "{}", row.name);
                assert!(lines(&diagnostics).contains(row.name), "{}", row.name);
            }
        }
    }
}
