//! The checksums behind the headers of blocks that the peer writes are ours, for every kind and for
//! lengths around the blocks of the hashes.

#![cfg(target_endian = "little")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_workload::checksum::{Checksum, jhash};
use xtask::iolog;
use xtask::peer;
use xtask::program::Scratch;

/// Bytes of the header of a block since fio 3.41.
const HEADER_BYTES: usize = 48;
/// Sizes of blocks, so that what remains behind the header fills the last block of a hash or not quite.
const BLOCKS: [usize; 7] = [512, 995, 1000, 1003, 1023, 4096, 65536];

#[test]
fn stored_checksums_are_the_peers() {
    let Some(peer) = peer::for_test() else { return };
    let unstored = [Checksum::Murmur3, Checksum::Jhash, Checksum::Fnv];
    let kinds = Checksum::all().filter(|kind| !unstored.contains(kind));
    let cases: Vec<(Checksum, usize)> =
        kinds.flat_map(|kind| BLOCKS.map(|block| (kind, block))).collect();
    let mut job = String::from("--rw=write --thread --do_verify=0 --verify_state_save=0");
    for (kind, block) in &cases {
        let (name, bytes) = (kind.name(), block * 4);
        job += &format!(" --name={name}.{block} --filename={name}.{block}");
        job += &format!(" --verify={name} --bs={block} --size={bytes}");
    }
    let scratch = Scratch::new("checksums").unwrap();
    let run = peer.run(scratch.path(), job.split_whitespace()).unwrap();
    assert_eq!(run.code(), 0, "{}", run.stderr);
    for (kind, block) in cases {
        let name = kind.name();
        let written = std::fs::read(scratch.path().join(format!("{name}.{block}"))).unwrap();
        assert_eq!(written.len(), block * 4, "{name}.{block}");
        for part in written.chunks(block) {
            let (stored, data) = part[HEADER_BYTES..].split_at(kind.bytes());
            assert_eq!(kind.of(data).as_bytes(), stored, "{name} of {} bytes", data.len());
        }
    }
}

/// The block that a steep distribution chooses most often is where the first draw of its stream puts it,
/// and that stream is seeded by the hash of the file's name.
#[test]
fn names_are_hashed_as_by_the_peer() {
    let Some(peer) = peer::for_test() else { return };
    const COUNT: u64 = 1000;
    for name in
        ["a", "elevenchars", "twelve_chars", "thirteen_char", "a_much_longer_name_of_a_file"]
    {
        let scratch = Scratch::new("names").unwrap();
        let job = format!(
            "--name=a --ioengine=null --filename={name} --rw=randread --bs=4k --size={} \
             --number_ios=50 --random_distribution=zipf:8 --write_iolog=log",
            COUNT * 4096
        );
        let run = peer.run(scratch.path(), job.split_whitespace()).unwrap();
        assert_eq!(run.code(), 0, "{job}: {}", run.stderr);
        let log = std::fs::read_to_string(scratch.path().join("log")).unwrap();
        let entries = iolog::parse(&log).unwrap();
        let blocks: Vec<u64> =
            entries.iter().filter_map(|e| e.extent).map(|(at, _)| at / 4096).collect();
        let count = |block: &u64| blocks.iter().filter(|other| *other == block).count();
        let favourite = *blocks.iter().max_by_key(|block| count(block)).unwrap();
        assert!(count(&favourite) > 40, "{name}: {blocks:?}");
        let seed = StreamSeeds::derive(0x89, 1).get(StreamId::Offset);
        let seed = u64::from(jhash(name.as_bytes()).wrapping_mul(seed as u32));
        let shift = Stream::new(Width::Narrow, seed).draw();
        assert_eq!(shift % COUNT, favourite, "{name}");
    }
}
