//! Pace on simulated time: what has a schedule keeps it to the nanosecond.

use fiord_base::Direction;
use fiord_measure::Latency;
use fiord_measure::ledger::Snapshot;
use fiord_sim::Faults;
use fiord_sys::Errno;

use super::super::End;
use super::trial::{Ran, START_NS, Trial};

const MILLI_NS: u64 = 1_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// When requests of a direction came to the device, from the begin of the job on.
fn times(ran: &Ran, direction: Direction) -> Vec<u64> {
    let attempts = ran.journal.attempts.iter();
    let fresh = attempts.filter(|a| a.unit.direction == direction && a.unit.progress == 0);
    fresh.map(|attempt| attempt.at_ns - START_NS).collect()
}

fn read_times(ran: &Ran) -> Vec<u64> {
    times(ran, Direction::Read)
}

fn assert_sound(ran: &Ran) {
    let breaches = ran.breaches();
    assert!(breaches.is_empty(), "{breaches:#?}");
}

fn slow(latency: &Latency, bound_ns: u64) -> u64 {
    latency.histogram.bins().filter(|(ns, _)| *ns > bound_ns).map(|(_, count)| count).sum()
}

/// Requests with a response time beyond a bound, from the histogram; the bound is far from any value.
fn slower_than(report: &Snapshot, bound_ns: u64) -> u64 {
    let response = report.directions[Direction::Read].response.as_ref().expect("response times");
    slow(&response.latency, bound_ns)
}

#[test]
fn a_stall_makes_all_requests_late_that_were_due_in_it() {
    let latency_ns = 1000;
    let stall = (START_NS + 30 * SECOND_NS, START_NS + 31 * SECOND_NS);
    let faults = Faults { latency_ns, stall_ns: Some(stall), ..Faults::default() };
    let words = "--rw=read --size=4m --time_based --runtime=60 --rate_iops=1000";
    for (trial, depth) in [
        (Trial::inline(words), 1),
        (Trial::queued(words), 1),
        (Trial::queued(&format!("{words} --iodepth=64")), 64),
    ] {
        let ran = trial.with(faults.clone()).run();
        assert_sound(&ran);
        assert_eq!(ran.end, End::Runtime);
        // The stall is made up for: none is missing.
        assert_eq!(ran.ios(Direction::Read), 60_000, "depth {depth}");
        let read = &ran.report.directions[Direction::Read];
        let response = read.response.as_ref().expect("response times");
        let ended = ran.journal.ended.iter();
        let exact: Vec<u64> = ended
            .enumerate()
            .map(|(k, ended)| ended.at_ns - START_NS - k as u64 * MILLI_NS)
            .collect();
        let late = exact.iter().filter(|ns| **ns > 10_000).count() as u64;
        assert!((999..=1002).contains(&late), "depth {depth}: {late}");
        assert_eq!(slower_than(&ran.report, 10_000), late, "depth {depth}");
        assert_eq!(response.latency.moments.count, 60_000);
        assert_eq!(response.latency.moments.max, *exact.iter().max().expect("requests"));
        assert_eq!(
            response.latency.moments.sum,
            exact.iter().map(|ns| u128::from(*ns)).sum::<u128>()
        );
        // Who looks at latency alone sees as many as could be in flight.
        assert_eq!(read.clat.moments.max, SECOND_NS);
        assert_eq!(slow(&read.clat, 10_000), depth);
        let lag = &response.lag;
        assert!(lag.max_ns > SECOND_NS - (depth + 2) * MILLI_NS, "{lag:?}");
        assert!((1000 - depth - 2..=1002).contains(&lag.late), "{lag:?}");
    }
}

#[test]
fn requests_go_when_they_are_due() {
    let faults = Faults { latency_ns: 5 * MILLI_NS, ..Faults::default() };
    let words = "--rw=read --size=4m --time_based --runtime=1 --rate_iops=1000 --iodepth=32";
    let ran = Trial::queued(words).with(faults.clone()).run();
    assert_sound(&ran);
    assert_eq!(read_times(&ran), (0..1000).map(|k| k * MILLI_NS).collect::<Vec<_>>());
    // A rate does not drain the queue.
    assert!((5..=6).contains(&ran.journal.deepest), "{}", ran.journal.deepest);
    let response = ran.report.directions[Direction::Read].response.as_ref().expect("responses");
    assert_eq!((response.lag.max_ns, response.lag.late), (0, 0));
    assert_eq!(response.latency.moments.max, 5 * MILLI_NS);
    // A queue that is not deep enough: late, one after the other, and not fewer than it can.
    let words = "--rw=read --size=4m --time_based --runtime=1 --rate_iops=1000 --iodepth=4";
    let ran = Trial::queued(words).with(faults).run();
    assert_sound(&ran);
    let expected = |k: u64| (k / 4) * 5 * MILLI_NS + (k % 4) * if k < 4 { MILLI_NS } else { 0 };
    let first: Vec<u64> = read_times(&ran).into_iter().take(5).collect();
    assert_eq!(first, [0, 1, 2, 3, 5].map(|ms| ms * MILLI_NS));
    assert_eq!(expected(5), 5 * MILLI_NS);
    assert_eq!(read_times(&ran).len(), 800);
}

#[test]
fn a_rate_in_bytes_counts_bytes() {
    let words = "--rw=read --size=64m --bsrange=4k-64k --time_based --runtime=10 --rate=1m";
    let ran = Trial::inline(words).run();
    assert_sound(&ran);
    let mut due_ns = 0;
    for attempt in &ran.journal.attempts {
        let late = (attempt.at_ns - START_NS).saturating_sub(due_ns);
        assert!(late <= 1, "{attempt:?}: {late} ns late");
        due_ns += attempt.unit.length * SECOND_NS / (1 << 20);
    }
    assert!(ran.bytes(Direction::Read).abs_diff(10 << 20) <= 64 << 10);
}

#[test]
fn rates_of_a_mix_are_kept_apart() {
    for (rates, counts) in [("700,300", [7000, 3000]), ("100,900", [1000, 9000])] {
        let words = format!("--rw=randrw --size=64m --time_based --runtime=10 --rate_iops={rates}");
        for trial in [Trial::inline(&words), Trial::queued(&format!("{words} --iodepth=8"))] {
            let ran = trial.run();
            assert_sound(&ran);
            let seen = [ran.ios(Direction::Read), ran.ios(Direction::Write)];
            // The last one may be due as the time is over.
            let far = seen.iter().zip(&counts).any(|(seen, asked)| seen.abs_diff(*asked) > 1);
            assert!(!far, "{seen:?} instead of {counts:?}");
        }
    }
    // A direction without a cap goes on while the other one waits.
    let faults = Faults { latency_ns: 10_000, ..Faults::default() };
    let words = "--rw=randrw --size=64m --time_based --runtime=1 --rate_iops=,100";
    let ran = Trial::inline(words).with(faults).run();
    assert_sound(&ran);
    assert_eq!(ran.ios(Direction::Write), 100);
    assert!(ran.ios(Direction::Read) > 99_000, "{}", ran.ios(Direction::Read));
}

#[test]
fn sizes_of_a_split_count_as_one_request_each() {
    let words =
        "--rw=read --size=64m --bssplit=4k/50:64k/50 --time_based --runtime=1 --rate_iops=100";
    let ran = Trial::inline(words).run();
    assert_sound(&ran);
    let even: Vec<u64> = (0..100).map(|k| k * 10 * MILLI_NS).collect();
    assert_eq!(read_times(&ran), even);
}

#[test]
fn poisson_requests_have_the_rate_in_the_mean() {
    let words = "--rw=read --size=64m --time_based --runtime=100 --rate_iops=1000 \
                 --rate_process=poisson";
    let ran = Trial::inline(words).with(Faults { latency_ns: 1, ..Faults::default() }).run();
    assert_sound(&ran);
    let requests = ran.ios(Direction::Read) as f64;
    assert!((requests - 100_000.0).abs() < 3.0 * 100_000f64.sqrt(), "{requests}");
}

#[test]
fn think_time_is_between_an_end_and_a_begin() {
    let faults = Faults { latency_ns: 2 * MILLI_NS, ..Faults::default() };
    let words = "--rw=read --size=64m --number_ios=12 --thinktime=10ms --thinktime_blocks=3";
    let ran = Trial::inline(words).with(faults.clone()).run();
    assert_sound(&ran);
    let expected: Vec<u64> = (0..12).map(|k| (k * 2 + k / 3 * 10) * MILLI_NS).collect();
    assert_eq!(read_times(&ran), expected);
    // There is one behind the last request, too.
    assert_eq!(ran.elapsed_ns, (24 + 40) * MILLI_NS);

    // With a queue: nothing is in flight while the job thinks.
    for counted in ["issue", "complete"] {
        let words = format!(
            "--rw=read --size=64m --number_ios=100 --iodepth=8 --thinktime=10ms \
             --thinktime_blocks=4 --thinktime_blocks_type={counted}"
        );
        let ran = Trial::queued(&words).with(faults.clone()).run();
        assert_sound(&ran);
        let times = read_times(&ran);
        let pauses = times.windows(2).filter(|pair| pair[1] - pair[0] >= 10 * MILLI_NS);
        for pair in pauses.clone() {
            // The pause begins when the last one before it has ended.
            assert_eq!(pair[1] - pair[0], 12 * MILLI_NS);
        }
        assert!((22..=25).contains(&pauses.count()), "{counted}: {times:?}");
    }
}

#[test]
fn a_rate_makes_up_for_think_time_unless_it_shall_not() {
    let words = "--rw=read --size=64m --number_ios=40 --rate_iops=1000 --thinktime=5ms \
                 --thinktime_blocks=10";
    let faults = Faults { latency_ns: 1000, ..Faults::default() };
    let ran = Trial::inline(words).with(faults.clone()).run();
    assert_sound(&ran);
    let times = read_times(&ran);
    // Five requests were due in each pause, and go at once when it is over.
    assert_eq!(times[9], 9 * MILLI_NS);
    assert!(times[10] < 9 * MILLI_NS + 5 * MILLI_NS + 2000);
    assert!(times[14] < times[10] + 10_000, "{times:?}");
    assert_eq!(times[15], 15 * MILLI_NS);
    // They are not late: the job wanted it so.
    let response = ran.report.directions[Direction::Read].response.as_ref().expect("responses");
    assert!(response.latency.moments.max < 10_000, "{}", response.latency.moments.max);

    let ran = Trial::inline(&format!("{words} --rate_ignore_thinktime=1")).with(faults).run();
    assert_sound(&ran);
    let times = read_times(&ran);
    assert_eq!(times[10], 15 * MILLI_NS);
    assert_eq!(times[39], (39 + 15) * MILLI_NS);
}

#[test]
fn think_time_comes_after_a_time_of_work() {
    let faults = Faults { latency_ns: MILLI_NS, ..Faults::default() };
    let words = "--rw=read --size=64m --time_based --runtime=1 --thinktime=100ms \
                 --thinktime_iotime=100ms";
    let ran = Trial::inline(words).with(faults).run();
    assert_sound(&ran);
    assert_eq!(ran.ios(Direction::Read), 500);
    let times = read_times(&ran);
    assert_eq!((times[99], times[100]), (99 * MILLI_NS, 200 * MILLI_NS));
}

#[test]
fn a_floor_that_is_not_kept_ends_the_job() {
    let faults = Faults { latency_ns: 10 * MILLI_NS, ..Faults::default() };
    let base = "--rw=read --size=64m --time_based --runtime=10";
    for (words, holds) in [
        ("--rate_iops_min=90", true),
        ("--rate_iops_min=110", false),
        ("--rate_min=360k", true),
        ("--rate_min=440k", false),
        // Of a direction that does nothing.
        ("--rate_iops_min=,1", true),
    ] {
        let ran = Trial::inline(&format!("{base} {words}")).with(faults.clone()).run();
        if holds {
            assert_eq!(
                (ran.end, ran.report.error),
                (End::Runtime, 0),
                "{words} {:?}",
                ran.messages
            );
        } else {
            assert_eq!((ran.end, ran.report.error), (End::Failed, Errno::IO.0), "{words}");
            // Two seconds of grace and one cycle.
            assert_eq!((ran.elapsed_ns + SECOND_NS / 2) / SECOND_NS, 3, "{words}");
            assert!(ran.messages[0].contains("not met, got"), "{:?}", ran.messages);
        }
    }
}

#[test]
fn a_request_that_takes_too_long_ends_the_job() {
    let stall = (START_NS + 500 * MILLI_NS, START_NS + 700 * MILLI_NS);
    let faults = Faults { latency_ns: MILLI_NS, stall_ns: Some(stall), ..Faults::default() };
    for (words, fails) in [("", true), ("--iodepth=4", true)] {
        let words =
            format!("--rw=read --size=64m --time_based --runtime=1 --max_latency=100ms {words}");
        let ran = Trial::queued(&words).with(faults.clone()).run();
        assert_eq!((ran.report.error == Errno::TIMEDOUT.0, ran.messages.len()), (fails, 1));
        assert!(ran.messages[0].contains("exceeds specified max (100000000 nsec"));
        assert_eq!(ran.elapsed_ns, 700 * MILLI_NS);
    }
    let words = "--rw=read --size=64m --time_based --runtime=1 --max_latency=,100ms";
    let ran = Trial::queued(words).with(faults).run();
    assert_eq!((ran.end, ran.report.error), (End::Runtime, 0));
}

#[test]
fn a_ramp_begins_the_schedule_again() {
    // Twice as slow as asked for: at the end of the ramp the job is far behind.
    let faults = Faults { latency_ns: 2 * MILLI_NS, ..Faults::default() };
    let words = "--rw=read --size=64m --time_based --ramp_time=10 --runtime=1 --rate_iops=1000";
    let ran = Trial::inline(words).with(faults).run();
    let response = ran.report.directions[Direction::Read].response.as_ref().expect("responses");
    assert!(response.latency.moments.max < SECOND_NS, "{}", response.latency.moments.max);
    assert_eq!(ran.ios(Direction::Read), 500);
}
