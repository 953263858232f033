//! The campaign: jobs and faults drawn from a seed, run by the real loop, audited to the last request.
//!
//! A fixed set of seeds and one fresh seed run every time. A failure prints its seed and the command that
//! repeats it; `FIORD_SIM_RUNS=1000` runs as many fresh seeds.

use std::cell::RefCell;

use fiord_base::random::{Stream, Width};
use fiord_base::{DATA, Direction};
use fiord_engine::{Caps, Registration};
use fiord_sim::{Cache, Damages, Device, Faults, Share, SimulatedEngine, Storage};
use fiord_sys::Errno;

use super::super::End;
use super::trial::{Kind, Ran, Trial};

/// Variable with the one seed that is to be run.
pub(super) const SEED: &str = "FIORD_SIM_SEED";
/// Variable with the number of fresh seeds to run.
pub(super) const RUNS: &str = "FIORD_SIM_RUNS";

/// Requests with priorities of their own.
pub(super) const PRIORITIES: &str = "--ioengine=io_uring --cmdprio_percentage=30,60";

/// The dice of one seed.
pub(super) struct Dice(pub(super) Stream);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(Stream::new(Width::Wide, seed))
    }

    /// Below a bound.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// True once in so many times.
    pub(super) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    /// Mostly never, else up to so many thousandths.
    pub(super) fn share(&mut self, most: u64) -> Share {
        if self.one_in(3) { Share(1 + self.below(most) as u32) } else { Share(0) }
    }
}

/// The words of a job.
fn draw_job(dice: &mut Dice, depth: u64) -> String {
    let rw = dice.pick(&[
        "read",
        "write",
        "randread",
        "randwrite",
        "rw",
        "randrw",
        "trim",
        "randtrim",
        "trimwrite",
        "randtrimwrite",
        "randrw",
        "randwrite",
    ]);
    let mut words = format!("--rw={rw} --iodepth={depth}");
    let mut add = |word: String| {
        words.push(' ');
        words.push_str(&word);
    };
    let size = dice.pick(&[64, 100, 128, 250, 512]);
    add(format!("--size={size}k"));
    add(dice.pick(&["--bs=4k", "--bs=1k", "--bsrange=1k-16k", "--bssplit=1k/30:4k/50:8k/"]).into());
    if dice.one_in(2) {
        add(format!("--iodepth_batch={}", 1 + dice.below(depth)));
    }
    if dice.one_in(2) {
        let min = dice.below(depth + 1);
        let max = min.max(1) + dice.below(depth);
        add(format!("--iodepth_batch_complete_min={min} --iodepth_batch_complete_max={max}"));
    }
    if dice.one_in(3) {
        add(format!("--iodepth_low={}", 1 + dice.below(depth)));
    }
    let flushes = ["--fsync", "--fdatasync", "--sync_file_range=write"];
    for (index, flush) in flushes.into_iter().enumerate() {
        if dice.one_in(5) {
            let every = 1 + dice.below(12);
            add(if index < 2 { format!("{flush}={every}") } else { format!("{flush}:{every}") });
        }
    }
    if dice.one_in(3) {
        let files = 1 + dice.below(4);
        add(format!("--nrfiles={files} --openfiles={}", 1 + dice.below(files)));
        add(dice
            .pick(&["--file_service_type=random", "--file_service_type=sequential", ""])
            .into());
    }
    add(dice.pick(&["", "", "--norandommap", "--norandommap --io_size=300k"]).into());
    add(dice.pick(&["", "", "", "--loops=2", "--loops=3", "--number_ios=40"]).into());
    add(dice.pick(&["", "", "", "--time_based --runtime=300us", "--runtime=2ms"]).into());
    add(dice.pick(&["", "", "", "--serialize_overlap=1"]).into());
    add(dice.pick(&["--continue_on_error=all", "--continue_on_error=read", ""]).into());
    add(dice.pick(&["", "", "--ignore_error=EIO:ENOSPC,EIO:ENOSPC:EAGAIN"]).into());
    add(dice.pick(&["", "", "--error_dump=1"]).into());
    let measured =
        ["", "", "", "--gtod_reduce=1", "--disable_clat=1", "--disable_lat=1", "--disable_slat=1"];
    add(dice.pick(&measured).into());
    if dice.one_in(3) {
        let rates = ["", "--rate=64m", "--rate=30m,60m,20m", "--rate_iops=100k,50k,70k"];
        add(dice.pick(&rates).into());
        add(dice.pick(&["", "", "--rate_process=poisson", "--rate_ignore_thinktime=1"]).into());
        add(dice.pick(&[
            "",
            "",
            "--thinktime=5us --thinktime_blocks=3",
            "--thinktime=20us --thinktime_spin=5us --thinktime_blocks=8 --thinktime_blocks_type=issue",
            "--thinktime=10us --thinktime_iotime=50us",
            "--thinkcycles=10",
        ]).into());
        // One that ends the job, or what it has measured, would leave nothing to compare.
        let search =
            "--latency_target=2us --latency_window=20us --latency_percentile=50 --latency_run=1";
        add(dice.pick(&["", "", search]).into());
    }
    words
}

/// The faults of a device.
fn draw_faults(dice: &mut Dice, seed: u64) -> Faults {
    Faults {
        seed,
        error: (dice.share(30), dice.pick(&[Errno::IO, Errno::IO, Errno::NOSPC, Errno::AGAIN])),
        short: dice.share(400),
        short_unit: dice.pick(&[512, 1, 1000]),
        nothing: dice.share(10),
        end_of_file: if dice.one_in(8) { 70_000 } else { u64::MAX },
        damages: Damages {
            torn: dice.share(50),
            misdirected: dice.share(50),
            stale: dice.share(50),
            dropped: dice.share(50),
            zeroed: dice.share(50),
            bit_flip: dice.share(50),
            ..Damages::default()
        },
        busy: dice.share(600),
        busy_run: dice.below(6),
        early: dice.share(300),
        late: dice.share(200),
        cancels: dice.one_in(2),
        reordered: dice.one_in(2),
        interrupted: dice.share(200),
        latency_ns: dice.pick(&[0, 300, 1000, 25_000]),
        submission_ns: dice.pick(&[0, 40, 400]),
        ..Faults::default()
    }
}

/// Everything that a seed decides.
fn draw(seed: u64) -> Trial {
    let mut dice = Dice::new(seed);
    let depth = dice.pick(&[1, 2, 3, 4, 7, 8, 16, 17, 32, 64]);
    let words = draw_job(&mut dice, depth);
    let kind =
        dice.pick(&[Kind::Queued, Kind::Queued, Kind::Queued, Kind::Inline, Kind::Offloaded]);
    let cache = dice.pick(&[Cache::WriteThrough, Cache::Volatile]);
    let finish_at = dice.one_in(5).then(|| dice.below(100) as usize);
    let mut faults = draw_faults(&mut dice, seed);
    if words.contains("--time_based") {
        // Without it no time would pass, and the job would never end.
        faults.latency_ns = faults.latency_ns.max(100);
    }
    // Engines that execute a request at once have no priorities of requests.
    let prioritized = kind != Kind::Inline && dice.one_in(3);
    let words = if prioritized { format!("{words} {PRIORITIES}") } else { words };
    Trial { kind, storage: Storage::new(cache), finish_at, ..Trial::queued(&words).with(faults) }
}

/// Says how to repeat a run that panics.
pub(super) struct Told {
    seed: u64,
    words: String,
    test: &'static str,
}

impl Told {
    pub(super) fn new(seed: u64, words: String, test: &'static str) -> Told {
        Told { seed, words, test }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Told { seed, words, test } = self;
            eprintln!("seed {seed}: {words}");
            eprintln!("repeat it: {SEED}={seed} cargo test -p fiord-runner {test}");
        }
    }
}

/// Runs one seed.
fn run(seed: u64) -> Ran {
    let trial = draw(seed);
    let _told = Told::new(seed, format!("{:?}, {}", trial.kind, trial.words), "campaign::campaign");
    let ran = trial.run();
    let breaches = match ran.kind {
        Kind::Offloaded => ran.breaches_of_threads(),
        Kind::Queued | Kind::Inline => ran.breaches(),
    };
    assert!(breaches.is_empty(), "{breaches:#?}");
    check_end(&trial, &ran);
    check_queue(&ran);
    ran
}

/// The job ends as it should, having done what it should.
fn check_end(trial: &Trial, ran: &Ran) {
    let limits = &ran.job.limits;
    let early = match ran.end {
        End::Complete => None,
        End::Runtime => limits.runtime_ns.map(|_| "runtime"),
        End::Told => trial.finish_at.map(|_| "told"),
        End::Failed => Some("failed"),
    };
    assert!(early.is_some() == (ran.end != End::Complete), "{:?}", ran.end);
    let ios: u64 = DATA.map(|direction| ran.ios(direction)).iter().sum();
    if let Some(most) = limits.number_ios
        && !limits.time_based
    {
        // fio doubles the bound of such a job with each pass.
        let doubled = if trial.words.contains("trimwrite") { ran.passes.min(20) } else { 0 };
        assert!(ios <= (most * u64::from(limits.loops)) << doubled, "{ios} requests");
    }
    let bytes: u64 = DATA.map(|direction| ran.bytes(direction)).iter().sum();
    let plain = early.is_none()
        && ran.report.total_errors == 0
        && trial.faults.end_of_file == u64::MAX
        && limits.number_ios.is_none()
        && !limits.time_based
        && ["--bs=4k", "--bs=1k"].iter().any(|word| trial.words.contains(word))
        && ["trimwrite", "io_size", "size=250k", "size=100k", "nrfiles", "norandommap"]
            .iter()
            .all(|word| !trial.words.contains(word));
    if plain {
        assert_eq!(ran.passes, limits.loops as usize);
        assert_eq!(bytes, ran.real_bytes * u64::from(limits.loops));
    }
}

/// The queue is used as the job says.
fn check_queue(ran: &Ran) {
    let engine = &ran.job.engine;
    let (depth, journal) = (engine.iodepth as usize, &ran.journal);
    assert!(journal.deepest <= depth, "{} in flight", journal.deepest);
    let shorts = DATA.iter().any(|direction| ran.report.directions[*direction].short_ios > 0);
    for submission in &journal.submissions {
        assert!(shorts || submission.offered <= engine.batch.max(1) as usize, "{submission:?}");
    }
    for reap in &journal.reaps {
        let most = engine.batch_complete_max.max(engine.batch_complete_min).max(1) as usize;
        // A queue that drains is taken as it comes.
        let drains = reap.max == reap.in_flight;
        assert!(reap.given <= reap.max && (drains || reap.max <= most), "{reap:?}");
    }
}

#[test]
fn campaign() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    if let Some(seed) = number(SEED) {
        run(seed);
        return;
    }
    let mut kinds = Vec::new();
    let mut ends = Vec::new();
    let fresh = std::iter::repeat_with(super::fresh_seed).take(number(RUNS).unwrap_or(1) as usize);
    for seed in (1..=150).chain(fresh) {
        let ran = run(seed);
        kinds.push(ran.kind);
        ends.push(ran.end);
    }
    // Otherwise the dice are loaded.
    for kind in [Kind::Queued, Kind::Inline, Kind::Offloaded] {
        assert!(kinds.iter().filter(|other| **other == kind).count() > 10, "{kind:?}");
    }
    for end in [End::Complete, End::Runtime, End::Told, End::Failed] {
        assert!(ends.iter().filter(|other| **other == end).count() > 5, "{end:?}");
    }
}

/// A seed decides everything.
#[test]
fn a_run_of_the_campaign_can_be_repeated() {
    let seed = (1..).find(|seed| draw(*seed).kind == Kind::Queued).expect("a seed");
    let look = |ran: Ran| {
        let journal = ran.journal;
        format!("{:?} {:?} {:?}", journal.ended, journal.reaps, ran.elapsed_ns)
    };
    assert!(look(run(seed)) == look(run(seed)));
}

thread_local! {
    static DEVICE: RefCell<Option<Device>> = const { RefCell::new(None) };
}

/// An engine on the device that [`with_device`] has set.
pub(super) const SIMULATED: Registration = Registration {
    name: "simulated",
    summary: "a device in memory",
    caps: Caps { inline: true, diskless: true, ..Caps::NONE },
    create: |_| {
        let device = DEVICE.with(|device| device.borrow().clone()).expect("a device");
        Ok(Box::new(SimulatedEngine::inline(&device)))
    },
};

/// Has engines of the registration work on a device while `make` runs.
pub(super) fn with_device<T>(device: &Device, make: impl FnOnce() -> T) -> T {
    DEVICE.with(|place| *place.borrow_mut() = Some(device.clone()));
    let made = make();
    DEVICE.with(|place| *place.borrow_mut() = None);
    made
}

/// What was written before a flush outlasts a cut of the power, whatever is in flight.
#[test]
fn flushed_writes_outlast_the_power() {
    let mut unstable = 0;
    for seed in 1..20 {
        let storage = Storage::new(Cache::Volatile);
        let words = "--rw=randwrite --size=256k --bs=4k --iodepth=8 --fsync=5 --norandommap \
                     --refill_buffers";
        let faults = Faults { seed, reordered: true, late: Share(200), ..Faults::default() };
        let trial = Trial { storage: storage.clone(), ..Trial::queued(words).with(faults) };
        let ran = trial.run();
        super::assert_conserved(&ran, words);
        let ended = &ran.journal.ended;
        let last_flush = ended.iter().rposition(|e| e.unit.direction == Direction::Sync);
        let before_ns = last_flush.map(|index| ended[index].issued_ns).expect("a flush");
        let touched = |index: usize, block: u64| {
            ended[index].unit.direction == Direction::Write && ended[index].unit.offset == block
        };
        let read = |block: u64| {
            let mut buffer = vec![0; 4096];
            storage.read(fiord_base::FileIndex(0), block, &mut buffer);
            buffer
        };
        let blocks = (0..64).map(|number| number * 4096);
        let stable: Vec<(u64, Vec<u8>)> = blocks
            .filter(|block| {
                let mut last = (0..ended.len()).rev().filter(|index| touched(*index, *block));
                last.next().is_some_and(|index| ended[index].at_ns < before_ns)
            })
            .map(|block| (block, read(block)))
            .collect();
        assert!(stable.len() > 10, "{} blocks", stable.len());
        unstable += storage.unstable_sectors();
        storage.cut_power(seed);
        for (block, data) in stable {
            assert!(read(block) == data, "seed {seed}: block at {block}");
        }
    }
    assert!(unstable > 0, "nothing is at stake");
}
