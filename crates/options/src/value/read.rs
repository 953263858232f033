//! Reading values: one function per kind.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use fiord_base::PerDirection;

use super::piece::Piece;
use super::{
    Nanos, ParseContext, Value, ValueError, distribution, numa, number, pattern, steady_state,
    weights, words,
};
use crate::names::Names;
use crate::table::{OptionDef, Scope, TimeUnit, ValueKind};

/// Most ranges of an [`ValueKind::IdList`].
const RANGES_MAX: usize = 4_096;

/// Reads the value of `def`. `None` is an option without `=value`, which only some kinds allow.
pub fn parse(
    def: &OptionDef,
    text: Option<&[u8]>,
    ctx: &ParseContext,
) -> Result<Value, ValueError> {
    // Engines read their options without knowing the job's kb_base, as in fio.
    let engine_ctx = ParseContext { kb_base: 1024 };
    let ctx = if matches!(def.scope, Scope::Engine(_)) { &engine_ctx } else { ctx };
    let Some(text) = text else { return without_value(def) };
    let all = Piece::whole(text);
    let missing = match def.kind {
        ValueKind::OptionalText | ValueKind::Ignored | ValueKind::Names => false,
        // A blank may be meant, but nothing at all is most often an unset variable.
        ValueKind::Text { .. } => text.is_empty() && def.scope != Scope::Switch,
        _ => all.is_blank(),
    };
    if missing {
        return Err(ValueError::at(all, expected_kind(def)));
    }
    match def.kind {
        ValueKind::Text { max } => plain_text(all, max),
        ValueKind::OptionalText | ValueKind::Ignored if text.is_empty() => Ok(Value::Nothing),
        ValueKind::OptionalText | ValueKind::Ignored => Ok(Value::Text(text.into())),
        ValueKind::Names => names(all),
        ValueKind::Int { min, max } => {
            let n = number::integer_in(all, i128::from(min), i128::from(max), ctx)?;
            i64::try_from(n).map(Value::Int).map_err(|_| ValueError::at(all, expected_kind(def)))
        }
        ValueKind::Bytes { min, max } => number::amount(all, min, max, ctx).map(Value::Bytes),
        ValueKind::Quantity => number::quantity(all, ctx).map(Value::Quantity),
        ValueKind::Sizes { min, max, directions } => {
            let separators = |b| matches!(b, b',' | b':' | b'-');
            per_direction(all, directions, separators, |p| number::amount(p, min, max, ctx))
                .map(Value::Sizes)
        }
        ValueKind::SizeRanges { min } => {
            per_direction(all, 3, |b| b == b',', |p| size_range(p, min, false, ctx))
                .map(Value::SizeRanges)
        }
        ValueKind::SizeRange { min } => {
            size_range(all, min, true, ctx).map(|(low, high)| Value::SizeRange(low, high))
        }
        ValueKind::Time(unit) => number::time(all, unit).map(Value::Time),
        ValueKind::TimeRange(unit) => time_range(all, unit),
        ValueKind::Times(unit) => {
            let separators = |b| matches!(b, b',' | b':' | b'-');
            per_direction(all, 3, separators, |p| number::time(p, unit)).map(Value::Times)
        }
        ValueKind::Bool => number::integer_in(all, 0, 1, ctx)
            .map(|n| Value::Bool(n == 1))
            .map_err(|error| bool_error(error, all)),
        ValueKind::Flag => flag(all, ctx),
        ValueKind::Choice(choices) => words::choice(all, choices),
        ValueKind::ChoiceSet { choices, counted } => words::choice_set(all, choices, counted, ctx),
        ValueKind::Floats { min, max, most } => floats(all, min, max, usize::from(most)),
        ValueKind::Access => words::access(all, ctx),
        ValueKind::Split => weights::split(all, ctx),
        ValueKind::PrioritySplit => weights::priority_split(all, ctx),
        ValueKind::ErrorLists => words::error_lists(all),
        ValueKind::Pattern { offsets } => pattern::read(all, offsets).map(Value::Pattern),
        ValueKind::IdList { max } => id_ranges(all, max).map(Value::IdList),
        ValueKind::Distribution(choices) => distribution::distribution(all, choices, ctx),
        ValueKind::FileService(choices) => distribution::file_service(all, choices, ctx),
        ValueKind::SteadyState(choices) => steady_state::read(all, choices, ctx),
        ValueKind::Nodes => numa::nodes(all),
        ValueKind::NumaMemory => numa::memory(all),
        ValueKind::Shares(choices) => weights::shares(all, choices),
        ValueKind::Properties => properties(all),
        ValueKind::Numbers { max } => numbers(all, max),
        ValueKind::Engine => words::engine(all),
    }
}

fn without_value(def: &OptionDef) -> Result<Value, ValueError> {
    match def.kind {
        ValueKind::Flag => Ok(Value::Bool(true)),
        ValueKind::OptionalText | ValueKind::Ignored => Ok(Value::Nothing),
        _ => Err(ValueError::at(Piece::whole(&[]), expected_kind(def))
            .hint(format!("write {}=VALUE", def.name))),
    }
}

/// What a kind takes, as a noun phrase; also the type in `--cmdhelp`.
pub(crate) fn expected_kind(def: &OptionDef) -> String {
    match def.kind {
        ValueKind::Text { .. } => "text".into(),
        ValueKind::OptionalText => "nothing, or text".into(),
        ValueKind::Names => "names separated by ':'".into(),
        ValueKind::Int { .. } => "an integer".into(),
        ValueKind::Bytes { .. } => "an amount, such as 4096 or 4k".into(),
        ValueKind::Quantity => "bytes (4k), a percentage (50%) or zones (10z)".into(),
        ValueKind::Sizes { directions: 2, .. } => "a number, or two as READ,WRITE".into(),
        ValueKind::Sizes { .. } => "a number, or up to three as READ,WRITE,TRIM".into(),
        ValueKind::SizeRanges { .. } => {
            "a range LOW-HIGH, or up to three as READ,WRITE,TRIM".into()
        }
        ValueKind::SizeRange { .. } => "an amount or a range LOW-HIGH".into(),
        ValueKind::Time(TimeUnit::Second) => "a time (seconds if there is no unit)".into(),
        ValueKind::Time(TimeUnit::Micro) => "a time (microseconds if there is no unit)".into(),
        ValueKind::TimeRange(_) => {
            "a time or a range LOW-HIGH (seconds if there is no unit)".into()
        }
        ValueKind::Times(_) => {
            "a time (microseconds if there is no unit), or up to three as READ,WRITE,TRIM".into()
        }
        ValueKind::Bool => "0 or 1".into(),
        ValueKind::Flag => "nothing, 0 or 1".into(),
        ValueKind::Choice(_) => "one of the words below".into(),
        ValueKind::ChoiceSet { counted: false, .. } => "words separated by ','".into(),
        ValueKind::ChoiceSet { .. } => "words separated by ',' and perhaps ':COUNT'".into(),
        ValueKind::Floats { most: 1, .. } => "a number, such as 99.9".into(),
        ValueKind::Floats { most, .. } => format!("up to {most} numbers separated by ':'"),
        ValueKind::Access => "a pattern, and perhaps ':NUMBER'".into(),
        ValueKind::Split => "sizes with percentages, SIZE/PERCENT:SIZE/PERCENT..".into(),
        ValueKind::PrioritySplit => {
            "sizes with percentages and priorities, SIZE/PERCENT/CLASS/LEVEL/HINT:..".into()
        }
        ValueKind::ErrorLists => "errors separated by ':', READ,WRITE,VERIFY".into(),
        ValueKind::Pattern { .. } => "strings in \", hexadecimal or decimal numbers, 'FILE'".into(),
        ValueKind::IdList { .. } => "numbers and ranges, such as 0-3,7".into(),
        ValueKind::Distribution(_) | ValueKind::FileService(_) => {
            "one of the words below, and perhaps ':PARAMETERS'".into()
        }
        ValueKind::SteadyState(_) => "a criterion and its limit, such as iops:1%".into(),
        ValueKind::Nodes => "'all', or numbers and ranges, such as 0-3,7".into(),
        ValueKind::NumaMemory => "a mode, and perhaps ':NODES'".into(),
        ValueKind::Shares(_) => "a word, or words with percentages, WORD/PERCENT:..".into(),
        ValueKind::Properties => "NAME=VALUE pairs separated by ':'".into(),
        ValueKind::Numbers { .. } => "numbers separated by ':'".into(),
        ValueKind::Engine => "the name of an engine".into(),
        ValueKind::Ignored => "anything; it is ignored".into(),
    }
}

fn plain_text(all: Piece<'_>, max: u32) -> Result<Value, ValueError> {
    if all.bytes.len() > max as usize {
        return Err(ValueError::at(all, format!("at most {max} bytes")));
    }
    Ok(Value::Text(all.bytes.into()))
}

/// Splits at colons; `\:` is a colon, and a colon at the very beginning is skipped.
fn names(all: Piece<'_>) -> Result<Value, ValueError> {
    let names = Names::split(all.bytes);
    if names.is_empty() {
        return Err(ValueError::at(all, "at least one name"));
    }
    Ok(Value::Names(names))
}

/// Reads `name=value` pairs separated by colons.
fn properties(all: Piece<'_>) -> Result<Value, ValueError> {
    let value = names(all)?;
    let is_pair =
        |pair: &OsStr| pair.as_bytes().iter().position(|b| *b == b'=').is_some_and(|at| at > 0);
    match &value {
        Value::Names(pairs) if !pairs.iter().all(is_pair) => {
            Err(ValueError::at(all, "NAME=VALUE pairs separated by ':'"))
        }
        _ => Ok(value),
    }
}

/// Reads numbers separated by colons.
fn numbers(all: Piece<'_>, max: u32) -> Result<Value, ValueError> {
    let parts = all.split(|b| b == b':');
    if let Some(extra) = parts.get(RANGES_MAX) {
        return Err(ValueError::at(all.from(extra.start), format!("at most {RANGES_MAX} numbers")));
    }
    let ctx = ParseContext::default();
    let number = |part: Piece<'_>| {
        number::amount(part, 0, u64::from(max), &ctx).map(|n| u32::try_from(n).unwrap_or(max))
    };
    parts.into_iter().map(number).collect::<Result<_, _>>().map(Value::Numbers)
}

/// Up to three values: one is for all directions, of two the second is also for trims.
fn per_direction<T: Copy>(
    all: Piece<'_>,
    directions: u8,
    separates: impl Fn(u8) -> bool,
    read: impl Fn(Piece<'_>) -> Result<T, ValueError>,
) -> Result<PerDirection<Option<T>>, ValueError> {
    let parts = all.split(separates);
    if let Some(extra) = parts.get(usize::from(directions)) {
        let expected = format!("at most {directions} values");
        return Err(ValueError::at(all.from(extra.start), expected));
    }
    let mut values = [None; 3];
    for (value, part) in values.iter_mut().zip(&parts) {
        if !part.is_blank() {
            *value = Some(read(*part)?);
        }
    }
    if values.iter().all(Option::is_none) {
        return Err(ValueError::at(all, "at least one value"));
    }
    match parts.len() {
        1 => values = [values[0]; 3],
        2 => values[2] = values[1],
        _ => {}
    }
    Ok(PerDirection(values))
}

fn size_range(
    all: Piece<'_>,
    min: u64,
    single: bool,
    ctx: &ParseContext,
) -> Result<(u64, u64), ValueError> {
    let bound = |p| number::amount(p, min, u64::MAX, ctx);
    match all.split(|b| matches!(b, b'-' | b':'))[..] {
        [one] if single => bound(one).map(|n| (n, n)),
        [low, high] => {
            let (low, high) = (bound(low)?, bound(high)?);
            Ok((low.min(high), low.max(high)))
        }
        _ => Err(ValueError::at(all, "a range LOW-HIGH, such as 4k-64k")),
    }
}

fn time_range(all: Piece<'_>, unit: TimeUnit) -> Result<Value, ValueError> {
    let ordered = |a: Nanos, b: Nanos| Value::TimeRange(a.min(b), a.max(b));
    match all.split(|b| matches!(b, b'-' | b':'))[..] {
        [one] => number::time(one, unit).map(|t| Value::TimeRange(t, t)),
        [low, high] => Ok(ordered(number::time(low, unit)?, number::time(high, unit)?)),
        _ => Err(ValueError::at(all, "a time or a range LOW-HIGH, such as 1s-5s")),
    }
}

fn flag(all: Piece<'_>, ctx: &ParseContext) -> Result<Value, ValueError> {
    match number::integer(all, ctx) {
        Ok(n) => Ok(Value::Bool(n != 0)),
        Err(mut error) => {
            error.expected = "nothing, 0 or 1".into();
            Err(bool_error(error, all))
        }
    }
}

/// Explains what to write instead of yes, no and their like.
fn bool_error(mut error: ValueError, all: Piece<'_>) -> ValueError {
    let word = all.trim().text().to_ascii_lowercase();
    error.hint = match word.as_str() {
        "yes" | "true" | "on" | "y" => Some("write 1".into()),
        "no" | "false" | "off" | "n" => Some("write 0".into()),
        _ => None,
    };
    if error.expected != "nothing, 0 or 1" {
        error.expected = "0 or 1".into();
    }
    error
}

fn floats(all: Piece<'_>, min: f64, max: f64, most: usize) -> Result<Value, ValueError> {
    let parts = all.split(|b| b == b':');
    if let Some(extra) = parts.get(most) {
        return Err(ValueError::at(all.from(extra.start), format!("at most {most} numbers")));
    }
    parts
        .into_iter()
        .map(|part| if max == 100.0 { number::without_percent(part) } else { part })
        .map(|part| number::float(part, min, max))
        .collect::<Result<Vec<_>, _>>()
        .map(Value::Floats)
}

/// Numbers and ranges of them: first and last of each, ascending, without overlap.
pub(super) fn id_ranges(all: Piece<'_>, max: u32) -> Result<Vec<(u32, u32)>, ValueError> {
    let ctx = ParseContext::default();
    let id = |p: Piece<'_>| {
        number::amount(p, 0, u64::from(max), &ctx).map(|n| u32::try_from(n).unwrap_or(max))
    };
    let mut ranges = Vec::new();
    for part in all.split(|b| b == b',') {
        if part.is_blank() {
            continue;
        }
        let (first, last) = match part.split_once(b'-') {
            Some((first, last)) => (id(first)?, id(last)?),
            None => id(part).map(|n| (n, n))?,
        };
        if first > last {
            return Err(ValueError::at(part, "a range whose first number is the smaller one"));
        }
        if ranges.len() == RANGES_MAX {
            return Err(ValueError::at(part, format!("at most {RANGES_MAX} ranges")));
        }
        ranges.push((first, last));
    }
    if ranges.is_empty() {
        return Err(ValueError::at(all, "at least one number"));
    }
    Ok(merged(ranges))
}

/// Sorts ranges and joins those that touch.
fn merged(mut ranges: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    ranges.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(previous) if first <= previous.1.saturating_add(1) => {
                previous.1 = previous.1.max(last);
            }
            _ => joined.push((first, last)),
        }
    }
    joined
}
