//! A job file of any content: reading it, lowering it to a plan and rendering the diagnostics neither
//! panics nor hangs, and without errors there is a plan.

#![no_main]

use fiord_fuzz::{Understood, understand};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Understood { plan, errors, .. } = understand(&["fuzz.fio".into()], data);
    assert!(plan || errors, "neither a plan nor an error");
});
