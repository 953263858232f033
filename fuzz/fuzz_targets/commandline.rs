//! A command line of any words, one for each line of the input, with a sound job file at hand: as for
//! job files, and words that ask for something else (`--help`) need no plan.

#![no_main]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use fiord_fuzz::understand;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let words: Vec<OsString> =
        data.split(|byte| *byte == b'\n').map(|word| OsStr::from_bytes(word).into()).collect();
    understand(&words, b"[job]\nsize=1m\nrw=randread\n");
});
