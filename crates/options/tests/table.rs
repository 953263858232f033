//! The table against a list of what fio takes: no option is missing, none differs in name, default,
//! range or words, and none is there twice.

use std::collections::HashSet;

use fiord_options::table::{
    self, Argument, OptionDef, Scope, Status, TimeUnit, ValueKind, details, engine_option,
    job_option, profile_option, switch,
};
use fiord_options::value::{ParseContext, parse};

struct Row<'a> {
    scope: &'a str,
    name: &'a str,
    aliases: &'a str,
    kind: &'a str,
    default: &'a str,
    min: &'a str,
    max: &'a str,
    words: &'a str,
    since: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    include_str!("data/fio-options.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('|').collect();
            let [scope, name, aliases, kind, default, min, max, words, since] = fields[..] else {
                panic!("nine fields: {line}");
            };
            Row { scope, name, aliases, kind, default, min, max, words, since }
        })
        .collect()
}

fn find(row: &Row<'_>) -> Option<&'static OptionDef> {
    match row.scope.split_once(':') {
        None if row.scope == "job" => job_option(row.name),
        None => switch(row.name),
        Some(("engine", engine)) => engine_option(engine, row.name),
        Some((_, profile)) => profile_option(profile, row.name),
    }
}

/// The types of fio that a kind stands for.
fn types(kind: ValueKind) -> &'static [&'static str] {
    match kind {
        ValueKind::Text { .. }
        | ValueKind::OptionalText
        | ValueKind::Names
        | ValueKind::Split
        | ValueKind::PrioritySplit
        | ValueKind::ErrorLists
        | ValueKind::Pattern { .. }
        | ValueKind::IdList { .. }
        | ValueKind::Nodes
        | ValueKind::NumaMemory
        | ValueKind::Shares(_)
        | ValueKind::Properties
        | ValueKind::Numbers { .. }
        | ValueKind::Engine => &["str"],
        ValueKind::Int { .. } => &["int", "int(ms)"],
        ValueKind::Bytes { .. } => &["bytes", "uint64"],
        ValueKind::Quantity => &["bytes/%/Nz"],
        ValueKind::Sizes { .. } => &["uint64", "int"],
        ValueKind::SizeRanges { .. } => &["range(bytes)"],
        ValueKind::SizeRange { .. } => &["bytes"],
        ValueKind::Time(TimeUnit::Second) | ValueKind::TimeRange(TimeUnit::Second) => {
            &["time(s if no unit)"]
        }
        ValueKind::Time(TimeUnit::Micro)
        | ValueKind::TimeRange(TimeUnit::Micro)
        | ValueKind::Times(_) => &["time(us if no unit)"],
        ValueKind::Bool => &["bool"],
        ValueKind::Flag => &["flag"],
        ValueKind::Choice(_)
        | ValueKind::Access
        | ValueKind::Distribution(_)
        | ValueKind::FileService(_)
        | ValueKind::SteadyState(_) => &["enum", "str"],
        ValueKind::ChoiceSet { .. } => &["enum set", "str", "str list"],
        ValueKind::Floats { .. } => &["float list"],
        ValueKind::Ignored => &["no-op", "removed"],
    }
}

fn range(kind: ValueKind) -> (String, String) {
    let open = u64::from(u32::MAX);
    let top = |max: u64| if max >= open { String::new() } else { max.to_string() };
    let bottom = |min: u64| if min == 0 { String::new() } else { min.to_string() };
    let float = |f: f64| if f == f64::MAX { String::new() } else { f.to_string() };
    match kind {
        ValueKind::Int { min, max } => {
            let top = u64::try_from(max).map_or(String::new(), top);
            (if min == 0 { String::new() } else { min.to_string() }, top)
        }
        ValueKind::Bytes { min, max } | ValueKind::Sizes { min, max, .. } => {
            (bottom(min), top(max))
        }
        ValueKind::SizeRanges { min } | ValueKind::SizeRange { min } => {
            (bottom(min), String::new())
        }
        ValueKind::Bool => (String::new(), "1".into()),
        ValueKind::Floats { min, max, .. } => {
            (if min == 0.0 { String::new() } else { min.to_string() }, float(max))
        }
        _ => (String::new(), String::new()),
    }
}

fn words(def: &OptionDef) -> Vec<&'static str> {
    let mut words: Vec<_> = def.choices().iter().map(|c| c.word).collect();
    words.sort_unstable();
    words
}

#[test]
fn every_option_of_fio_is_in_the_table() {
    let mut problems = Vec::new();
    for row in rows() {
        let Some(def) = find(&row) else {
            problems.push(format!("{} {}: missing", row.scope, row.name));
            continue;
        };
        for problem in differences(&row, def) {
            problems.push(format!("{} {}: {problem}", row.scope, row.name));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn differences(row: &Row<'_>, def: &OptionDef) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |what: &str, ours: &str, fio: &str| {
        if ours != fio {
            problems.push(format!("{what} is {ours:?}, in fio {fio:?}"));
        }
    };
    check("name", def.name, row.name);
    if row.scope == "switch" {
        let letter = def.short.map(|c| format!("-{c}")).unwrap_or_default();
        check("letter", &letter, row.aliases);
        let argument = match def.argument {
            Argument::None => "flag",
            Argument::Optional => "optional",
            Argument::Required => "required",
        };
        check("argument", argument, row.kind);
        return problems;
    }
    check("aliases", &def.aliases.join(" "), row.aliases);
    check("default", def.default.unwrap_or(""), row.default);
    check("since", def.since.unwrap_or(""), row.since);
    let (min, max) = range(def.kind);
    // A minimum of zero is what a number without a minimum has.
    check("min", &min, if row.min == "0" { "" } else { row.min });
    check("max", &max, row.max);
    if !row.words.is_empty() {
        let mut fio: Vec<_> = row.words.split(' ').collect();
        fio.sort_unstable();
        check("words", &words(def).join(" "), &fio.join(" "));
    }
    if !types(def.kind).contains(&row.kind) {
        check("type", &format!("{:?}", def.kind), row.kind);
    }
    problems
}

/// Options of jobs that fio does not have.
const OURS: &[&str] = &["verify_journal"];

#[test]
fn the_table_holds_nothing_that_fio_does_not_know() {
    let known: HashSet<(&str, &str)> = rows().iter().map(|r| (r.scope, r.name)).collect();
    for def in table::all() {
        let scopes: Vec<String> = match def.scope {
            Scope::Job => vec!["job".into()],
            Scope::Switch => vec!["switch".into()],
            Scope::Engine(engines) => engines.iter().map(|e| format!("engine:{e}")).collect(),
            Scope::Profile(profile) => vec![format!("profile:{profile}")],
        };
        for scope in scopes {
            let ours = def.scope == Scope::Job && OURS.contains(&def.name);
            let is_known = known.contains(&(scope.as_str(), def.name));
            assert!(is_known != ours, "{scope} {}", def.name);
        }
    }
}

#[test]
fn names_are_unique_in_their_scope() {
    let mut seen = HashSet::new();
    for def in table::all() {
        for name in std::iter::once(&def.name).chain(def.aliases) {
            let scopes: Vec<String> = match def.scope {
                Scope::Engine(engines) => engines.iter().map(|e| (*e).to_owned()).collect(),
                // A switch and a job option of one name could not be told apart, but for the two
                // that exist: `--name` is no switch, and `--profile` is both in fio.
                Scope::Switch if def.name == "profile" => vec!["switch".into()],
                Scope::Job | Scope::Switch => vec!["command line".into()],
                Scope::Profile(profile) => vec![format!("profile {profile}")],
            };
            for scope in scopes {
                assert!(seen.insert((scope.clone(), *name)), "{scope}: {name} twice");
            }
        }
    }
    let mut letters = HashSet::new();
    for def in table::switches() {
        assert!(def.short.is_none_or(|letter| letters.insert(letter)), "{} letter", def.name);
    }
}

#[test]
fn every_engine_of_fio_is_in_the_table() {
    for name in include_str!("data/fio-engines.txt").lines() {
        assert_eq!(table::engine(name).map(|e| e.name), Some(name));
    }
    let owners = table::engine_options().flat_map(|def| match def.scope {
        Scope::Engine(engines) => engines,
        _ => &[],
    });
    for owner in owners {
        assert!(table::engines().any(|e| e.name == *owner), "{owner} owns options");
    }
}

#[test]
fn the_engines_of_the_first_release_are_ready() {
    let ready: Vec<_> =
        table::engines().filter(|e| e.status == Status::Ready).map(|e| e.name).collect();
    for name in
        ["sync", "psync", "vsync", "pvsync", "pvsync2", "mmap", "null", "ftruncate", "falloc"]
    {
        assert!(ready.contains(&name), "{name}");
    }
}

#[test]
fn parents_and_inverses_exist() {
    for def in table::all() {
        for name in def.parent.iter().chain(&def.inverse) {
            let found = match def.scope {
                Scope::Engine([engine, ..]) => engine_option(engine, name),
                Scope::Profile(profile) => profile_option(profile, name),
                _ => job_option(name),
            };
            assert!(found.is_some(), "{} refers to {name}", def.name);
        }
    }
}

#[test]
fn every_default_is_a_value_of_its_option() {
    for def in table::all() {
        if let Some(text) = def.default {
            let parsed = parse(def, Some(text.as_bytes()), &ParseContext::default());
            assert!(parsed.is_ok(), "{}={text}: {parsed:?}", def.name);
        }
    }
}

#[test]
fn every_entry_is_described() {
    for def in table::all() {
        assert!(!def.help.is_empty() && !def.category.is_empty(), "{}", def.name);
        assert!(!def.help.ends_with('.'), "{}: no full stop", def.name);
        for choice in def.choices() {
            let same = choice.same_as.map(|word| def.choices().iter().any(|c| c.word == word));
            assert_ne!(same, Some(false), "{}={}", def.name, choice.word);
            assert!(same.is_some() || !choice.help.is_empty(), "{}={}", def.name, choice.word);
        }
    }
}

#[test]
fn unknown_names_suggest_the_nearest() {
    assert_eq!(table::closest_job_option("iodept", None), Some("iodepth"));
    assert_eq!(table::closest_job_option("blocksiz", None), Some("blocksize"));
    assert_eq!(table::closest_job_option("fixedbuf", Some("io_uring")), Some("fixedbufs"));
    assert_eq!(table::closest_job_option("fixedbuf", Some("psync")), None);
    assert_eq!(table::closest_job_option("xyzzyx", None), None);
    assert_eq!(table::closest_switch("outputformat"), Some("output-format"));
    assert_eq!(table::closest_engine("io-uring"), Some("io_uring"));
}

#[test]
fn engines_are_found_by_alias() {
    assert_eq!(table::engine("linuxaio").map(|e| e.name), Some("libaio"));
    assert_eq!(table::engine("aio2").map(|e| e.name), Some("libaio"));
    assert_eq!(table::engine("external:/x.so").map(|e| e.name), Some("external"));
    assert_eq!(table::engine("psync2"), None);
    assert!(engine_option("linuxaio", "userspace_reap").is_some());
}

#[test]
fn every_description_belongs_to_an_entry() {
    let mut seen = HashSet::new();
    for key in details::keys() {
        let engine = key.strip_prefix("engine ");
        let found = match engine {
            Some(name) => table::engines().any(|engine| engine.name == name),
            None => table::all().any(|def| details::describes(key, def)),
        };
        assert!(found, "a description of `{key}`, which is not in the table");
        assert!(seen.insert(key), "two descriptions of `{key}`");
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

#[test]
fn every_group_has_a_title_and_an_introduction() {
    let others = ["engines", "profiles", "switches"];
    for name in table::job_groups().map(|(name, _)| name).chain(others) {
        let (title, introduction) = details::of_group(name).unwrap();
        assert!(!title.is_empty() && introduction.ends_with('.'), "{name}");
    }
}

/// What stands between backticks in a description and looks like an option is one.
#[test]
fn descriptions_name_options_that_exist() {
    let texts = table::all().filter_map(|def| Some((def.name, details::of_option(def)?)));
    for (name, text) in texts {
        for (i, word) in text.split('`').enumerate() {
            let looks_like_option = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            if i % 2 == 1 && word.contains('_') && looks_like_option {
                let known = table::all().any(|def| def.is_called(word))
                    || table::all().any(|def| def.choices().iter().any(|c| c.word == word))
                    || table::engine(word).is_some()
                    || word == "clock_gettime";
                assert!(known, "the description of {name} names `{word}`");
            }
        }
        assert_eq!(text.matches('`').count() % 2, 0, "backticks of {name}");
    }
}

/// Options of jobs that are understood and not carried out yet, by what they wait for. The list shrinks: an
/// option that is built leaves it, and none is ever added.
const NOT_BUILT: &[(&str, &str)] = &[
    (
        "logs",
        "per_job_logs write_bw_log write_lat_log write_iops_log write_hist_log log_entries log_avg_msec \
         log_hist_msec log_hist_coarseness log_window_value log_offset log_prio log_issue_time \
         log_compression log_compression_cpus log_store_compressed log_alternate_epoch \
         log_alternate_epoch_clock_id",
    ),
    (
        "replay",
        "read_iolog read_iolog_chunked replay_no_stall replay_redirect replay_scale replay_align \
         replay_time_scale replay_skip merge_blktrace_file merge_blktrace_scalars merge_blktrace_iters",
    ),
    (
        "steady state",
        "steadystate steadystate_duration steadystate_ramp_time steadystate_check_interval",
    ),
    (
        "what begins and ends with other jobs and programs",
        "wait_for exec_prerun exec_postrun exitall exit_what exitall_on_error",
    ),
    (
        "zoned devices and data placement",
        "zonecapacity read_beyond_wp max_open_zones job_max_open_zones ignore_zone_limits \
         zone_reset_threshold zone_reset_frequency recover_zbd_write_error write_zone_remainder fdp \
         dataplacement plid_select plids dp_scheme",
    ),
    (
        "processors, memory nodes, control groups, identity and scheduling",
        "comm nice cpumask cpus_allowed cpus_allowed_policy numa_cpu_nodes numa_mem_policy gtod_cpu \
         cgroup cgroup_nodelete cgroup_weight uid gid ioscheduler",
    ),
    ("profiles inside of job files", "profile"),
];

#[test]
fn only_what_waits_for_a_later_part_is_not_built() {
    let mut listed: Vec<&str> =
        NOT_BUILT.iter().flat_map(|(_, names)| names.split_whitespace()).collect();
    let mut planned: Vec<&str> =
        table::job_options().filter(|o| o.status == Status::Planned).map(|o| o.name).collect();
    listed.sort_unstable();
    planned.sort_unstable();
    assert_eq!(planned, listed);
}
