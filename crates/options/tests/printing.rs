//! Reading what was printed gives the same value: for every option there is, with text and with values
//! made for its kind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use fiord_base::{PerDirection, Quantity};
use fiord_options::plan::Pattern;
use fiord_options::table::{self, Choice, OptionDef, Parameter, Scope, Status, ValueKind};
use fiord_options::value::{
    Access, ErrorLists, Nanos, ParseContext, PatternPiece, PrioritySplitEntry, SplitEntry, Value,
    parse,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

/// A text of these bytes.
fn text(bytes: Vec<u8>) -> Value {
    Value::Text(bytes.as_slice().into())
}

/// A list of names of these bytes.
fn names(list: Vec<Vec<u8>>) -> Value {
    Value::Names(list.iter().map(|name| OsStr::from_bytes(name)).collect())
}

/// Cases for each option; there are hundreds of options.
const CASES: u32 = if cfg!(debug_assertions) { 32 } else { 256 };

fn check_all<T: std::fmt::Debug>(
    strategy: impl Fn(&'static OptionDef) -> BoxedStrategy<T>,
    check: impl Fn(&'static OptionDef, T) -> Result<(), TestCaseError>,
) {
    for def in table::all() {
        let mut runner = TestRunner::new(Config::with_cases(CASES));
        let outcome = runner.run(&strategy(def), |input| check(def, input));
        outcome.unwrap_or_else(|error| panic!("{} ({:?}): {error}", def.name, def.scope));
    }
}

fn reads_again(def: &OptionDef, value: &Value) -> Result<(), TestCaseError> {
    let printed = value.to_bytes();
    let read = parse(def, Some(&printed), &ParseContext::default());
    let text = String::from_utf8_lossy(&printed);
    prop_assert_eq!(read.as_ref(), Ok(value), "printed as {:?}", text);
    Ok(())
}

#[test]
fn values_read_as_they_were_printed() {
    check_all(value_of, |def, value| reads_again(def, &value));
}

#[test]
fn text_reads_the_same_when_printed() {
    check_all(
        |def| text_of(def).boxed(),
        |def, text| match parse(def, Some(text.as_bytes()), &ParseContext::default()) {
            Ok(value) => reads_again(def, &value),
            Err(error) => {
                prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len());
                Ok(())
            }
        },
    );
}

/// Text that has the form of a value of this kind more often than not.
fn text_of(def: &'static OptionDef) -> impl Strategy<Value = String> {
    let words: Vec<&'static str> = match def.kind {
        ValueKind::Engine => table::engines().map(|engine| engine.name).collect(),
        ValueKind::ErrorLists => vec!["EIO", "ENOSPC", "84", "0x16"],
        ValueKind::Pattern { .. } => vec!["\"ab\"", "'f'", "0xab", "%o", "-12", "7"],
        ValueKind::Properties => vec!["a=b", "c=1\\:2", "=", "d="],
        _ => def.choices().iter().map(|choice| choice.word).collect(),
    };
    let number = prop_oneof![
        (0_u32..200).prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        any::<u32>().prop_map(|n| format!("{n:#x}")),
        (0.0..100.0).prop_map(|f: f64| f.to_string()),
        (0_u32..64, select(vec!["k", "M", "kib", "%", "z", "s", "ms", "us", "h"]))
            .prop_map(|(n, unit)| format!("{n}{unit}")),
        (1_u32..9, 1_u32..9).prop_map(|(a, b)| format!("({a}*{b}+1)k")),
    ];
    let part = match words.is_empty() {
        true => number.boxed(),
        false => prop_oneof![3 => select(words).prop_map(str::to_owned), 1 => number].boxed(),
    };
    let separators = match def.kind {
        ValueKind::Pattern { .. } => vec![""],
        ValueKind::Split | ValueKind::PrioritySplit | ValueKind::Shares(_) => vec!["/", ":", ","],
        ValueKind::IdList { .. } => vec![",", "-", ", "],
        _ => vec![",", ":", "-"],
    };
    let more = vec((select(separators), part.clone()), 0..5);
    (part, more).prop_map(|(first, more)| {
        more.into_iter().fold(first, |text, (separator, part)| text + separator + &part)
    })
}

/// Values of the option's kind.
fn value_of(def: &'static OptionDef) -> BoxedStrategy<Value> {
    match def.kind {
        ValueKind::Text { max } => {
            let shortest = usize::from(def.scope != Scope::Switch);
            vec(any::<u8>(), shortest..=(max as usize).min(40)).prop_map(text).boxed()
        }
        ValueKind::OptionalText | ValueKind::Ignored => {
            prop_oneof![Just(Value::Nothing), vec(any::<u8>(), 1..40).prop_map(text)].boxed()
        }
        ValueKind::Names => vec(name(), 1..5).prop_map(names).boxed(),
        ValueKind::Properties => {
            let pair = ("[a-z-]{1,8}", name())
                .prop_map(|(name, value)| [name.as_bytes(), b"=", &value].concat());
            vec(pair, 1..4).prop_map(names).boxed()
        }
        ValueKind::Bool | ValueKind::Flag => any::<bool>().prop_map(Value::Bool).boxed(),
        ValueKind::Choice(choices) => choice(choices).boxed(),
        ValueKind::ChoiceSet { choices, counted } => choice_set(choices, counted).boxed(),
        ValueKind::Shares(choices) => shares(choices).boxed(),
        ValueKind::Access => access().boxed(),
        ValueKind::Split => split().boxed(),
        ValueKind::PrioritySplit => priority_split().boxed(),
        ValueKind::ErrorLists => error_lists().boxed(),
        ValueKind::Pattern { offsets } => pattern(offsets).boxed(),
        ValueKind::IdList { max } => id_list(max).boxed(),
        ValueKind::Engine => {
            let known = table::engines().map(|engine| engine.name.to_owned());
            let known = known.filter(|name| name != "external").collect::<Vec<_>>();
            let plugin = "[a-z/.]{1,20}".prop_map(|path| format!("external:{path}"));
            prop_oneof![select(known), plugin].prop_map(Value::Engine).boxed()
        }
        _ => number_of(def),
    }
}

/// Values of the kinds that are numbers.
fn number_of(def: &'static OptionDef) -> BoxedStrategy<Value> {
    match def.kind {
        ValueKind::Int { min, max } => (min..=max).prop_map(Value::Int).boxed(),
        ValueKind::Bytes { min, max } => (min..=max).prop_map(Value::Bytes).boxed(),
        ValueKind::Quantity => prop_oneof![
            any::<u64>().prop_map(Quantity::Bytes),
            (0..=100_u32).prop_map(Quantity::Percent),
            any::<u64>().prop_map(Quantity::Zones),
        ]
        .prop_map(Value::Quantity)
        .boxed(),
        ValueKind::Sizes { min, max, directions } => {
            per_direction(min..=max, directions).prop_map(Value::Sizes).boxed()
        }
        ValueKind::SizeRanges { min } => {
            per_direction(ordered(min..=u64::MAX), 3).prop_map(Value::SizeRanges).boxed()
        }
        ValueKind::SizeRange { min } => {
            ordered(min..=u64::MAX).prop_map(|(low, high)| Value::SizeRange(low, high)).boxed()
        }
        ValueKind::Time(_) => time().prop_map(Value::Time).boxed(),
        ValueKind::TimeRange(_) => {
            ordered(time()).prop_map(|(low, high)| Value::TimeRange(low, high)).boxed()
        }
        ValueKind::Times(_) => per_direction(time(), 3).prop_map(Value::Times).boxed(),
        ValueKind::Floats { min, max, most } => {
            let number = prop_oneof![min..=max.min(1e300), min..=max.min(200.0)];
            vec(number, 1..=usize::from(most)).prop_map(Value::Floats).boxed()
        }
        ValueKind::Numbers { max } => vec(0..=max, 1..6).prop_map(Value::Numbers).boxed(),
        _ => sample(def),
    }
}

/// Kinds with values that only their own reader can make have the value of their row.
fn sample(def: &'static OptionDef) -> BoxedStrategy<Value> {
    let row = include_str!("data/values.txt").lines().find_map(|line| {
        let fields: Vec<&str> = line.split('|').collect();
        (fields.get(1) == Some(&def.name)).then(|| fields[3])
    });
    let text = row.unwrap_or_else(|| panic!("{} has a row", def.name));
    Just(parse(def, Some(text.as_bytes()), &ParseContext::default()).unwrap()).boxed()
}

fn time() -> impl Strategy<Value = Nanos> + Clone {
    let units = select(vec![1_000_u64, 1_000_000, 1_000_000_000]);
    prop_oneof![
        (0..=u64::MAX / 1_000).prop_map(|micros| Nanos(micros * 1_000)),
        (0..10_000_u64, units).prop_map(|(number, unit)| Nanos(number * unit)),
    ]
}

fn ordered<T: Copy + Ord + std::fmt::Debug>(
    bound: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = (T, T)> + Clone {
    (bound.clone(), bound).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

/// At least one direction says something; where only reads and writes are told apart, trims are as
/// writes.
fn per_direction<T: Copy + std::fmt::Debug>(
    value: impl Strategy<Value = T> + Clone,
    directions: u8,
) -> impl Strategy<Value = PerDirection<Option<T>>> {
    (of(value.clone()), of(value.clone()), of(value.clone()), value).prop_map(
        move |(read, write, trim, default)| {
            let trim = if directions == 2 { write } else { trim };
            let nothing = read.is_none() && write.is_none() && trim.is_none();
            PerDirection(if nothing { [Some(default); 3] } else { [read, write, trim] })
        },
    )
}

/// A name in a list. A backslash at its end would hide the separator.
fn name() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..12).prop_map(|mut name| {
        while name.last() == Some(&b'\\') {
            name.pop();
        }
        if name.is_empty() { b"x".to_vec() } else { name }
    })
}

fn canonical_words(choices: &'static [Choice]) -> Vec<&'static Choice> {
    choices.iter().filter(|choice| choice.same_as.is_none()).collect()
}

fn choice(choices: &'static [Choice]) -> impl Strategy<Value = Value> {
    let text = "[a-z/][a-z0-9/:.]{0,10}";
    (select(canonical_words(choices)), text, any::<bool>()).prop_map(|(choice, text, given)| {
        let parameter = match choice.parameter {
            Parameter::None => None,
            Parameter::Text => given.then(|| text.into_bytes()),
        };
        Value::Choice { word: choice.word, parameter }
    })
}

fn choice_set(choices: &'static [Choice], counted: bool) -> impl Strategy<Value = Value> {
    let words: Vec<&str> = canonical_words(choices).into_iter().map(|choice| choice.word).collect();
    let most = words.len();
    (subsequence(words, 1..=most), of(1..=u64::from(u32::MAX))).prop_map(move |(words, count)| {
        Value::ChoiceSet { words, count: count.filter(|_| counted) }
    })
}

fn shares(choices: &'static [Choice]) -> impl Strategy<Value = Value> {
    let words: Vec<&str> = canonical_words(choices).into_iter().map(|choice| choice.word).collect();
    let most = words.len();
    (subsequence(words, 1..=most).prop_shuffle(), vec(0_u32..=100, most)).prop_map(
        |(words, mut cuts)| {
            cuts.truncate(words.len() - 1);
            cuts.push(100);
            cuts.sort_unstable();
            let starts = std::iter::once(0).chain(cuts.clone());
            let parts = starts.zip(&cuts).map(|(start, end)| end - start);
            Value::Shares(words.into_iter().zip(parts).collect())
        },
    )
}

fn access() -> impl Strategy<Value = Value> {
    let mixes = vec![
        (true, false, false),
        (false, true, false),
        (false, false, true),
        (true, true, false),
        (false, true, true),
    ];
    let number = of((1..=i64::from(u32::MAX), any::<i64>()));
    (select(mixes), any::<bool>(), number).prop_map(|((read, write, trim), random, number)| {
        let number = number.map(|(run, gap)| if random { run } else { gap });
        Value::Access(Access { pattern: Pattern { read, write, trim, random }, number })
    })
}

fn split() -> impl Strategy<Value = Value> {
    // A share of zero is one that was left out, which is filled in when it is read.
    let entry =
        (1..=u64::MAX, 1..=100_u32).prop_map(|(bytes, percent)| SplitEntry { bytes, percent });
    let lists = [vec(entry.clone(), 1..6), vec(entry.clone(), 0..6), vec(entry, 0..6)];
    lists.prop_map(|lists| Value::Split(PerDirection(lists)))
}

fn priority_split() -> impl Strategy<Value = Value> {
    let priority = of((0..=3_u8, 0..=7_u8));
    let entry = (1..=u64::MAX, 0..=100_u32, priority, of(0..=1023_u16)).prop_map(
        |(bytes, percent, priority, hint)| {
            let hint = hint.filter(|_| priority.is_some());
            PrioritySplitEntry { bytes, percent, priority, hint }
        },
    );
    [vec(entry.clone(), 1..5), vec(entry, 0..5)].prop_map(Value::PrioritySplit)
}

fn error_lists() -> impl Strategy<Value = Value> {
    let list = || of(vec(1..4096_i32, 1..5));
    let all = (vec(1..4096_i32, 1..5), list(), list());
    all.prop_map(|(read, write, verify)| {
        Value::ErrorLists(ErrorLists { read: Some(read), write, verify })
    })
}

fn pattern(offsets: bool) -> impl Strategy<Value = Value> {
    let file = vec(any::<u8>().prop_filter("it ends the name", |b| *b != b'\''), 1..10);
    let other = match offsets {
        true => prop_oneof![file.prop_map(PatternPiece::File), Just(PatternPiece::Offset)].boxed(),
        false => file.prop_map(PatternPiece::File).boxed(),
    };
    let bytes = prop_oneof![vec(any::<u8>(), 1..10), "[ -~]{1,10}".prop_map(String::into_bytes)];
    // Neighbouring bytes are one piece.
    vec((bytes.prop_map(PatternPiece::Bytes), other), 1..4).prop_map(|pieces| {
        Value::Pattern(pieces.into_iter().flat_map(|(bytes, other)| [bytes, other]).collect())
    })
}

fn id_list(max: u32) -> impl Strategy<Value = Value> {
    vec((0..=max, 0..9_u32), 1..6).prop_map(move |ranges| {
        let mut ranges: Vec<_> = ranges
            .into_iter()
            .map(|(first, more)| (first, first.saturating_add(more).min(max)))
            .collect();
        ranges.sort_unstable();
        // Ranges that touch are one.
        let mut apart: Vec<(u32, u32)> = Vec::new();
        for (first, last) in ranges {
            if apart.last().is_none_or(|previous| previous.1.saturating_add(1) < first) {
                apart.push((first, last));
            }
        }
        Value::IdList(apart)
    })
}

#[test]
fn what_is_made_here_resembles_what_people_write() {
    let (mut read, mut all) = (0, 0);
    for def in table::all().filter(|def| !matches!(def.status, Status::NoOp)) {
        let mut runner = TestRunner::deterministic();
        for _ in 0..8 {
            let text = text_of(def).new_tree(&mut runner).unwrap().current();
            all += 1;
            read +=
                usize::from(parse(def, Some(text.as_bytes()), &ParseContext::default()).is_ok());
        }
    }
    assert!(read * 4 > all, "{read} of {all} texts are values");
}
