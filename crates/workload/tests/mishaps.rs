//! What becomes of blocks, and what is said of it: random plans and mishaps of every kind.

#![allow(clippy::unwrap_used)]

mod support;

use fiord_options::plan::{JobPlan, VerifyKind, VerifyPattern};
use fiord_workload::verify::{Class, Expected, Format, Mismatch, Origin};
use proptest::prelude::*;

/// Kinds whose checksum covers the data, and misses no damage that a test will ever see: of CRCs of 7 and 16
/// bits that cannot be said.
const SUMS: [VerifyKind; 12] = [
    VerifyKind::Md5,
    VerifyKind::Crc64,
    VerifyKind::Crc32,
    VerifyKind::Crc32c,
    VerifyKind::Sha1,
    VerifyKind::Sha256,
    VerifyKind::Sha512,
    VerifyKind::Sha3_224,
    VerifyKind::Sha3_256,
    VerifyKind::Sha3_384,
    VerifyKind::Sha3_512,
    VerifyKind::Xxhash,
];
/// The place of the requests.
const OFFSET: u64 = 1 << 20;
/// Reading a block says so much of its write.
const WRITE: Origin = Origin {
    offset: OFFSET,
    number: 77,
    seed: 0x1234_5678_9abc_def1,
    time_ns: 5_000_000_123,
    thread: 3,
};

/// How blocks look, and what is known of them.
#[derive(Clone, Debug)]
struct Case {
    kind: VerifyKind,
    interval: usize,
    intervals: usize,
    header_offset: u64,
    compress: u32,
    knows_number: bool,
    knows_seed: bool,
    pattern: Option<VerifyPattern>,
}

impl Case {
    fn format(&self) -> Format {
        let mut plan: JobPlan = support::plan("rw=write bs=4k");
        plan.verify.kind = Some(self.kind);
        plan.verify.interval_bytes = Some(self.interval as u64);
        plan.verify.header_offset_bytes = self.header_offset;
        plan.verify.pattern = self.pattern.clone();
        plan.data.compress_percent = self.compress;
        Format::new(&plan).unwrap()
    }

    fn expected(&self) -> Expected {
        Expected {
            offset: OFFSET,
            number: self.knows_number.then_some(WRITE.number),
            seed: (self.knows_seed && self.pattern.is_none()).then_some(WRITE.seed),
            ..Expected::default()
        }
    }

    /// The content of a write.
    fn write(&self, origin: Origin) -> Vec<u8> {
        let mut data = vec![0xd5; self.interval * self.intervals];
        self.format().stamp(&mut data, &origin);
        data
    }

    fn check(&self, data: &mut [u8], expected: &Expected) -> Result<(), Box<Mismatch>> {
        let before = data.to_vec();
        let result = self.format().check(data, data.len() as u64, expected);
        assert_eq!(data, before, "data are left as they were");
        result
    }

    /// The interval in which a byte is.
    fn interval_at(&self, at: usize) -> u64 {
        OFFSET + (at - at % self.interval) as u64
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

fn cases() -> impl Strategy<Value = Case> {
    let pattern = prop::collection::vec(any::<u8>(), 8..40).prop_map(|mut bytes| {
        bytes.extend([0; 8]);
        let offsets_at = vec![bytes.len() - 8];
        VerifyPattern { bytes, offsets_at, restart_bytes: None }
    });
    (
        prop::sample::select(SUMS.to_vec()),
        prop::sample::select(vec![512_usize, 1024, 4096, 1536]),
        1_usize..4,
        prop::sample::select(vec![0_u64, 0, 200, 48]),
        prop::sample::select(vec![0_u32, 0, 0, 40]),
        any::<(bool, bool)>(),
        prop::option::weighted(0.2, pattern),
    )
        .prop_map(|(kind, interval, intervals, header_offset, compress, known, pattern)| {
            Case {
                kind,
                interval,
                intervals,
                header_offset,
                compress,
                knows_number: known.0,
                knows_seed: known.1,
                pattern,
            }
        })
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn clean_blocks_are_never_accused(case in cases(), number: u64, seed: u64, time in 0_u64..1 << 60) {
        let origin = Origin { number, seed, time_ns: time, ..WRITE };
        let mut data = case.write(origin);
        let known = Expected {
            offset: OFFSET,
            number: Some(number),
            seed: case.pattern.is_none().then_some(seed),
            not_before_ns: Some(time),
            ..Expected::default()
        };
        for expected in [known, Expected { offset: OFFSET, ..Expected::default() }] {
            prop_assert_eq!(case.check(&mut data, &expected), Ok(()));
        }
    }

    #[test]
    fn flipped_bits(case in cases(), bits in prop::collection::btree_set(0_usize..512 * 8, 1..3)) {
        let mut data = case.write(WRITE);
        for bit in &bits {
            data[bit / 8] ^= 1 << (bit % 8);
        }
        let mismatch = case.check(&mut data, &case.expected()).unwrap_err();
        prop_assert_eq!(mismatch.class, Class::BitFlip);
        let damage = mismatch.damage.unwrap();
        prop_assert_eq!(damage.first, *bits.first().unwrap() as u64 / 8, "{:?}", mismatch);
        prop_assert_eq!(damage.bits, bits.len() as u64);
    }

    #[test]
    fn zeroes(case in cases(), at in 0_usize..3) {
        let mut data = case.write(WRITE);
        let begin = at % case.intervals * case.interval;
        data[begin..begin + case.interval].fill(0);
        let mismatch = case.check(&mut data, &case.expected()).unwrap_err();
        prop_assert_eq!(mismatch.class, Class::Zeroes);
        prop_assert_eq!(mismatch.offset, OFFSET + begin as u64);
        prop_assert!(mismatch.found.is_none());
    }

    #[test]
    fn stale_writes(mut case in cases(), older in 1_u64..70, other: u64) {
        case.knows_number = true;
        let number = WRITE.number - older;
        let mut data = case.write(Origin { number, seed: other, time_ns: 17, ..WRITE });
        let mismatch = case.check(&mut data, &case.expected()).unwrap_err();
        prop_assert_eq!(mismatch.class, Class::Stale);
        prop_assert_eq!(mismatch.found.unwrap().number, number);
        prop_assert!(mismatch.is_older() || case.knows_seed);
    }

    #[test]
    fn writes_of_an_earlier_pass(case in cases(), earlier in 1_u64..1 << 32) {
        let mut data = case.write(Origin { time_ns: WRITE.time_ns - earlier, ..WRITE });
        let now = Expected { not_before_ns: Some(WRITE.time_ns), ..case.expected() };
        let mismatch = case.check(&mut data, &now).unwrap_err();
        prop_assert_eq!(mismatch.class, Class::Stale);
        prop_assert!(mismatch.is_older());
    }

    #[test]
    fn misdirected_writes(case in cases(), sectors in prop::sample::select(vec![-9_i64, -1, 1, 2, 8, 64])) {
        let offset = OFFSET.wrapping_add_signed(sectors * 512);
        let mut data = case.write(Origin { offset, seed: WRITE.seed ^ 99, number: 3, ..WRITE });
        let mismatch = case.check(&mut data, &case.expected()).unwrap_err();
        prop_assert_eq!(mismatch.class, Class::Misdirected);
        prop_assert_eq!(mismatch.found.unwrap().offset, offset);
    }

    #[test]
    fn a_write_that_has_gone_astray_over_this_one(mut case in cases(), sectors in 1_usize..6) {
        case.header_offset = 0;
        if case.interval == 512 {
            return Ok(());
        }
        let sectors = sectors % (case.interval / 512 - 1) + 1;
        let other = case.write(Origin { seed: WRITE.seed ^ 99, number: 78, ..WRITE });
        let mut data = case.write(WRITE);
        let length = data.len();
        data[sectors * 512..].copy_from_slice(&other[..length - sectors * 512]);
        let mismatch = case.check(&mut data, &case.expected()).unwrap_err();
        prop_assert_eq!(mismatch.class, Class::Misdirected);
    }

    #[test]
    fn torn_writes(mut case in cases(), keep in 1_usize..8, front: bool, zeroes: bool) {
        case.pattern = None;
        case.compress = 0;
        if case.interval == 512 {
            return Ok(());
        }
        let keep = keep % (case.interval / 512 - 1) + 1;
        let older = Origin { seed: WRITE.seed.wrapping_mul(77), number: 6, time_ns: 1, ..WRITE };
        let old = if zeroes { vec![0; case.interval * case.intervals] } else { case.write(older) };
        let mut data = case.write(WRITE);
        let range = if front { 0..keep * 512 } else { keep * 512..case.interval };
        data[range.clone()].copy_from_slice(&old[range.clone()]);
        let result = case.check(&mut data, &case.expected());
        let mismatch = result.unwrap_err();
        prop_assert_eq!(mismatch.class, Class::Torn, "{:?}", mismatch);
        if case.knows_seed {
            prop_assert_eq!(case.interval_at(range.start), mismatch.offset);
            let first = mismatch.damage.unwrap().first as usize;
            prop_assert!(range.contains(&first), "{} {:?}", first, range);
        }
    }

    #[test]
    fn foreign_data(case in cases(), bytes in prop::collection::vec(any::<u8>(), 512)) {
        let mut data: Vec<u8> = bytes.iter().copied().cycle().take(case.interval * case.intervals).collect();
        data[case.header_offset as usize] = 0;
        let mismatch = case.check(&mut data, &case.expected()).unwrap_err();
        prop_assert_eq!(mismatch.class, Class::Foreign);
    }

    #[test]
    fn discarded_blocks(case in cases(), at in 0_usize..512, still_there: bool) {
        let zeroes = Expected { offset: OFFSET, zeroes: true, ..Expected::default() };
        let mut data = vec![0; case.interval * case.intervals];
        prop_assert_eq!(case.check(&mut data, &zeroes), Ok(()));
        if still_there {
            data = case.write(WRITE);
        } else {
            data[at] = 0x40;
        }
        let mismatch = case.check(&mut data, &zeroes).unwrap_err();
        let class = if still_there { Class::Stale } else { Class::BitFlip };
        prop_assert_eq!(mismatch.class, class);
    }

    #[test]
    fn targets_that_end_too_early(case in cases(), share in 0_usize..100) {
        let mut data = case.write(WRITE);
        let (length, read) = (data.len(), data.len() * share / 100);
        let result = case.format().check(&mut data[..read], length as u64, &case.expected());
        let mismatch = result.unwrap_err();
        prop_assert_eq!(mismatch.class, Class::Short);
        prop_assert_eq!(mismatch.offset, case.interval_at(read));
        prop_assert_eq!(mismatch.length, case.interval as u64);
    }

    #[test]
    fn any_bytes_are_an_answer(case in cases(), bytes in prop::collection::vec(any::<u8>(), 0..9000), length in 0_u64..9000) {
        let mut data = bytes;
        let _ = case.format().check(&mut data, length, &case.expected());
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn patterns_without_headers(mut case in cases(), bit in 0_usize..512 * 8, mishap in 0..4) {
        case.kind = VerifyKind::Pattern;
        case.pattern = Some(VerifyPattern { bytes: [b"abcdefgh".as_slice(), &[0; 8]].concat(), offsets_at: vec![8], restart_bytes: None });
        let mut data = case.write(WRITE);
        prop_assert_eq!(case.check(&mut data, &case.expected()), Ok(()));
        let (class, first) = match mishap {
            0 => {
                data[bit / 8] ^= 1 << (bit % 8);
                (Class::BitFlip, Some(bit as u64 / 8))
            }
            1 => {
                data.fill(0);
                (Class::Zeroes, Some(0))
            }
            2 => {
                data = case.write(Origin { offset: OFFSET + 4096, ..WRITE });
                (Class::Misdirected, None)
            }
            _ => {
                let end = data.len();
                data[end - 512..].fill(0);
                (if end == 512 { Class::Zeroes } else { Class::Torn }, Some(end as u64 - 512))
            }
        };
        let mismatch = case.check(&mut data, &case.expected()).unwrap_err();
        prop_assert_eq!(mismatch.class, class);
        if let Some(first) = first {
            prop_assert_eq!(mismatch.damage.unwrap().first, first);
        }
    }

    #[test]
    fn what_should_be_there_can_be_made_again(case in cases()) {
        let data = case.write(WRITE);
        let mut broken = data.clone();
        broken[case.interval / 2 + 100] ^= 0x10;
        let expected = Expected { seed: case.pattern.is_none().then_some(WRITE.seed), ..case.expected() };
        let mismatch = case.check(&mut broken, &expected).unwrap_err();
        let found = mismatch.found.or(mismatch.wanted);
        let again = case.format().expected_content(data.len(), &expected, found.as_ref()).unwrap();
        prop_assert_eq!(again, data);
    }
}
