//! Values that are words: choices, sets of them, patterns of access, engines, error names.

use super::piece::Piece;
use super::{Access, ErrorLists, ParseContext, Value, ValueError, errnos, number};
use crate::plan::Pattern;
use crate::table::{self, Choice, Parameter};

/// Most errors in one list of `ignore_error`.
const ERRORS_MAX: usize = 256;

/// Reads one word, and its parameter if it takes one.
pub(super) fn choice(all: Piece<'_>, choices: &'static [Choice]) -> Result<Value, ValueError> {
    let all = all.trim();
    let (word, tail) = match all.split_once(b':') {
        Some((word, tail)) => (word, Some(tail)),
        None => (all, None),
    };
    let choice = find(word, choices)?;
    let parameter = match (tail, choice.parameter) {
        (None, _) => None,
        (Some(tail), Parameter::None) => {
            let expected = format!("nothing after '{}'", choice.word);
            return Err(ValueError::at(tail, expected));
        }
        (Some(tail), Parameter::Text) if tail.bytes.is_empty() => {
            return Err(ValueError::at(tail, format!("a parameter after '{}:'", choice.word)));
        }
        (Some(tail), Parameter::Text) => Some(tail.bytes.to_vec()),
    };
    Ok(Value::Choice { word: choice.canonical(), parameter })
}

/// Reads words separated by commas.
pub(super) fn choice_set(
    all: Piece<'_>,
    choices: &'static [Choice],
    counted: bool,
    ctx: &ParseContext,
) -> Result<Value, ValueError> {
    let (list, count) = match all.split_once(b':') {
        Some((list, count)) if counted => {
            (list, Some(number::amount(count, 1, u64::from(u32::MAX), ctx)?))
        }
        _ => (all, None),
    };
    let mut given = vec![false; choices.len()];
    for part in list.split(|b| b == b',') {
        let word = find(part, choices)?.canonical();
        for (given, choice) in given.iter_mut().zip(choices) {
            *given |= choice.word == word;
        }
    }
    let words = choices.iter().zip(given).filter(|(_, g)| *g).map(|(c, _)| c.word).collect();
    Ok(Value::ChoiceSet { words, count })
}

/// The entry of a word.
pub(super) fn find(
    word: Piece<'_>,
    choices: &'static [Choice],
) -> Result<&'static Choice, ValueError> {
    let word = word.trim();
    if let Some(choice) = choices.iter().find(|c| c.word.as_bytes() == word.bytes) {
        return Ok(choice);
    }
    let list: Vec<&str> = choices.iter().map(|c| c.word).collect();
    let error = ValueError::at(word, format!("one of {}", list.join(", ")));
    Err(match table::closest(&word.text(), list.into_iter()) {
        Some(near) => error.hint(format!("did you mean '{near}'?")),
        None => error,
    })
}

/// Reads `PATTERN[:N]`.
pub(super) fn access(all: Piece<'_>, ctx: &ParseContext) -> Result<Value, ValueError> {
    let all = all.trim();
    let (word, tail) = match all.split_once(b':') {
        Some((word, tail)) => (word, Some(tail)),
        None => (all, None),
    };
    let pattern = pattern_of(find(word, table::ACCESS)?.canonical());
    let number = match tail {
        None => None,
        Some(tail) => {
            let (min, max) =
                if pattern.random { (1, u32::MAX.into()) } else { (i64::MIN, i64::MAX) };
            let n = number::integer_in(tail, i128::from(min), i128::from(max), ctx)?;
            Some(i64::try_from(n).unwrap_or(max))
        }
    };
    Ok(Value::Access(Access { pattern, number }))
}

/// Takes a word of [`table::ACCESS`] apart.
fn pattern_of(word: &str) -> Pattern {
    let (random, rest) = match word.strip_prefix("rand") {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    Pattern {
        read: matches!(rest, "read" | "rw"),
        write: matches!(rest, "write" | "rw" | "trimwrite"),
        trim: matches!(rest, "trim" | "trimwrite"),
        random,
    }
}

/// Reads the name of an engine. Whether it is built is not asked here.
pub(super) fn engine(all: Piece<'_>) -> Result<Value, ValueError> {
    let word = all.trim();
    let text = word.text();
    if text.strip_prefix("external:").is_some_and(|path| !path.is_empty()) {
        return Ok(Value::Engine(text.into_owned()));
    }
    match table::engine(&text) {
        Some(engine) if engine.name != "external" => Ok(Value::Engine(engine.name.to_owned())),
        Some(_) => Err(ValueError::at(word, "external:PATH, with the path of a plug-in")),
        None => {
            let error =
                ValueError::at(word, "the name of an engine").hint("--enghelp lists the engines");
            Err(match table::closest_engine(&text) {
                Some(near) => error.hint(format!("did you mean '{near}'?")),
                None => error,
            })
        }
    }
}

/// Reads `E1:E2,E3,E4`: errors of reads, writes and verification.
pub(super) fn error_lists(all: Piece<'_>) -> Result<Value, ValueError> {
    let parts = all.split(|b| b == b',');
    if let Some(extra) = parts.get(3) {
        let expected = "at most three lists: READ,WRITE,VERIFY";
        return Err(ValueError::at(all.from(extra.start), expected));
    }
    let mut lists = [None, None, None];
    for (list, part) in lists.iter_mut().zip(parts) {
        if !part.is_blank() {
            let names = part.split(|b| b == b':');
            if let Some(extra) = names.get(ERRORS_MAX) {
                return Err(ValueError::at(*extra, format!("at most {ERRORS_MAX} errors")));
            }
            *list = Some(names.into_iter().map(error_number).collect::<Result<_, _>>()?);
        }
    }
    if lists.iter().all(Option::is_none) {
        return Err(ValueError::at(all, "at least one error"));
    }
    let [read, write, verify] = lists;
    Ok(Value::ErrorLists(ErrorLists { read, write, verify }))
}

fn error_number(word: Piece<'_>) -> Result<i32, ValueError> {
    let word = word.trim();
    let text = word.text();
    if let Some(number) = errnos::errno_number(&text) {
        return Ok(number);
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        let n = number::integer(word, &ParseContext::default())?.unsigned_abs();
        if (1..4096).contains(&n) {
            return Ok(i32::try_from(n).unwrap_or_default());
        }
    }
    let error = ValueError::at(word, "the name of an error, such as EIO, or its number");
    Err(match table::closest(&text.to_ascii_uppercase(), errnos::names()) {
        Some(near) => error.hint(format!("did you mean '{near}'?")),
        None => error,
    })
}
