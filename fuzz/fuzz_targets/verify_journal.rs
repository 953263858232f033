//! A journal of any content, as it is and with sums that fit it: reading it neither panics nor asks for more
//! memory than the file has, and what was read tells the fate of any write.

#![no_main]

use fiord_options::plan::VerifyPolicy;
use fiord_workload::checksum::Checksum;
use fiord_workload::verify::journal::{self, HEAD_BYTES, Writer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    try_file(data);
    let mut record = data.to_vec();
    if let Some(fixed) = record.get_mut(..32) {
        fixed[..8].copy_from_slice(b"fiordrec");
        fixed[16..24].copy_from_slice(&(data.len() as u64).to_le_bytes());
        fixed[24..].fill(0);
        let sum = Checksum::Crc32c.of(&record);
        record[24..28].copy_from_slice(sum.as_bytes());
    }
    let writer = Writer::new(1);
    let mut file = writer.head();
    file.resize(HEAD_BYTES, 0);
    file.extend(record);
    try_file(&file);
});

fn try_file(file: &[u8]) {
    let Ok(saved) = journal::decode(file) else { return };
    for number in [0, 1, saved.writes(), u64::MAX] {
        let _ = saved.known(number, VerifyPolicy::Completed);
        let _ = saved.known(number, VerifyPolicy::Fsynced);
    }
}
