//! A verify state file of any content, as it is and with a header that fits it: reading it neither panics nor asks
//! for more memory than the file has; what was read tells the fate of any write, and comes back the same.

#![no_main]

use fiord_options::plan::VerifyPolicy;
use fiord_workload::checksum::Checksum;
use fiord_workload::verify::State;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, body)) = data.split_first() else { return };
    let depth = usize::from(first / 2);
    try_file(data, depth);
    let mut file = Vec::new();
    file.extend((if first % 2 == 0 { 5u64 } else { 7 }).to_le_bytes());
    file.extend((body.len() as u64).to_le_bytes());
    file.extend(Checksum::Crc32c.of(body).as_bytes());
    file.extend([0; 4]);
    file.extend(body);
    try_file(&file, depth);
});

fn try_file(file: &[u8], depth: usize) {
    let Ok(state) = State::decode(file, depth) else { return };
    let again = State::decode(&state.encode(), state.extent.in_flight.len());
    assert_eq!(again.as_ref(), Ok(&state));
    for policy in [VerifyPolicy::Completed, VerifyPolicy::Fsynced] {
        let saved = state.clone().saved(policy);
        for number in [0, 1, saved.writes(), u64::MAX] {
            let _ = saved.known(number, policy);
        }
    }
}
