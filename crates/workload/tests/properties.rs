//! What holds for any job.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use fiord_base::Direction;
use fiord_base::random::StreamSeeds;
use fiord_options::plan::{JobPlan, Seeds};
use fiord_workload::{
    BlockMap, Generator, Outcome, Request, Step, Tally, Target, map_bytes, regions,
};
use proptest::prelude::*;

/// The seeds of the first clone of a job.
fn seeds(plan: &JobPlan) -> StreamSeeds {
    match plan.pattern.seeds {
        Seeds::Base { base, .. } => StreamSeeds::derive(base, 1),
        Seeds::System => StreamSeeds::from_entropy([1; 24]),
    }
}

/// Requests of the job of these options, at most `limit`.
fn requests(options: &str, limit: usize) -> Vec<Request> {
    let plan = support::plan(options);
    let seeds = seeds(&plan);
    let targets = vec![Target::Label; plan.files.count as usize];
    let regions = regions(&plan, 0, &targets, &seeds).unwrap();
    let mut generator = Generator::new(&plan, &regions, &seeds).unwrap();
    let mut requests = Vec::new();
    while requests.len() < limit {
        match generator.next() {
            Step::Issue(request) => {
                generator.done(&request, Outcome::Bytes(request.length));
                requests.push(request);
            }
            Step::End => break,
            _ => {}
        }
    }
    requests
}

/// How often each block of each file occurs.
fn visits(requests: &[Request], block: u64) -> BTreeMap<(u32, u64), u32> {
    visits_from(requests, 0, block)
}

/// The same where blocks begin at `start`.
fn visits_from(requests: &[Request], start: u64, block: u64) -> BTreeMap<(u32, u64), u32> {
    let mut visits = BTreeMap::new();
    for request in requests {
        let offset = request.offset - start;
        assert_eq!(offset % block, 0);
        for at in 0..request.length / block {
            *visits.entry((request.file.0, offset / block + at)).or_insert(0) += 1;
        }
    }
    visits
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_tally_is_the_sum_of_all_requests(
        rw in prop::sample::select(vec![
            "read", "write", "rw", "trim", "trimwrite", "randread", "randwrite", "randrw", "randtrim",
            "randtrimwrite", "read:4k", "randread:3",
        ]),
        size in 1u64..300,
        bs in prop::sample::select(vec!["bs=1k", "bs=1000", "bs=2k,3k", "bsrange=1k-5k"]),
        more in prop::sample::select(vec![
            "", "loops=3", "nrfiles=3", "io_size=37k", "io_size=500k", "number_ios=17", "norandommap=1",
            "random_generator=lfsr", "offset=4k", "fsync=3", "loops=2 number_ios=9", "percentage_random=40",
            "randrepeat=0 loops=2", "zonesize=8k zonerange=16k zoneskip=1k", "loops=2 zonesize=24k zonerange=8k",
        ]),
        queued in any::<bool>(),
    ) {
        let job = format!("rw={rw} size={}k {bs} {more}", size + 8);
        let plan = support::plan(&job);
        let seeds = seeds(&plan);
        let targets = vec![Target::Label; plan.files.count as usize];
        let Ok(regions) = regions(&plan, 0, &targets, &seeds) else { return Ok(()) };
        let Ok(generator) = Generator::new(&plan, &regions, &seeds) else { return Ok(()) };
        let generator = if queued { generator.queued(&plan, &regions) } else { generator };
        let mut expected = Tally::default();
        let mut one_by_one = generator.clone();
        for _ in 0..100_000 {
            match one_by_one.next() {
                Step::Issue(request) => {
                    one_by_one.done(&request, Outcome::Bytes(request.length));
                    if request.direction.is_data() {
                        expected.bytes[request.direction] += request.length;
                        expected.requests[request.direction] += 1;
                    } else {
                        expected.flushes += 1;
                    }
                }
                Step::End => break,
                _ => {}
            }
        }
        prop_assert_eq!(generator.tally(&mut 200_000), Some(expected), "{}", job);
    }

    #[test]
    fn a_pass_with_map_or_register_visits_each_block_once(
        blocks in 1u64..5000,
        block in 1u64..9000,
        rest in 0u64..9000,
        files in 1u64..5,
        seed in 1u64..1_000_000,
        generator in prop::sample::select(vec!["tausworthe", "tausworthe64", "lfsr"]),
        rw in prop::sample::select(vec!["randread", "randwrite", "randrw", "randtrim"]),
    ) {
        let share = blocks * block + rest % block;
        let job = format!(
            "rw={rw} bs={block} filesize={share} nrfiles={files} randseed={seed} \
             random_generator={generator}"
        );
        // One seed in 2^k is the state that a shift register never leaves.
        let plan = support::plan(&job);
        let seeds = seeds(&plan);
        let targets = vec![Target::Label; files as usize];
        let layout = regions(&plan, 0, &targets, &seeds).unwrap();
        prop_assume!(Generator::new(&plan, &layout, &seeds).is_ok());
        let visits = visits(&requests(&job, usize::MAX), block);
        prop_assert!(visits.values().all(|count| *count == 1));
        prop_assert_eq!(visits.len() as u64, blocks * files);
    }

    #[test]
    fn random_requests_stay_in_the_region(
        size in 70_000u64..1_000_000,
        offset in 0u64..100_000,
        min in 1u64..5000,
        spread in 0u64..60_000,
        seed in 1u64..1_000_000,
        map in prop::sample::select(vec!["", "norandommap"]),
        kind in 0u32..3,
    ) {
        let max = min + spread;
        let blocks = match kind {
            0 => format!("bsrange={min}-{max}"),
            1 => format!("bsrange={min}-{max} bs_unaligned"),
            _ => format!("bssplit={min}/30:{max}/70"),
        };
        let job = format!("rw=randrw size={size} offset={offset} {blocks} randseed={seed} {map}");
        for request in requests(&job, 2000) {
            prop_assert!(request.offset >= offset);
            prop_assert!(request.offset + request.length <= offset + size);
            prop_assert!(request.length > 0 && request.length <= max);
        }
    }

    #[test]
    fn zones_are_respected_and_have_their_shares(
        hot in 1u64..100,
        space in 1u64..100,
        blocks in 200u64..5000,
        seed in 1u64..1_000_000,
        bytes in any::<bool>(),
    ) {
        let border = if bytes { space * blocks / 100 * 4096 } else { space };
        let (name, rest) = match bytes {
            true => ("zoned_abs", blocks * 4096 - border),
            false => ("zoned", 100 - space),
        };
        let job = format!(
            "rw=randread size={} norandommap io_size=16m randseed={seed} \
             random_distribution={name}:{hot}/{border}:{}/{rest}",
            blocks * 4096,
            100 - hot
        );
        let requests = requests(&job, usize::MAX);
        prop_assert_eq!(requests.len(), 4096);
        prop_assert!(requests.iter().all(|r| r.offset < blocks * 4096));
        let end = space * blocks / 100 * 4096;
        let inside = requests.iter().filter(|r| r.offset < end).count() as f64;
        // Six standard deviations: one job in 500 million is outside.
        let (count, share) = (requests.len() as f64, hot as f64 / 100.0);
        let deviation = (count * share * (1.0 - share)).sqrt();
        prop_assert!((inside - count * share).abs() <= 6.0 * deviation, "{inside} of {count}");
    }

    #[test]
    fn sequences_are_exact(
        list in prop::collection::vec(0u64..256, 1..64),
        stride in any::<bool>(),
        number in 1usize..300,
    ) {
        let words: Vec<String> = list.iter().map(u64::to_string).collect();
        let job = format!(
            "rw=randread size=1m number_ios={number} random_distribution=sequence:{} \
             random_sequence_stride={}",
            words.join(","),
            u8::from(stride)
        );
        let expected: Vec<u64> = (0..number)
            .map(|k| {
                let round = if stride { (k / list.len() * list.len()) as u64 } else { 0 };
                list[k % list.len()] + round
            })
            // Beyond the end the file is finished.
            .take_while(|block| *block < 256)
            .map(|block| block * 4096)
            .take(256)
            .collect();
        let offsets: Vec<u64> = requests(&job, usize::MAX).iter().map(|r| r.offset).collect();
        prop_assert_eq!(offsets, expected);
    }

    #[test]
    fn lengths_with_a_map_never_overlap(
        size in 10_000u64..300_000,
        min in 64u64..2000,
        times in 2u64..20,
        seed in 1u64..1_000_000,
    ) {
        let max = min * times;
        let job = format!("rw=randwrite size={size} bsrange={min}-{max} randseed={seed}");
        let mut extents: Vec<(u64, u64)> =
            requests(&job, usize::MAX).iter().map(|r| (r.offset, r.length)).collect();
        extents.sort_unstable();
        for pair in extents.windows(2) {
            prop_assert!(pair[0].0 + pair[0].1 <= pair[1].0);
        }
    }

    #[test]
    fn strided_requests_stay_in_their_zones(
        rw in prop::sample::select(vec!["read", "write", "rw", "randread", "randwrite", "randrw", "randtrim"]),
        zones in 2u64..9,
        blocks in 1u64..60,
        transfers in 1u64..60,
        skip in 0u64..9000,
        offset in 0u64..40_000,
        bs in prop::sample::select(vec![512u64, 1000, 4096]),
        more in prop::sample::select(vec![
            "", "norandommap", "random_generator=lfsr", "random_generator=tausworthe64", "loops=2",
        ]),
        seed in 1u64..1_000_000,
    ) {
        let (range, transfer) = (blocks * bs, transfers * bs);
        let stride = range + skip;
        let size = zones * stride;
        let job = format!(
            "rw={rw} bs={bs} offset={offset} size={size} randseed={seed} {more} zonesize={transfer} \
             zonerange={range} zoneskip={skip}"
        );
        let plan = support::plan(&job);
        let seeds = seeds(&plan);
        let layout = regions(&plan, 0, &[Target::Label], &seeds).unwrap();
        prop_assume!(Generator::new(&plan, &layout, &seeds).is_ok());
        let requests = requests(&job, 3000);
        prop_assert!(!requests.is_empty());
        // What a zone gets before the next one, in order.
        for (index, visit) in requests.chunks(transfers as usize).enumerate() {
            let start = offset + index as u64 % zones * stride;
            for request in visit {
                prop_assert!(request.offset >= start, "{job}: {request:?} in zone {index}");
                prop_assert!(
                    request.offset + request.length <= start + range,
                    "{job}: {request:?} in zone {index}"
                );
            }
            // Without repetition as long as there are blocks that have not been visited.
            if !more.contains("norandommap") && rw != "rw" {
                for round in visit.chunks(blocks as usize) {
                    let visited = visits_from(round, start, bs);
                    prop_assert!(visited.values().all(|count| *count == 1), "{job}: zone {index}");
                }
            }
        }
    }

    #[test]
    fn no_request_reaches_beyond_its_file(
        rw in prop::sample::select(vec![
            "read", "write:4k", "read:-8k", "rw", "randread", "randwrite:3", "randrw", "trimwrite",
            "randtrimwrite",
        ]),
        size in 70_000u64..900_000,
        offset in 0u64..100_000,
        range in 9000u64..200_000,
        transfer in 1u64..200_000,
        skip in 0u64..90_000,
        bs in prop::sample::select(vec![
            "bs=4k", "bsrange=1k-9k", "bsrange=1000-9000 bs_unaligned", "bssplit=1k/20:7000/80", "bs=3k,4k,5k",
            "bs=4k ba=1k", "bsrange=1k-8k ba=512",
        ]),
        more in prop::sample::select(vec![
            "", "norandommap", "percentage_random=40", "nrfiles=3", "loops=3", "io_size=3m", "time_based",
            "file_service_type=random:2 nrfiles=4",
        ]),
        seed in 1u64..1_000_000,
    ) {
        let job = format!(
            "rw={rw} {bs} offset={offset} size={size} randseed={seed} {more} zonesize={transfer} \
             zonerange={range} zoneskip={skip}"
        );
        let plan = support::plan(&job);
        let seeds = seeds(&plan);
        let targets = vec![Target::Label; plan.files.count as usize];
        let layout = regions(&plan, 0, &targets, &seeds).unwrap();
        for request in requests(&job, 2000) {
            let region = &layout.files[request.file.0 as usize];
            prop_assert!(request.offset >= region.offset, "{job}: {request:?}");
            prop_assert!(request.offset + request.length <= region.real_size, "{job}: {request:?}");
            prop_assert!(request.length > 0);
        }
    }

    #[test]
    fn a_trim_and_its_write_stay_together(
        rw in prop::sample::select(vec!["trimwrite", "randtrimwrite"]),
        transfer in 1u64..40_000,
        blocks in 1u64..20,
        seed in 1u64..1_000_000,
    ) {
        let job = format!(
            "rw={rw} size=256k randseed={seed} zonesize={transfer} zonerange={}",
            blocks * 4096
        );
        let requests = requests(&job, 2000);
        prop_assert!(!requests.is_empty());
        for pair in requests.chunks(2).filter(|pair| pair.len() == 2) {
            prop_assert_eq!((pair[0].direction, pair[1].direction), (Direction::Trim, Direction::Write));
            prop_assert_eq!(pair[0].offset, pair[1].offset, "{}", job);
        }
    }

    #[test]
    fn shares_of_a_mix_come_out(percent in 0u64..=100, seed in 1u64..1_000_000) {
        let job = format!("rw=randrw size=16m rwmixread={percent} randseed={seed}");
        let requests = requests(&job, usize::MAX);
        let reads = requests.iter().filter(|r| r.direction == Direction::Read).count() as f64;
        let share = 100.0 * reads / requests.len() as f64;
        prop_assert!((share - percent as f64).abs() < 8.0, "{share} % of {percent} %");
    }

    #[test]
    fn the_same_job_gives_the_same_requests(
        seed in 1u64..1_000_000,
        case in prop::sample::select(
            include_str!("data/cases.txt")
                .lines()
                .filter(|line| line.starts_with("rw=") && !line.contains("present="))
                .filter(|line| !line.contains("randseed=") && !line.contains("lfsr"))
                // It uses a register, too; one seed in 2^k is the state that it never leaves.
                .filter(|line| !line.contains("sprandom"))
                .collect::<Vec<_>>(),
        ),
    ) {
        let job = format!("{case} randseed={seed}");
        prop_assert_eq!(requests(&job, 3000), requests(&job, 3000));
    }
}

/// What a job on one plain file makes, it makes beside a flush setting that never strikes, too: the
/// short way and the general way through the generator agree.
#[test]
fn the_short_way_changes_nothing() {
    for options in [
        "rw=read size=1m loops=3",
        "rw=rw size=1m io_size=5m",
        "rw=write size=1m number_ios=77 loops=2",
        "rw=randwrite size=1m",
        "rw=randwrite size=1m loops=4",
        "rw=randwrite size=1000000 bs=3k loops=2 randseed=4",
        "rw=randrw size=1m norandommap io_size=7m",
        "rw=randrw size=1m rwmixread=80 number_ios=700 io_size=9m",
        "rw=randrw size=1m time_based",
        "rw=randwrite size=1m random_generator=lfsr loops=3",
        "rw=randwrite size=1m random_distribution=zipf:1.2 loops=3",
        "rw=randrw size=1000000 random_distribution=pareto:0.3",
        "rw=randwrite size=1m random_distribution=normal:20",
        "rw=randrw size=1m random_distribution=zoned:60/10:40/90,20/50:80/50 io_size=3m",
        "rw=randwrite size=1m random_generator=tausworthe64 loops=3",
        "rw=write size=1m time_based",
        "rw=rw size=1000000 bs=3k time_based",
    ] {
        let general = format!("{options} fsync=1000000000");
        assert_eq!(requests(options, 20_000), requests(&general, 20_000), "{options}");
    }
}

#[test]
fn more_blocks_than_32_bits_count_are_drawn_with_64() {
    let job = "rw=randread size=4000g bs=512 norandommap number_ios=50";
    let wide = format!("{job} random_generator=tausworthe64");
    let narrow = format!("{job} random_generator=tausworthe");
    assert_eq!(requests(job, 50), requests(&wide, 50));
    assert_ne!(requests(job, 50), requests(&narrow, 50));
}

#[test]
fn a_full_target_ends_the_job() {
    let mut plan = support::plan("rw=write nrfiles=1");
    plan.region.fill_device = true;
    let seeds = StreamSeeds::derive(1, 1);
    let regions = regions(&plan, 0, &[Target::File(5000)], &seeds).unwrap();
    let mut generator = Generator::new(&plan, &regions, &seeds).unwrap();
    let mut issued = 0;
    loop {
        match generator.next() {
            Step::Issue(request) => {
                issued += 1;
                let full = issued == 10;
                let moved = Outcome::Bytes(request.length);
                generator.done(&request, if full { Outcome::Full } else { moved });
            }
            Step::End => break,
            Step::NextPass => panic!("begins again"),
            _ => {}
        }
    }
    assert_eq!(issued, 10);
}

#[test]
fn the_sum_of_a_plain_job_costs_nothing() {
    let sum = |options: &str, steps: u64| {
        let plan = support::plan(options);
        let seeds = seeds(&plan);
        let regions = regions(&plan, 0, &[Target::Label], &seeds).unwrap();
        let generator = Generator::new(&plan, &regions, &seeds).unwrap();
        generator.tally(&mut { steps }).map(|tally| tally.total_bytes())
    };
    assert_eq!(sum("rw=read size=1048576g bs=4k loops=4", 100), Some(4 << 50));
    assert_eq!(sum("rw=randwrite size=64g bs=4k loops=2", 100), Some(128 << 30));
    assert_eq!(sum("rw=randrw size=64g bs=4k", 100), None, "each turn is drawn");
    assert_eq!(sum("rw=read size=1g time_based=1 runtime=1", 1 << 40), None, "it has no end");
}

#[test]
fn maps_need_what_they_are_said_to_need() {
    let bytes = |options: &str| {
        let plan = support::plan(options);
        let targets = vec![Target::Label; plan.files.count as usize];
        map_bytes(&plan, &regions(&plan, 0, &targets, &seeds(&plan)).unwrap())
    };
    assert_eq!(bytes("rw=read size=1g"), Some(0));
    assert_eq!(bytes("rw=randread size=1g norandommap=1"), Some(0));
    assert_eq!(bytes("rw=randread size=1g random_generator=lfsr"), Some(0));
    assert_eq!(bytes("rw=randread size=1g bs=4k"), BlockMap::bytes_for(1 << 18));
    let quarter = BlockMap::bytes_for(1 << 16).unwrap();
    assert_eq!(bytes("rw=randread size=1g bs=4k nrfiles=4"), Some(4 * quarter));
    assert_eq!(BlockMap::bytes_for(64 * 64), Some(8 * (64 + 1)));
}
