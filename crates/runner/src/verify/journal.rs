//! The file of a journal: it is there from the first write to the end of the job.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use fiord_options::plan::VerifyJournal;
use fiord_sys::Errno;
use fiord_sys::file::{self, Access, Durability, OpenHow};
use fiord_workload::verify::Fates;
use fiord_workload::verify::journal::{DEPTH_MOST, Writer};

use super::state;
use crate::failure::Failure;

/// A journal that is kept.
#[derive(Debug)]
pub(super) struct Journal {
    fd: OwnedFd,
    writer: Writer,
    /// Each record is on the medium before the job goes on.
    durable: bool,
}

impl Journal {
    /// Makes the file of a job that has not written anything.
    pub(super) fn create(
        path: &Path,
        (kind, depth): (VerifyJournal, usize),
        fates: &Fates,
    ) -> Result<Journal, Failure> {
        if depth > DEPTH_MOST {
            return Err(Failure::rule(format!(
                "verify_journal is for at most {DEPTH_MOST} requests in flight, and iodepth is {depth}"
            )));
        }
        let mut writer = Writer::new(depth);
        let rest = vec![0; usize::try_from(writer.file_bytes()).unwrap_or(0)];
        let head = writer.head();
        let blank = rest.get(head.len()..).unwrap_or_default();
        let (record, at) = writer.record(fates);
        let mut slots = blank.to_vec();
        let start = usize::try_from(at).unwrap_or(0).saturating_sub(head.len());
        if let Some(place) = slots.get_mut(start..start + record.len()) {
            place.copy_from_slice(record);
        }
        state::replace(path, &[&head, &slots])?;
        let durable = kind == VerifyJournal::Sync;
        let how = OpenHow {
            access: Access::Write,
            durability: if durable { Durability::Dsync } else { Durability::None },
            ..OpenHow::default()
        };
        let fd = file::open(path, &how)
            .map_err(|errno| Failure::new(format!("open '{}'", path.display()), errno))?;
        Ok(Journal { fd, writer, durable })
    }

    /// True if each record costs a flush.
    pub(super) fn is_durable(&self) -> bool {
        self.durable
    }

    /// Notes what is known now.
    pub(super) fn note(&mut self, fates: &Fates) -> Result<(), Failure> {
        let (record, at) = self.writer.record(fates);
        let failed = |errno| Failure::new("write the journal (verify_journal)", errno);
        match file::pwrite(self.fd.as_fd(), record, at).map_err(failed)? {
            count if count == record.len() => Ok(()),
            _ => Err(failed(Errno::NOSPC)),
        }
    }
}
