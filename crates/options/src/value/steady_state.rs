//! The criterion of `steadystate`.

use super::piece::Piece;
use super::{Nanos, ParseContext, Value, ValueError, number, words};
use crate::plan::{SteadyQuantity, SteadyState};
use crate::table::{Choice, TimeUnit};

/// Largest limit in bytes or nanoseconds, 2^53: a floating-point number holds all up to it exactly.
const LIMIT_MAX: u64 = 1 << 53;

/// Reads `CRITERION:LIMIT[%]`.
pub(super) fn read(
    all: Piece<'_>,
    choices: &'static [Choice],
    ctx: &ParseContext,
) -> Result<Value, ValueError> {
    let all = all.trim();
    let (word, limit) = match all.split_once(b':') {
        Some((word, limit)) => (word, limit.trim()),
        None => (all, all.from(all.bytes.len())),
    };
    let word = words::find(word, choices)?.canonical();
    let (quantity, slope) = match word {
        "iops" => (SteadyQuantity::Iops, false),
        "iops_slope" => (SteadyQuantity::Iops, true),
        "bw" => (SteadyQuantity::Bandwidth, false),
        "bw_slope" => (SteadyQuantity::Bandwidth, true),
        "lat" => (SteadyQuantity::Latency, false),
        _ => (SteadyQuantity::Latency, true),
    };
    if limit.is_blank() {
        return Err(ValueError::at(all, format!("{word}:LIMIT or {word}:PERCENT%")));
    }
    let (limit, percent) = match limit.bytes {
        [number @ .., b'%'] => (number::float(limit.slice(0, number.len()), 0.0, f64::MAX)?, true),
        _ => (absolute(limit, quantity, ctx)?, false),
    };
    Ok(Value::SteadyState(SteadyState { quantity, slope, limit, percent }))
}

fn absolute(
    limit: Piece<'_>,
    quantity: SteadyQuantity,
    ctx: &ParseContext,
) -> Result<f64, ValueError> {
    match quantity {
        SteadyQuantity::Iops => number::float(limit, 0.0, f64::MAX),
        SteadyQuantity::Bandwidth => {
            number::amount(limit, 0, LIMIT_MAX, ctx).map(|bytes| bytes as f64)
        }
        SteadyQuantity::Latency => match number::time(limit, TimeUnit::Micro)? {
            Nanos(ns) if ns <= LIMIT_MAX => Ok(ns as f64),
            _ => Err(ValueError::at(limit, "a latency of at most 104 days")),
        },
    }
}

/// The word of a criterion, as it is listed in the table.
pub(crate) fn word(criterion: &SteadyState) -> &'static str {
    match (criterion.quantity, criterion.slope) {
        (SteadyQuantity::Iops, false) => "iops",
        (SteadyQuantity::Iops, true) => "iops_slope",
        (SteadyQuantity::Bandwidth, false) => "bw",
        (SteadyQuantity::Bandwidth, true) => "bw_slope",
        (SteadyQuantity::Latency, false) => "lat",
        (SteadyQuantity::Latency, true) => "lat_slope",
    }
}

/// The canonical text of a criterion.
pub(super) fn text(criterion: &SteadyState) -> String {
    let (word, limit) = (word(criterion), criterion.limit);
    match criterion.quantity {
        _ if criterion.percent => format!("{word}:{limit}%"),
        SteadyQuantity::Latency => format!("{word}:{}", Nanos(limit as u64)),
        SteadyQuantity::Iops | SteadyQuantity::Bandwidth => format!("{word}:{limit}"),
    }
}
