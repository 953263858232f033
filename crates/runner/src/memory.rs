//! The memory of a job: where the buffers of its requests come from, what it locks, and what is to be said
//! and done where there is none.

use std::path::PathBuf;

use fiord_base::words;
use fiord_options::plan::{JobPlan, MemoryKind, MemoryPlan};
use fiord_sys::buffers::{Kind, MemoryError, Source, Step};
use fiord_sys::host::{self, HugePages};
use fiord_sys::locked::{self, LockedMemory};
use fiord_sys::{BufferPool, Errno};

use crate::failure::Failure;

/// The memory of a job before it is reserved.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    source: Source,
    slots: usize,
    slot_bytes: usize,
    /// The word that chose the kind.
    word: &'static str,
    /// Of the huge pages that the kind wants.
    huge: Option<HugePages>,
    /// What the user should know.
    pub(crate) note: Option<String>,
}

impl Need {
    /// What a job needs for so many buffers.
    pub(crate) fn of(job: &JobPlan, slots: usize, slot_bytes: usize) -> Result<Need, Failure> {
        let plan = &*job.memory;
        let huge = match plan.kind {
            Some(kind) if kind.is_huge() && slot_bytes > 0 => Some(pages_for(plan)?),
            _ => None,
        };
        let other = huge.filter(|huge| huge.page_bytes != plan.huge_page_bytes);
        Ok(Need {
            source: Source {
                kind: kind(plan),
                huge_page_bytes: huge.map(|huge| huge.page_bytes),
                offset_bytes: plan.align_offset_bytes as usize,
            },
            slots,
            slot_bytes,
            word: plan.kind.unwrap_or_default().word(),
            huge,
            note: other.map(|huge| {
                format!(
                    "buffers are in huge pages of {}: no pages of {} are set aside (hugepage-size)",
                    words::short_size(huge.page_bytes),
                    words::short_size(plan.huge_page_bytes)
                )
            }),
        })
    }

    /// Bytes of it; `None` if no memory can be so large.
    pub(crate) fn bytes(&self) -> Option<u64> {
        let bytes = BufferPool::bytes_for(self.slots, self.slot_bytes)? as u64;
        match (bytes, &self.huge) {
            (0, _) => Some(0),
            (_, None) => bytes.checked_add(self.source.offset_bytes as u64),
            (_, Some(huge)) => bytes
                .checked_add(self.source.offset_bytes as u64)?
                .checked_next_multiple_of(huge.page_bytes),
        }
    }

    /// Bytes in huge pages.
    pub(crate) fn huge_bytes(&self) -> u64 {
        self.huge.and_then(|_| self.bytes()).unwrap_or(0)
    }

    /// True if it can be refused although the machine has memory.
    pub(crate) fn is_scarce(&self) -> bool {
        self.source.kind != Kind::Private || self.huge.is_some()
    }

    /// Refuses what cannot be had by so many clones at once, as far as that is known.
    pub(crate) fn check(&self, clones: u32) -> Result<(), Failure> {
        let Some(huge) = self.huge else { return Ok(()) };
        let pages = self.bytes().unwrap_or(u64::MAX) / huge.page_bytes;
        // Pages behind a file may be in it already.
        let in_file = matches!(self.source.kind, Kind::File(_) | Kind::SharedFile(_));
        if in_file || pages.saturating_mul(u64::from(clones)) <= huge.available {
            return Ok(());
        }
        Err(Failure { errno: Errno::NOMEM, text: self.too_few(huge, clones) })
    }

    /// Gets it.
    pub(crate) fn reserve(&self) -> Result<BufferPool, Failure> {
        BufferPool::of(&self.source, self.slots, self.slot_bytes)
            .map_err(|error| self.failure(error))
    }

    fn failure(&self, error: MemoryError) -> Failure {
        let MemoryError { step, errno } = error;
        let bytes = self.bytes().map_or("all".to_owned(), words::short_size);
        let path = match &self.source.kind {
            Kind::File(path) | Kind::SharedFile(path) => path.display().to_string(),
            _ => String::new(),
        };
        let word = self.word;
        match step {
            Step::Open => Failure::new(format!("open '{path}' for buffers ({word})"), errno),
            Step::Unsuited if self.huge.is_some() => Failure {
                errno,
                text: format!(
                    "'{path}' is not in huge pages ({word}): name a file on a hugetlbfs, such as \
                     one in /dev/hugepages, or leave the file out"
                ),
            },
            Step::Unsuited => Failure {
                errno,
                text: format!("'{path}' cannot be mapped for buffers ({word}): it is no file"),
            },
            Step::Extend => {
                let action = format!("give '{path}' the {bytes} of the buffers ({word})");
                Failure::new(action, errno)
            }
            Step::Reserve => self.refused(&bytes, errno),
        }
    }

    /// Why the kernel refuses memory.
    fn refused(&self, bytes: &str, errno: Errno) -> Failure {
        let action = format!(
            "reserve {} buffers of {} bytes, {bytes} ({})",
            self.slots, self.slot_bytes, self.word
        );
        let failure = Failure::new(action, errno);
        match (self.huge, &self.source.kind, errno) {
            (Some(_), Kind::Segment, Errno::PERM) => failure.with_remedy(
                "segments in huge pages are for root and the group of the sysctl \
                 vm.hugetlb_shm_group; mmaphuge is for all",
            ),
            (Some(huge), _, Errno::NOMEM) => {
                let now = HugePages::of_size(huge.page_bytes).unwrap_or(huge);
                Failure { errno, text: self.too_few(now, 1) }
            }
            (None, Kind::Segment, Errno::INVAL | Errno::NOSPC | Errno::NOMEM) => {
                let limit = host::sysctl("kernel/shmmax").unwrap_or(0);
                failure.with_remedy(&format!(
                    "segments are limited by the sysctls kernel.shmmax ({limit}), kernel.shmall and \
                     kernel.shmmni; raise them, or use mmapshared"
                ))
            }
            (_, _, Errno::NOMEM) => failure.with_remedy("lower iodepth or the block size"),
            _ => failure,
        }
    }

    /// That there are not enough huge pages, and how to get them.
    fn too_few(&self, huge: HugePages, clones: u32) -> String {
        let each = self.bytes().unwrap_or(u64::MAX) / huge.page_bytes;
        let all = each.saturating_mul(u64::from(clones));
        let of_each = match clones {
            0 | 1 => String::new(),
            _ => format!(" ({each} for each of {clones} clones)"),
        };
        let page = words::short_size(huge.page_bytes);
        if all <= huge.available {
            // Control groups have limits of their own, and others may have given pages back just now.
            return format!(
                "buffers need {all} huge pages of {page}{of_each} and did not get them, although \
                 {} are free ({}): is there a limit of the control group (hugetlb)?",
                huge.available, self.word
            );
        }
        let enough = huge.reserved.saturating_add(all - huge.available);
        format!(
            "buffers need {all} huge pages of {page}{of_each}, and of {} that are set aside {} are \
             free ({}); set more aside with `{}`, or use mem=mmap",
            huge.reserved,
            huge.available,
            self.word,
            huge.command(enough)
        )
    }
}

fn kind(plan: &MemoryPlan) -> Kind {
    let backing =
        plan.backing.as_ref().map(|path| PathBuf::from(AsRef::<std::ffi::OsStr>::as_ref(path)));
    match (plan.kind.unwrap_or_default(), backing) {
        (MemoryKind::Malloc, _) => Kind::Private,
        (MemoryKind::Shm | MemoryKind::ShmHuge, _) => Kind::Segment,
        (MemoryKind::Mmap | MemoryKind::MmapHuge, None) => Kind::Private,
        (MemoryKind::Mmap | MemoryKind::MmapHuge, Some(path)) => Kind::File(path),
        (MemoryKind::MmapShared, None) => Kind::Shared,
        (MemoryKind::MmapShared, Some(path)) => Kind::SharedFile(path),
    }
}

/// The huge pages that a job gets: those of the size that it wants if there are any, else the usual ones,
/// as in fio, which always takes those.
fn pages_for(plan: &MemoryPlan) -> Result<HugePages, Failure> {
    let asked = HugePages::of_size(plan.huge_page_bytes);
    if let Some(pages) = asked.filter(|pages| pages.available > 0) {
        return Ok(pages);
    }
    let usual = HugePages::default_bytes().and_then(HugePages::of_size);
    asked.filter(|_| usual.is_none_or(|usual| usual.available == 0)).or(usual).ok_or_else(|| {
        Failure {
            errno: Errno::NOSYS,
            text: "this kernel has no huge pages; use mem=mmap".to_owned(),
        }
    })
}

/// Locks what the job wants locked (`lockmem`).
pub(crate) fn lock(job: &JobPlan) -> Result<Option<LockedMemory>, Failure> {
    let bytes = job.process.locked_bytes;
    if bytes == 0 {
        return Ok(None);
    }
    check_lock(job)?;
    let size = usize::try_from(bytes).unwrap_or(usize::MAX);
    LockedMemory::new(size).map(Some).map_err(|errno| {
        Failure::new(format!("lock {} of memory (lockmem)", words::short_size(bytes)), errno)
    })
}

/// Refuses to lock more than may be locked, or so much that the kernel would kill programs to get it.
pub(crate) fn check_lock(job: &JobPlan) -> Result<(), Failure> {
    let bytes = job.process.locked_bytes;
    let short = words::short_size;
    let refuse = |text| Err(Failure { errno: Errno::NOMEM, text });
    match (locked::limit_bytes(), host::available_memory_bytes()) {
        (Some(limit), _) if bytes > limit => refuse(format!(
            "cannot lock {} of memory (lockmem): the limit is {}; raise it with `ulimit -l {}`",
            short(bytes),
            short(limit),
            bytes.div_ceil(1024)
        )),
        (_, Some(free)) if bytes > free => refuse(format!(
            "cannot lock {} of memory (lockmem): programs leave {} of it",
            short(bytes),
            short(free)
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(memory: MemoryPlan, slots: usize, huge: Option<HugePages>) -> Need {
        Need {
            source: Source {
                kind: kind(&memory),
                huge_page_bytes: huge.map(|huge| huge.page_bytes),
                offset_bytes: memory.align_offset_bytes as usize,
            },
            slots,
            slot_bytes: 4096,
            word: memory.kind.unwrap_or_default().word(),
            huge,
            note: None,
        }
    }

    fn of_kind(kind: MemoryKind) -> MemoryPlan {
        MemoryPlan { kind: Some(kind), ..MemoryPlan::default() }
    }

    #[test]
    fn huge_pages_are_counted_for_all_clones() {
        let page_bytes = 2 << 20;
        let huge = HugePages { page_bytes, reserved: 5, available: 3 };
        let need = need(of_kind(MemoryKind::MmapHuge), 513, Some(huge));
        assert_eq!((need.bytes(), need.huge_bytes()), (Some(4 << 20), 4 << 20));
        assert_eq!(need.check(1), Ok(()));
        let text = need.check(3).unwrap_err().text;
        assert!(text.contains("need 6 huge pages of 2 MiB (2 for each of 3 clones)"), "{text}");
        assert!(text.contains("of 5 that are set aside 3 are free (mmaphuge)"), "{text}");
        if HugePages::default_bytes() == Some(page_bytes) {
            assert!(text.contains("`sysctl vm.nr_hugepages=8`"), "{text}");
        }
    }

    #[test]
    fn refusals_say_what_to_do() {
        let refused = |memory: MemoryPlan, step, errno| {
            need(memory, 4, None).failure(MemoryError { step, errno }).text
        };
        let text = refused(of_kind(MemoryKind::Shm), Step::Reserve, Errno::NOSPC);
        assert!(text.contains("4 buffers of 4096 bytes, 16 KiB (shm)"), "{text}");
        assert!(text.contains("kernel.shmmax"), "{text}");
        let file = MemoryPlan { backing: Some("/x/y".into()), ..of_kind(MemoryKind::MmapShared) };
        let text = refused(file.clone(), Step::Open, Errno(2));
        assert!(text.starts_with("cannot open '/x/y' for buffers (mmapshared)"), "{text}");
        let text = refused(file, Step::Extend, Errno::NOSPC);
        assert!(text.starts_with("cannot give '/x/y' the 16 KiB of the buffers"), "{text}");
    }

    #[test]
    fn kinds_become_sources() {
        let at = |kind| MemoryPlan { backing: Some("/x".into()), ..of_kind(kind) };
        assert_eq!(kind(&MemoryPlan::default()), Kind::Private);
        assert_eq!(kind(&of_kind(MemoryKind::ShmHuge)), Kind::Segment);
        assert_eq!(kind(&of_kind(MemoryKind::MmapHuge)), Kind::Private);
        assert_eq!(kind(&of_kind(MemoryKind::MmapShared)), Kind::Shared);
        assert_eq!(kind(&at(MemoryKind::MmapHuge)), Kind::File("/x".into()));
        assert_eq!(kind(&at(MemoryKind::MmapShared)), Kind::SharedFile("/x".into()));
    }
}
