//! The campaign of verification: jobs that verify, and damage to their data, drawn from a seed. What has to
//! be found is computed from the device's journal, without any of the code that finds it.
//!
//! Runs without damage may accuse nothing. Of runs in which exactly one transfer was damaged, each accusation
//! has to be of its bytes, and there has to be one if these were read back before they were written again.

use fiord_base::Direction;
use fiord_base::random::{Stream, Width};
use fiord_measure::{MismatchClass, SkipReason};
use fiord_sim::{Attempt, Cache, Damage, Damages, Faults, Share, Storage};
use fiord_sys::Errno;

use super::super::End;
use super::trial::{Kind, Ran, Trial};

/// Variable with the one seed that is to be run.
const SEED: &str = "FIORD_SIM_SEED";
/// Variable with the number of fresh seeds to run.
const RUNS: &str = "FIORD_SIM_RUNS";
/// All requests are of multiples of this.
const GRAIN: u64 = 512;

struct Dice(Stream);

impl Dice {
    fn one_in(&mut self, times: u64) -> bool {
        self.0.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.0.below(list.len() as u64) as usize]
    }

    fn share(&mut self, most: u64) -> Share {
        if self.one_in(3) { Share(1 + self.0.below(most) as u32) } else { Share(0) }
    }
}

/// Kinds that see every change of the data.
const KINDS: &[&str] = &[
    "md5",
    "crc16",
    "crc32",
    "crc32c",
    "crc64",
    "sha1",
    "sha256",
    "sha512",
    "sha3-256",
    "xxhash",
    "pattern_hdr --verify_pattern=0x1234%o",
];

fn draw_job(dice: &mut Dice) -> String {
    let parts: [&[&str]; 9] = [
        &["--rw=write", "--rw=randwrite", "--rw=randwrite"],
        &["--bs=4k", "--bs=1k", "--bs=8k", "--bsrange=1k-8k", "--bssplit=1k/30:4k/50:8k/20"],
        &["--size=64k", "--size=128k", "--size=100k"],
        &["--iodepth=1", "--iodepth=2", "--iodepth=8", "--iodepth=16"],
        &["", "", "--norandommap", "--random_distribution=zipf:1.1", "--io_size=300k"],
        &["", "", "--loops=2"],
        &["", "", "--verify_backlog=5", "--verify_backlog=16 --verify_backlog_batch=3"],
        &["", "", "--verify_interval=512", "--verify_interval=1k"],
        &["", "", "--fsync=7", "--iodepth_batch=4"],
    ];
    let words: Vec<&str> = parts.iter().map(|choices| dice.pick(choices)).collect();
    // The number tells which of two writes of a block is there.
    format!(
        "{} --verify={} --verify_write_sequence=1 --verify_state_save=0",
        words.join(" "),
        dice.pick(KINDS)
    )
}

fn draw(seed: u64) -> Trial {
    let mut dice = Dice(Stream::new(Width::Wide, seed ^ 0x7665_7269_6679));
    let words = draw_job(&mut dice);
    let is_damaged = !dice.one_in(4);
    let mut damages = Damages::default();
    if is_damaged {
        // About one transfer of a run.
        let share = Share(1 + dice.0.below(5) as u32 * 4);
        let place = dice.pick(&[0, 1, 2, 3, 4, 5]);
        let shares = [
            &mut damages.torn,
            &mut damages.misdirected,
            &mut damages.stale,
            &mut damages.dropped,
            &mut damages.zeroed,
            &mut damages.bit_flip,
        ];
        *shares.into_iter().nth(place).expect("a damage") = share;
    }
    let fails = |dice: &mut Dice, most| if is_damaged { Share(0) } else { dice.share(most) };
    let faults = Faults {
        seed,
        error: (fails(&mut dice, 30), Errno::IO),
        short: fails(&mut dice, 300),
        short_unit: 512,
        damages,
        busy: dice.share(300),
        busy_run: dice.0.below(4),
        early: dice.share(300),
        late: dice.share(200),
        reordered: dice.one_in(2),
        interrupted: dice.share(200),
        latency_ns: dice.pick(&[0, 300, 25_000]),
        ..Faults::default()
    };
    let kind = dice.pick(&[Kind::Queued, Kind::Queued, Kind::Inline]);
    let storage = Storage::new(dice.pick(&[Cache::WriteThrough, Cache::Volatile]));
    Trial { kind, storage, ..Trial::queued(&words).with(faults) }
}

/// Where an attempt begins and ends.
fn range(attempt: &Attempt) -> (u64, u64) {
    (attempt.unit.offset, attempt.unit.offset + attempt.unit.length)
}

/// True if all that a damaged write should have left was read before it was written again.
fn is_read_back(ran: &Ran, damaged: usize) -> bool {
    let attempts = &ran.journal.attempts;
    let (begin, end) = range(&attempts[damaged]);
    (begin..end).step_by(GRAIN as usize).all(|grain| {
        let touches = |attempt: &&Attempt| {
            let (first, last) = range(attempt);
            first <= grain && grain < last && attempt.unit.direction.is_data()
        };
        let next = attempts[damaged + 1..].iter().find(touches);
        next.is_some_and(|attempt| attempt.unit.direction == Direction::Read)
    })
}

/// False if a torn write may leave what it should have left: the passes of a job write the same data again, but
/// for the headers.
fn changes_data(ran: &Ran, damaged: usize) -> bool {
    let attempts = &ran.journal.attempts;
    let (begin, end) = range(&attempts[damaged]);
    let wrote_it = |attempt: &Attempt| {
        let (first, last) = range(attempt);
        attempt.unit.direction == Direction::Write && first < end && begin < last
    };
    attempts[damaged].damage != Some(Damage::Torn) || !attempts[..damaged].iter().any(wrote_it)
}

/// What may be said of a block after such a mishap.
fn is_fitting(damage: Damage, class: MismatchClass) -> bool {
    match damage {
        Damage::BitFlip => class == MismatchClass::BitFlip,
        Damage::Zeroed => class == MismatchClass::Zeroes,
        // What was there before tells whether it is old, torn or nothing that is known.
        Damage::Unflushed => false,
        Damage::Torn | Damage::Dropped | Damage::Stale | Damage::Misdirected => {
            class != MismatchClass::Zeroes && class != MismatchClass::Short
        }
    }
}

/// Runs one seed; true if damage had to be found.
fn run(seed: u64) -> bool {
    let trial = draw(seed);
    let what = format!(
        "seed {seed}: {:?} {}\nrepeat it: {SEED}={seed} cargo test -p fiord-runner verify_campaign",
        trial.kind, trial.words
    );
    let ran = trial.run();
    let found = ran.report.verification.clone().unwrap_or_default();
    let wrong: u64 = found.mismatches.iter().sum();
    let attempts = &ran.journal.attempts;
    let damaged: Vec<usize> =
        (0..attempts.len()).filter(|index| attempts[*index].damage.is_some()).collect();
    assert!(wrong == 0 || ran.end == End::Failed, "{what}\n{:?}", ran.end);
    match damaged[..] {
        [] => assert_eq!(wrong, 0, "{what}\n{:#?}", found.records),
        [index] => {
            let attempt = &attempts[index];
            let damage = attempt.damage.expect("damage");
            let (begin, end) = range(attempt);
            let writes = attempt.unit.direction == Direction::Write;
            for record in &found.records {
                let (first, last) =
                    (record.request_offset, record.request_offset + record.request_length);
                // A write that went astray has spoilt some other place, too.
                let astray = writes && damage == Damage::Misdirected;
                assert!(astray || first < end && begin < last, "{what}\n{record:#?}");
                let class = record.class.expect("a class");
                let fits = astray || is_fitting(damage, class);
                assert!(fits, "{what}\n{damage:?} {record:#?}");
            }
            let uncertain = found.skipped[SkipReason::InFlight as usize] > 0;
            let due = !writes || is_read_back(&ran, index) && changes_data(&ran, index);
            assert!(wrong > 0 || !due || uncertain, "{what}\n{damage:?} {attempt:?}");
            return due;
        }
        _ => {}
    }
    false
}

#[test]
fn verify_campaign() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    if let Some(seed) = number(SEED) {
        run(seed);
        return;
    }
    let fresh = std::iter::repeat_with(super::fresh_seed).take(number(RUNS).unwrap_or(1) as usize);
    let due = (1..=300).chain(fresh).filter(|seed| run(*seed)).count();
    // Otherwise the dice are loaded.
    assert!(due > 30, "{due} runs with damage that has to be found");
}
