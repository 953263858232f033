//! Latencies in the normal report: the summary line, the percentile table and the ranges.
//!
//! Summary and percentiles choose their units apart from each other, each by its own values, so
//! that neither shows digits that carry no information.

use std::fmt::Write as _;

use fiord_measure::{JobReport, Latency, Moments};

use crate::num::{Prefix, Unit, number};
use crate::shares::{self, LATENCY_LABELS};

/// Characters that a line of percentiles may take.
const TABLE_WIDTH: usize = 73;
/// Characters of the extremes in a summary line.
const EXTREME_WIDTH: u32 = 6;

/// Unit of a latency.
#[derive(Clone, Copy)]
enum Scale {
    Nanoseconds,
    Microseconds,
    Milliseconds,
}

impl Scale {
    fn name(self) -> &'static str {
        match self {
            Scale::Nanoseconds => "nsec",
            Scale::Microseconds => "usec",
            Scale::Milliseconds => "msec",
        }
    }

    fn divisor(self) -> u64 {
        match self {
            Scale::Nanoseconds => 1,
            Scale::Microseconds => 1000,
            Scale::Milliseconds => 1_000_000,
        }
    }

    /// A unit is left for the next when no value would lose its meaning by that.
    fn of_summary(moments: &Moments) -> Scale {
        let large = |divisor: u64| {
            moments.min / divisor > 2000
                && moments.max / divisor > 99_999
                && moments.stddev() / divisor as f64 > 1000.0
        };
        if large(1000) {
            Scale::Milliseconds
        } else if large(1) {
            Scale::Microseconds
        } else {
            Scale::Nanoseconds
        }
    }

    fn of_percentiles(values: &[u64]) -> Scale {
        let min = values.iter().min().copied().unwrap_or(0);
        let max = values.iter().max().copied().unwrap_or(0);
        if min > 2_000_000 && max > 99_999_999 {
            Scale::Milliseconds
        } else if min > 2000 && max > 99_999 {
            Scale::Microseconds
        } else {
            Scale::Nanoseconds
        }
    }
}

/// `    clat (usec): min=2, max=696, avg=215.63, stdev=101.97`; nothing without samples.
pub(crate) fn summary(out: &mut String, name: &str, latency: &Latency) {
    let moments = &latency.moments;
    if moments.count == 0 {
        return;
    }
    let scale = Scale::of_summary(moments);
    let divisor = scale.divisor();
    let extreme = |ns: u64| number(ns / divisor, EXTREME_WIDTH, Prefix::Si, Unit::None);
    let _ = writeln!(
        out,
        "    {name} ({}): min={}, max={}, avg={:5.2}, stdev={:5.2}",
        scale.name(),
        extreme(moments.min),
        extreme(moments.max),
        moments.mean() / divisor as f64,
        moments.stddev() / divisor as f64,
    );
}

/// The table of percentiles; nothing without samples.
pub(crate) fn percentiles(out: &mut String, name: &str, latency: &Latency, percents: &[f64]) {
    if latency.histogram.total() == 0 || percents.is_empty() {
        return;
    }
    let mut values = latency.histogram.percentiles(percents);
    let scale = Scale::of_percentiles(&values);
    for value in &mut values {
        *value = value.div_ceil(scale.divisor());
    }
    let widest = values.iter().max().map_or(0, |value| value.to_string().len()).max(5);
    let precision = percents.iter().map(|percent| decimals(*percent)).max().unwrap_or(0);
    let per_line = (TABLE_WIDTH / (precision + 10 + widest)).max(1);
    let width = precision + 3;
    let _ = writeln!(out, "    {name} percentiles ({}):", scale.name());
    let last = values.len() - 1;
    for (index, (percent, value)) in percents.iter().zip(&values).enumerate() {
        if index % per_line == 0 {
            out.push_str("     |");
        }
        let _ = write!(out, " {percent:width$.precision$}th=[{value:widest$}]");
        match index {
            _ if index == last => out.push('\n'),
            _ if (index + 1) % per_line == 0 => out.push_str(",\n"),
            _ => out.push(','),
        }
    }
}

/// Decimals needed to show a percentage, at most six.
fn decimals(percent: f64) -> usize {
    let text = format!("{percent:.6}");
    let trimmed = text.trim_end_matches('0');
    trimmed.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// `  lat (usec)   : 2=0.10%, 4=0.10%, ...`: the ranges that occurred, five per line.
pub(crate) fn ranges(out: &mut String, job: &JobReport) {
    let (ns, us, ms) = shares::latencies(job);
    let scales = [
        (Scale::Nanoseconds, ns.as_slice()),
        (Scale::Microseconds, us.as_slice()),
        (Scale::Milliseconds, ms.as_slice()),
    ];
    for (scale, shares) in scales {
        let present: Vec<_> =
            LATENCY_LABELS.iter().zip(shares).filter(|(_, share)| **share > 0.0).collect();
        for line in present.chunks(5) {
            let cells: Vec<_> =
                line.iter().map(|(label, share)| format!("{label}={share:.2}%")).collect();
            let _ = writeln!(out, "  lat ({})   : {}", scale.name(), cells.join(", "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(values: &[u64]) -> Latency {
        let mut latency = Latency::default();
        values.iter().for_each(|ns| latency.add(*ns));
        latency
    }

    #[test]
    fn units_change_only_when_nothing_is_lost() {
        let mut out = String::new();
        summary(&mut out, "clat", &latency(&[1999, 200_000]));
        summary(&mut out, "clat", &latency(&[2001, 200_000]));
        summary(&mut out, " lat", &latency(&[2_001_000, 200_000_000]));
        summary(&mut out, "slat", &Latency::default());
        assert_eq!(
            out,
            "    clat (nsec): min=1999, max=200000, avg=100999.50, stdev=140007.85\n    \
             clat (usec): min=2, max=200, avg=101.00, stdev=140.01\n     \
             lat (msec): min=2, max=200, avg=101.00, stdev=140.01\n"
        );
    }

    /// Layouts that fio 3.41 chose for these lists.
    #[test]
    fn percentile_tables() {
        let many = latency(&[13_434_880, 20_054_016, 27_394_048]);
        let mut out = String::new();
        percentiles(&mut out, "clat", &many, &[1.0, 50.123456, 100.0]);
        let one = latency(&[502_000; 5]);
        percentiles(&mut out, "sync", &one, &[100.0]);
        percentiles(&mut out, "sync", &one, &[7.0, 33.0]);
        assert_eq!(
            out,
            "    clat percentiles (usec):\n     |  1.000000th=[13435], 50.123456th=[20055], \
             100.000000th=[27395]\n    sync percentiles (usec):\n     | 100th=[  502]\n    \
             sync percentiles (usec):\n     |   7th=[  502],  33th=[  502]\n"
        );
    }

    #[test]
    fn wide_values_leave_room_for_fewer_columns() {
        let mut out = String::new();
        percentiles(
            &mut out,
            "clat",
            &latency(&[1, 10_000_000_000]),
            &[1.0, 2.0, 3.0, 99.9, 99.95],
        );
        let lines: Vec<_> = out.lines().map(str::len).collect();
        assert_eq!(out.lines().count(), 3, "{out}{lines:?}");
        assert!(lines.iter().all(|length| *length <= 80));
    }
}
