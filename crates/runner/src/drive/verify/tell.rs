//! What is told of wrong blocks, and what they mean for the job.

use std::path::PathBuf;

use fiord_engine::Unit;
use fiord_measure::report::Severity;
use fiord_measure::{FoundHeader, MismatchClass, MismatchRecord};
use fiord_sys::Errno;
use fiord_workload::verify::{Class, Mismatch};

use super::TOLD;
use crate::drive::{Drive, End};
use crate::failure::Failure;
use crate::verify::dump::{self, Block};

impl Drive<'_> {
    #[cold]
    pub(super) fn tell_mismatch(&mut self, unit: &Unit, mismatch: &Mismatch) {
        let Some(verification) = &mut self.verification else { return };
        let path = self.targets.files()[unit.file.index()].path.display().to_string();
        verification.mismatches += 1;
        let told = verification.mismatches <= TOLD;
        let fatal = verification.fatal;
        self.ledger.record_mismatch(&record_of(mismatch, &path));
        let mut text = mismatch.describe(&path);
        match self.dump(unit, mismatch) {
            Ok(paths) if paths.is_empty() => {}
            Ok(paths) => {
                let names: Vec<String> =
                    paths.iter().map(|path| format!("'{}'", path.display())).collect();
                text += &format!("; dumped as {}", names.join(" and "));
            }
            Err(failure) => text += &format!("; {failure}"),
        }
        if fatal {
            return self.fail(&Failure { errno: Errno::ILSEQ, text });
        }
        self.ledger.record_error(Errno::ILSEQ.0);
        if told {
            self.ledger.message(Severity::Error, &text);
        }
        let survives = self.survives_mismatch();
        if let Some(verification) = &mut self.verification {
            verification.unsurvived += u64::from(!survives);
        }
    }

    /// Writes the bytes of a wrong block to files, if the job wants that.
    pub(super) fn dump(&self, unit: &Unit, mismatch: &Mismatch) -> Result<Vec<PathBuf>, Failure> {
        let Some(verification) = &self.verification else { return Ok(Vec::new()) };
        let Some(directory) = &verification.dumps else { return Ok(Vec::new()) };
        let end = mismatch.end();
        let begin = end.saturating_sub(mismatch.length as usize);
        let data = self.buffers.get(unit.slot);
        let (length, found) = (unit.length as usize, mismatch.found.as_ref());
        let expected = verification.format.expected_content(length, &mismatch.expected, found);
        let block = Block {
            file: &self.targets.files()[unit.file.index()].path,
            offset: mismatch.offset,
            header: mismatch.is_of_header(),
            received: data.get(begin..end).unwrap_or_default(),
            expected: expected.as_ref().and_then(|content| content.get(begin..end)),
        };
        dump::write(directory, &block)
    }

    /// True if `continue_on_error` and `ignore_error` make a mismatch no reason to fail.
    pub(super) fn survives_mismatch(&self) -> bool {
        let errors = &self.settings.errors;
        errors.continue_on.verify
            && errors.ignore_verify.as_ref().is_none_or(|list| list.contains(&Errno::ILSEQ.0))
    }

    /// Fails the job if there were mismatches that it does not survive.
    pub(super) fn judge(&mut self) {
        let Some(verification) = &self.verification else { return };
        if verification.unsurvived == 0 || self.end == Some(End::Failed) {
            return;
        }
        let (wrong, checked) = (verification.mismatches, verification.checked);
        let text = format!("verification failed: {wrong} of {checked} blocks that were checked");
        self.ledger.set_error(Errno::ILSEQ.0);
        self.ledger.message(Severity::Error, &text);
        self.end = Some(End::Failed);
    }

    /// A verification that has not checked anything says so.
    pub(super) fn tell_of_nothing(&mut self) {
        let Some(verification) = &self.verification else { return };
        let wanted = verification.course.is_to_check() && !verification.blind;
        if wanted && verification.checked == 0 && self.end != Some(End::Failed) {
            let text = "verification has checked nothing; fiord.verify in the JSON report says why";
            self.ledger.message(Severity::Warning, text);
        }
    }
}

fn record_of(mismatch: &Mismatch, path: &str) -> MismatchRecord {
    let found = mismatch.found.map(|header| FoundHeader {
        number: header.number,
        seed: header.seed,
        offset: header.offset,
        length: u64::from(header.length),
        time_ns: header.time_ns(),
        thread: u64::from(header.thread),
    });
    MismatchRecord {
        file: path.to_owned(),
        offset: mismatch.offset,
        length: mismatch.length,
        request_offset: mismatch.request.0,
        request_length: mismatch.request.1,
        class: Some(match mismatch.class {
            Class::Zeroes => MismatchClass::Zeroes,
            Class::BitFlip => MismatchClass::BitFlip,
            Class::Torn => MismatchClass::Torn,
            Class::Stale => MismatchClass::Stale,
            Class::Misdirected => MismatchClass::Misdirected,
            Class::Unknown => MismatchClass::Unknown,
            Class::Foreign => MismatchClass::Foreign,
            Class::Short => MismatchClass::Short,
            Class::Damaged => MismatchClass::Damaged,
        }),
        expected_number: mismatch.expected.number,
        expected_seed: mismatch.expected.seed,
        found,
        first_byte: mismatch.damage.map(|damage| damage.first),
        differing_bits: mismatch.damage.map(|damage| damage.bits),
    }
}
