//! Blocks of any bytes, under any plan of verification, with anything known of them: checking neither panics
//! nor changes what was read, and takes what was written for what it is.

#![no_main]

use fiord_fuzz::verified_job;
use fiord_workload::verify::{Expected, Format, Origin};
use libfuzzer_sys::fuzz_target;

const KINDS: [&str; 18] = [
    "meta",
    "md5",
    "crc64",
    "crc32",
    "crc32c",
    "crc16",
    "crc7",
    "sha1",
    "sha256",
    "sha512",
    "sha3-224",
    "sha3-256",
    "sha3-384",
    "sha3-512",
    "xxhash",
    "pattern",
    "pattern_hdr",
    "null",
];
const BLOCK: usize = 2048;

/// One of these, as a byte says.
fn choose<T: Copy>(byte: u8, of: &[T]) -> T {
    of[usize::from(byte) % of.len()]
}

fn format_of(choice: [u8; 5]) -> Option<Format> {
    let [kind, interval, offset, pattern, compress] = choice;
    let kind = choose(kind, &KINDS);
    let no_headers = matches!(kind, "pattern" | "null");
    let any_pattern =
        ["", "verify_pattern=0x11", "verify_pattern=%o", "verify_pattern=\"ab\"%o\"c\""];
    let pattern = match kind {
        "pattern" => choose(pattern, &any_pattern[1..]),
        _ => choose(pattern, &any_pattern),
    };
    let offset = if no_headers { 48 } else { choose(offset, &[0, 0, 48, 100, 300]) };
    let mut text = format!("[job]\nrw=write\nsize=1m\nbs={BLOCK}\nverify={kind}\n{pattern}\n");
    text += &format!("verify_interval={}\n", choose(interval, &[512, 1024, 2048]));
    if offset > 0 {
        text += &format!("verify_offset={offset}\n");
    }
    text += &format!("buffer_compress_percentage={}\n", choose(compress, &[0, 0, 30, 99]));
    Format::new(&verified_job(&text)?)
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first_chunk::<5>() else { return };
    let Some((&[known, mode], rest)) = rest.split_first_chunk::<2>() else { return };
    let Some((words, bytes)) = rest.split_first_chunk::<8>() else { return };
    let Some(format) = format_of(*choice) else { return };
    let seed = u64::from_le_bytes(*words);
    let origin = Origin { offset: 1 << 20, number: 5, seed, time_ns: 1 << 33, thread: 2 };
    let is = |bit: u8| known & bit != 0;
    let expected = Expected {
        offset: if is(1) { origin.offset } else { seed },
        number: is(2).then_some(5),
        newer: is(4),
        seed: (is(8) && format.draws_seeds()).then_some(seed),
        likely_seed: is(16).then_some(seed ^ 1),
        not_before_ns: is(32).then_some(1 << 33),
        zeroes: is(64),
    };
    let mut block = bytes.to_vec();
    if mode & 1 == 0 {
        // What was written, with these bytes over it.
        block = vec![0; BLOCK];
        format.stamp(&mut block, &origin);
        if bytes.is_empty() && is(1) && !is(64) {
            assert!(format.check(&mut block, BLOCK as u64, &expected).is_ok());
        }
        let place = usize::from(mode) * 8;
        block.iter_mut().skip(place).zip(bytes).for_each(|(byte, damage)| *byte ^= damage);
    }
    let before = block.clone();
    let length = if mode & 2 == 0 { block.len() as u64 } else { BLOCK as u64 };
    if let Err(mismatch) = format.check(&mut block, length, &expected) {
        assert!(!mismatch.describe("file").is_empty());
    }
    assert_eq!(block, before);
});
