//! The campaign of verification: jobs that verify and faults drawn from a seed. What the loop was given to
//! read is compared with what a faultless device would have given: every block that differs has to be
//! reported, by its right name, and no other.
//!
//! `FIORD_SIM_RUNS=10000` runs as many fresh seeds, `FIORD_SIM_SEED` repeats one.

use std::sync::{Arc, Mutex};

use fiord_base::random::{Stream, Width};
use fiord_measure::{MismatchClass, MismatchRecord, SkipReason, Verification};
use fiord_sim::{Cache, Damages, Faults, Share, Storage};
use fiord_sys::Errno;

use super::super::End;
use super::campaign::Dice;
use super::shadow::Book;
use super::trial::{Kind, Trial};

/// Kinds whose checksums do not collide by chance.
const KINDS: &[&str] = &[
    "crc32c",
    "crc32",
    "crc64",
    "md5",
    "sha1",
    "sha256",
    "sha512",
    "sha3-256",
    "xxhash",
    "pattern_hdr --verify_pattern=0xdeadbeef55aa11",
    "pattern --verify_pattern=%o\"abcdefg\"",
];

fn draw_job(dice: &mut Dice, depth: u64) -> String {
    let rw = dice.pick(&["write", "randwrite", "randwrite", "randtrimwrite", "trimwrite"]);
    let kind = dice.pick(KINDS);
    let mut words = format!("--rw={rw} --verify={kind} --iodepth={depth} --verify_state_save=0");
    let mut add = |word: &str| {
        words.push(' ');
        words.push_str(word);
    };
    add(&format!("--size={}k", dice.pick(&[32, 64, 128])));
    add(dice.pick(&["--bs=4k", "--bs=2k", "--bsrange=2k-16k", "--bssplit=2k/30:4k/50:8k/"]));
    if !kind.contains("pattern") {
        add(dice.pick(&["", "", "--verify_interval=1k", "--verify_interval=512"]));
        add(dice.pick(&["", "", "--verify_offset=100"]));
    }
    add(dice.pick(&["", "--norandommap", "--norandommap --io_size=200k"]));
    if rw == "randwrite" {
        add(dice.pick(&["", "--random_distribution=zipf:1.1", "--percentage_random=60"]));
    }
    add(dice.pick(&["", "", "--verify_backlog=5", "--verify_backlog=9 --verify_backlog_batch=3"]));
    add(dice.pick(&["", "", "--loops=2", "--loops=3"]));
    add(dice.pick(&["", "", "--nrfiles=3", "--nrfiles=4 --openfiles=2"]));
    if !rw.contains("trim") {
        add(dice.pick(&[
            "",
            "",
            "",
            "--trim_percentage=30 --trim_backlog=4 --trim_backlog_batch=2",
        ]));
    }
    add(dice.pick(&["", "", "--fsync=7"]));
    add(dice.pick(&["", "", "--rate_iops=500k"]));
    add("--continue_on_error=all --ignore_error=EIO,EIO");
    words
}

fn draw_faults(dice: &mut Dice, seed: u64) -> Faults {
    let damaged = dice.one_in(2);
    let mut share = |most| if damaged { dice.share(most) } else { Share(0) };
    let damages = Damages {
        torn: share(30),
        misdirected: share(30),
        stale: share(30),
        dropped: share(30),
        zeroed: share(30),
        bit_flip: share(30),
        ..Damages::default()
    };
    Faults {
        seed,
        damages,
        error: (dice.share(40), Errno::IO),
        short: dice.share(300),
        short_unit: 512,
        busy: dice.share(400),
        early: dice.share(300),
        reordered: dice.one_in(2),
        interrupted: dice.share(200),
        latency_ns: 1000,
        ..Faults::default()
    }
}

/// Runs one seed; returns what was found, and whether damage was done.
fn run(seed: u64) -> (Verification, bool) {
    let mut dice = Dice::new(seed);
    let depth = dice.pick(&[1, 2, 4, 8, 16]);
    let words = draw_job(&mut dice, depth);
    let faults = draw_faults(&mut dice, seed);
    let kind = dice.pick(&[Kind::Queued, Kind::Queued, Kind::Inline]);
    let job = super::looped::plan(&format!("--ioengine=null {words}"), fiord_engine::Caps::NONE);
    let interval = job.verify.interval_bytes.filter(|_| job.verify.pattern.is_none());
    let block = interval.map_or(usize::MAX >> 1, |bytes| bytes.max(1) as usize);
    let shadow = Arc::new(Mutex::new(Book::of_blocks(block)));
    let trial = Trial {
        kind,
        storage: Storage::new(Cache::WriteThrough),
        watcher: Some(shadow.clone()),
        ..Trial::queued(&words).with(faults)
    };
    let _told = super::campaign::Told::new(seed, format!("{kind:?}, {words}"), "shadow_campaign");
    let ran = trial.run();
    let found = ran.report.verification.clone().expect("it verifies");
    let book = shadow.lock().expect("no panic");
    assert!(book.unknown.is_empty(), "read without knowing what: {:?}", book.unknown);
    assert_eq!(found.checked, book.read, "{found:?}");
    let wrong = &book.wrong;
    assert_eq!(found.total_mismatches() as usize, wrong.len(), "{wrong:#?} {:#?}", ran.messages);
    // What came in parts is judged after what came as a whole. Classes are the other campaign's affair, but
    // for those that are beyond doubt.
    let mut expected: Vec<u64> = wrong.iter().map(|wrong| wrong.offset).collect();
    let at = |record: &MismatchRecord| match interval {
        Some(_) => record.offset,
        None => record.request_offset,
    };
    let mut told: Vec<u64> = found.records.iter().map(at).collect();
    expected.sort_unstable();
    told.sort_unstable();
    let all = told.len() == expected.len();
    assert!(!all || told == expected, "{wrong:#?} {:#?}", found.records);
    for class in [MismatchClass::Zeroes, MismatchClass::BitFlip] {
        let sure = wrong.iter().filter(|wrong| wrong.class == Some(class)).count() as u64;
        let counted = found.mismatches[class as usize];
        assert!(interval.is_none() || sure <= counted, "{class:?}: {wrong:#?} {found:#?}");
    }
    if ran.end == End::Complete {
        let reached = found.skipped[SkipReason::NotReached as usize];
        assert_eq!(reached, 0, "{found:?}");
    }
    (found, !wrong.is_empty())
}

#[test]
fn every_wrong_block_is_found_and_no_other() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number(super::campaign::SEED) {
        run(seed);
        return;
    }
    let fresh = std::iter::repeat_with(super::fresh_seed);
    let fresh = fresh.take(number(super::campaign::RUNS).unwrap_or(1) as usize);
    let (mut checked, mut damaged) = (0, 0);
    for seed in (1..=200).chain(fresh) {
        let (found, was_damaged) = run(seed);
        checked += found.checked;
        damaged += u64::from(was_damaged);
    }
    // Otherwise the dice are loaded.
    assert!(checked > 2000 && damaged > 30, "{checked} blocks, {damaged} runs with damage");
}

/// The dice of the stream.
#[test]
fn a_seed_decides_everything() {
    let words = |seed| {
        let mut dice = Dice(Stream::new(Width::Wide, seed));
        draw_job(&mut dice, 4)
    };
    assert_eq!(words(7), words(7));
}
