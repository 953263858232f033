//! Lowering of `cmdprio_*`: options of engines that the loop carries out, since requests come to the
//! engine with their priority.

use fiord_base::{Direction, IoPriority};

use super::Job;
use super::settings::Entry;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{EnginePlan, PriorityShare, RequestPriorities};
use crate::value::{PrioritySplitEntry, Value};

/// Real time: the class of requests that have a priority, if none is given.
const CLASS: u8 = 1;
/// Best effort: what the kernel makes of "none", which has no levels.
const BEST_EFFORT: u8 = 2;

/// Class "none" has no levels and no hints, so as soon as something is said it is best effort.
pub(super) fn said(class: u8, level: u8, hint: u16) -> IoPriority {
    IoPriority { class: if class == 0 { BEST_EFFORT } else { class }, level, hint }
}

/// Fills the plan.
pub(super) fn lower_priorities(
    of_engine: &[Entry<'_>],
    engine: &mut EnginePlan,
    job: &mut Job<'_>,
) {
    let value = |name: &str| {
        let entry = of_engine.iter().find(|entry| entry.def.name == name)?;
        entry.value.as_ref().ok()
    };
    let number = |name: &str, direction: Direction| match value(name) {
        Some(Value::Sizes(sizes)) => sizes[direction],
        _ => None,
    };
    let plain = |direction: Direction| {
        // The table bounds them.
        let small = |name: &str| {
            number(name, direction).map(|number| u16::try_from(number).unwrap_or(u16::MAX))
        };
        said(
            small("cmdprio_class").map_or(CLASS, |class| class as u8),
            small("cmdprio").unwrap_or(0) as u8,
            small("cmdprio_hint").unwrap_or(0),
        )
    };
    let split = match value("cmdprio_bssplit") {
        Some(Value::PrioritySplit(lists)) => Some(lists),
        _ => None,
    };
    if split.is_some() && value("cmdprio_percentage").is_some() {
        job.report(
            "cmdprio_bssplit",
            Diagnostic::error("`cmdprio_percentage` and `cmdprio_bssplit` exclude each other")
                .code(Code::PRIORITY_SAID_TWICE)
                .help("leave out one of the two"),
        );
    }
    let mut shares = |direction: Direction| match split {
        Some(lists) => of_sizes(&lists[direction as usize], plain(direction), job),
        None => {
            let percent = number("cmdprio_percentage", direction).unwrap_or(0).min(100) as u32;
            let share = PriorityShare { bytes: None, percent, priority: plain(direction) };
            if percent == 0 { Vec::new() } else { vec![share] }
        }
    };
    engine.priorities =
        RequestPriorities { read: shares(Direction::Read), write: shares(Direction::Write) };
}

/// Shares of requests of certain sizes, in the order in which they are looked at.
fn of_sizes(
    list: &[PrioritySplitEntry],
    plain: IoPriority,
    job: &mut Job<'_>,
) -> Vec<PriorityShare> {
    let mut shares: Vec<PriorityShare> = list
        .iter()
        .filter(|entry| entry.percent > 0)
        .map(|entry| PriorityShare {
            bytes: Some(entry.bytes),
            percent: entry.percent,
            priority: entry
                .priority
                .map_or(plain, |(class, level)| said(class, level, entry.hint.unwrap_or(0))),
        })
        .collect();
    shares.sort_by_key(|share| share.bytes);
    for same in shares.chunk_by(|a, b| a.bytes == b.bytes) {
        let percent: u32 = same.iter().map(|share| share.percent).sum();
        if percent > 100 {
            let bytes = same[0].bytes.unwrap_or(0);
            job.report(
                "cmdprio_bssplit",
                Diagnostic::error(format!(
                    "the shares of requests of {bytes} bytes add up to {percent} percent"
                ))
                .code(Code::PRIORITY_SHARES_ABOVE_WHOLE)
                .help("what is left of 100 percent keeps the priority of the job"),
            );
        }
    }
    shares
}
