//! The campaign of power cuts: a job writes to a device with a cache and keeps a journal; at some moment the
//! power is cut, and a second job loads what was kept and verifies what is left. What a flush covers has to
//! be there, and its loss has to be found; what no flush covers may be lost, and is not to be accused.
//!
//! What is true is known from the requests and flushes that the device has seen, not from the journal.
//! `FIORD_SIM_RUNS=10000` runs as many fresh seeds, `FIORD_SIM_SEED` repeats one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use fiord_base::random::{Stream, Width};
use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Caps, Unit};
use fiord_measure::MismatchRecord;
use fiord_options::plan::{JobPlan, VerifyPolicy};
use fiord_sim::{Cache, Damages, Faults, Share, Storage};
use fiord_sys::Errno;

use super::super::End;
use super::campaign::{self, Dice, Told};
use super::files::Scratch;
use super::looped::plan;
use super::shadow::Watcher;
use super::trial::{Kind, Trial};

const SECTOR: usize = 512;

/// A write to a sector that no flush covers.
#[derive(Clone)]
struct Write {
    data: Vec<u8>,
    /// Where it is in flight.
    slot: Option<Slot>,
    /// The event with which it was acknowledged.
    acknowledged: Option<u64>,
}

/// What a sector may hold.
#[derive(Clone, Default)]
struct Sector {
    /// What has to be there if nothing later is.
    durable: Option<Vec<u8>>,
    /// The job has to know that it is durable.
    sure: bool,
    later: Vec<Write>,
}

impl Sector {
    fn permits(&self, data: &[u8]) -> bool {
        let Some(durable) = &self.durable else { return true };
        durable == data || self.later.iter().any(|write| write.data == data)
    }

    fn is_certain(&self) -> bool {
        self.sure && self.later.is_empty()
    }

    /// All that was acknowledged up to an event is durable.
    fn flushed(&mut self, event: u64, sure: bool) {
        let covered = |write: &Write| write.acknowledged.is_some_and(|at| at <= event);
        let Some(last) = self.later.iter().rposition(covered) else { return };
        self.durable = self.later.drain(..=last).next_back().map(|write| write.data);
        self.sure = sure;
    }
}

type Sectors = BTreeMap<(u32, u64), Sector>;

/// The world as the power went.
#[derive(Clone)]
struct Left {
    storage: Storage,
    sectors: Sectors,
    kept: Vec<(String, Vec<u8>)>,
}

/// Follows the first job, and cuts the power.
struct Cutter {
    storage: Storage,
    cache: Cache,
    aux: std::path::PathBuf,
    dice: Dice,
    calls_left: u64,
    /// The job notes at once what is durable: a flush covers all files and all that was written before, because
    /// it is made when nothing is in flight, and what was acknowledged is in the journal before the next
    /// request, which is not worth a flush.
    prompt: bool,
    events: u64,
    sectors: Sectors,
    /// Flushes in flight, by slot: of which file, since when.
    flushes: BTreeMap<u32, (u32, u64)>,
    flush_failed: bool,
    left: Option<Left>,
}

impl Cutter {
    fn cut(&mut self) {
        let storage = self.storage.copy();
        for ((file, number), sector) in &self.sectors {
            let on_the_way = sector.later.iter().filter(|write| write.slot.is_some());
            for write in on_the_way {
                if self.dice.one_in(2) {
                    storage.write(FileIndex(*file), number * SECTOR as u64, &write.data);
                }
            }
        }
        storage.cut_power(self.dice.below(u64::MAX));
        let kept = std::fs::read_dir(&self.aux).expect("a directory").map(|entry| {
            let entry = entry.expect("a file");
            let bytes = std::fs::read(entry.path()).expect("readable");
            (entry.file_name().into_string().expect("plain"), bytes)
        });
        let kept = kept.collect();
        self.left = Some(Left { storage, sectors: self.sectors.clone(), kept });
    }

    fn of_slot(&mut self, slot: Slot) -> impl Iterator<Item = &mut Write> {
        let writes = self.sectors.values_mut().flat_map(|sector| &mut sector.later);
        writes.filter(move |write| write.slot == Some(slot))
    }

    fn write_ended(&mut self, unit: &Unit, result: Result<u64, Errno>) {
        let whole = result.is_ok_and(|moved| unit.progress + moved == unit.length);
        if !whole && result.is_ok_and(|moved| moved > 0) {
            return;
        }
        let (event, through) = (self.events, self.cache == Cache::WriteThrough);
        let sure = self.prompt && !self.flush_failed;
        for write in self.of_slot(unit.slot) {
            write.slot = None;
            write.acknowledged = whole.then_some(event);
        }
        if through && whole {
            self.sectors.values_mut().for_each(|sector| sector.flushed(event, sure));
        }
    }

    fn flush_ended(&mut self, unit: &Unit, success: bool) {
        let Some((file, event)) = self.flushes.remove(&unit.slot.0) else { return };
        if !success {
            // What was acknowledged may be gone, as far as the job knows.
            let through = self.cache == Cache::WriteThrough;
            self.sectors.values_mut().for_each(|sector| sector.sure &= !through);
            self.flush_failed = true;
        }
        let sure = self.prompt && !self.flush_failed;
        if success {
            for (_, sector) in self.sectors.range_mut((file, 0)..=(file, u64::MAX)) {
                sector.flushed(event, sure);
            }
        }
    }
}

/// The sectors of a request.
fn sectors(unit: &Unit) -> std::ops::Range<(u32, u64)> {
    let sector = SECTOR as u64;
    let end = (unit.offset + unit.length).div_ceil(sector);
    (unit.file.0, unit.offset / sector)..(unit.file.0, end)
}

impl Watcher for Cutter {
    fn before(&mut self, batch: &[Unit]) {
        if self.calls_left == 0 && self.left.is_none() {
            self.cut();
            // The journal has them, so that they may have arrived as far as the job knows.
            let writes = batch.iter().filter(|unit| unit.direction == Direction::Write);
            for unit in writes {
                let sectors = sectors(unit);
                let left = self.left.iter_mut();
                left.flat_map(|left| left.sectors.range_mut(sectors.clone()))
                    .for_each(|(_, sector)| sector.sure = false);
            }
        }
        self.calls_left = self.calls_left.saturating_sub(1);
    }

    fn issued(&mut self, unit: &Unit, buffer: &[u8]) {
        self.events += 1;
        let file = unit.file.0;
        match unit.direction {
            Direction::Write if unit.progress == 0 => {
                // A request that was given up before.
                self.of_slot(unit.slot).for_each(|write| write.slot = None);
                for (index, data) in buffer[..unit.length as usize].chunks(SECTOR).enumerate() {
                    let number = unit.offset / SECTOR as u64 + index as u64;
                    let (data, slot) = (data.to_vec(), Some(unit.slot));
                    let sector = self.sectors.entry((file, number)).or_default();
                    sector.later.push(Write { data, slot, acknowledged: None });
                }
            }
            Direction::Sync | Direction::Datasync => {
                self.flushes.insert(unit.slot.0, (file, self.events));
            }
            _ => {}
        }
    }

    fn ended(&mut self, unit: &Unit, result: Result<u64, Errno>, _buffer: &[u8]) {
        self.events += 1;
        match unit.direction {
            Direction::Write => self.write_ended(unit, result),
            Direction::Sync | Direction::Datasync => self.flush_ended(unit, result.is_ok()),
            _ => {}
        }
    }
}

/// What the second job reads: file, offset, data.
#[derive(Default)]
struct Reader(Vec<(u32, u64, Vec<u8>)>);

impl Watcher for Reader {
    fn ended(&mut self, unit: &Unit, _result: Result<u64, Errno>, buffer: &[u8]) {
        self.0.push((unit.file.0, unit.offset, buffer[..unit.length as usize].to_vec()));
    }
}

fn draw_job(dice: &mut Dice, cache: Cache) -> String {
    let rw = dice.pick(&["write", "randwrite", "randwrite"]);
    let kind = dice.pick(&["crc32c", "md5", "sha1", "xxhash", "crc64"]);
    let mut words =
        format!("--rw={rw} --verify={kind} --iodepth={}", dice.pick(&[1, 1, 1, 2, 4, 8]));
    let mut add = |word: &str| {
        words.push(' ');
        words.push_str(word);
    };
    add(&format!("--size={}k", dice.pick(&[24, 48, 96])));
    add(dice.pick(&["--bs=4k", "--bs=2k", "--bsrange=2k-8k"]));
    add(dice.pick(&["", "", "--verify_interval=1k"]));
    add(dice.pick(&["", "", "--norandommap", "--norandommap --io_size=150k"]));
    add(dice.pick(&["", "", "--loops=2", "--loops=3", "--loops=3"]));
    add(dice.pick(&["", "", "--nrfiles=3"]));
    add(dice.pick(&["--fsync=3", "--fdatasync=4", "--fsync=9", "--fsync=5 --fdatasync=7", ""]));
    let policy = if cache == Cache::Volatile { "fsynced" } else { "completed" };
    add(&format!("--verify_policy={policy} --continue_on_error=all --ignore_error=EIO,EIO"));
    words
}

/// What was seen in a run.
#[derive(Default)]
struct Seen {
    checked: u64,
    mismatches: u64,
    lost: bool,
}

fn run(seed: u64) -> Seen {
    let mut dice = Dice::new(seed);
    let cache = dice.pick(&[Cache::Volatile, Cache::Volatile, Cache::WriteThrough]);
    let words = draw_job(&mut dice, cache);
    let lies = dice.one_in(2);
    let unflushed = if lies { Share(1 + dice.below(800) as u32) } else { Share(0) };
    let faults = Faults {
        seed,
        damages: Damages { unflushed, ..Damages::default() },
        error: (dice.share(40), Errno::IO),
        short: dice.share(300),
        short_unit: 512,
        busy: dice.share(300),
        early: dice.share(300),
        reordered: dice.one_in(2),
        latency_ns: 1000,
        ..Faults::default()
    };
    let kind = dice.pick(&[Kind::Queued, Kind::Queued, Kind::Inline]);
    let journal = dice.pick(&["buffered", "sync"]);
    let calls_left = dice.pick(&[5, 20, 60, 200, 100_000]);
    let calls_left = dice.below(calls_left);
    let _told = Told::new(seed, format!("{kind:?}, {words}"), "power_campaign");
    let scratch = Scratch::new();
    let [before, after] = ["before", "after"].map(|name| scratch.0.join(name));
    for directory in [&before, &after] {
        std::fs::create_dir(directory).expect("a directory");
    }
    let job = plan(&format!("--ioengine=null {words}"), Caps::NONE);
    let storage = Storage::new(cache);
    let cutter = Arc::new(Mutex::new(Cutter {
        storage: storage.clone(),
        cache,
        aux: before.clone(),
        dice,
        calls_left,
        prompt: !words.contains("nrfiles")
            && (kind == Kind::Inline || words.contains("iodepth=1 "))
            && (cache == Cache::Volatile || journal == "buffered"),
        events: 0,
        sectors: Sectors::new(),
        flushes: BTreeMap::new(),
        flush_failed: false,
        left: None,
    }));
    let first = Trial {
        kind,
        storage,
        watcher: Some(cutter.clone()),
        aux: before,
        ..Trial::queued(&format!("{words} --do_verify=0 --verify_journal={journal}")).with(faults)
    };
    first.run();
    let left = {
        let mut cutter = cutter.lock().expect("no panic");
        if cutter.left.is_none() {
            cutter.cut();
        }
        cutter.left.take().expect("it was cut")
    };
    for (name, bytes) in &left.kept {
        std::fs::write(after.join(name), bytes).expect("a file");
    }
    look(&words, &job, left, (&after, lies))
}

/// The second job.
fn look(words: &str, job: &JobPlan, left: Left, (aux, lies): (&Path, bool)) -> Seen {
    let reader = Arc::new(Mutex::new(Reader::default()));
    // By a state of what was flushed any write may have followed.
    let closed = left.kept.iter().any(|(name, _)| name.ends_with(".journal"))
        || job.verify.state_policy == VerifyPolicy::Completed;
    let second = Trial {
        storage: left.storage,
        watcher: Some(reader.clone()),
        aux: aux.to_owned(),
        ..Trial::queued(&format!("{words} --verify_only --verify_state_load=1"))
    };
    let ran = second.run();
    let found = ran.report.verification.clone().expect("it verifies");
    assert_eq!(ran.end, End::Complete, "{:#?}", ran.messages);
    let interval = job.verify.interval_bytes;
    let at = |record: &MismatchRecord| match interval {
        Some(_) => record.offset,
        None => record.request_offset,
    };
    let told: BTreeSet<u64> = found.records.iter().map(at).collect();
    let reader = reader.lock().expect("no panic");
    let mut read = BTreeSet::new();
    let mut lost = false;
    let several = words.contains("nrfiles");
    for (file, offset, data) in &reader.0 {
        let block = interval.map_or(data.len(), |bytes| bytes as usize);
        for (index, block) in data.chunks(block).enumerate() {
            let offset = offset + (index * block.len()) as u64;
            let (mut permitted, mut certain, mut right) = (true, true, true);
            for (index, data) in block.chunks(SECTOR).enumerate() {
                let number = offset / SECTOR as u64 + index as u64;
                read.insert((*file, number));
                let sector = left.sectors.get(&(*file, number)).cloned().unwrap_or_default();
                permitted &= sector.permits(data);
                certain &= sector.is_certain();
                right &= sector.durable.as_deref() == Some(data);
            }
            let is_told = told.contains(&offset);
            assert!(!permitted || !is_told || several, "{offset}: accused: {:#?}", ran.messages);
            let hidden = closed && certain && !right && !is_told && found.total_mismatches() <= 32;
            assert!(!hidden, "{offset}: its loss was not found: {:#?}", ran.messages);
            lost |= certain && !right;
        }
    }
    assert!(lies || told.is_empty(), "accused: {:#?}", ran.messages);
    let fixed = job.blocks.min[Direction::Write] == job.blocks.max[Direction::Write];
    if fixed {
        let certain = left.sectors.iter().filter(|(_, sector)| sector.is_certain());
        let missed: Vec<_> =
            certain.map(|(place, _)| place).filter(|p| !read.contains(p)).collect();
        // Of a request whose sectors are not all certain nothing is checked.
        let sectors = job.blocks.max[Direction::Write] / SECTOR as u64;
        let whole = |place: &&(u32, u64)| {
            let first = place.1 / sectors * sectors;
            let certain =
                |number| left.sectors.get(&(place.0, number)).is_some_and(Sector::is_certain);
            (first..first + sectors).all(certain)
        };
        let missed: Vec<_> = missed.iter().copied().filter(whole).collect();
        assert!(missed.is_empty(), "durable and not checked: {missed:?}, {found:?}");
    }
    Seen { checked: found.checked, mismatches: found.total_mismatches(), lost }
}

#[test]
fn losses_that_flushes_forbid_are_found_and_no_others() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number(campaign::SEED) {
        run(seed);
        return;
    }
    let fresh = std::iter::repeat_with(super::fresh_seed);
    let fresh = fresh.take(number(campaign::RUNS).unwrap_or(1) as usize);
    let (mut checked, mut lost) = (0, 0);
    for seed in (1..=400).chain(fresh) {
        let seen = run(seed);
        checked += seen.checked;
        lost += u64::from(seen.lost && seen.mismatches > 0);
    }
    // Otherwise the dice are loaded.
    assert!(checked > 1000 && lost > 8, "{checked} blocks, {lost} runs with losses");
}

/// The dice of the stream.
#[test]
fn a_seed_decides_everything() {
    let words = |seed| {
        let mut dice = Dice(Stream::new(Width::Wide, seed));
        draw_job(&mut dice, Cache::Volatile)
    };
    assert_eq!(words(7), words(7));
}
