//! The canonical text of values: what the report echoes, and what reads back as the same value.

use std::fmt;

use std::os::unix::ffi::OsStrExt;

use fiord_base::{PerDirection, Quantity};

use super::{
    ErrorLists, Nanos, PatternPiece, PrioritySplitEntry, SplitEntry, Value, distribution, errnos,
    numa, steady_state,
};

impl Value {
    /// The canonical text in bytes; differs from `Display` only in text that is not UTF-8.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Value::Text(text) => text.as_bytes().to_vec(),
            Value::Names(names) => {
                let escaped: Vec<Vec<u8>> =
                    names.iter().map(|name| escape(name.as_bytes())).collect();
                escaped.join(&b':')
            }
            Value::Choice { word, parameter: Some(parameter) } => {
                [word.as_bytes(), b":", parameter].concat()
            }
            Value::Pattern(pieces) => pieces.iter().flat_map(pattern_piece).collect(),
            other => other.text().into_bytes(),
        }
    }

    /// The text of all kinds that are always valid UTF-8.
    fn text(&self) -> String {
        match self {
            Value::Text(_) | Value::Names(_) | Value::Pattern(_) | Value::Nothing => String::new(),
            Value::Int(n) => n.to_string(),
            Value::Bytes(n) => n.to_string(),
            Value::Quantity(Quantity::Bytes(n)) => n.to_string(),
            Value::Quantity(Quantity::Percent(n)) => format!("{n}%"),
            Value::Quantity(Quantity::Zones(n)) => format!("{n}z"),
            Value::Sizes(sizes) => directions(sizes, |n| n.to_string()),
            Value::SizeRanges(ranges) => directions(ranges, |(low, high)| format!("{low}-{high}")),
            Value::SizeRange(low, high) if low == high => low.to_string(),
            Value::SizeRange(low, high) => format!("{low}-{high}"),
            Value::Time(time) => time.to_string(),
            Value::TimeRange(low, high) if low == high => low.to_string(),
            Value::TimeRange(low, high) => format!("{low}-{high}"),
            Value::Times(times) => directions(times, |t| t.to_string()),
            Value::Bool(yes) => u8::from(*yes).to_string(),
            Value::Choice { word, .. } => (*word).to_owned(),
            Value::ChoiceSet { words, count: None } => words.join(","),
            Value::ChoiceSet { words, count: Some(n) } => format!("{}:{n}", words.join(",")),
            Value::Floats(list) => join(list, ":", |f| f.to_string()),
            Value::Access(access) => match access.number {
                Some(n) => format!("{}:{n}", access.pattern.name()),
                None => access.pattern.name().to_owned(),
            },
            Value::Split(lists) => split(lists),
            Value::PrioritySplit(lists) => priority_split(lists),
            Value::ErrorLists(lists) => error_lists(lists),
            Value::IdList(ranges) => id_ranges(ranges),
            Value::Distribution(distribution) => distribution::distribution_text(distribution),
            Value::FileService(choice) => choice.text(),
            Value::SteadyState(criterion) => steady_state::text(criterion),
            Value::Nodes(nodes) => numa::nodes_text(nodes),
            Value::NumaMemory(memory) => numa::memory_text(memory),
            Value::Shares(shares) => match shares[..] {
                [(word, _)] => word.to_owned(),
                _ => join(shares, ":", |(word, percent)| format!("{word}/{percent}")),
            },
            Value::Numbers(numbers) => join(numbers, ":", |n| n.to_string()),
            Value::Engine(name) => name.clone(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl fmt::Display for Nanos {
    /// The largest unit that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            n if n % 1_000_000_000 == 0 => write!(f, "{}s", n / 1_000_000_000),
            n if n % 1_000_000 == 0 => write!(f, "{}ms", n / 1_000_000),
            n => write!(f, "{}us", n / 1_000),
        }
    }
}

/// Numbers and ranges of them.
pub(super) fn id_ranges(ranges: &[(u32, u32)]) -> String {
    join(
        ranges,
        ",",
        |(first, last)| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        },
    )
}

pub(super) fn join<T>(items: &[T], separator: &str, print: impl Fn(&T) -> String) -> String {
    items.iter().map(print).collect::<Vec<_>>().join(separator)
}

/// One value if all are the same, two if writes and trims are, else three.
pub(super) fn directions<T: PartialEq>(
    values: &PerDirection<Option<T>>,
    print: impl Fn(&T) -> String,
) -> String {
    let [read, write, trim] = &values.0;
    let shown: &[&Option<T>] = if read == write && write == trim {
        &[read]
    } else if write == trim {
        &[read, write]
    } else {
        &[read, write, trim]
    };
    join(shown, ",", |value| value.as_ref().map(&print).unwrap_or_default())
}

fn split(lists: &PerDirection<Vec<SplitEntry>>) -> String {
    let filled = PerDirection(lists.0.each_ref().map(|l| (!l.is_empty()).then_some(l)));
    directions(&filled, |list| join(list, ":", |e| format!("{}/{}", e.bytes, e.percent)))
}

fn priority_split(lists: &[Vec<PrioritySplitEntry>; 2]) -> String {
    let list = |list: &Vec<PrioritySplitEntry>| {
        join(list, ":", |e| {
            let mut text = format!("{}/{}", e.bytes, e.percent);
            if let Some((class, level)) = e.priority {
                text += &format!("/{class}/{level}");
            }
            if let Some(hint) = e.hint {
                text += &format!("/{hint}");
            }
            text
        })
    };
    let [read, write] = lists;
    if read == write { list(read) } else { format!("{},{}", list(read), list(write)) }
}

fn error_lists(lists: &ErrorLists) -> String {
    let list = |list: &Option<Vec<i32>>| {
        join(list.as_deref().unwrap_or_default(), ":", |errno| match errnos::errno_name(*errno) {
            Some(name) => name.to_owned(),
            None => errno.to_string(),
        })
    };
    let text = format!("{},{},{}", list(&lists.read), list(&lists.write), list(&lists.verify));
    text.trim_end_matches(',').to_owned()
}

fn escape(name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(name.len());
    for byte in name {
        if *byte == b':' {
            escaped.push(b'\\');
        }
        escaped.push(*byte);
    }
    escaped
}

fn pattern_piece(piece: &PatternPiece) -> Vec<u8> {
    match piece {
        PatternPiece::Bytes(bytes) => {
            let printable = bytes.iter().all(|b| (b' '..=b'~').contains(b) && *b != b'"');
            if printable {
                [b"\"".as_slice(), bytes, b"\""].concat()
            } else {
                let digits: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
                format!("0x{digits}").into_bytes()
            }
        }
        PatternPiece::File(name) => [b"'".as_slice(), name, b"'"].concat(),
        PatternPiece::Offset => b"%o".to_vec(),
    }
}
