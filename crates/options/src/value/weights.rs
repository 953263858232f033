//! Values with weights: `bssplit`, `cmdprio_bssplit`, and words that are mixed (`write_mode`).

use super::piece::Piece;
use super::{
    ParseContext, PrioritySplitEntry, SplitEntry, Value, ValueError, lists, number, words,
};
use crate::table::Choice;

/// Most entries per direction, as in fio.
const ENTRIES_MAX: usize = 64;

/// Reads `size[/percent]:..[,writes[,trims]]`.
pub(super) fn split(all: Piece<'_>, ctx: &ParseContext) -> Result<Value, ValueError> {
    let list = |part: Piece<'_>| split_list(part, ctx);
    lists::per_direction(all, "size", list).map(Value::Split)
}

fn split_list(all: Piece<'_>, ctx: &ParseContext) -> Result<Vec<SplitEntry>, ValueError> {
    let mut entries: Vec<(u64, Option<u32>)> = Vec::new();
    for part in all.split(|b| b == b':') {
        if part.is_blank() {
            continue;
        }
        if entries.len() == ENTRIES_MAX {
            return Err(ValueError::at(part, format!("at most {ENTRIES_MAX} sizes")));
        }
        let (size, share) = match part.split_once(b'/') {
            Some((size, share)) => (size, Some(share)),
            None => (part, None),
        };
        let bytes = number::amount(size, 1, u64::MAX, ctx)?;
        let percent = match share {
            Some(share) if !share.is_blank() => Some(percentage(share)?).filter(|p| *p > 0),
            _ => None,
        };
        entries.push((bytes, percent));
    }
    let share = remaining_share(entries.iter().map(|(_, percent)| *percent));
    Ok(entries
        .into_iter()
        .map(|(bytes, percent)| SplitEntry { bytes, percent: percent.unwrap_or(share) })
        .collect())
}

/// What each entry without a percentage gets of that which the others leave.
fn remaining_share(given: impl Iterator<Item = Option<u32>> + Clone) -> u32 {
    let missing = given.clone().filter(Option::is_none).count();
    let rest = 100_u32.saturating_sub(given.flatten().sum());
    u32::try_from(missing).ok().and_then(|n| rest.checked_div(n)).unwrap_or(0)
}

/// Reads `word`, or `word/percent:..` with percentages that sum up to 100.
pub(super) fn shares(all: Piece<'_>, choices: &'static [Choice]) -> Result<Value, ValueError> {
    let mut entries: Vec<(&'static str, Option<u32>)> = Vec::new();
    for part in all.split(|b| b == b':') {
        let (word, share) = match part.split_once(b'/') {
            Some((word, share)) => (word, Some(percentage(share)?)),
            None => (part, None),
        };
        let canonical = words::find(word, choices)?.canonical();
        if entries.iter().any(|(other, _)| *other == canonical) {
            return Err(ValueError::at(word, "each word once"));
        }
        entries.push((canonical, share));
    }
    let share = remaining_share(entries.iter().map(|(_, percent)| *percent));
    let entries: Vec<_> =
        entries.into_iter().map(|(word, percent)| (word, percent.unwrap_or(share))).collect();
    if entries.iter().map(|(_, percent)| percent).sum::<u32>() != 100 {
        return Err(ValueError::at(all, "percentages that sum up to 100"));
    }
    Ok(Value::Shares(entries))
}

/// A share; a percent sign is allowed, and more than 100 is 100, as in fio.
fn percentage(piece: Piece<'_>) -> Result<u32, ValueError> {
    let mut piece = piece.trim();
    if piece.bytes.last() == Some(&b'%') {
        piece = piece.slice(0, piece.bytes.len() - 1);
    }
    let text = piece.text();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(ValueError::at(piece, "a percentage from 0 to 100"));
    }
    Ok(text.parse::<u32>().map_or(100, |n| n.min(100)))
}

/// Reads `size/percent[/class/level[/hint]]:..[,writes]`.
pub(super) fn priority_split(all: Piece<'_>, ctx: &ParseContext) -> Result<Value, ValueError> {
    let parts = all.split(|b| b == b',');
    if let Some(extra) = parts.get(2) {
        return Err(ValueError::at(all.from(extra.start), "at most two lists"));
    }
    let count = parts.len();
    let mut lists: [Vec<PrioritySplitEntry>; 2] = Default::default();
    for (list, part) in lists.iter_mut().zip(parts) {
        for entry in part.split(|b| b == b':') {
            if entry.is_blank() {
                continue;
            }
            if list.len() == ENTRIES_MAX {
                return Err(ValueError::at(entry, format!("at most {ENTRIES_MAX} sizes")));
            }
            list.push(priority_entry(entry, ctx)?);
        }
    }
    if count == 1 {
        lists[1] = lists[0].clone();
    }
    if lists.iter().all(Vec::is_empty) {
        return Err(ValueError::at(all, "at least one size"));
    }
    Ok(Value::PrioritySplit(lists))
}

fn priority_entry(entry: Piece<'_>, ctx: &ParseContext) -> Result<PrioritySplitEntry, ValueError> {
    let fields = entry.split(|b| b == b'/');
    let small = |piece: Piece<'_>, max: u64| {
        number::amount(piece, 0, max, ctx).map(|n| u16::try_from(n).unwrap_or(u16::MAX))
    };
    let level = |piece| small(piece, 7).map(|n| n as u8);
    let class = |piece| small(piece, 3).map(|n| n as u8);
    let (priority, hint) = match fields[..] {
        [_] | [_, _] => (None, None),
        [_, _, c, l] => (Some((class(c)?, level(l)?)), None),
        [_, _, c, l, h] => (Some((class(c)?, level(l)?)), Some(small(h, 1023)?)),
        _ => {
            let expected = "SIZE/PERCENT, SIZE/PERCENT/CLASS/LEVEL or the same with /HINT";
            return Err(ValueError::at(entry, expected));
        }
    };
    Ok(PrioritySplitEntry {
        bytes: number::amount(fields[0], 1, u64::MAX, ctx)?,
        percent: match fields.get(1) {
            Some(share) if !share.is_blank() => percentage(*share)?,
            _ => 0,
        },
        priority,
        hint,
    })
}
