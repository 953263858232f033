//! The rules of direct I/O, as the target tells them, applied to a job before anything is written: block
//! sizes, offsets and buffers have to be multiples of what the device moves at once.

use std::os::fd::BorrowedFd;

use fiord_base::{DATA, Direction};
use fiord_options::plan::JobPlan;
use fiord_sys::file::{self, DirectAlignment, Kind};

use crate::failure::Failure;
use crate::layout::TargetFile;

/// Refuses a job whose requests this target cannot have, where the kernel tells what it wants (statx(2),
/// Linux 6.1, or the block device).
pub(crate) fn check(job: &JobPlan, target: &TargetFile, fd: BorrowedFd<'_>) -> Result<(), Failure> {
    if !job.files.direct || !matches!(target.kind, Kind::Block | Kind::Regular) {
        return Ok(());
    }
    let mut wanted =
        file::direct_alignment(fd).unwrap_or(DirectAlignment { memory_bytes: 0, offset_bytes: 0 });
    if target.kind == Kind::Block
        && let Ok(bytes) = file::logical_block_bytes(fd)
    {
        wanted.offset_bytes = bytes;
    }
    match odd(job, target, wanted) {
        None => Ok(()),
        Some((what, unit)) => Err(Failure::rule(format!(
            "'{}' wants direct I/O in multiples of {unit} bytes, and {what}; choose a multiple, or \
             direct=0",
            target.path.display()
        ))),
    }
}

/// The first thing that is no multiple of what is wanted, and of what.
fn odd(job: &JobPlan, target: &TargetFile, wanted: DirectAlignment) -> Option<(String, u32)> {
    let unit = wanted.offset_bytes;
    let is_odd = |bytes: u64| unit > 1 && !bytes.is_multiple_of(u64::from(unit));
    let (rw, blocks) = (job.pattern.rw, &job.blocks);
    let moves_data = |direction: &Direction| rw.has(*direction) && *direction != Direction::Trim;
    for direction in DATA.into_iter().filter(moves_data) {
        let name = direction.name();
        let split = &blocks.split[direction];
        let (min, max) = (blocks.min[direction], blocks.max[direction]);
        let what = match split.iter().map(|(bytes, _)| *bytes).find(|bytes| is_odd(*bytes)) {
            Some(bytes) => format!("a block size for {name} is {bytes} (bssplit)"),
            None if split.is_empty() && is_odd(min) => {
                format!("the smallest block size for {name} is {min}")
            }
            None if split.is_empty() && blocks.unaligned && min < max => {
                format!("block sizes for {name} are any from {min} to {max} (bs_unaligned)")
            }
            None if rw.random && is_odd(blocks.align[direction]) => {
                format!(
                    "random offsets for {name} are multiples of {} (ba)",
                    blocks.align[direction]
                )
            }
            None => continue,
        };
        return (unit > 1).then_some((what, unit));
    }
    if !(rw.read || rw.write) {
        return None;
    }
    let gap = job.pattern.sequential_gap;
    if is_odd(target.offset) {
        return Some((format!("the job begins at offset {}", target.offset), unit));
    }
    if !rw.random && is_odd(gap.unsigned_abs()) {
        return Some((format!("the gap between requests is {gap} bytes (rw)"), unit));
    }
    let off = job.memory.align_offset_bytes;
    let memory_unit = wanted.memory_bytes;
    (memory_unit > 1 && !off.is_multiple_of(memory_unit))
        .then(|| (format!("buffers are {off} bytes off their pages (iomem_align)"), memory_unit))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use fiord_options::{EngineFacts, Host, commandline, lower};

    use super::*;

    fn plan_of(words: &str) -> JobPlan {
        let host = Host {
            page_size: 4096,
            cpus: 2,
            last_cpu: 1,
            last_node: 0,
            memory_bytes: 4 << 30,
            env: &|_| None,
            read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
            engine: &|_| Some(EngineFacts::default()),
        };
        let words = words.split_whitespace().map(|word| format!("--{word}"));
        let words: Vec<OsString> =
            ["--name=a".to_owned()].into_iter().chain(words).map(OsString::from).collect();
        let (invocation, _) = commandline::parse(&words, &host);
        lower(&invocation.spec, &host).0.unwrap().jobs.remove(0)
    }

    fn complaint(words: &str, offset: u64) -> Option<String> {
        let target = TargetFile {
            path: "x".into(),
            kind: Kind::Regular,
            real_bytes: 1 << 20,
            offset,
            size: 1 << 20,
        };
        let wanted = DirectAlignment { memory_bytes: 4, offset_bytes: 512 };
        odd(&plan_of(words), &target, wanted).map(|(what, unit)| format!("{what}: {unit}"))
    }

    #[test]
    fn each_odd_thing_is_named() {
        for (words, offset, expected) in [
            ("rw=read bs=1000", 0, "the smallest block size for read is 1000: 512"),
            ("rw=write bssplit=4k/50:700/50", 0, "a block size for write is 700 (bssplit): 512"),
            (
                "rw=randread bsrange=4k-8k bs_unaligned",
                0,
                "block sizes for read are any from 4096 to 8192 (bs_unaligned): 512",
            ),
            (
                "rw=randread ba=100 norandommap",
                0,
                "random offsets for read are multiples of 100 (ba): 512",
            ),
            ("rw=read", 700, "the job begins at offset 700: 512"),
            ("rw=read:-100", 0, "the gap between requests is -100 bytes (rw): 512"),
            ("rw=read iomem_align=2", 0, "buffers are 2 bytes off their pages (iomem_align): 4"),
        ] {
            assert_eq!(complaint(words, offset).as_deref(), Some(expected), "{words}");
        }
        for words in [
            "rw=trim bs=1000",
            "rw=read bs=4k,1000",
            "rw=read ba=100",
            "rw=randread:3 bs=512",
            "rw=read:512 iomem_align=4",
            "rw=read bssplit=512/50:4k/50",
        ] {
            assert_eq!(complaint(words, 1024), None, "{words}");
        }
    }
}
