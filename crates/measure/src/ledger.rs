//! The ledger: what one worker has measured so far, in memory that others may read at any time.
//!
//! One writer updates plain words with relaxed loads and stores; there is no read-modify-write and no
//! lock. A sequence word is odd while an update is under way: a reader that sees it odd or changed
//! retries a bounded number of times. If the writer died inside an update, its last request is lost
//! and [`Snapshot::torn`] says so.
//!
//! The first page starts with a table of sections, so that a reader finds its way without knowing what
//! the writer measures; the counters follow, then one histogram per measured latency. Histograms are
//! read only where the bitmap of touched groups says so, because reading an untouched shared page
//! would allocate it.
//!
//! The words are memory shared between processes in a run, and an ordinary slice in tests; this module
//! neither maps nor allocates them.

mod cell;
mod layout;
mod reader;
mod writer;

pub use layout::{LedgerConfig, LedgerError};
pub use reader::{LastWords, Progress, Snapshot, read, read_last_words, read_progress};
pub use writer::{Ledger, Record};

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use fiord_base::Direction;

    use super::*;
    use crate::report::Severity;
    use crate::{Block, BlockState, Blocks, LATE_NS, Latency, Response, ScheduleLag};

    fn memory(config: &LedgerConfig) -> Vec<AtomicU64> {
        (0..config.words()).map(|_| AtomicU64::new(0)).collect()
    }

    fn everything() -> LedgerConfig {
        LedgerConfig {
            slat: true,
            clat: true,
            lat: true,
            slat_histogram: true,
            lat_histogram: true,
            lat_is_clat: false,
            depth_one: false,
            batches_of_one: false,
            submits_singly: false,
            priorities: [0; 2],
            rated: false,
            blocks: false,
            verifies: false,
        }
    }

    #[test]
    fn what_is_recorded_is_read() {
        let config = everything();
        let words = memory(&config);
        assert!(read(&words).is_none(), "not laid out yet");
        let mut ledger = Ledger::create(&words, &config).unwrap();
        ledger.begin();
        for (start_ns, issued_ns, done_ns) in [(100, 110, 400), (500, 505, 20_000_000_505)] {
            let direction = Direction::Write;
            ledger.record(&Record {
                direction,
                count: 1,
                bytes: 4096,
                start_ns,
                issued_ns,
                done_ns,
            });
        }
        ledger.record_flush(77);
        ledger.record_depth(1, 1);
        ledger.record_depth(5, 2);
        ledger.record_submit(9);
        ledger.end();
        ledger.message(Severity::Note, "hello\nworld");
        ledger.message(Severity::Error, "second");
        let snapshot = read(&words).unwrap();
        let write = &snapshot.directions[Direction::Write];
        assert_eq!((write.bytes, write.ios), (8192, 2));
        assert_eq!((write.clat.moments.min, write.clat.moments.max), (290, 20_000_000_000));
        assert_eq!(write.clat.histogram.overflow(), 1);
        assert_eq!(write.clat.moments.sum_of_squares, 290 * 290 + 20_000_000_000u128.pow(2));
        assert_eq!(write.slat.moments.sum, 15);
        assert_eq!(write.lat.histogram.total(), 2);
        assert_eq!(snapshot.directions[Direction::Read].clat.moments.count, 0);
        assert_eq!((snapshot.sync_ios, snapshot.flush.moments.max), (1, 77));
        assert_eq!(snapshot.depths, [1, 0, 2, 0, 0, 0, 0]);
        assert_eq!(snapshot.submits, [0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(read_last_words(&words).messages, ["nhello world", "esecond"]);
        assert!(!snapshot.torn);
    }

    #[test]
    fn totals_that_disagree_are_noticed() {
        let config = everything();
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        let direction = Direction::Read;
        let record =
            Record { direction, count: 1, bytes: 1, start_ns: 0, issued_ns: 5, done_ns: 300 };
        ledger.record(&record);
        assert!(ledger.is_consistent());
        // A bucket that says two is found out.
        let bucket = words.iter().rev().find(|word| word.load(Ordering::Relaxed) == 1).unwrap();
        bucket.store(2, Ordering::Relaxed);
        assert!(!ledger.is_consistent());
    }

    #[test]
    fn a_writer_that_dies_inside_an_update_is_noticed() {
        let config = everything();
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        ledger.begin();
        assert!(read(&words).unwrap().torn);
        assert!(read_last_words(&words).torn);
        ledger.end();
        assert!(!read(&words).unwrap().torn);
    }

    #[test]
    fn a_reset_keeps_messages_and_forgets_numbers() {
        let config = everything();
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        let direction = Direction::Read;
        ledger.begin();
        ledger.record(&Record {
            direction,
            count: 1,
            bytes: 1,
            start_ns: 0,
            issued_ns: 0,
            done_ns: 300,
        });
        ledger.end();
        ledger.message(Severity::Warning, "kept");
        ledger.reset();
        let snapshot = read(&words).unwrap();
        assert_eq!(snapshot.directions[direction].ios, 0);
        assert_eq!(snapshot.directions[direction].clat, Latency::default());
        assert_eq!(read_last_words(&words).messages, ["wkept"]);
        assert_eq!(snapshot.epoch, 1);
    }

    #[test]
    fn a_latency_that_is_measured_once_appears_twice() {
        let config = LedgerConfig { lat_is_clat: true, depth_one: true, ..everything() };
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        let direction = Direction::Read;
        ledger.begin();
        ledger.record(&Record {
            direction,
            count: 1,
            bytes: 1,
            start_ns: 50,
            issued_ns: 50,
            done_ns: 300,
        });
        ledger.end();
        let snapshot = read(&words).unwrap();
        assert_eq!(snapshot.directions[direction].lat.moments.sum, 250);
        assert_eq!(snapshot.depths[0], 1);
    }

    #[test]
    fn requests_that_are_handed_over_one_by_one_are_counted_so() {
        for (submits_singly, expected) in [(false, [0, 0, 1]), (true, [0, 5, 0])] {
            let config = LedgerConfig { submits_singly, ..everything() };
            let words = memory(&config);
            let mut ledger = Ledger::create(&words, &config).unwrap();
            ledger.record_submit(5);
            ledger.record_depth(8, 5);
            let snapshot = read(&words).unwrap();
            assert_eq!(snapshot.submits[..3], expected);
            assert_eq!(snapshot.depths.iter().sum::<u64>(), 5);
        }
    }

    #[test]
    fn batches_of_one_are_counted_where_the_engine_has_batches() {
        for (batches_of_one, expected) in [(true, 1), (false, 0)] {
            let config = LedgerConfig { depth_one: true, batches_of_one, ..everything() };
            let words = memory(&config);
            let mut ledger = Ledger::create(&words, &config).unwrap();
            let direction = Direction::Write;
            ledger.begin();
            ledger.record(&Record {
                direction,
                count: 1,
                bytes: 1,
                start_ns: 5,
                issued_ns: 5,
                done_ns: 6,
            });
            ledger.end();
            let snapshot = read(&words).unwrap();
            assert_eq!((snapshot.submits[1], snapshot.completes[1]), (expected, expected));
            assert_eq!(snapshot.depths[0], 1);
        }
    }

    #[test]
    fn response_time_begins_when_a_request_is_due() {
        let config = LedgerConfig { rated: true, ..everything() };
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        let direction = Direction::Write;
        let mut request = |scheduled_ns, start_ns, done_ns| {
            ledger.begin();
            ledger.record(&Record {
                direction,
                count: 1,
                bytes: 1,
                start_ns,
                issued_ns: start_ns,
                done_ns,
            });
            ledger.record_response(direction, scheduled_ns, start_ns, done_ns);
            ledger.end();
            assert!(ledger.is_consistent());
        };
        request(1000, 1000, 1300);
        request(2000, 2000 + LATE_NS, 2000 + LATE_NS + 300);
        request(3000, 3001 + LATE_NS, 3001 + LATE_NS + 300);
        request(9000, 8000, 9500);
        let snapshot = read(&words).unwrap();
        let write = &snapshot.directions[direction];
        let response = write.response.as_ref().unwrap();
        assert_eq!((response.latency.moments.min, response.latency.moments.max), (300, 100_301));
        assert_eq!(response.latency.moments.sum, 300 + 100_300 + 100_301 + 500);
        assert_eq!(response.latency.histogram.total(), 4);
        let lag = ScheduleLag { count: 4, sum_ns: 200_001, max_ns: 100_001, late: 1 };
        assert_eq!(response.lag, lag);
        assert_eq!(snapshot.directions[Direction::Read].response, Some(Response::default()));
        ledger.reset();
        let snapshot = read(&words).unwrap();
        assert_eq!(snapshot.directions[direction].response, Some(Response::default()));
    }

    #[test]
    fn there_is_room_for_everything_at_once() {
        let config = LedgerConfig { rated: true, priorities: [2, 3], blocks: true, ..everything() };
        let words = memory(&config);
        Ledger::create(&words, &config).unwrap();
        let snapshot = read(&words).unwrap();
        assert_eq!(snapshot.by_priority.each_ref().map(Vec::len), [2, 3]);
        assert!(snapshot.directions.iter().all(|(_, direction)| direction.response.is_some()));
    }

    #[test]
    fn blocks_are_followed_where_that_is_asked_for() {
        let config = LedgerConfig { blocks: true, ..everything() };
        assert_eq!(everything().words() + 8193, config.words());
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        assert_eq!(read(&words).unwrap().blocks, Some(Blocks::default()));
        ledger.set_blocks(4);
        ledger.record_blocks(0..3, BlockState::Trimmed);
        ledger.record_blocks(1..2, BlockState::Trimmed);
        ledger.record_blocks(2..3, BlockState::WriteFailure);
        let block = |state, trims| Block { state, trims };
        let all = [
            block(BlockState::Trimmed, 1),
            block(BlockState::Trimmed, 2),
            block(BlockState::WriteFailure, 1),
            block(BlockState::Unwritten, 0),
        ];
        assert_eq!(read(&words).unwrap().blocks, Some(all.into_iter().collect()));
        ledger.reset();
        let unwritten: Blocks = [Block::default(); 4].into_iter().collect();
        assert_eq!(read(&words).unwrap().blocks, Some(unwritten));
        let plain = memory(&everything());
        let mut ledger = Ledger::create(&plain, &everything()).unwrap();
        ledger.set_blocks(4);
        ledger.record_blocks(0..3, BlockState::Trimmed);
        assert_eq!(read(&plain).unwrap().blocks, None);
    }

    #[test]
    fn more_responses_than_requests_are_noticed() {
        let config = LedgerConfig { rated: true, ..everything() };
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        ledger.record_response(Direction::Trim, 5, 6, 7);
        assert!(!ledger.is_consistent());
        ledger.record_failed(Direction::Trim);
        assert!(ledger.is_consistent());
    }

    #[test]
    fn a_job_without_a_schedule_has_no_response_time() {
        let config = everything();
        let words = memory(&config);
        assert!(words.len() < LedgerConfig { rated: true, ..config }.words());
        let mut ledger = Ledger::create(&words, &config).unwrap();
        ledger.record_response(Direction::Read, 5, 6, 7);
        assert!(ledger.is_consistent());
        assert_eq!(read(&words).unwrap().directions[Direction::Read].response, None);
    }

    #[test]
    fn latencies_are_told_apart_by_priority_where_requests_have_several() {
        let config = LedgerConfig { priorities: [0, 3], ..everything() };
        assert_eq!(everything().words() + 3 * (9 + 1856), config.words());
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        let direction = Direction::Write;
        let record =
            Record { direction, count: 1, bytes: 1, start_ns: 0, issued_ns: 0, done_ns: 300 };
        ledger.record(&record);
        assert!(!ledger.is_consistent(), "a request has a priority");
        ledger.record_priority(direction, 2, 300);
        assert!(ledger.is_consistent());
        ledger.record_priority(Direction::Read, 0, 300);
        ledger.record_priority(direction, 3, 300);
        let [reads, writes] = read(&words).unwrap().by_priority;
        assert!(reads.is_empty());
        let counts: Vec<u64> = writes.iter().map(|latency| latency.moments.count).collect();
        assert_eq!(counts, [0, 0, 1]);
        assert_eq!(writes[2].histogram.total(), 1);
        ledger.reset();
        let [_, writes] = read(&words).unwrap().by_priority;
        assert!(writes.iter().all(|latency| *latency == Latency::default()));
    }
}
