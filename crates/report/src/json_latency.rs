//! Latency objects of the JSON document, in the shape that fio gives them.

use fiord_measure::Latency;
use fiord_measure::histogram::{BUCKETS, value_of};
use fiord_measure::report::ReportSettings;

use crate::json_writer::JsonWriter;

/// Which members latency objects have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// `json`: moments and percentiles.
    Percentiles,
    /// `json+`: bins too.
    Bins,
}

/// The percentages of a job, if they are to be shown.
pub(crate) fn percents(settings: &ReportSettings, shown: bool) -> Option<&[f64]> {
    shown.then_some(settings.percentiles.as_slice())
}

/// Members of a latency object.
pub(crate) fn latency(
    json: &mut JsonWriter,
    latency: &Latency,
    percents: Option<&[f64]>,
    detail: Detail,
) {
    let moments = &latency.moments;
    let (min, max) = if moments.count == 0 { (0, 0) } else { (moments.min, moments.max) };
    json.integer("min", min);
    json.integer("max", max);
    json.float("mean", moments.mean());
    json.float("stddev", moments.stddev());
    json.integer("N", moments.count);
    let Some(percents) = percents.filter(|_| moments.count > 0) else { return };
    json.object("percentile", |json| {
        for (percent, ns) in percents.iter().zip(latency.histogram.percentiles(percents)) {
            json.integer(&format!("{percent:.6}"), ns);
        }
    });
    if detail == Detail::Bins {
        json.object("bins", |json| {
            for (ns, count) in bins(latency) {
                json.integer(&ns.to_string(), count);
            }
        });
    }
}

/// Bins as fio has them: the last one holds what is beyond it too, so that counts add up to `N`.
fn bins(latency: &Latency) -> Vec<(u64, u64)> {
    let mut bins: Vec<_> = latency.histogram.bins().collect();
    let (last, overflow) = (value_of(BUCKETS - 1), latency.histogram.overflow());
    match bins.last_mut() {
        Some((ns, count)) if *ns == last => *count += overflow,
        _ if overflow > 0 => bins.push((last, overflow)),
        _ => (),
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_add_up_beyond_the_histogram() {
        let mut latency = Latency::default();
        let last = value_of(BUCKETS - 1);
        latency.add(60_000_000_000);
        assert_eq!(bins(&latency), [(last, 1)]);
        latency.add(last);
        latency.add(5);
        assert_eq!(bins(&latency), [(5, 1), (last, 2)]);
    }
}
