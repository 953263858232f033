//! `verify_dump`: the bytes of blocks that are wrong, in files that are named like fio's.
//!
//! What was read of a block is in `NAME.OFFSET.received`, or in `NAME.OFFSET.hdr_fail` if its header is wrong;
//! what it has to be is in `NAME.OFFSET.expected` where that can be made again.

use std::io;
use std::path::{Path, PathBuf};

use fiord_sys::Errno;

use crate::failure::Failure;

/// What is known of a block.
pub(crate) struct Block<'a> {
    /// The target that it was read from.
    pub(crate) file: &'a Path,
    /// Where it begins there.
    pub(crate) offset: u64,
    /// Its header is wrong.
    pub(crate) header: bool,
    pub(crate) received: &'a [u8],
    pub(crate) expected: Option<&'a [u8]>,
}

/// Writes the files of a block; returns their names.
pub(crate) fn write(directory: &Path, block: &Block<'_>) -> Result<Vec<PathBuf>, Failure> {
    let name = block.file.file_name().unwrap_or(block.file.as_os_str());
    let write = |suffix: &str, bytes: &[u8]| {
        let mut name = name.to_owned();
        name.push(format!(".{}.{suffix}", block.offset));
        let path = directory.join(name);
        std::fs::write(&path, bytes).map(|()| path.clone()).map_err(|error: io::Error| {
            let errno = Errno(error.raw_os_error().unwrap_or(Errno::IO.0));
            Failure::new(format!("write the dump '{}' (verify_dump)", path.display()), errno)
        })
    };
    let received = if block.header { "hdr_fail" } else { "received" };
    let mut paths = vec![write(received, block.received)?];
    if let Some(expected) = block.expected {
        paths.push(write("expected", expected)?);
    }
    Ok(paths)
}
