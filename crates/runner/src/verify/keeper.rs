//! What the loop tells of writes and flushes, and what is kept of it.
//!
//! While the job runs nothing is allocated here, and nothing written unless there is a journal.

use std::path::Path;

use fiord_base::{FileIndex, Slot};
use fiord_options::plan::{JobPlan, SyncMode, VerifyJournal, VerifyPolicy};
use fiord_workload::verify::course::Knowledge;
use fiord_workload::verify::state::Position;
use fiord_workload::verify::{Fates, State};

use super::journal::Journal;
use super::state::{self, Paths};
use crate::failure::Failure;

/// What was saved by a job that ran before.
pub(crate) struct Past {
    /// What is known of its writes.
    pub(crate) known: Knowledge,
    /// What the user should know of that.
    pub(crate) note: Option<String>,
}

impl Past {
    /// Loads it, if the job wants that.
    pub(crate) fn load(
        job: &JobPlan,
        (aux, thread_number): (&Path, u32),
        depth: usize,
    ) -> Result<Option<Past>, Failure> {
        let verify = &job.verify;
        if verify.kind.is_none() || !verify.state_load {
            return Ok(None);
        }
        let paths = Paths::of(job, aux, thread_number);
        let policy = verify.state_policy;
        let (saved, note) = state::load(&paths, depth, policy)?;
        Ok(Some(Past { known: Box::new(move |number| saved.known(number, policy)), note }))
    }
}

/// Follows the writes of a job for those who verify later.
#[derive(Debug)]
pub(crate) struct Keeper {
    fates: Fates,
    journal: Option<Journal>,
    /// Something has changed that the journal does not have: a write that is about to go out, or more
    /// that is durable.
    due: bool,
    /// The same, of things that may wait.
    changed: bool,
    paths: Paths,
    policy: VerifyPolicy,
    saves: bool,
    index: u32,
    name: String,
}

impl Keeper {
    /// The keeper of a job that writes what is to be verified, if anything is to be kept. What was kept
    /// of a former run is removed: it will not be true any more.
    pub(crate) fn of(
        job: &JobPlan,
        (aux, thread_number): (&Path, u32),
        (depth, targets): (usize, usize),
    ) -> Result<Option<Keeper>, Failure> {
        let verify = &job.verify;
        let wanted = verify.state_save || verify.journal != VerifyJournal::Off;
        let writes = job.pattern.rw.write && !job.limits.verify_only;
        if verify.kind.is_none() || !writes || !wanted {
            return Ok(None);
        }
        let paths = Paths::of(job, aux, thread_number);
        let fates = Fates::new(depth, targets, job.files.sync != SyncMode::None);
        let journal = match verify.journal {
            VerifyJournal::Off => {
                state::remove(&paths.journal)?;
                None
            }
            kind => Some(Journal::create(&paths.journal, (kind, depth), &fates)?),
        };
        state::remove(&paths.state)?;
        Ok(Some(Keeper {
            fates,
            journal,
            due: false,
            changed: false,
            paths,
            policy: verify.state_policy,
            saves: verify.state_save,
            index: thread_number.saturating_sub(1),
            name: job.name.clone(),
        }))
    }

    /// True if there is a journal, which has to know of writes before they go out.
    pub(crate) fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// A write is about to go out.
    #[inline]
    pub(crate) fn issued(&mut self, slot: Slot, number: u64) {
        self.fates.issued(slot, number);
        self.due = true;
    }

    /// A write has ended; `whole`: all of it was moved.
    #[inline]
    pub(crate) fn ended(&mut self, slot: Slot, file: FileIndex, whole: bool) {
        self.fates.ended(slot, file, whole);
        self.changed = true;
    }

    /// A write was not made after all; of several the last one first.
    pub(crate) fn withdrawn(&mut self, slot: Slot, number: u64) {
        self.fates.withdrawn(slot, number);
        self.changed = true;
    }

    /// A flush is about to go out.
    pub(crate) fn flush_submitted(&mut self, slot: Slot) {
        self.fates.flush_submitted(slot);
    }

    /// A flush has ended.
    pub(crate) fn flush_ended(&mut self, slot: Slot, file: FileIndex, success: bool) {
        self.due |= self.fates.flush_ended(slot, file, success) || !success;
    }

    /// All targets were flushed while nothing was in flight.
    pub(crate) fn all_flushed(&mut self, success: bool) {
        self.fates.all_flushed(success);
        self.due = true;
    }

    /// Writes the journal before requests go out, if it has to know of them.
    pub(crate) fn note_issued(&mut self) -> Result<(), Failure> {
        if self.due { self.note() } else { Ok(()) }
    }

    /// Writes the journal after requests have ended. If that costs a flush, only what is durable is worth it.
    pub(crate) fn note_ended(&mut self) -> Result<(), Failure> {
        let costly = self.journal.as_ref().is_some_and(Journal::is_durable);
        if self.due || self.changed && !costly { self.note() } else { Ok(()) }
    }

    fn note(&mut self) -> Result<(), Failure> {
        (self.due, self.changed) = (false, false);
        let Some(journal) = &mut self.journal else { return Ok(()) };
        let noted = journal.note(&self.fates);
        if noted.is_err() {
            // It cannot be kept on.
            self.journal = None;
        }
        noted
    }

    /// The job has ended: saves its state, which takes the place of the journal. `offsets` is the stream of
    /// offsets.
    pub(crate) fn finish(&mut self, offsets: Position) -> Result<(), Failure> {
        self.note()?;
        if !self.saves {
            return Ok(());
        }
        let state =
            State::of(&self.fates, self.policy, (u64::from(self.index), &self.name, offsets));
        let state = state.map_err(|why| {
            Failure::rule(format!(
                "cannot save the verify state '{}': {why}",
                self.paths.state.display()
            ))
        })?;
        state::save(&self.paths.state, &state)?;
        self.journal = None;
        state::remove(&self.paths.journal)
    }
}
