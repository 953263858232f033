//! Blocks as fio wrote them: ours are the same, and theirs are found whole, or damaged where they are.
//!
//! `data/media.txt` has a line of version and options and a line of bytes for each block. They were made with
//! `fio --name=j --filename=x.bin --rw=write --ioengine=psync --do_verify=0 --verify_state_save=0`, two blocks
//! each, of which the last one is kept. (3.33 is the last one of the old headers that Debian had.)

#![allow(clippy::unwrap_used)]

mod support;

use fiord_options::plan::{Fill, JobPlan, VerifyKind, VerifyPattern};
use fiord_options::value::{PatternPiece, Value};
use fiord_workload::verify::header::{Found, Version};
use fiord_workload::verify::{Class, Expected, Format, Header, Origin, Wrong};

/// A block that a peer wrote.
struct Block {
    options: &'static str,
    plan: JobPlan,
    offset: u64,
    bytes: Vec<u8>,
    old: bool,
}

impl Block {
    fn format(&self) -> Format {
        Format::new(&self.plan).unwrap()
    }

    fn has_headers(&self) -> bool {
        self.format().has_headers()
    }

    /// The header, if it stands by itself where it was moved to.
    fn header(&self) -> Option<Header> {
        let at = self.plan.verify.header_offset_bytes as usize;
        match Header::read(&self.bytes[at..]) {
            Found::Header(header) => Some(header),
            _ => None,
        }
    }

    /// All that is known of it.
    fn expected(&self) -> Expected {
        let header = self.header();
        Expected {
            offset: self.offset,
            number: header.map(|header| header.number),
            seed: header.map(|header| header.seed),
            ..Expected::default()
        }
    }
}

fn kind(name: &str) -> VerifyKind {
    use VerifyKind::*;
    let all = [
        Md5,
        Crc64,
        Crc32,
        Crc32c,
        Crc16,
        Crc7,
        Sha1,
        Sha256,
        Sha512,
        Sha3_224,
        Sha3_256,
        Sha3_384,
        Sha3_512,
        Xxhash,
        Meta,
        Pattern,
        PatternHeader,
        Null,
    ];
    all.into_iter().find(|kind| kind.name() == name).unwrap()
}

fn pieces(name: &str, text: &str) -> (Vec<u8>, Vec<usize>) {
    let Value::Pattern(pieces) = support::structured(name, text) else { panic!("{text}") };
    let (mut bytes, mut offsets_at) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            PatternPiece::Bytes(some) => bytes.extend(some),
            PatternPiece::File(_) => panic!("{text}"),
            PatternPiece::Offset => {
                offsets_at.push(bytes.len());
                bytes.extend([0; 8]);
            }
        }
    }
    (bytes, offsets_at)
}

fn plan(options: &str) -> (JobPlan, u64) {
    let own = |option: &&str| ["bs=", "rw="].iter().any(|name| option.starts_with(name));
    let words: Vec<&str> = options.split(' ').collect();
    let known: Vec<&str> = words.iter().copied().filter(own).collect();
    let mut plan = support::plan(&format!("rw=write {}", known.join(" ")));
    let mut offset = 0;
    let bs = plan.blocks.min.0[1];
    plan.verify.interval_bytes = Some(bs);
    for word in words.iter().filter(|word| !own(word)) {
        let (name, value) = word.split_once('=').unwrap();
        let number = || value.parse::<u64>().unwrap();
        match name {
            "verify" => plan.verify.kind = Some(kind(value)),
            "verify_interval" => plan.verify.interval_bytes = Some(number()),
            "verify_offset" => plan.verify.header_offset_bytes = number(),
            "verify_pattern" => {
                let (bytes, offsets_at) = pieces(name, value);
                let pattern = VerifyPattern { bytes, offsets_at, restart_bytes: None };
                plan.verify.pattern = Some(pattern);
            }
            "verify_pattern_interval" => {
                plan.verify.pattern.as_mut().unwrap().restart_bytes = Some(number() as u32);
            }
            "buffer_compress_percentage" => plan.data.compress_percent = number() as u32,
            "buffer_pattern" => plan.data.fill = Fill::Pattern(pieces(name, value).0),
            "offset" => offset = number(),
            _ => panic!("{name}"),
        }
    }
    (plan, offset)
}

fn blocks() -> Vec<Block> {
    let lines: Vec<&'static str> = include_str!("data/media.txt").lines().collect();
    let nibble = |b: u8| (b as char).to_digit(16).unwrap() as u8;
    let pairs = lines.as_chunks::<2>().0.iter();
    pairs
        .map(|[options, bytes]| {
            let bytes = bytes.as_bytes().as_chunks::<2>().0.iter();
            let bytes = bytes.map(|[a, b]| nibble(*a) << 4 | nibble(*b)).collect();
            let (version, words) = options.split_once(' ').unwrap();
            let (plan, offset) = plan(words);
            Block { options, plan, offset, bytes, old: version == "3.33" }
        })
        .collect()
}

#[cfg(target_endian = "little")]
#[test]
fn blocks_are_written_as_fio_writes_them() {
    let mut compared = 0;
    for block in blocks().into_iter().filter(|block| !block.old || !block.has_headers()) {
        let header = block.header();
        assert_eq!(header.is_some(), block.has_headers(), "{}", block.options);
        let origin = Origin {
            offset: block.offset,
            number: header.map_or(0, |h| h.number),
            seed: header.map_or(0, |h| h.seed),
            time_ns: header.map_or(0, |h| h.time_ns()),
            thread: header.map_or(0, |h| h.thread),
        };
        let mut bytes = vec![0xee; block.bytes.len()];
        block.format().stamp(&mut bytes, &origin);
        assert_eq!(bytes, block.bytes, "{}", block.options);
        compared += 1;
    }
    assert!(compared > 25);
}

#[cfg(target_endian = "little")]
#[test]
fn blocks_that_fio_wrote_are_whole() {
    for mut block in blocks() {
        let (format, expected) = (block.format(), block.expected());
        let length = block.bytes.len() as u64;
        let version = block.header().map(|header| header.version);
        if block.has_headers() {
            let old = if block.old { Version::Old } else { Version::V81 };
            assert_eq!(version, Some(old), "{}", block.options);
        }
        let before = block.bytes.clone();
        for expected in [expected, Expected { offset: block.offset, ..Expected::default() }] {
            let result = format.check(&mut block.bytes, length, &expected);
            assert_eq!(result, Ok(()), "{}", block.options);
            assert_eq!(block.bytes, before, "{}", block.options);
        }
    }
}

/// Where the header is, and what no checksum covers.
fn unprotected(block: &Block, at: usize) -> bool {
    let header = if block.old { 40 } else { 48 };
    let verify = &block.plan.verify;
    let interval = verify.interval_bytes.unwrap() as usize;
    let begin = verify.header_offset_bytes as usize;
    let in_header = (begin..begin + header).contains(&(at % interval));
    let kind = verify.kind.unwrap();
    let data = matches!(kind, VerifyKind::Meta | VerifyKind::PatternHeader);
    match kind {
        VerifyKind::Null => true,
        // What 3.33 stored is a copy of some bytes, and the data can be made again of even lengths only.
        VerifyKind::Sha512 if block.old && !interval.is_multiple_of(32) => {
            let tail = (interval - header - 128) % 128;
            !in_header && !(header..header + 256).contains(&at) && at < interval - tail
                || (header + 128..header + 128 + tail).contains(&at)
        }
        _ => data && verify.pattern.is_none() && !in_header,
    }
}

#[cfg(target_endian = "little")]
#[test]
fn a_wrong_bit_is_found_anywhere() {
    for mut block in blocks() {
        let (format, known) = (block.format(), block.expected());
        let length = block.bytes.len() as u64;
        let interval = block.plan.verify.interval_bytes.unwrap();
        let unknown = Expected { offset: block.offset, ..Expected::default() };
        for at in 0..block.bytes.len() {
            let expected = if at % 2 == 0 { &known } else { &unknown };
            block.bytes[at] ^= 1 << (at % 7);
            let before = block.bytes.clone();
            let result = format.check(&mut block.bytes, length, expected);
            let place = format!("{} byte {at}: {result:?}", block.options);
            assert_eq!(block.bytes, before, "{place}");
            block.bytes[at] ^= 1 << (at % 7);
            if unprotected(&block, at) {
                assert_eq!(result, Ok(()), "{place}");
                continue;
            }
            let mismatch = *result.unwrap_err();
            assert_eq!(mismatch.class, Class::BitFlip, "{place}");
            let damage = mismatch.damage.unwrap();
            assert_eq!(damage.bits, 1, "{place}");
            let first = mismatch.offset - block.offset + damage.first;
            assert_eq!(first, at as u64, "{place}");
            if format.has_headers() {
                assert_eq!(mismatch.length, interval, "{place}");
            }
        }
    }
}

#[test]
fn data_of_a_sum_that_covers_little_are_made_again() {
    // fio 3.33 stored a copy of a part of the data for sha512, which this leaves alone.
    let blocks = blocks();
    let mut block = blocks.into_iter().find(|b| b.old && b.options.contains("sha512")).unwrap();
    let (format, expected) = (block.format(), block.expected());
    block.bytes[330] ^= 1;
    let length = block.bytes.len() as u64;
    let mismatch = format.check(&mut block.bytes, length, &expected).unwrap_err();
    assert!(matches!(mismatch.wrong, Wrong::Sum(..)), "{mismatch:?}");
}
