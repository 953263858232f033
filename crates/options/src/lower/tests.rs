mod pacing;
mod process;
mod requests;

use std::sync::Arc;

use fiord_base::{PerDirection, Quantity};

use super::*;
use crate::host::test_host;
use crate::jobfile;
use crate::plan::{Execution, Fill, Seeds, Unified, VerifyKind};
use crate::spec::{Source, Typed};

fn spec(files: &[&str]) -> Spec {
    let mut spec = Spec::default();
    let command_line = Document::new(DocumentKind::CommandLine);
    spec.documents.push(command_line);
    for text in files {
        let source = Arc::new(Source::new("t.fio", *text));
        let (document, diagnostics) =
            jobfile::parse(&source, std::path::Path::new("t.fio"), &test_host());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        spec.documents.push(document);
    }
    spec
}

fn plan_of(files: &[&str]) -> Plan {
    let (plan, diagnostics) = lower(&spec(files), &test_host());
    plan.unwrap_or_else(|| panic!("{diagnostics:?}"))
}

/// The plan of one job with these options, separated by blanks.
fn job(options: &str) -> JobPlan {
    let text = format!("[a]\n{}\n", options.replace(' ', "\n"));
    plan_of(&[&text]).jobs.remove(0)
}

fn check_errors(text: &str, expected: &[&str]) {
    let (plan, diagnostics) = lower(&spec(&[text]), &test_host());
    assert_eq!(plan, None, "{text}");
    let lines: Vec<_> = diagnostics.iter().map(Diagnostic::one_line).collect();
    assert_eq!(lines, expected, "{text}");
}

/// Errors alone: what is not built yet does not matter to them.
fn check_faults(text: &str, expected: &[&str]) {
    let (plan, diagnostics) = lower(&spec(&[text]), &test_host());
    assert_eq!(plan, None, "{text}");
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let lines: Vec<_> = errors.map(Diagnostic::one_line).collect();
    assert_eq!(lines, expected, "{text}");
}

fn check_notes(options: &str, expected: &[&str]) {
    let text = format!("[a]\n{}\n", options.replace(' ', "\n"));
    assert_eq!(plan_of(&[&text]).notes, expected, "{options}");
}

#[test]
fn defaults_of_a_job() {
    let plan = job("");
    assert_eq!(plan.name, "a");
    assert_eq!((plan.clones, plan.group, plan.first_thread_number), (1, 0, 1));
    assert_eq!(plan.execution, Execution::Process);
    assert_eq!(plan.engine.name, "psync");
    assert_eq!(plan.blocks.min, PerDirection::all(4096));
    assert_eq!(plan.pattern.rw.name(), "read");
    assert_eq!(plan.pattern.seeds, Seeds::Base { base: 0x89, repeat: true });
    assert_eq!(&*plan.files.name_format, "$jobname.$jobnum.$filenum");
    assert!(plan.files.invalidate && plan.files.create_serialize && plan.files.allow_create);
    assert!(plan.data.scramble);
    assert_eq!(plan.stats.percentiles.len(), 17);
    assert_eq!(plan.limits.loops, 1);
    assert_eq!(plan.region.size, None);
}

#[test]
fn globals_hold_for_later_jobs_and_jobs_override_them() {
    let plan = plan_of(&[
        "[a]\nsize=1m\n[global]\nbs=8k,16k\nsize=2m\n[b]\nbs=,2k\n[global]\nsize=3m\n[c]\n",
    ]);
    let sizes: Vec<_> = plan.jobs.iter().map(|job| job.region.size).collect();
    let mib = |n: u64| Some(Quantity::Bytes(n << 20));
    assert_eq!(sizes, [mib(1), mib(2), mib(3)]);
    let blocks: Vec<_> = plan.jobs.iter().map(|job| job.blocks.min.0).collect();
    assert_eq!(blocks, [[4096; 3], [8192, 2048, 2048], [8192, 16384, 16384]]);
    let globals: Vec<_> = plan.global_options.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(globals, ["bs", "size", "size"]);
}

#[test]
fn the_first_file_inherits_from_the_command_line_and_later_ones_do_not() {
    let mut spec = spec(&["[a]\n[b]\n", "[c]\n[d]\n"]);
    let words = Arc::new(Source::new("command line", "bs=1k"));
    let globals = &mut spec.documents[0];
    let source = globals.add_source(&words);
    globals.open_section(SectionKind::Global, source, 0..0);
    assert!(globals.push_setting(Typed { source, name: 0..2, value: Some(3..5) }, None));
    let plan = lower(&spec, &test_host()).0.unwrap();
    let facts: Vec<_> =
        plan.jobs.iter().map(|job| (job.blocks.min.0[0], job.group, job.stonewall)).collect();
    assert_eq!(facts, [(1024, 0, false), (1024, 0, false), (4096, 1, true), (4096, 1, false)]);
}

#[test]
fn clones_groups_and_thread_numbers() {
    let plan = plan_of(&[
        "[a]\nnew_group\n[b]\nnumjobs=3\n[c]\nstonewall\nnumjobs=2\n[d]\nwait_for_previous=0\n\
         [e]\nnew_group\n",
    ]);
    let facts: Vec<_> =
        plan.jobs.iter().map(|job| (job.first_thread_number, job.clones, job.group)).collect();
    assert_eq!(facts, [(1, 1, 0), (2, 3, 0), (5, 2, 1), (7, 1, 1), (8, 1, 2)]);
    let numbers: Vec<_> = (0..3).map(|index| plan.jobs[1].clone_number(index)).collect();
    assert_eq!(numbers, [0, 2, 1]);
}

#[test]
fn names_come_from_the_section_or_from_its_own_name_option() {
    let plan = plan_of(&["[global]\nname=x\n[a b]\n[c]\nname=d\n"]);
    let names: Vec<_> = plan.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["a b", "d"]);
}

#[test]
fn only_the_sections_that_are_asked_for() {
    let mut spec = spec(&["[global]\nbs=1k\n[a]\n[b]\n"]);
    spec.only.push(b"b".to_vec());
    let plan = lower(&spec, &test_host()).0.unwrap();
    assert_eq!(plan.jobs.len(), 1);
    assert_eq!((plan.jobs[0].name.as_str(), plan.jobs[0].blocks.min.0[0]), ("b", 1024));
    assert_eq!(plan.jobs[0].first_thread_number, 1);
}

#[test]
fn options_are_kept_as_given_in_the_order_of_effect() {
    let given = job("filename=x:y blocksize=8k thread unit_base=8").given;
    let given: Vec<_> = given.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(given, [("unit_base", "8"), ("bs", "8k"), ("thread", ""), ("filename", "x:y")]);
}

#[test]
fn block_sizes_resolve() {
    let check = |options: &str, min: [u64; 3], max: [u64; 3]| {
        let blocks = job(options).blocks;
        assert_eq!((blocks.min.0, blocks.max.0), (min, max), "{options}");
    };
    check("bs=8k", [8192; 3], [8192; 3]);
    check("bs=1k,2k", [1024, 2048, 2048], [1024, 2048, 2048]);
    check("bsrange=1k-4k,2k-8k", [1024, 2048, 2048], [4096, 8192, 8192]);
    check("bsrange=4k-8k bs=2k", [4096; 3], [8192; 3]);
    check("bssplit=4k/50:2k,8k/:16k/10", [2048, 8192, 8192], [4096, 16384, 16384]);
    check("bssplit=4k/50:8k bsrange=1k-2k", [4096; 3], [8192; 3]);
    assert_eq!(job("bssplit=4k/50:8k").blocks.split.0[0], [(4096, 50), (8192, 50)]);
}

#[test]
fn units_of_sizes_are_known_before_the_sizes() {
    assert_eq!(job("size=1m kb_base=1000").region.size, Some(Quantity::Bytes(1_000_000)));
    assert_eq!(job("size=1m").region.size, Some(Quantity::Bytes(1 << 20)));
    let plan = plan_of(&["[global]\nkb_base=1000\n[a]\nsize=8k\n"]);
    assert_eq!(plan.jobs[0].region.size, Some(Quantity::Bytes(8000)));
}

#[test]
fn files_of_all_settings_count() {
    let names = |texts: &[&str]| plan_of(texts).jobs.pop().unwrap().files.names.clone();
    assert_eq!(names(&["[global]\nfilename=a\n[j]\nsize=8k\nfilename=b:c\n"]), ["a", "b", "c"]);
    assert_eq!(names(&["[j]\nsize=8k\nfilename=b\n[k]\nsize=8k\nfilename=c\n"]), ["c"]);
    let files = job("filename=a filename=b").files;
    assert_eq!((files.names.len(), files.count, files.unsplit.clone()), (2, 2, None));
    assert_eq!(job("filename=a:b").files.unsplit, Some("a:b".into()));
}

#[test]
fn opposites_undo_each_other() {
    assert!(job("buffered=1 direct=1").files.direct);
    assert!(!job("direct=1 buffered=1").files.direct);
    assert!(job("buffered=0").files.direct);
    assert_eq!(job("rwmixread=20 rwmixwrite=90").pattern.read_percent, 10);
    assert_eq!(job("rwmixwrite=90 rwmixread=20").pattern.read_percent, 20);
}

#[test]
fn seeds() {
    assert_eq!(job("randrepeat=0").pattern.seeds, Seeds::System);
    assert_eq!(job("allrandrepeat=0").pattern.seeds, Seeds::System);
    assert_eq!(job("randseed=7").pattern.seeds, Seeds::Base { base: 7, repeat: false });
    assert_eq!(
        job("randseed=0x10 randrepeat=0").pattern.seeds,
        Seeds::Base { base: 16, repeat: false }
    );
}

#[test]
fn patterns_and_their_numbers() {
    let pattern = job("rw=randwrite:8").pattern;
    assert_eq!((pattern.rw.name(), pattern.run_length), ("randwrite", 8));
    let pattern = job("rw=write:-8k").pattern;
    assert_eq!((pattern.sequential_gap, pattern.run_length), (-8192, 1));
    assert!(!job("rw=read").pattern.random_map);
    assert!(job("rw=randread").pattern.random_map);
    assert!(!job("rw=randread norandommap").pattern.random_map);
}

#[test]
fn buffers() {
    let data = |options: &str| job(options).data;
    assert_eq!(data("zero_buffers").fill, Fill::Zero);
    assert!(!data("zero_buffers").scramble);
    assert!(data("zero_buffers scramble_buffers=1").scramble);
    assert_eq!(data("buffer_pattern=0x4142 zero_buffers").fill, Fill::Pattern(b"AB".to_vec()));
    assert!(!data("buffer_pattern=0x41").scramble);
    assert!(!data("refill_buffers").scramble);
    assert!(data("buffer_compress_percentage=50").refill);
    assert!(!data("buffer_compress_percentage=50 refill_buffers=0 scramble_buffers=1").scramble);
    assert!(data("dedupe_percentage=0").refill && !data("buffer_compress_percentage=0").refill);
    let all_zeroes = data("buffer_compress_percentage=100 dedupe_percentage=50");
    assert_eq!((&all_zeroes.fill, all_zeroes.dedupe), (&Fill::Zero, None));
    assert_eq!(data("buffer_pattern='a.fio'").fill, Fill::Pattern(b"[a]\nsize=4k\n".to_vec()));
}

#[test]
fn times_are_nanoseconds() {
    let job = job("runtime=2 ramp_time=500ms startdelay=1-3 time_based");
    assert_eq!(job.limits.runtime_ns, Some(2_000_000_000));
    assert_eq!(job.limits.ramp_ns, Some(500_000_000));
    assert_eq!(job.start_delay_ns, (1_000_000_000, 3_000_000_000));
    assert!(job.limits.time_based);
    assert_eq!(super::tests::job("runtime=0").limits.runtime_ns, None);
}

#[test]
fn depths_are_bounded() {
    let engine = job("ioengine=null size=1m iodepth=8 iodepth_batch=0 iodepth_low=9").engine;
    assert_eq!((engine.batch, engine.iodepth_low), (8, 8));
    let engine = job("ioengine=null size=1m iodepth=8 iodepth_batch_complete_min=4").engine;
    assert_eq!((engine.batch_complete_min, engine.batch_complete_max), (4, 4));
    let engine = job("ioengine=null size=1m iodepth=8").engine;
    assert_eq!((engine.batch, engine.batch_complete_min, engine.batch_complete_max), (1, 1, 1));
}

#[test]
fn files() {
    let files = job("filename=/tmp/a:b directory=x:y openfiles=9 nrfiles=7").files;
    assert_eq!((files.count, files.open_limit), (2, 2));
    assert_eq!(files.names, ["/tmp/a", "b"]);
    assert_eq!(files.unsplit, Some("/tmp/a:b".into()));
    assert_eq!(files.directories, ["x", "y"]);
    let files = job("nrfiles=7").files;
    assert_eq!(
        (files.count, files.name_format.to_str().unwrap()),
        (7, "$jobname.$jobnum.$filenum")
    );
    assert!(job("rw=rw").files.overwrite && !job("rw=write").files.overwrite);
    assert!(!job("pre_read=1").files.invalidate);
}

#[test]
fn measurements_that_are_off_take_their_percentiles_along() {
    let stats = job("gtod_reduce=1 lat_percentiles=1 disable_lat=0").stats;
    assert!(!stats.lat && !stats.clat && !stats.slat && !stats.bw);
    assert!(!stats.clat_percentiles && !stats.lat_percentiles);
    let stats = job("disable_clat=1 unified_rw_reporting=2 percentile_list=99:50").stats;
    assert!(stats.lat && !stats.clat && !stats.clat_percentiles);
    assert_eq!(stats.unified, Unified::Both);
    assert_eq!(*stats.percentiles, [50.0, 99.0]);
    assert_eq!(*job("percentile_list=99:50:0:10").stats.percentiles, [50.0, 99.0]);
    assert!(job("percentile_list=0").stats.percentiles.is_empty());
}

#[test]
fn lists_of_errors_switch_their_class_on() {
    let errors = job("ignore_error=EIO,,12").errors;
    assert!(errors.continue_on.read && !errors.continue_on.write && errors.continue_on.verify);
    assert_eq!(errors.ignore_read, Some(vec![5]));
}

#[test]
fn settings_without_effect_are_noted() {
    check_notes(
        "time_based",
        &["t.fio:2:1: `time_based` without `runtime` has no effect; say how long with `runtime`"],
    );
    check_notes(
        "iodepth=4",
        &[
            "t.fio:2:9: `iodepth` above 1 has no effect with `ioengine=psync` (this engine does one \
         request at a time); use an asynchronous engine, or `numjobs`",
        ],
    );
    check_notes(
        "ba=8k rw=randread",
        &["t.fio:2:4: `ba` other than the smallest block size turns off the random map"],
    );
    check_notes("ba=4k rw=randread", &[]);
    check_notes("flow_watermark=5", &["t.fio:2:1: option `flow_watermark` has no effect"]);
}

#[test]
fn all_faults_of_all_jobs_are_reported_with_their_places() {
    check_errors(
        "[global]\nblocksise=4k\n[a]\nbs=0\nrw=reed\n[b]\nsize=1k\n",
        &[
            "t.fio:2:1: unknown option `blocksise`; did you mean `blocksize`?",
            "t.fio:4:4: bad value `0` for `bs` (expected a number of at least 1 that fits \
             into 64 bits); `--cmdhelp=bs` describes the option",
            "t.fio:5:4: bad value `reed` for `rw` (expected one of read, write, trim, randread, \
             randwrite, randtrim, rw, readwrite, randrw, trimwrite, randtrimwrite); did you mean \
             'read'?",
            "t.fio:7:6: size 1024 holds no block (the smallest block has 4096 bytes); raise \
             `size` or lower `bs`",
        ],
    );
}

#[test]
fn findings_show_the_line() {
    let (_, diagnostics) = lower(&spec(&["[a]\n  bsrange = 4k-8q\n"]), &test_host());
    assert_eq!(
        diagnostics.render(Severity::Error, crate::diagnostic::Colors::Never),
        "error[FD0201]: bad value `4k-8q` for `bsrange`\n \
         --> t.fio:2:17\n  \
         |\n\
         2 |   bsrange = 4k-8q\n  \
         |                 ^ expected a size suffix (k, m, g, t, p, kib ..) or nothing\n  \
         |\n  \
         = help: `--cmdhelp=bsrange` describes the option\n"
    );
}

#[test]
fn engines_without_files_need_a_size() {
    check_errors(
        "[a]\nioengine=null\nsize=50%\n",
        &[
            "t.fio:3:6: `size=50%` is a part of nothing (`ioengine=null` opens no file to take it from); add \
         `size=`, in bytes",
        ],
    );
    job("ioengine=null filesize=4k");
}

#[test]
fn options_of_profiles_are_warned_about() {
    check_notes(
        "threads=1",
        &[
            "t.fio:2:1: option `threads` has no effect (it belongs to the profile tiobench); did you \
         mean `thread`?",
        ],
    );
}

#[test]
fn engines_that_are_not_there_hide_no_other_fault_and_cause_none() {
    check_errors(
        "[a]\nioengine=rbd\nbusy_poll=1\nfoo=1\n",
        &[
            "t.fio:2:10: `ioengine=rbd` is known but not built yet in this version; it will need \
             librbd at run time",
            "t.fio:4:1: unknown option `foo`; `--cmdhelp` lists the options",
        ],
    );
}

#[test]
fn options_that_do_not_work_yet_prevent_a_run_unless_they_ask_for_what_happens_anyway() {
    for (text, expected) in [
        ("[a]\nnice=1\n", "t.fio:2:1: option `nice` is known but not built yet in this version"),
        (
            "[a]\nioengine=sg\n",
            "t.fio:2:10: `ioengine=sg` is known but not built yet in this version; it will need a SCSI \
             device",
        ),
        (
            "[a]\nioengine=rbd\nbusy_poll=1\n",
            "t.fio:2:10: `ioengine=rbd` is known but not built yet in this version; it will need \
             librbd at run time",
        ),
    ] {
        let (plan, diagnostics) = lower(&spec(&[text]), &test_host());
        assert!(plan.is_some() && diagnostics.has(Severity::Unbuilt), "{text}");
        let lines: Vec<_> = diagnostics.iter().map(Diagnostic::one_line).collect();
        assert_eq!(lines, [expected]);
    }
    check_errors("[a]\nrwmixcycle=5\n", &["t.fio:2:1: option `rwmixcycle` was removed"]);
    job("exitall=0 verify_fatal=0 zonemode=none cgroup_nodelete=0 random_distribution=random");
}

#[test]
fn options_of_engines_belong_to_them() {
    check_errors(
        "[a]\nioengine=null\nuserspace_reap\nsize=1m\n",
        &["t.fio:3:1: option `userspace_reap` belongs to the engine libaio (this job uses \
         `ioengine=null`)"],
    );
    plan_of(&["[global]\nuserspace_reap\n[a]\nioengine=null\nsize=1m\n"]);
    let plan = plan_of(&["[global]\nhipri\nsize=1m\n[a]\n[b]\nioengine=pvsync2\n"]);
    assert_eq!(plan.jobs[0].engine.options, []);
    assert_eq!(plan.jobs[1].engine.options, [("hipri".to_owned(), "1".to_owned())]);
}

#[test]
fn bounds_of_jobs() {
    check_errors(
        "[a]\nnumjobs=0\n",
        &["t.fio:2:9: `numjobs=0` leaves nothing to run (at least 1)"],
    );
    let many = spec(&["[a]\nnumjobs=40000\n[b]\nnumjobs=40000\n[c]\n"]);
    let (plan, found) = lower(&many, &test_host());
    assert_eq!(plan.map(|plan| plan.jobs.len()), Some(3), "they can be planned, but not run");
    let found: Vec<_> = found.iter().map(|found| (found.severity, found.one_line())).collect();
    let text = "t.fio:4:9: 80001 jobs are too many to run (at most 65536 jobs and clones together)";
    assert_eq!(found, [(Severity::Unbuilt, text.to_owned())]);
    assert_eq!(plan_of(&["[a]\nnumjobs=16384\n"]).jobs[0].clones, 16384);
}

#[test]
fn members_of_a_group_agree_on_percentiles() {
    check_errors(
        "[global]\ngroup_reporting\n[a]\n[b]\nlat_percentiles=1\n[c]\nnew_group\nlat_percentiles=1\n",
        &["t.fio:5:17: `lat_percentiles` differs between the jobs of a group; set it alike, or \
           part the jobs with `new_group`"],
    );
}

#[test]
fn readonly_refuses_writes_and_trims() {
    for rw in ["write", "randtrim", "rw", "trimwrite"] {
        let mut spec = spec(&[&format!("[a]\nrw={rw}\n")]);
        spec.readonly = true;
        assert!(lower(&spec, &test_host()).1.has_errors(), "{rw}");
    }
    let mut spec = spec(&["[a]\nrw=randread\n"]);
    spec.readonly = true;
    assert!(lower(&spec, &test_host()).0.unwrap().readonly);
}

#[test]
fn warnings_can_be_errors() {
    let mut spec = spec(&["[a]\ntime_based\n"]);
    spec.warnings_fatal = true;
    assert_eq!(lower(&spec, &test_host()).0, None);
}

#[test]
fn the_echo_has_resolved_values_in_the_order_of_the_table() {
    let job = job("blocksize=8k,16k rw=randrw time_based iodepth_batch=0 rwmixwrite=70");
    let effective = job.effective();
    let value =
        |name: &str| effective.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    assert_eq!(value("bs"), Some("8192,16384,16384"));
    assert_eq!(value("ba"), Some("8192,16384,16384"));
    assert_eq!(value("time_based"), Some("0"));
    assert_eq!(value("rwmixread"), Some("30"));
    assert_eq!(value("iodepth_batch"), Some("1"));
    assert_eq!(value("overwrite"), Some("1"));
    assert_eq!(value("ioengine"), Some("psync"));
    assert_eq!(value("loops"), Some("1"));
    assert_eq!(value("size"), None);
    assert_eq!(value("rate"), None, "not built");
    assert_eq!(value("norandommap"), Some("0"));
    assert_eq!(job.given[0], ("bs".to_owned(), "8k,16k".to_owned()));
}

#[test]
fn the_echo_leaves_out_what_is_not_in_force() {
    let sequential = job("rw=read norandommap");
    assert!(sequential.effective().iter().all(|(name, _)| name != "norandommap"));
}

#[test]
fn data_that_are_checked_are_made_for_each_write() {
    for (options, refill) in [
        ("rw=write verify=crc32c", true),
        ("rw=write verify=crc32c refill_buffers=0", false),
        ("rw=write verify=null", false),
        ("rw=write verify=null refill_buffers=1", true),
    ] {
        let plan = job(options);
        assert_eq!((plan.data.refill, plan.data.scramble), (refill, false), "{options}");
    }
    let alone = job("rw=write verify_pattern=0x1122");
    assert_eq!(alone.verify.kind, Some(VerifyKind::PatternHeader));
}
