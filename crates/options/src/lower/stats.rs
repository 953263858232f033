//! Lowering of the options of measurement and reports.

use crate::plan::{JobPlan, StatsPlan};
use crate::table::StatsOptions;

/// Percentiles that are reported if no list is given.
const PERCENTILES: [f64; 17] = [
    1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95,
    99.99,
];

/// Fills the plan.
pub(super) fn lower_stats(options: StatsOptions, plan: &mut JobPlan) {
    let StatsOptions {
        group_reporting,
        stats,
        clat_percentiles,
        lat_percentiles,
        slat_percentiles,
        percentile_list,
        significant_figures,
        disk_util,
        gtod_reduce,
        disable_lat,
        disable_clat,
        disable_slat,
        disable_bw_measurement,
        unified_rw_reporting,
        kb_base,
        unit_base,
    } = options;
    let gtod_reduce = gtod_reduce.unwrap_or(false);
    // Without clock reads there is nothing to measure, whatever the single switches say.
    let on = |disabled: Option<bool>| !gtod_reduce && !disabled.unwrap_or(false);
    let (lat, clat, slat) = (on(disable_lat), on(disable_clat), on(disable_slat));
    let mut percentiles = percentile_list.unwrap_or_else(|| PERCENTILES.to_vec());
    // A zero ends the list, wherever it stands.
    let ends = percentiles.iter().position(|percent| *percent == 0.0);
    percentiles.truncate(ends.unwrap_or(percentiles.len()));
    percentiles.sort_by(f64::total_cmp);
    *plan.stats = StatsPlan {
        report: stats.unwrap_or(true),
        group_reporting: group_reporting.unwrap_or(false),
        unified: unified_rw_reporting.unwrap_or_default(),
        lat,
        clat,
        slat,
        bw: on(disable_bw_measurement),
        gtod_reduce,
        // Without measurements there are no percentiles of them.
        clat_percentiles: clat_percentiles.unwrap_or(true) && clat,
        lat_percentiles: lat_percentiles.unwrap_or(false) && lat,
        slat_percentiles: slat_percentiles.unwrap_or(false) && slat,
        percentiles: percentiles.into(),
        significant_figures: significant_figures.unwrap_or(4),
        // Set with the logs.
        bw_period_ms: plan.stats.bw_period_ms,
        iops_period_ms: plan.stats.iops_period_ms,
        block_error_percentiles: plan.stats.block_error_percentiles,
        disk_util: disk_util.unwrap_or(true),
        clock: plan.stats.clock,
        kb_base: kb_base.unwrap_or(1024),
        unit_base: unit_base.filter(|&base| base > 0).unwrap_or(8),
    };
}
