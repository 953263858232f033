//! `mmap`: the file is mapped and requests are copies from and to the mapping.
//!
//! One request at a time. A file cannot grow this way: it must have its size before, and what lies
//! beyond the size it had when it was attached is not reached. A write is complete when the bytes
//! are in the page cache; with `direct=1` each write is followed by msync(2) of its range. Flushes
//! are msync(2) of the job's part of the file, but syncfs(2) remains what it is.
//!
//! If a page cannot be had (the disk is full or failed, or the file was cut meanwhile), the request
//! ends short or with EIO; it does not kill the process.

use fiord_base::Direction;
use fiord_engine::{Caps, EngineError, Registration, Target, Unit};
use fiord_sys::file::{Access, Advice, Mapping, MappingAdvice, RangeFlush};
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, Blocking, Transfer, data, descriptor, flush, restarting, space};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "mmap",
    summary: "copies from and to a mapping of the file",
    caps: Caps { inline: true, no_extend: true, any_alignment: true, ..Caps::NONE },
    create: |job| {
        let mut huge_pages = false;
        for (name, text) in job.options {
            match name.as_str() {
                "thp" => huge_pages = settings::number(name, text)? != 0,
                _ => return Err(settings::unknown(name)),
            }
        }
        let order = match job.advice {
            Some(Advice::Sequential) => Some(MappingAdvice::Sequential),
            Some(Advice::Random) => Some(MappingAdvice::Random),
            _ => None,
        };
        Ok(Box::new(Blocking::new(job, Mmap { huge_pages, order, direct: job.direct })))
    },
};

#[derive(Debug)]
struct Mmap {
    huge_pages: bool,
    order: Option<MappingAdvice>,
    direct: bool,
}

#[derive(Debug)]
struct Mapped {
    /// The whole file: sequential jobs may leave their region by a part of a block.
    mapping: Mapping,
    /// First byte and length of what flushes cover.
    region: (u64, u64),
}

impl Transfer for Mmap {
    type File = Mapped;

    fn attach(&mut self, target: &Target<'_>) -> Result<Mapped, EngineError> {
        let fd = descriptor(target)?;
        let error = |action: &str, errno, remedy: &str| EngineError {
            action: action.to_owned(),
            errno,
            remedy: remedy.to_owned(),
        };
        if target.size_bytes == 0 {
            return Err(error("map an empty file", Errno::INVAL, "it must have its size before"));
        }
        let access = if target.writable { Access::ReadWrite } else { Access::Read };
        let mapping = Mapping::new(fd, 0, target.size_bytes, access)
            .map_err(|errno| error("map the file", errno, ""))?;
        if self.huge_pages {
            mapping
                .advise(0, target.size_bytes, MappingAdvice::HugePages)
                .map_err(|errno| error("use huge pages", errno, "leave thp out"))?;
        }
        let region = target.region;
        if let Some(order) = self.order {
            mapping
                .advise(region.0, region.1, order)
                .map_err(|errno| error("advise on the mapping", errno, "fadvise_hint=0"))?;
        }
        Ok(Mapped { mapping, region })
    }

    #[inline]
    fn read(
        &mut self,
        at: &mut Attached<Mapped>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<u64, Errno> {
        let into = space(buffers, unit)?;
        at.state.mapping.copy_out(unit.remaining_offset(), into).map(|n| n as u64)
    }

    #[inline]
    fn write(
        &mut self,
        at: &mut Attached<Mapped>,
        unit: &Unit,
        buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        let (from, offset) = (data(buffers, unit)?, unit.remaining_offset());
        let bytes = at.state.mapping.copy_in(offset, from)? as u64;
        if self.direct {
            restarting(|| at.state.mapping.sync(offset, bytes))?;
        }
        Ok(bytes)
    }

    fn flush(
        &mut self,
        at: &mut Attached<Mapped>,
        unit: &Unit,
        range_flags: RangeFlush,
    ) -> Result<u64, Errno> {
        if unit.direction == Direction::Syncfs {
            return flush(at.fd(), unit, range_flags);
        }
        let (offset, length) = at.state.region;
        restarting(|| at.state.mapping.sync(offset, length))?;
        Ok(unit.length)
    }
}
