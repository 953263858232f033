//! Job options in one line, and the entries of the log that they lead to.

#![allow(dead_code)] // each test binary uses a part
#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::fmt::Write as _;

use fiord_base::random::{DEFAULT_SEED, LfsrError, StreamSeeds};
use fiord_base::{Direction, PerDirection, Quantity};
use fiord_options::plan::{
    BlocksPlan, ClocksPlan, Distribution, EnginePlan, Execution, FilesPlan, JobPlan, Limits,
    Pattern, PatternPlan, PreconditionPlan, RandomGenerator, Region, RequestPriorities, Seeds,
    Sequencer, StatsPlan, StridedZones, SubmitMode, Unified, ZonesPlan,
};
use fiord_options::table;
use fiord_options::value::{FileChoice, ParseContext, Value, parse};
use fiord_options::{Part, Shared};
use fiord_workload::{Generator, GeneratorError, Outcome, Step, Target, regions};

/// A plan of defaults: 4 KiB sequential reads of one file.
fn defaults() -> JobPlan {
    JobPlan {
        name: "job".into(),
        raw_name: None,
        description: None,
        given: Vec::new(),
        defaults: Part::default(),
        first_thread_number: 1,
        clones: 1,
        group: 0,
        stonewall: false,
        execution: Execution::Thread,
        start_delay_ns: (0, 0),
        schedule: Shared::default(),
        pacing: Shared::default(),
        process: Shared::default(),
        memory: Shared::default(),
        clocks: ClocksPlan::default(),
        limits: Limits { loops: 1, ..Limits::default() }.into(),
        region: Shared::from(Region {
            size: None,
            io_size: None,
            offset: Quantity::Bytes(0),
            offset_increment: Quantity::Bytes(0),
            offset_align: None,
            fill_device: false,
        }),
        files: FilesPlan { count: 1, open_limit: 1, service_batch: 1, ..FilesPlan::default() }
            .into(),
        pattern: Shared::from(PatternPlan {
            rw: Pattern { read: true, write: false, trim: false, random: false },
            sequencer: Sequencer::Sequential,
            run_length: 1,
            sequential_gap: 0,
            read_percent: 50,
            percentage_random: PerDirection::all(100),
            generator: RandomGenerator::Tausworthe,
            generator_explicit: false,
            distribution: Distribution::Uniform,
            sequence_stride: false,
            precondition: None,
            ranges_per_trim: 1,
            random_map: true,
            soft_random_map: false,
            seeds: Seeds::Base { base: DEFAULT_SEED, repeat: true },
        }),
        blocks: Shared::from(BlocksPlan {
            min: PerDirection::all(4096),
            max: PerDirection::all(4096),
            align: PerDirection::all(4096),
            split: PerDirection([Vec::new(), Vec::new(), Vec::new()]),
            unaligned: false,
            sequential_random: false,
        }),
        flush: Shared::default(),
        data: Shared::default(),
        engine: Shared::from(EnginePlan {
            name: "null".into(),
            iodepth: 1,
            batch: 1,
            batch_complete_min: 1,
            batch_complete_max: 1,
            iodepth_low: 1,
            submit: SubmitMode::Inline,
            serialize_overlap: false,
            options: Vec::new(),
            priorities: RequestPriorities::default(),
        }),
        stats: Shared::from(StatsPlan {
            report: true,
            group_reporting: false,
            unified: Unified::None,
            lat: true,
            clat: true,
            slat: true,
            bw: true,
            gtod_reduce: false,
            clat_percentiles: true,
            lat_percentiles: false,
            slat_percentiles: false,
            percentiles: Shared::default(),
            significant_figures: 4,
            bw_period_ms: 500,
            iops_period_ms: 500,
            block_error_percentiles: false,
            disk_util: false,
            clock: None,
            kb_base: 1024,
            unit_base: 8,
        }),
        errors: Shared::default(),
        verify: Shared::default(),
        zones: Shared::default(),
        placement: Shared::default(),
        logs: Shared::default(),
        write_iolog: None,
        replay: Shared::default(),
    }
}

/// A number with an optional binary suffix.
fn bytes(text: &str) -> u64 {
    let (digits, factor) = match text.as_bytes()[text.len() - 1].to_ascii_lowercase() {
        b'k' => (&text[..text.len() - 1], 1 << 10),
        b'm' => (&text[..text.len() - 1], 1 << 20),
        b'g' => (&text[..text.len() - 1], 1 << 30),
        b't' => (&text[..text.len() - 1], 1 << 40),
        _ => (text, 1),
    };
    digits.parse::<u64>().unwrap_or_else(|_| panic!("bad number {text}")) * factor
}

fn quantity(text: &str) -> Quantity {
    match text.strip_suffix('%') {
        Some(percent) => Quantity::Percent(percent.parse().unwrap()),
        None => Quantity::Bytes(bytes(text)),
    }
}

/// One to three values: the last one given stands for the rest.
fn directions<T: Clone>(text: &str, parse: impl Fn(&str) -> T) -> [T; 3] {
    let values: Vec<T> = text.split(',').map(parse).collect();
    [0, 1, 2].map(|index| values.get(index).or(values.last()).cloned().unwrap())
}

fn pattern(plan: &mut PatternPlan, text: &str) {
    let (word, argument) = match text.split_once(':') {
        Some((word, argument)) => (word, Some(argument)),
        None => (text, None),
    };
    let (random, word) = match word.strip_prefix("rand") {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let (read, write, trim) = match word {
        "read" => (true, false, false),
        "write" => (false, true, false),
        "trim" => (false, false, true),
        "rw" => (true, true, false),
        "trimwrite" => (false, true, true),
        _ => panic!("bad pattern {text}"),
    };
    plan.rw = Pattern { read, write, trim, random };
    match argument {
        Some(run) if random => plan.run_length = run.parse().unwrap(),
        Some(gap) => {
            plan.sequential_gap = match gap.strip_prefix('-') {
                Some(gap) => -(bytes(gap) as i64),
                None => bytes(gap) as i64,
            };
        }
        None => {}
    }
}

fn split(text: &str) -> Vec<(u64, u32)> {
    let mut entries: Vec<(u64, u32)> = text
        .split(':')
        .map(|entry| match entry.split_once('/') {
            Some((size, percent)) => (bytes(size), percent.parse().unwrap_or(0)),
            None => (bytes(entry), 0),
        })
        .collect();
    let open = entries.iter().filter(|(_, percent)| *percent == 0).count() as u32;
    let rest = 100 - entries.iter().map(|(_, percent)| percent).sum::<u32>();
    for (_, percent) in &mut entries {
        if *percent == 0 {
            *percent = rest / open;
        }
    }
    entries.sort_by_key(|(_, percent)| *percent);
    entries
}

/// The value of an option whose grammar is not simple.
pub(crate) fn structured(name: &str, value: &str) -> Value {
    let def = table::job_option(name).unwrap();
    parse(def, Some(value.as_bytes()), &ParseContext::default()).unwrap()
}

fn set_blocks(blocks: &mut BlocksPlan, name: &str, value: &str) {
    match name {
        "bs" => {
            blocks.min.0 = directions(value, bytes);
            blocks.max.0 = blocks.min.0;
        }
        "bsrange" => {
            let ranges = directions(value, |range| {
                let (low, high) = range.split_once('-').unwrap();
                (bytes(low), bytes(high))
            });
            blocks.min.0 = ranges.map(|(low, _)| low);
            blocks.max.0 = ranges.map(|(_, high)| high);
        }
        _ => {
            blocks.split.0 = directions(value, split);
            for (index, list) in blocks.split.0.iter().enumerate() {
                let sizes = || list.iter().map(|(size, _)| *size);
                blocks.min.0[index] = sizes().min().unwrap();
                blocks.max.0[index] = sizes().max().unwrap();
            }
        }
    }
}

/// The size that the files of a case have before the job, if it works on files.
pub(crate) fn present(options: &str) -> Option<u64> {
    options.split_whitespace().find_map(|option| option.strip_prefix("present=")).map(bytes)
}

/// The plan of options such as `rw=randread bs=4k,8k size=1m`.
pub(crate) fn plan(options: &str) -> JobPlan {
    let mut plan = defaults();
    let mut repeat = true;
    let mut align = None;
    let mut open_limit = None;
    let mut seed = None;
    for option in options.split_whitespace() {
        let (name, value) = option.split_once('=').unwrap_or((option, "1"));
        match name {
            "rw" => pattern(&mut plan.pattern, value),
            "rw_sequencer" => {
                plan.pattern.sequencer = match value {
                    "identical" => Sequencer::Identical,
                    _ => Sequencer::Sequential,
                };
            }
            "size" => plan.region.size = Some(quantity(value)),
            "io_size" => plan.region.io_size = Some(quantity(value)),
            "offset" => plan.region.offset = quantity(value),
            "offset_increment" => plan.region.offset_increment = quantity(value),
            "offset_align" => plan.region.offset_align = Some(bytes(value)),
            "number_ios" => plan.limits.number_ios = Some(bytes(value)),
            "loops" => plan.limits.loops = value.parse().unwrap(),
            "time_based" => plan.limits.time_based = true,
            "bs" | "bsrange" | "bssplit" => set_blocks(&mut plan.blocks, name, value),
            "ba" => align = Some(directions(value, bytes)),
            "bs_unaligned" => plan.blocks.unaligned = true,
            "bs_is_seq_rand" => plan.blocks.sequential_random = value == "1",
            "rwmixread" => plan.pattern.read_percent = value.parse().unwrap(),
            "rwmixwrite" => plan.pattern.read_percent = 100 - value.parse::<u32>().unwrap(),
            "percentage_random" => {
                plan.pattern.percentage_random.0 = directions(value, |v| v.parse().unwrap());
            }
            "norandommap" => plan.pattern.random_map = false,
            "softrandommap" => plan.pattern.soft_random_map = value == "1",
            "random_generator" => {
                plan.pattern.generator_explicit = true;
                plan.pattern.generator = match value {
                    "lfsr" => RandomGenerator::Lfsr,
                    "tausworthe64" => RandomGenerator::Tausworthe64,
                    _ => RandomGenerator::Tausworthe,
                };
            }
            "nrfiles" => plan.files.count = value.parse().unwrap(),
            "openfiles" => open_limit = Some(value.parse().unwrap()),
            "filesize" => {
                let (low, high) = value.split_once('-').unwrap_or((value, value));
                plan.files.file_size = Some((bytes(low), bytes(high)));
            }
            "file_service_type" => {
                let Value::FileService(FileChoice { service, distribution, batch }) =
                    structured(name, value)
                else {
                    panic!("bad {option}");
                };
                plan.files.service = service;
                plan.files.service_distribution = distribution;
                plan.files.service_batch = batch;
            }
            "random_distribution" => {
                let Value::Distribution(distribution) = structured(name, value) else {
                    panic!("bad {option}");
                };
                plan.pattern.random_map &= distribution == Distribution::Uniform;
                plan.pattern.distribution = distribution;
            }
            "sprandom" => {
                plan.pattern.precondition = Some(PreconditionPlan {
                    regions: 100,
                    over_provisioning: 0.15,
                    cache_bytes: 0,
                });
                plan.pattern.generator = RandomGenerator::Lfsr;
                plan.pattern.random_map = false;
            }
            "spr_num_regions" => {
                plan.pattern.precondition.as_mut().unwrap().regions = value.parse().unwrap();
            }
            "spr_op" => {
                plan.pattern.precondition.as_mut().unwrap().over_provisioning =
                    value.parse().unwrap();
            }
            "spr_cs" => plan.pattern.precondition.as_mut().unwrap().cache_bytes = bytes(value),
            "random_sequence_stride" => plan.pattern.sequence_stride = value == "1",
            "numjobs" => plan.clones = value.parse().unwrap(),
            "fsync" => plan.flush.fsync_every = value.parse().unwrap(),
            "fdatasync" => plan.flush.fdatasync_every = value.parse().unwrap(),
            "sync_file_range" => {
                plan.flush.range_every = value.split_once(':').unwrap().1.parse().unwrap();
                plan.flush.range_flags = 2;
            }
            "randseed" => seed = Some(bytes(value)),
            "randrepeat" => repeat = value == "1",
            "zonesize" => {
                let skip_bytes = 0;
                let (transfer_bytes, range_bytes) = (bytes(value), bytes(value));
                let zones = StridedZones { transfer_bytes, range_bytes, skip_bytes };
                plan.zones = ZonesPlan::Strided(zones).into();
            }
            "zonerange" | "zoneskip" => {
                let ZonesPlan::Strided(zones) = &mut *plan.zones else { panic!("zonesize first") };
                let field = if name == "zonerange" {
                    &mut zones.range_bytes
                } else {
                    &mut zones.skip_bytes
                };
                *field = bytes(value);
            }
            // What changes no sequence.
            "iodepth" => plan.engine.iodepth = value.parse().unwrap(),
            "present" | "runtime" | "thinktime" | "ioengine" | "overwrite" | "zonemode" => {}
            "file_append" => plan.files.append = value == "1",
            _ => panic!("unknown option {option}"),
        }
    }
    let files = &mut *plan.files;
    files.open_limit = open_limit.filter(|limit| *limit <= files.count).unwrap_or(files.count);
    plan.blocks.align.0 = plan.blocks.min.0;
    if let Some(align) = align.filter(|_| plan.pattern.rw.random) {
        plan.blocks.align.0 = align;
        if align != plan.blocks.min.0 {
            plan.pattern.random_map = false;
        }
    }
    plan.pattern.seeds = match seed {
        Some(base) => Seeds::Base { base, repeat: false },
        None => Seeds::Base { base: DEFAULT_SEED, repeat },
    };
    plan
}

/// The log entries `FILE ACTION [OFFSET LENGTH]` of a clone, at most `limit` of them.
pub(crate) fn entries(
    plan: &JobPlan,
    clone_number: u32,
    thread_number: u32,
    target: Target,
    limit: usize,
) -> Vec<String> {
    let Seeds::Base { base, .. } = plan.pattern.seeds else { panic!("no seed") };
    let seeds = StreamSeeds::derive(base, thread_number);
    let targets = vec![target; plan.files.count as usize];
    let mut regions = regions(plan, clone_number, &targets, &seeds).unwrap();
    for (index, file) in regions.files.iter_mut().enumerate() {
        let name = format!("job.{clone_number}.{index}");
        *file = std::mem::take(file).salted(name.as_bytes(), thread_number);
    }
    let mut generator = match Generator::new(plan, &regions, &seeds) {
        Ok(generator) => generator,
        // One seed in 2^k, which ends the job of the peer, too.
        Err(GeneratorError::Lfsr(LfsrError::Seed)) => return Vec::new(),
        Err(error) => panic!("{error}"),
    };
    if plan.engine.iodepth > 1 {
        generator = generator.queued(plan, &regions);
    }
    let mut entries = Vec::new();
    let mut last_offset = 0;
    while entries.len() < limit {
        let mut line = String::new();
        match generator.next() {
            Step::Issue(request) => {
                generator.done(&request, Outcome::Bytes(request.length));
                let (file, name) = (request.file.0, request.direction.name());
                let (offset, length) = match request.direction {
                    // The peer notes the place of the request before; ours is the range.
                    Direction::SyncFileRange => (last_offset, 0),
                    _ => (request.offset, request.length),
                };
                last_offset = offset;
                write!(line, "{file} {name} {offset} {length}").unwrap();
            }
            Step::Open(file) => write!(line, "{} open", file.0).unwrap(),
            Step::Close(file) => write!(line, "{} close", file.0).unwrap(),
            Step::Rewind(_) | Step::PassEnd | Step::NextPass => continue,
            Step::End => break,
        }
        entries.push(line);
    }
    entries
}

/// True if the entry is a request, not an open or close.
pub(crate) fn is_request(entry: &str) -> bool {
    !entry.ends_with("open") && !entry.ends_with("close")
}

/// Marks the cases that are also recorded in `data/golden.txt`.
pub(crate) const GOLDEN_MARK: char = '*';

/// The cases that are recorded.
pub(crate) fn golden_cases() -> impl Iterator<Item = &'static str> {
    include_str!("../data/cases.txt")
        .lines()
        .filter_map(|line| line.strip_prefix(GOLDEN_MARK))
        .map(str::trim)
}

/// Entries in few characters: a letter for the action, `@FILE` where it changes, the offset in
/// bytes, `+LENGTH` where it changes.
pub(crate) fn compact(entries: &[String]) -> String {
    let mut text = String::new();
    let (mut file_before, mut length_before) = ("0", "");
    for entry in entries {
        let words: Vec<&str> = entry.split(' ').collect();
        let letter = match words[1] {
            "sync_file_range" => 'f',
            word => word.chars().next().unwrap(),
        };
        text.push(letter);
        if words[0] != file_before {
            write!(text, "@{}", words[0]).unwrap();
            file_before = words[0];
            if words.len() > 2 {
                text.push(':');
            }
        }
        if let [_, _, offset, length] = words[..] {
            text.push_str(offset);
            if length != length_before {
                write!(text, "+{length}").unwrap();
                length_before = length;
            }
        }
        text.push(' ');
    }
    text.truncate(text.trim_end().len());
    text
}
