//! The sequence of requests is the one that was recorded from fio for the same job, for the marked
//! cases of `data/cases.txt`. Needs no peer; `peer.rs` records and compares all cases.

#![allow(clippy::unwrap_used)]

mod support;

use fiord_workload::Target;

#[test]
fn sequences_are_as_recorded() {
    let mut recorded = Vec::new();
    for line in include_str!("data/golden.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split(" | ");
        let (Some(case), Some(numbers), Some(entries)) = (parts.next(), parts.next(), parts.next())
        else {
            panic!("bad line {line}");
        };
        let (clone, thread_number) = numbers.split_once(' ').unwrap();
        let plan = support::plan(case);
        let target = support::present(case).map_or(Target::Label, Target::File);
        // A job that time ended goes on here.
        let limit = match plan.limits.time_based {
            true => entries.split(' ').count(),
            false => usize::MAX,
        };
        let (clone, thread_number) = (clone.parse().unwrap(), thread_number.parse().unwrap());
        let mut ours = support::entries(&plan, clone, thread_number, target, limit);
        if plan.engine.iodepth > 1 {
            // As the records of queues are, which note some requests twice.
            ours.dedup();
        }
        assert_eq!(support::compact(&ours), entries, "{case} [clone {clone}]");
        recorded.push(case);
    }
    for case in support::golden_cases() {
        assert!(recorded.contains(&case), "{case} is marked but not recorded");
    }
    assert!(recorded.len() >= 40);
}
