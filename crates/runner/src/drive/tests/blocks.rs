//! Blocks and the trims that they survive: exact states and counts, with errors at known places.

use std::collections::BTreeMap;

use fiord_base::Direction;
use fiord_measure::{Block, BlockState, Blocks};
use fiord_sim::{Faults, Share};
use fiord_sys::Errno;

use super::trial::{Kind, Ran, Trial};
use super::{End, assert_conserved};

const JOB: &str = "--block_error_percentiles=1 --bs=4k --continue_on_error=all";

fn blocks(ran: &Ran) -> Blocks {
    ran.report.blocks.clone().expect("blocks")
}

fn of(all: &[(BlockState, u64)]) -> Blocks {
    all.iter().map(|(state, trims)| Block { state: *state, trims: *trims }).collect()
}

/// What has to be reported, from the journal of the device. Blocks are of 4 KiB from offset 0 on, and so
/// are requests.
fn expected(ran: &Ran, count: u64) -> Blocks {
    let mut blocks: BTreeMap<u64, Block> =
        (0..count).map(|number| (number, Block::default())).collect();
    for ended in &ran.journal.ended {
        let whole = ended.result == Ok(ended.unit.length - ended.unit.progress);
        let failed = matches!(ended.result, Err(_) | Ok(0));
        let state = match (ended.unit.direction, whole, failed) {
            (Direction::Trim, true, _) => BlockState::Trimmed,
            (Direction::Write, true, _) => BlockState::Written,
            (Direction::Trim, _, true) => BlockState::TrimFailure,
            (Direction::Write, _, true) => BlockState::WriteFailure,
            _ => continue,
        };
        let block = blocks.get_mut(&(ended.unit.offset / 4096)).expect("a block of the region");
        *block = block.after(state);
    }
    blocks.into_values().collect()
}

#[test]
fn blocks_are_trimmed_and_written_in_turn() {
    for trial in [Trial::queued, Trial::inline] {
        let ran = trial(&format!("{JOB} --rw=trimwrite --size=16k --loops=3")).run();
        assert_conserved(&ran, "trimwrite");
        assert_eq!(blocks(&ran), of(&[(BlockState::Written, 3); 4]));
        let ran = trial(&format!("{JOB} --rw=trim --size=16k --io_size=24k")).run();
        let once = [(BlockState::Trimmed, 2), (BlockState::Trimmed, 2)];
        let twice = [(BlockState::Trimmed, 1), (BlockState::Trimmed, 1)];
        assert_eq!(blocks(&ran), of(&[once, twice].concat()));
    }
}

#[test]
fn a_block_that_fails_keeps_its_count() {
    // The eleventh request is the third trim of the first block but one, or its second write.
    for (rw, number, state, trims) in [
        ("trim", 9, BlockState::TrimFailure, 2),
        ("trimwrite", 11, BlockState::WriteFailure, 2),
        ("trimwrite", 10, BlockState::TrimFailure, 1),
    ] {
        let faults = Faults { error_at: Some((number, Errno::IO)), ..Faults::default() };
        let words = format!("{JOB} --rw={rw} --size=16k --loops=5");
        for trial in [Trial::queued(&words), Trial::inline(&words)] {
            let ran = trial.with(faults.clone()).run();
            assert_conserved(&ran, rw);
            let living = if rw == "trim" { BlockState::Trimmed } else { BlockState::Written };
            let others = [(living, 5); 3];
            assert_eq!(blocks(&ran), of(&[&others[..], &[(state, trims)]].concat()), "{rw}");
            assert_eq!(blocks(&ran).percentiles(&[1.0, 99.0]), Some(vec![trims; 2]));
        }
    }
}

#[test]
fn an_error_that_ends_the_job_is_noted() {
    let faults = Faults { error_at: Some((2, Errno::IO)), ..Faults::default() };
    let words = "--block_error_percentiles=1 --bs=4k --rw=write --size=16k";
    for trial in [Trial::queued(words), Trial::inline(words)] {
        let ran = trial.with(faults.clone()).run();
        assert_eq!(ran.end, End::Failed);
        let (written, failed) = ((BlockState::Written, 0), (BlockState::WriteFailure, 0));
        assert_eq!(blocks(&ran), of(&[written, written, failed, (BlockState::Unwritten, 0)]));
    }
}

#[test]
fn whatever_happens_the_journal_says_the_same() {
    for (seed, rw) in [(1, "randtrim"), (2, "randtrimwrite"), (3, "randwrite"), (4, "trimwrite")] {
        let words = format!("{JOB} --rw={rw} --size=256k --iodepth=8 --loops=9");
        let faults = Faults {
            seed,
            error: (Share(30), Errno::IO),
            nothing: Share(10),
            short: Share(100),
            busy: Share(100),
            early: Share(100),
            ..Faults::default()
        };
        let offloaded = Trial { kind: Kind::Offloaded, ..Trial::queued(&words) };
        for trial in [Trial::queued(&words), Trial::inline(&words), offloaded] {
            let ran = trial.with(faults.clone()).run();
            assert_eq!(ran.end, End::Complete, "{rw}");
            let blocks = blocks(&ran);
            assert_eq!(blocks.states().map(|(_, count)| count).sum::<u64>(), 64);
            let failed = blocks.states().filter(|(state, _)| state.is_failure());
            assert!(failed.map(|(_, count)| count).sum::<u64>() > 0, "{rw}");
            if trial_is_in_order(&ran) {
                assert_same(&blocks, &expected(&ran, 64), rw);
            }
        }
    }
}

/// Threads end requests in an order that the journal need not have.
fn trial_is_in_order(ran: &Ran) -> bool {
    ran.kind != Kind::Offloaded
}

/// Compares what reports show of them: the order of blocks does not matter.
fn assert_same(mine: &Blocks, theirs: &Blocks, what: &str) {
    let all: Vec<f64> = (1..=100).map(f64::from).collect();
    assert!(mine.states().eq(theirs.states()), "{what}: {mine:?} {theirs:?}");
    assert_eq!(mine.percentiles(&all), theirs.percentiles(&all), "{what}");
}

#[test]
fn blocks_begin_with_the_region_and_are_those_of_trims() {
    let words = "--block_error_percentiles=1 --bs=4k,4k,8k --offset=64k --size=32k";
    let ran = Trial::queued(&format!("{words} --rw=trim")).run();
    assert_eq!(blocks(&ran), of(&[(BlockState::Trimmed, 1); 4]));
    let ran = Trial::queued(&format!("{words} --rw=write")).run();
    assert_eq!(blocks(&ran), of(&[(BlockState::Written, 0); 8]));
    let ran = Trial::queued(&format!("{words} --rw=read")).run();
    assert_eq!(blocks(&ran), of(&[(BlockState::Unwritten, 0); 8]));
}

#[test]
fn jobs_that_do_not_ask_follow_nothing() {
    let ran = Trial::queued("--rw=trim --size=16k").run();
    assert_eq!(ran.report.blocks, None);
}
