//! Collects findings: each once for a setting, and those about defaults only if they hold for all
//! jobs that inherit them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Settings, place};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::spec::{Section, Setting};

fn code_of(diagnostic: &Diagnostic) -> &'static str {
    diagnostic.code.map_or("", |code| code.id)
}

/// A finding about a default, and for how many jobs it holds.
struct Pending {
    diagnostic: Diagnostic,
    jobs: usize,
}

/// How many jobs follow a default, and how many say otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Use {
    pub(super) followed: usize,
    pub(super) overridden: usize,
}

/// All findings so far.
#[derive(Default)]
pub(super) struct Findings<'a> {
    found: Diagnostics,
    seen: BTreeSet<(usize, &'static str)>,
    pending: BTreeMap<(usize, &'static str), Pending>,
    uses: HashMap<usize, Use>,
    settings: std::marker::PhantomData<Setting<'a>>,
}

impl<'a> Findings<'a> {
    /// Notes which defaults a job with these settings follows.
    pub(super) fn count(&mut self, defaults: &Settings<'a>, own: &Settings<'a>) {
        for (name, setting) in defaults {
            let count = self.uses.entry(setting.id()).or_default();
            match own.contains_key(name) {
                true => count.overridden += 1,
                false => count.followed += 1,
            }
        }
    }

    /// A finding about a setting; a second one of the same kind is dropped.
    pub(super) fn push(&mut self, setting: Setting<'a>, diagnostic: Diagnostic) {
        if self.seen.insert((setting.id(), code_of(&diagnostic))) {
            self.found.push(diagnostic);
        }
    }

    /// A finding about a default that has no effect in one of the jobs that follow it.
    pub(super) fn push_default(&mut self, setting: Setting<'a>, diagnostic: Diagnostic) {
        let pending = self.pending.entry((setting.id(), code_of(&diagnostic)));
        pending.or_insert(Pending { diagnostic, jobs: 0 }).jobs += 1;
    }

    /// A finding about a job as such.
    pub(super) fn push_for_section(&mut self, section: Section<'a>, diagnostic: Diagnostic) {
        if self.seen.insert((section.id(), code_of(&diagnostic))) {
            self.found.push(diagnostic.at(&section.origin()));
        }
    }

    /// A finding about a setting, marked from its name to its value.
    pub(super) fn push_at_setting(&mut self, setting: Setting<'a>, diagnostic: Diagnostic) {
        self.push(setting, diagnostic.at(&place(setting)));
    }

    /// All findings in the order of their places.
    pub(super) fn finish(mut self) -> Diagnostics {
        for ((setting, _), pending) in std::mem::take(&mut self.pending) {
            if self.uses.get(&setting).is_some_and(|uses| uses.followed <= pending.jobs) {
                self.found.push(pending.diagnostic);
            }
        }
        self.found.sort_by_place();
        self.found
    }
}
