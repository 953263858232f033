//! Checksums are what fio wrote behind the headers of its blocks.

#![cfg(target_endian = "little")]
#![allow(clippy::unwrap_used)] // a panic is how a test fails

use fiord_workload::checksum::Checksum;

#[test]
fn checksums_are_fios() {
    let rows = include_str!("data/checksums.txt").lines().filter(|line| !line.starts_with('#'));
    let mut seen = 0;
    for row in rows {
        let [name, length, expected] = row.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let data = vec![0x5a; length.parse().unwrap()];
        let sum = Checksum::find(name).unwrap().of(&data);
        assert_eq!(format!("{sum:?}"), expected, "{name} of {length} bytes");
        seen += 1;
    }
    assert_eq!(seen, 42);
}
