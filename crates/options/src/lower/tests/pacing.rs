//! Think times, rates, bounds of latency, flows.

use fiord_base::PerDirection;

use super::{check_faults, job};
use crate::plan::{FlowPlan, LatencyTarget, PacingPlan, RateSpacing, ThinkCount, ThinkPlan};

#[test]
fn nothing_paces_a_job_unless_asked() {
    let pacing = job("").pacing;
    let think = ThinkPlan { requests: Some(1), ..ThinkPlan::default() };
    assert_eq!(pacing.think, think);
    assert!(!pacing.rate.is_capped() && pacing.latency.target.is_none() && pacing.flow.is_none());
    assert_eq!(pacing.rate.check_ms, 1000);
    let zeroes = job("rate=0 rate_min=0 rate_iops=0 max_latency=0 latency_target=0 flow=0").pacing;
    assert_eq!(*zeroes, PacingPlan { think, rate: pacing.rate.clone(), ..PacingPlan::default() });
}

#[test]
fn think_times() {
    let think = &job("thinktime=2ms thinktime_spin=5ms thinktime_blocks=8").pacing.think;
    assert_eq!((think.pause_ns, think.spin_ns), (2_000_000, 2_000_000));
    assert_eq!((think.requests, think.counted), (Some(8), ThinkCount::Completed));
    let think = &job("thinktime=10 thinktime_iotime=2 thinktime_blocks_type=issue").pacing.think;
    assert_eq!((think.pause_ns, think.io_ns, think.requests), (10_000, 2_000_000_000, None));
    assert_eq!(think.counted, ThinkCount::Issued);
    let think = &job("thinktime=10 thinktime_iotime=2 thinktime_blocks=0").pacing.think;
    assert_eq!(think.requests, Some(1));
    assert_eq!(job("thinkcycles=1k").pacing.think.cycles, 1024);
}

#[test]
fn rates_are_per_direction() {
    let rate = &job("rate=1m,,3m rate_min=1k rate_process=poisson rate_cycle=50").pacing.rate;
    assert_eq!(rate.bytes_max, PerDirection([Some(1 << 20), None, Some(3 << 20)]));
    assert_eq!(rate.bytes_min, PerDirection::all(Some(1024)));
    assert_eq!((rate.spacing, rate.check_ms), (RateSpacing::Poisson, 50));
    let rate = &job("rate_iops=100,200 rate_min=1k rate_ignore_thinktime=1").pacing.rate;
    assert_eq!(rate.iops_max, PerDirection([Some(100), Some(200), Some(200)]));
    assert!(rate.ignore_think_time && rate.is_capped());
}

#[test]
fn bounds_of_bytes_and_of_requests_exclude_each_other() {
    check_faults(
        "[a]\nrate=1m,0\nrate_iops=0,500\n",
        &[
            "t.fio:3:11: `rate` and `rate_iops` exclude each other (a job is bounded in bytes or in \
         requests per second); leave out one of `rate` and `rate_iops`",
        ],
    );
    check_faults(
        "[a]\nrate_min=1m\nrate_iops_min=5\n",
        &["t.fio:3:15: `rate_min` and `rate_iops_min` exclude each other (a job is bounded in \
         bytes or in requests per second); leave out one of `rate_min` and `rate_iops_min`"],
    );
    job("rate=1m rate_iops_min=5");
    job("rate_iops=50 rate_min=5");
}

#[test]
fn floors_lie_below_caps() {
    check_faults(
        "[a]\nrate=10m,2k\nrate_min=1k,4k\n",
        &["t.fio:3:10: `rate_min` exceeds `rate` (for writes, 4096 is above 2048); a job that \
         keeps `rate` could never reach it"],
    );
    job("rate_iops=5 rate_iops_min=5");
    job("rate_min=5");
}

#[test]
fn bounds_of_latency() {
    let latency = &job("max_latency=1ms,2ms latency_target=10ms latency_window=1s").pacing.latency;
    let ms = 1_000_000;
    assert_eq!(latency.max_ns, PerDirection([Some(ms), Some(2 * ms), Some(2 * ms)]));
    assert_eq!(
        latency.target,
        Some(LatencyTarget {
            target_ns: 10 * ms,
            window_ns: 1000 * ms,
            percentile: 100.0,
            keep_searching: false,
        })
    );
    let target =
        job("latency_target=5 latency_percentile=99.5 latency_run=1").pacing.latency.target.clone();
    assert!(
        target.is_some_and(|t| t.percentile == 99.5 && t.keep_searching && t.target_ns == 5000)
    );
}

#[test]
fn flows() {
    let flow = job("flow=8 flow_id=3 flow_sleep=100").pacing.flow;
    assert_eq!(flow, Some(FlowPlan { id: 3, weight: 8, wait_ns: 100_000 }));
    assert_eq!(job("flow_id=3").pacing.flow, None);
}
