//! Distributions: `random_distribution` and `file_service_type`.

use fiord_base::PerDirection;

use super::lists::per_direction;
use super::piece::Piece;
use super::print::{directions, join};
use super::{FileChoice, ParseContext, Value, ValueError, number, words};
use crate::plan::{Distribution, FileService, ZoneArea, ZoneShare};
use crate::table::Choice;

/// Most zones per direction, as in fio.
const ZONES_MAX: usize = 256;
/// Most blocks of a sequence, as in fio.
const SEQUENCE_MAX: usize = 64;
/// Parameters of distributions that are given by name only.
const ZIPF_THETA: f64 = 1.1;
const PARETO_H: f64 = 0.2;

/// Reads `WORD[:PARAMETERS]`.
pub(super) fn distribution(
    all: Piece<'_>,
    choices: &'static [Choice],
    ctx: &ParseContext,
) -> Result<Value, ValueError> {
    let (word, tail) = word_and_tail(all.trim());
    let word = words::find(word, choices)?.canonical();
    let distribution = match word {
        "zoned" => Distribution::Zoned(per_direction(list(all, tail, word)?, "zone", share_list)?),
        "zoned_abs" => {
            Distribution::ZonedBytes(per_direction(list(all, tail, word)?, "zone", |part| {
                area_list(part, ctx)
            })?)
        }
        "sequence" => Distribution::Sequence(sequence(list(all, tail, word)?, ctx)?),
        _ => named(word, tail)?,
    };
    Ok(Value::Distribution(distribution))
}

/// Reads `WORD[:COUNT]` or `WORD[:PARAMETERS]`.
pub(super) fn file_service(
    all: Piece<'_>,
    choices: &'static [Choice],
    ctx: &ParseContext,
) -> Result<Value, ValueError> {
    let (word, tail) = word_and_tail(all.trim());
    let service = match words::find(word, choices)?.canonical() {
        "roundrobin" => FileService::RoundRobin,
        "sequential" => FileService::Sequential,
        "random" => FileService::Random,
        word => {
            return Ok(Value::FileService(FileChoice {
                service: FileService::Random,
                distribution: named(word, tail)?,
                batch: 1,
            }));
        }
    };
    let batch = match tail {
        Some(tail) => number::amount(tail, 1, u64::MAX, ctx)?,
        None => 1,
    };
    Ok(Value::FileService(FileChoice { service, distribution: Distribution::Uniform, batch }))
}

fn word_and_tail(all: Piece<'_>) -> (Piece<'_>, Option<Piece<'_>>) {
    match all.split_once(b':') {
        Some((word, tail)) => (word, Some(tail)),
        None => (all, None),
    }
}

fn list<'a>(all: Piece<'a>, tail: Option<Piece<'a>>, word: &str) -> Result<Piece<'a>, ValueError> {
    tail.filter(|tail| !tail.is_blank()).ok_or_else(|| {
        let form = match word {
            "zoned" => "zoned:ACCESS/SIZE:.., both in percent",
            "zoned_abs" => "zoned_abs:ACCESS/BYTES:.., accesses in percent",
            _ => "sequence:BLOCK,BLOCK,..",
        };
        ValueError::at(all, form)
    })
}

/// Distributions with one parameter and a centre.
fn named(word: &str, tail: Option<Piece<'_>>) -> Result<Distribution, ValueError> {
    let parts = tail.map(|tail| tail.split(|b| b == b':')).unwrap_or_default();
    if let (Some(tail), "random") = (tail, word) {
        return Err(ValueError::at(tail, "nothing after 'random'"));
    }
    if let Some(extra) = parts.get(2) {
        return Err(ValueError::at(*extra, format!("{word}:PARAMETER:CENTER and nothing more")));
    }
    let center = match parts.get(1) {
        Some(piece) => Some(float(*piece, 0.0, 1.0, "a center from 0 to 1")?),
        None => None,
    };
    let parameter = parts.first().copied();
    Ok(match word {
        "zipf" => Distribution::Zipf { theta: theta(parameter)?, center },
        "pareto" => Distribution::Pareto { h: open_share(parameter)?, center },
        "normal" => Distribution::Normal { deviation_percent: deviation(parameter)?, center },
        _ => Distribution::Uniform,
    })
}

fn float(piece: Piece<'_>, min: f64, max: f64, expected: &str) -> Result<f64, ValueError> {
    number::float(piece, min, max).map_err(|_| ValueError::at(piece.trim(), expected))
}

fn theta(parameter: Option<Piece<'_>>) -> Result<f64, ValueError> {
    const EXPECTED: &str = "a theta other than 1, for which the distribution is not defined";
    let Some(piece) = parameter else { return Ok(ZIPF_THETA) };
    let theta = float(piece, f64::MIN, f64::MAX, "a theta, such as 1.2")?;
    if theta == 1.0 { Err(ValueError::at(piece.trim(), EXPECTED)) } else { Ok(theta) }
}

fn open_share(parameter: Option<Piece<'_>>) -> Result<f64, ValueError> {
    const EXPECTED: &str = "a number above 0 and below 1, such as 0.2";
    let Some(piece) = parameter else { return Ok(PARETO_H) };
    let h = float(piece, 0.0, 1.0, EXPECTED)?;
    if h > 0.0 && h < 1.0 { Ok(h) } else { Err(ValueError::at(piece.trim(), EXPECTED)) }
}

fn deviation(parameter: Option<Piece<'_>>) -> Result<f64, ValueError> {
    const EXPECTED: &str = "a deviation in percent, from 0 to below 100";
    let Some(piece) = parameter else { return Ok(0.0) };
    let piece = number::without_percent(piece);
    let deviation = float(piece, 0.0, 100.0, EXPECTED)?;
    if deviation < 100.0 { Ok(deviation) } else { Err(ValueError::at(piece.trim(), EXPECTED)) }
}

/// The entries of one list, in two halves: the share of accesses, and the rest.
fn entries(all: Piece<'_>) -> Result<Vec<(u32, Option<Piece<'_>>)>, ValueError> {
    let mut entries = Vec::new();
    for part in all.split(|b| b == b':').into_iter().filter(|part| !part.is_blank()) {
        if entries.len() == ZONES_MAX {
            return Err(ValueError::at(part, format!("at most {ZONES_MAX} zones")));
        }
        let (access, size) = match part.split_once(b'/') {
            Some((access, size)) => (access, Some(size).filter(|size| !size.is_blank())),
            None => (part, None),
        };
        entries.push((percentage(access)?, size));
    }
    let sum: u32 = entries.iter().map(|(access, _)| access).sum();
    if sum != 100 {
        let expected = format!("shares of accesses that add up to 100; these are {sum}");
        return Err(ValueError::at(all, expected));
    }
    Ok(entries)
}

fn percentage(piece: Piece<'_>) -> Result<u32, ValueError> {
    let piece = piece.trim();
    let text = piece.text();
    Some(&*text)
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .filter(|percent| *percent <= 100)
        .ok_or_else(|| ValueError::at(piece, "a percentage from 0 to 100, without a sign"))
}

/// Zones whose size is missing or 0 share what is left.
fn share_list(all: Piece<'_>) -> Result<Vec<ZoneShare>, ValueError> {
    let mut zones = Vec::new();
    for (access_percent, size) in entries(all)? {
        let size_percent = size.map(percentage).transpose()?.unwrap_or(0);
        zones.push(ZoneShare { access_percent, size_percent });
    }
    let given: u32 = zones.iter().map(|zone| zone.size_percent).sum();
    let Some(rest) = 100_u32.checked_sub(given) else {
        let expected = format!("sizes that add up to at most 100 percent; these are {given}");
        return Err(ValueError::at(all, expected));
    };
    let missing = zones.iter().filter(|zone| zone.size_percent == 0).count();
    let share = u32::try_from(missing).ok().and_then(|n| rest.checked_div(n)).unwrap_or(0);
    for zone in zones.iter_mut().filter(|zone| zone.size_percent == 0) {
        zone.size_percent = share;
    }
    Ok(zones)
}

fn area_list(all: Piece<'_>, ctx: &ParseContext) -> Result<Vec<ZoneArea>, ValueError> {
    entries(all)?
        .into_iter()
        .map(|(access_percent, size)| {
            let Some(size) = size else {
                return Err(ValueError::at(all, "ACCESS/BYTES for each zone"));
            };
            let size_bytes = number::amount(size, 0, u64::MAX, ctx)?;
            Ok(ZoneArea { access_percent, size_bytes })
        })
        .collect()
}

fn sequence(all: Piece<'_>, ctx: &ParseContext) -> Result<Vec<u64>, ValueError> {
    let parts = all.split(|b| b == b',');
    if let Some(extra) = parts.get(SEQUENCE_MAX) {
        return Err(ValueError::at(*extra, format!("at most {SEQUENCE_MAX} blocks")));
    }
    parts.into_iter().map(|part| number::amount(part, 0, u64::MAX, ctx)).collect()
}

/// The word of a distribution, as it is listed in the table.
pub(crate) fn word(distribution: &Distribution) -> &'static str {
    match distribution {
        Distribution::Uniform => "random",
        Distribution::Zipf { .. } => "zipf",
        Distribution::Pareto { .. } => "pareto",
        Distribution::Normal { .. } => "normal",
        Distribution::Zoned(_) => "zoned",
        Distribution::ZonedBytes(_) => "zoned_abs",
        Distribution::Sequence(_) => "sequence",
    }
}

/// The canonical text of a distribution.
pub(super) fn distribution_text(distribution: &Distribution) -> String {
    let with_center = |parameter: &f64, center: &Option<f64>| match center {
        Some(center) => format!(":{parameter}:{center}"),
        None => format!(":{parameter}"),
    };
    let parameters = match distribution {
        Distribution::Uniform => String::new(),
        Distribution::Zipf { theta, center } => with_center(theta, center),
        Distribution::Pareto { h, center } => with_center(h, center),
        Distribution::Normal { deviation_percent, center } => {
            with_center(deviation_percent, center)
        }
        Distribution::Zoned(lists) => {
            zones_text(lists, |zone| format!("{}/{}", zone.access_percent, zone.size_percent))
        }
        Distribution::ZonedBytes(lists) => {
            zones_text(lists, |area| format!("{}/{}", area.access_percent, area.size_bytes))
        }
        Distribution::Sequence(blocks) => format!(":{}", join(blocks, ",", u64::to_string)),
    };
    format!("{}{parameters}", word(distribution))
}

fn zones_text<T: PartialEq>(lists: &PerDirection<Vec<T>>, print: impl Fn(&T) -> String) -> String {
    let filled = PerDirection(lists.0.each_ref().map(|list| (!list.is_empty()).then_some(list)));
    format!(":{}", directions(&filled, |list| join(list, ":", &print)))
}

impl FileChoice {
    /// The word, as it is listed in the table.
    pub(crate) fn word(&self) -> &'static str {
        match self.service {
            FileService::RoundRobin => "roundrobin",
            FileService::Sequential => "sequential",
            FileService::Random => word(&self.distribution),
        }
    }

    pub(super) fn text(&self) -> String {
        match (&self.distribution, self.batch) {
            (Distribution::Uniform, 1) => self.word().to_owned(),
            (Distribution::Uniform, batch) => format!("{}:{batch}", self.word()),
            (distribution, _) => distribution_text(distribution),
        }
    }
}
