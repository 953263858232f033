//! Lowering of the options of pace: think time, rates, bounds of latency, flows.

use fiord_base::PerDirection;

use crate::plan::{FlowPlan, JobPlan, LatencyPlan, LatencyTarget, PacingPlan, RatePlan, ThinkPlan};
use crate::table::PacingOptions;
use crate::value::{MICRO_NS, Nanos};

/// `rate_cycle` if none is given.
const CHECK_MS: u32 = 1_000;
/// `latency_percentile` if none is given.
const LATENCY_PERCENTILE: f64 = 100.0;

/// Fills the plan.
pub(super) fn lower_pacing(options: PacingOptions, plan: &mut JobPlan) {
    let PacingOptions {
        thinktime,
        thinktime_spin,
        thinkcycles,
        thinktime_blocks,
        thinktime_blocks_type,
        thinktime_iotime,
        rate,
        rate_min,
        rate_iops,
        rate_iops_min,
        rate_process,
        rate_cycle,
        rate_ignore_thinktime,
        max_latency,
        latency_target,
        latency_window,
        latency_percentile,
        latency_run,
        flow_id,
        flow,
        flow_sleep,
    } = options;
    let io_ns = nanos(thinktime_iotime);
    // Time alone decides unless a number of requests is asked for, too.
    let requests = thinktime_blocks.or((io_ns == 0).then_some(1));
    let percentile = latency_percentile.and_then(|list| list.first().copied());
    *plan.pacing = PacingPlan {
        think: ThinkPlan {
            pause_ns: nanos(thinktime),
            spin_ns: nanos(thinktime_spin),
            requests: requests.map(|requests| requests.max(1)),
            counted: thinktime_blocks_type.unwrap_or_default(),
            io_ns,
            cycles: thinkcycles.unwrap_or(0),
        },
        rate: RatePlan {
            bytes_max: bounds(rate),
            bytes_min: bounds(rate_min),
            iops_max: bounds(rate_iops),
            iops_min: bounds(rate_iops_min),
            spacing: rate_process.unwrap_or_default(),
            check_ms: rate_cycle.unwrap_or(CHECK_MS),
            ignore_think_time: rate_ignore_thinktime.unwrap_or(false),
        },
        latency: LatencyPlan {
            max_ns: bounds(max_latency.map(|times| times.map(|time| time.map(|Nanos(ns)| ns)))),
            target: latency_target.filter(|Nanos(ns)| *ns > 0).map(|Nanos(target_ns)| {
                LatencyTarget {
                    target_ns,
                    window_ns: nanos(latency_window),
                    percentile: percentile.unwrap_or(LATENCY_PERCENTILE),
                    keep_searching: latency_run.unwrap_or(false),
                }
            }),
        },
        flow: flow.filter(|weight| *weight > 0).map(|weight| FlowPlan {
            id: flow_id.unwrap_or(0),
            weight,
            wait_ns: u64::from(flow_sleep.unwrap_or(0)) * MICRO_NS,
        }),
    };
}

fn nanos(time: Option<Nanos>) -> u64 {
    time.map_or(0, |Nanos(ns)| ns)
}

/// Zero is no bound.
fn bounds(values: Option<PerDirection<Option<u64>>>) -> PerDirection<Option<u64>> {
    values.unwrap_or_default().map(|bound| bound.filter(|bound| *bound > 0))
}
