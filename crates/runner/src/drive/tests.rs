//! The real loop on a simulated device: what is issued, counted and told, with everything going wrong
//! that can.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod blocks;
mod books;
mod campaign;
mod files;
mod looped;
mod pacing;
mod power_campaign;
mod shadow;
mod shadow_campaign;
mod trial;
mod verify_campaign;

use fiord_base::Direction;
use fiord_sim::{Faults, Share};
use fiord_sys::Errno;

use self::campaign::PRIORITIES;
use self::trial::{Ran, Trial};
use super::End;
use crate::board::State;

const READ: Direction = Direction::Read;
const WRITE: Direction = Direction::Write;

fn assert_conserved(ran: &Ran, what: &str) {
    let breaches = ran.breaches();
    assert!(breaches.is_empty(), "{what}: {breaches:#?}");
}

/// A seed that no earlier run had.
fn fresh_seed() -> u64 {
    fiord_sys::host::entropy().unwrap()[0]
}

/// Everything at once: all faults that are survived, at any depth, in any order.
#[test]
fn every_request_ends_once_whatever_happens() {
    let patterns = ["randrw", "rw", "randwrite", "read", "trimwrite", "randtrim"];
    let fresh = fresh_seed();
    for seed in [1, 2, 3, 4, 5, fresh] {
        for (index, depth) in [1, 2, 3, 8, 17, 64].into_iter().enumerate() {
            let rw = patterns[(seed as usize + index) % patterns.len()];
            let batch = 1 + (seed as usize + index) % depth;
            let words = format!(
                "--rw={rw} --size=512k --bsrange=1k-16k --iodepth={depth} --iodepth_batch={batch} \
                 --fsync=7 --continue_on_error=all --nrfiles=3 --loops=2"
            );
            let faults = Faults {
                seed: seed ^ depth as u64,
                error: (Share(20), Errno::IO),
                short: Share(100),
                nothing: Share(10),
                busy: Share(200),
                early: Share(200),
                late: Share(100),
                interrupted: Share(100),
                reordered: true,
                ..Faults::default()
            };
            for trial in [Trial::queued(&words), Trial::inline(&words)] {
                let ran = trial.with(faults.clone()).run();
                let what = format!("seed {seed} (fresh: {fresh}), depth {depth}, {words}");
                assert_conserved(&ran, &what);
                assert_eq!(ran.end, End::Complete, "{what}");
                assert_eq!((ran.report.error, ran.passes), (0, 2), "{what}");
                assert!(ran.journal.deepest <= depth, "{what}");
                let failed = ran.journal.ended.iter().filter(|ended| {
                    ended.result.is_err() || (ended.result == Ok(0) && ended.unit.length > 0)
                });
                assert_eq!(ran.report.total_errors, failed.count() as u64, "{what}");
            }
        }
    }
}

/// Ending early, by an error or by order, with a full queue in disorder.
#[test]
fn nothing_is_lost_when_the_end_comes_early() {
    for seed in [11, 12, 13, fresh_seed()] {
        for depth in [1, 4, 32] {
            let words = format!("--rw=randrw --size=1m --bsrange=1k-16k --iodepth={depth}");
            let faults = Faults {
                seed,
                short: Share(300),
                busy: Share(300),
                early: Share(100),
                reordered: true,
                ..Faults::default()
            };
            let at = 20 + seed % 40;
            let failing = Faults { error_at: Some((at, Errno::IO)), ..faults.clone() };
            for trial in [Trial::queued(&words), Trial::inline(&words)] {
                let ran = trial.with(failing.clone()).run();
                assert_conserved(&ran, &format!("seed {seed}, error at {at}, {words}"));
                assert_eq!(ran.end, End::Failed);
                assert_eq!((ran.report.error, ran.messages.len()), (5, 1));
            }
            for trial in [Trial::queued(&words), Trial::inline(&words)] {
                let ran =
                    Trial { finish_at: Some(at as usize), ..trial.with(faults.clone()) }.run();
                assert_conserved(&ran, &format!("seed {seed}, told at {at}, {words}"));
                assert_eq!((ran.end, ran.report.error), (End::Told, 0));
                assert!(ran.bytes(READ) + ran.bytes(WRITE) < 1 << 20);
            }
        }
    }
}

/// The journal checks that each part begins where the last one ended, with the same data.
#[test]
fn short_transfers_are_continued() {
    for trial in [
        Trial::queued("--rw=rw --size=1m --bs=64k --iodepth=8"),
        Trial::inline("--rw=rw --size=1m --bs=64k"),
    ] {
        let ran = trial.with(Faults { short: Share(900), ..Faults::default() }).run();
        assert_conserved(&ran, "short");
        assert_eq!(ran.bytes(READ) + ran.bytes(WRITE), 1 << 20);
        assert_eq!(ran.ios(READ) + ran.ios(WRITE), 16);
        let shorts = ran.report.directions[READ].short_ios + ran.report.directions[WRITE].short_ios;
        assert_eq!(shorts as usize, ran.journal.attempts.len() - 16);
        assert!(shorts > 16);
    }
}

#[test]
fn a_read_may_end_with_the_file() {
    let faults = Faults { end_of_file: 100_000, ..Faults::default() };
    for trial in [
        Trial::queued("--rw=read --size=128k --bs=64k --iodepth=2"),
        Trial::inline("--rw=read --size=128k --bs=64k"),
    ] {
        let ran = Trial { real_bytes: Some(100_000), ..trial.with(faults.clone()) }.run();
        assert_conserved(&ran, "end of file");
        assert_eq!((ran.end, ran.report.error), (End::Complete, 0));
        assert_eq!((ran.bytes(READ), ran.ios(READ)), (100_000, 2));
        assert_eq!(ran.report.directions[READ].short_ios, 0);
    }
    let in_parts = Faults { short: Share(800), ..faults };
    let trial = Trial::inline("--rw=read --size=128k --bs=64k").with(in_parts);
    let ran = Trial { real_bytes: Some(100_000), ..trial }.run();
    assert_conserved(&ran, "end of file in parts");
    assert_eq!((ran.end, ran.bytes(READ), ran.ios(READ)), (End::Complete, 100_000, 2));
    assert!(ran.report.directions[READ].short_ios > 0);
}

#[test]
fn a_read_of_nothing_inside_the_file_is_an_error() {
    let faults = Faults { end_of_file: 100_000, ..Faults::default() };
    let ran = Trial::inline("--rw=read --size=256k --bs=64k").with(faults).run();
    assert_conserved(&ran, "truncated file");
    assert_eq!((ran.end, ran.report.error), (End::Failed, Errno::IO.0));
    assert_eq!((ran.bytes(READ), ran.ios(READ)), (64 << 10, 2));
    assert!(ran.messages[0].contains("offset 65536"), "{:?}", ran.messages);
}

#[test]
fn requests_that_come_in_parts_have_one_latency_of_their_priority() {
    for share in [0, 400, 1000] {
        let words = format!("--rw=randrw --size=1m --bs=4k --iodepth=8 {PRIORITIES}");
        let faults = Faults { short: Share(share), reordered: true, ..Faults::default() };
        let ran = Trial::queued(&words).with(faults).run();
        assert_conserved(&ran, &words);
        for (direction, by_priority) in [READ, WRITE].into_iter().zip(&ran.report.by_priority) {
            let told = &ran.report.directions[direction];
            assert_eq!(told.short_ios > 0, share > 0);
            let counts: Vec<u64> = by_priority.iter().map(|each| each.moments.count).collect();
            assert!(counts.len() == 2 && counts.iter().all(|count| *count > 10), "{counts:?}");
            assert_eq!(counts.iter().sum::<u64>(), told.clat.moments.count, "{counts:?}");
        }
    }
}

#[test]
fn the_first_fatal_error_is_told_once_and_the_queue_is_drained() {
    let faults = Faults { error: (Share(1000), Errno::IO), ..Faults::default() };
    let ran = Trial::queued("--rw=randread --size=1m --iodepth=32").with(faults).run();
    assert_conserved(&ran, "all fail");
    assert_eq!(ran.end, End::Failed);
    assert_eq!(ran.journal.attempts.len(), 32);
    assert_eq!((ran.report.error, ran.report.total_errors), (5, 32));
    assert_eq!(ran.messages.len(), 1, "{:?}", ran.messages);
}

#[test]
fn errors_are_survived_by_class_and_number() {
    let run = |words: &str, errno| {
        let faults = Faults { error_at: Some((3, errno)), ..Faults::default() };
        let words = format!("--size=64k --bs=4k {words}");
        let ran = Trial::inline(&words).with(faults).run();
        assert_conserved(&ran, &words);
        (ran.end, ran.report.error, ran.report.first_error, ran.ios(READ) + ran.ios(WRITE))
    };
    let (nospc, io) = (Errno::NOSPC, Errno::IO);
    let survived = |errno: Errno| (End::Complete, 0, errno.0, 16);
    let ended = |errno: Errno| (End::Failed, errno.0, errno.0, 4);
    assert_eq!(run("--rw=read", io), ended(io));
    assert_eq!(run("--rw=read --continue_on_error=read", io), survived(io));
    assert_eq!(run("--rw=read --continue_on_error=write", io), ended(io));
    assert_eq!(run("--rw=write --continue_on_error=write", io), survived(io));
    assert_eq!(run("--rw=trim --continue_on_error=write", io).0, End::Complete);
    assert_eq!(run("--rw=write --continue_on_error=io", nospc), ended(nospc));
    assert_eq!(run("--rw=write --ignore_error=,ENOSPC", nospc), survived(nospc));
    assert_eq!(run("--rw=write --ignore_error=,ENOSPC", io), ended(io));
    assert_eq!(run("--rw=read --ignore_error=ENOSPC:EIO", io), survived(io));
}

#[test]
fn tolerated_errors_are_shown_if_asked_for() {
    let faults = Faults { error_at: Some((2, Errno::IO)), ..Faults::default() };
    let words = "--rw=read --size=64k --bs=4k --continue_on_error=read";
    let quiet = Trial::inline(words).with(faults.clone()).run();
    assert!(quiet.messages.is_empty());
    let shown = Trial::inline(&format!("{words} --error_dump=1")).with(faults).run();
    assert_eq!(shown.messages.len(), 1);
    assert!(shown.messages[0].contains("offset 8192"), "{:?}", shown.messages);
}

#[test]
fn a_full_device_ends_the_job_that_fills_it() {
    for (words, inline) in [
        ("--rw=write --fill_device=1 --size=1m --bs=64k", true),
        ("--rw=write --fill_device=1 --size=1m --bs=64k --iodepth=4 --loops=3", false),
    ] {
        let trial = if inline { Trial::inline(words) } else { Trial::queued(words) };
        let ran = trial.with(Faults { full_at: 300_000, ..Faults::default() }).run();
        assert_eq!((ran.end, ran.report.error, ran.report.total_errors), (End::Complete, 0, 0));
        assert_eq!((ran.bytes(WRITE), ran.passes), (300_000, 1), "{words}");
        assert!(ran.messages.is_empty() && ran.journal.violations.is_empty());
    }
    // The request that found no room was issued, too.
    let full = Faults { full_at: 262_144, ..Faults::default() };
    let ran = Trial::inline("--rw=write --fill_device=1 --size=1m --bs=64k").with(full).run();
    assert_eq!((ran.end, ran.bytes(WRITE), ran.ios(WRITE)), (End::Complete, 262_144, 5));
    let full = Faults { full_at: 300_000, ..Faults::default() };
    let ran = Trial::inline("--rw=write --size=1m --bs=64k").with(full).run();
    assert_eq!((ran.end, ran.report.error), (End::Failed, Errno::NOSPC.0));
}

#[test]
fn an_engine_that_takes_nothing_ends_the_job() {
    let faults = Faults { refuses_all: true, ..Faults::default() };
    let ran = Trial::queued("--rw=read --size=64k --iodepth=4").with(faults).run();
    assert_eq!((ran.journal.attempts.len(), ran.journal.submissions.len()), (0, 1));
    assert_eq!((ran.end, ran.report.error), (End::Failed, Errno::AGAIN.0));
    assert_eq!(ran.messages.len(), 1);
}

#[test]
fn an_engine_that_breaks_ends_the_job() {
    let faults = Faults { reap_breaks_at: Some(3), ..Faults::default() };
    let ran = Trial::queued("--rw=read --size=64k --bs=4k --iodepth=8").with(faults).run();
    assert_eq!((ran.end, ran.report.error), (End::Failed, Errno::IO.0));
    assert_eq!(ran.ios(READ), ran.journal.requests(READ), "lost requests are counted");
    assert_eq!(ran.messages.len(), 1, "{:?}", ran.messages);
    assert!(ran.messages[0].contains("completions"), "{:?}", ran.messages);
}

/// Others go on beside lost requests; at the end only these are waited for, by calls that wait.
#[test]
fn lost_requests_are_waited_for_and_counted() {
    for (seed, cancels) in [(1, false), (2, false), (3, true), (4, true)] {
        let faults =
            Faults { seed, lost: Share(20), cancels, reordered: true, ..Faults::default() };
        let words = "--rw=randrw --size=1m --bs=4k --iodepth=16";
        let ran = Trial::queued(words).with(faults.clone()).run();
        let journal = &ran.journal;
        let lost = journal.attempts.iter().filter(|attempt| attempt.lost).count();
        assert!((1..16).contains(&lost), "seed {seed}: {lost} lost");
        assert_eq!((ran.end, ran.report.error), (End::Failed, Errno::IO.0));
        let ended = journal.ended.len();
        assert_eq!((journal.attempts.len(), ended + lost), (256, 256));
        assert_eq!(ran.ios(READ) + ran.ios(WRITE), 256, "lost requests were issued");
        assert_eq!(ran.bytes(READ) + ran.bytes(WRITE), ended as u64 * 4096);
        assert_eq!(ran.report.total_errors as usize, 1 + lost, "and failed");
        let vain = journal.reaps.iter().filter(|reap| reap.given == 0);
        assert_eq!(vain.clone().count() as u64, faults.patience + 1);
        assert!(vain.clone().all(|reap| reap.min > 0), "the processor is not kept busy");

        // An error of another request has the lost ones cancelled.
        let failing = Faults { error_at: Some((200, Errno::NOSPC)), ..faults };
        let ran = Trial::queued(words).with(failing).run();
        assert_eq!((ran.end, ran.report.error), (End::Failed, Errno::NOSPC.0), "seed {seed}");
        assert_eq!(ran.messages.len(), 1, "{:?}", ran.messages);
        assert_eq!(ran.journal.cancels, 1);
        if cancels {
            assert_conserved(&ran, "cancelled");
            let cancelled = ran.journal.ended.iter().filter(|e| e.result == Err(Errno::CANCELED));
            assert!(cancelled.count() > 0, "seed {seed}");
        }
    }
}

/// A full queue costs a wait, and a wait lets requests end.
#[test]
fn a_busy_queue_does_not_keep_the_processor_busy() {
    for (busy, busy_run) in [(1000, 0), (500, 20), (1000, 1000)] {
        for depth in [2, 16, 64] {
            let faults = Faults { busy: Share(busy), busy_run, ..Faults::default() };
            let words = format!("--rw=randread --size=1m --bs=4k --iodepth={depth}");
            for words in [words.clone(), format!("{words} --iodepth_batch={depth}")] {
                let ran = Trial::queued(&words).with(faults.clone()).run();
                assert_conserved(&ran, &words);
                assert_eq!((ran.end, ran.ios(READ)), (End::Complete, 256));
                let refused = ran.journal.submissions.iter().filter(|s| s.taken < s.offered);
                assert!(refused.clone().count() > 10, "{words}");
                assert!(ran.journal.reaps.iter().all(|reap| reap.given > 0), "{words}");
                assert!(refused.count() <= ran.journal.reaps.len(), "{words}");
            }
        }
    }
}

#[test]
fn the_queue_is_kept_as_deep_as_asked() {
    let depths = |words: &str| {
        let ran = Trial::queued(&format!("--rw=randread --size=1m --bs=4k {words}")).run();
        assert_conserved(&ran, words);
        assert_eq!(ran.ios(READ), 256);
        ran
    };
    let ran = depths("--iodepth=32");
    assert_eq!(ran.journal.deepest, 32);
    assert_eq!(ran.report.depths, [1, 2, 4, 8, 16, 225, 0]);
    let ran = depths("--iodepth=16 --iodepth_batch=4");
    assert!(ran.journal.submissions.iter().all(|submission| submission.offered <= 4));
    assert_eq!(ran.journal.deepest, 16);
    // A full queue sinks to the low mark before it is filled again.
    let ran = depths("--iodepth=16 --iodepth_batch=16 --iodepth_low=4");
    let refills = ran.journal.submissions.iter().skip(1).map(|submission| submission.offered);
    assert!(refills.clone().max() == Some(12), "{:?}", refills.collect::<Vec<_>>());
    let ran = depths("--iodepth=16 --iodepth_batch_complete_min=8 --iodepth_batch_complete_max=8");
    let while_full = ran.journal.reaps.iter().filter(|reap| reap.in_flight == 16);
    assert!(while_full.clone().count() > 0);
    assert!(while_full.clone().all(|reap| (reap.min, reap.max, reap.given) == (8, 8, 8)));
    // 0 polls: no reap ever waits while requests could be made.
    let ran = depths("--iodepth=4 --iodepth_batch_complete_min=0");
    assert!(ran.journal.reaps.iter().any(|reap| reap.min == 0));
}

#[test]
fn runtime_ends_the_job_to_the_nanosecond() {
    const MS: u64 = 1_000_000;
    let slow = Faults { latency_ns: MS, ..Faults::default() };
    let words = "--rw=randread --size=1m --bs=4k --time_based --runtime=10s";
    let ran = Trial::inline(words).with(slow.clone()).run();
    assert_conserved(&ran, words);
    assert_eq!((ran.end, ran.elapsed_ns, ran.ios(READ)), (End::Runtime, 10_000 * MS, 10_000));
    assert_eq!(ran.report.runtime_ns, 10_000 * MS);
    assert_eq!(ran.report.directions[READ].clat.moments.min, MS);
    assert_eq!(ran.report.directions[READ].clat.moments.max, MS);
    // A size that is done before leaves time over.
    let ran = Trial::inline("--rw=read --size=1m --bs=4k --runtime=10s").with(slow.clone()).run();
    assert_eq!((ran.end, ran.elapsed_ns), (End::Complete, 256 * MS));
    // What is in flight at the end is waited for and counted.
    let words = "--rw=randread --size=1m --bs=4k --time_based --runtime=1s --iodepth=8";
    let late = Faults { late: Share(300), reordered: true, ..slow };
    let ran = Trial::queued(words).with(late).run();
    assert_conserved(&ran, words);
    assert_eq!(ran.end, End::Runtime);
    assert!(ran.elapsed_ns >= 1000 * MS && ran.elapsed_ns <= 1100 * MS + MS);
}

#[test]
fn the_ramp_is_not_measured() {
    const MS: u64 = 1_000_000;
    let slow = Faults { latency_ns: MS, ..Faults::default() };
    let words = "--rw=randread --size=1m --bs=4k --time_based --ramp_time=3s --runtime=2s";
    let ran = Trial::inline(words).with(slow.clone()).run();
    assert_eq!((ran.end, ran.elapsed_ns), (End::Runtime, 5000 * MS));
    assert_eq!((ran.ios(READ), ran.bytes(READ)), (2000, 2000 * 4096));
    assert_eq!(ran.report.directions[READ].clat.moments.count, 2000);
    assert_eq!(ran.report.runtime_ns, 2000 * MS);
    assert_eq!((ran.report.first_ns, ran.report.epoch), (trial::START_NS + 3000 * MS, 1));
    assert_eq!(ran.states, [State::Running]);
    let queued = Trial::queued(&format!("{words} --iodepth=4")).with(slow).run();
    assert_eq!(queued.elapsed_ns, 5000 * MS);
    // Those in flight at the end are waited for.
    assert!((8000..8004).contains(&queued.ios(READ)), "{}", queued.ios(READ));
}

#[test]
fn a_ramp_may_be_an_amount() {
    const MS: u64 = 1_000_000;
    let slow = Faults { latency_ns: MS, ..Faults::default() };
    let words = "--rw=randread --size=1m --bs=4k --time_based --ramp_size=64k --runtime=2s";
    let ran = Trial::inline(words).with(slow.clone()).run();
    assert_eq!((ran.end, ran.elapsed_ns), (End::Runtime, 2016 * MS));
    assert_eq!((ran.ios(READ), ran.report.runtime_ns), (2000, 2000 * MS));
    assert_eq!((ran.report.first_ns, ran.report.epoch), (trial::START_NS + 16 * MS, 1));
    assert_eq!(ran.states, [State::Running]);
    // It does not keep the job from waiting: four requests, one each quarter of a second.
    let words = "--rw=write --size=64k --bs=4k --iodepth=4 --ramp_size=16k --rate_iops=4";
    let ran = Trial::queued(words).with(slow).run();
    assert_eq!((ran.end, ran.ios(WRITE)), (End::Complete, 12));
    assert!(ran.elapsed_ns > 3500 * MS, "{}", ran.elapsed_ns);
    assert!((700 * MS..1100 * MS).contains(&(ran.report.first_ns - trial::START_NS)));
}

/// fio counts what a job does in its ramp if that never ends.
#[test]
fn a_job_that_ends_in_its_ramp_is_reported_as_it_is() {
    let words = "--rw=write --size=64k --bs=4k --ramp_size=1m";
    let ran = Trial::queued(words).run();
    assert_eq!((ran.end, ran.ios(WRITE), ran.report.epoch), (End::Complete, 16, 0));
}

#[test]
fn clocks_that_are_not_needed_are_not_read() {
    let ran = Trial::inline("--rw=read --size=1m --bs=4k --gtod_reduce=1").run();
    assert_eq!((ran.end, ran.ios(READ), ran.bytes(READ)), (End::Complete, 256, 1 << 20));
    assert_eq!(ran.report.directions[READ].clat.moments.count, 0);
    // Time is looked at once in a while.
    let words = "--rw=randread --size=1m --bs=4k --time_based --runtime=1s --gtod_reduce=1";
    let slow = Faults { latency_ns: 1_000_000, ..Faults::default() };
    let ran = Trial::inline(words).with(slow).run();
    assert_eq!(ran.end, End::Runtime);
    assert!((1000..1100).contains(&ran.ios(READ)), "{}", ran.ios(READ));
}

#[test]
fn flushes_come_when_they_are_due() {
    let order = |words: &str| -> Vec<Direction> {
        let ran = Trial::inline(&format!("--size=32k --bs=4k {words}")).run();
        assert_conserved(&ran, words);
        ran.journal.attempts.iter().map(|attempt| attempt.unit.direction).collect()
    };
    let sync = Direction::Sync;
    let written = order("--rw=write --fsync=3");
    assert_eq!(written, [WRITE, WRITE, WRITE, sync, WRITE, WRITE, WRITE, sync, WRITE, WRITE]);
    let written = order("--rw=write --fdatasync=4");
    assert_eq!(written.iter().filter(|d| **d == Direction::Datasync).count(), 1);
    assert_eq!(order("--rw=read --fsync=1").len(), 8);
}

#[test]
fn the_end_of_a_pass_waits_for_the_queue() {
    let words = "--rw=write --size=64k --bs=4k --iodepth=16 --loops=3 --nrfiles=2 --end_fsync=1";
    let ran = Trial::queued(words).with(Faults { reordered: true, ..Faults::default() }).run();
    assert_conserved(&ran, words);
    assert_eq!((ran.end, ran.passes, ran.ios(WRITE)), (End::Complete, 3, 48));
    let flushing = ran.states.iter().filter(|state| **state == State::Flushing).count();
    assert_eq!(flushing, 3, "each pass is flushed once: {:?}", ran.states);
    let openings = ran.journal.targets.iter().filter(|(_, open)| *open).count();
    assert_eq!((openings, ran.journal.targets.len()), (6, 12));
}

/// Work whose instructions `cargo xtask instructions` counts: a full queue in disorder, transfers that
/// are continued, and a device that is busy at times. Time is simulated, so that two runs are the same
/// to the last instruction; requests are small, so that it is not data that is counted.
#[test]
#[ignore = "work for cargo xtask instructions"]
fn counted() {
    let requests = std::env::var("FIORD_REQUESTS").map_or(1000, |text| text.parse().unwrap());
    let words = format!(
        "--rw=randrw --bs=8 --size=8m --number_ios={requests} --iodepth=32 --iodepth_batch=16 \
         --iodepth_batch_complete_min=16"
    );
    let faults = Faults {
        seed: 1,
        short: Share(20),
        busy: Share(20),
        early: Share(500),
        reordered: true,
        ..Faults::default()
    };
    let ran = Trial::queued(&words).with(faults).run();
    assert_eq!((ran.end, ran.ios(READ) + ran.ios(WRITE)), (End::Complete, requests));
}
