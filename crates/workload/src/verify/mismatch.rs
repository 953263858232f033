//! A block that is not what it has to be, in words that can be acted on.

use fiord_options::plan::VerifyKind;

use super::check::Expected;
use super::header::{self, Header};
use crate::checksum::Sum;

/// What is wrong with a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// There is no header: what stands in the place of the magic number.
    Magic(u16),
    /// The header is of an unknown version.
    Version(u8),
    /// The header is of a block of another length.
    Length(Header),
    /// Its seed is another one.
    Seed(Header),
    /// It is of another place.
    Offset(Header),
    /// It is of another write.
    Number(Header),
    /// Its CRC does not agree with it: expected and found.
    Crc(Header, u32, u32),
    /// It is of the same write of an earlier pass.
    Time(Header),
    /// The checksum of the data is another one.
    Sum(Header, Box<Sums>),
    /// Data are not the pattern, from this byte of the block on.
    Pattern(usize),
    /// Data of a discarded block are not zero, from this byte on.
    NotZero(usize),
    /// The target ended in it, after so many bytes.
    Short(usize),
}

/// Two checksums that are not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Of the data that were read.
    pub calculated: Sum,
    /// What is stored with them.
    pub stored: Sum,
}

/// What has become of a block, as far as its bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// It reads as zeroes.
    Zeroes,
    /// A few bits of it are wrong.
    BitFlip,
    /// Some of its sectors are as written and others are not at all.
    Torn,
    /// It holds all of an older write to the same place.
    Stale,
    /// It holds what belongs to another place.
    Misdirected,
    /// It holds all of a write to the same place that was not expected.
    Unknown,
    /// Nothing that was written for verification.
    Foreign,
    /// The target ends before or in it.
    Short,
    /// Anything else.
    Damaged,
}

/// How a block differs from what it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The first byte of the block that differs.
    pub first: u64,
    /// How many bits differ.
    pub bits: u64,
}

/// A block that is not what it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong.
    pub wrong: Wrong,
    /// What has become of it.
    pub class: Class,
    /// First byte of the block on its target.
    pub offset: u64,
    /// Its length.
    pub length: u64,
    /// First byte and length of the request.
    pub request: (u64, u64),
    /// What had to be there.
    pub expected: Expected,
    /// The header that should be there; `None` if there is none, or if nothing is known of it. Fields that
    /// nobody knows are as found.
    pub wanted: Option<Header>,
    /// The header that is there, if its CRC confirms it: who has written what is found, and when. In a
    /// block that is torn or misdirected it need not be at the begin.
    pub found: Option<Header>,
    /// Differences from what should be there; `None` if that is not known.
    pub damage: Option<Damage>,
    /// The kind of checksum.
    pub kind: VerifyKind,
}

impl Mismatch {
    /// How many bytes of the request end with this block.
    pub fn end(&self) -> usize {
        self.offset.saturating_sub(self.request.0).saturating_add(self.length) as usize
    }

    /// True if what is wrong stands in the header.
    pub fn is_of_header(&self) -> bool {
        !matches!(
            self.wrong,
            Wrong::Sum(..) | Wrong::Pattern(_) | Wrong::NotZero(_) | Wrong::Short(_)
        )
    }

    /// True if this is wrong even where a later write may have arrived, as a whole or in part: an older one is
    /// there, one to another place, nothing at all, or the file has become shorter.
    pub fn excludes_later(&self) -> bool {
        self.is_older() || matches!(self.class, Class::Zeroes | Class::Misdirected | Class::Short)
    }

    /// True if an older write is there, as a whole.
    pub fn is_older(&self) -> bool {
        match (&self.wrong, self.expected.number) {
            (Wrong::Number(header), Some(number)) => header.number < number,
            (Wrong::Time(_), _) => true,
            _ => false,
        }
    }

    /// The word for what is wrong, as in fio's messages.
    pub fn word(&self) -> &'static str {
        match &self.wrong {
            Wrong::Magic(_) => "bad magic header",
            Wrong::Version(_) => "unsupported header version",
            Wrong::Length(_) => "bad header length",
            Wrong::Seed(_) => "bad header rand_seed",
            Wrong::Offset(_) => "bad header offset",
            Wrong::Number(_) => "bad header numberio",
            Wrong::Crc(..) => "bad header crc",
            Wrong::Time(_) => "bad header time",
            Wrong::Sum(..) | Wrong::Short(_) => "verify failed",
            Wrong::Pattern(_) => "bad pattern",
            Wrong::NotZero(_) => "verify failed for zeroed data",
        }
    }

    /// What is wrong, in fio's words and then in ours, for a block of the target at `path`.
    pub fn describe(&self, path: &str) -> String {
        let (kind, word) = (self.kind.name(), self.word());
        let subject = match &self.wrong {
            Wrong::Magic(found) => format!("verify: {word} {found:x}, wanted acca"),
            Wrong::Version(found) => format!("verify: {word} {found:x}, wanted 81"),
            Wrong::Length(h) => format!("verify: {word} {}, wanted {}", h.length, self.length),
            Wrong::Seed(h) => {
                format!("verify: {word} {}, wanted {}", h.seed, self.expected.seed.unwrap_or(0))
            }
            Wrong::Offset(h) => format!("verify: {word} {}, wanted {}", h.offset, self.offset),
            Wrong::Number(h) => {
                format!("verify: {word} {}, wanted {}", h.number, self.expected.number.unwrap_or(0))
            }
            Wrong::Crc(_, right, stored) => {
                format!("verify: {word} {stored:x}, calculated {right:x}")
            }
            Wrong::Time(h) => {
                let wanted = self.expected.not_before_ns.unwrap_or(0);
                format!(
                    "verify: {word} {}, wanted {} or later",
                    Seconds(h.time_ns()),
                    Seconds(wanted)
                )
            }
            Wrong::Sum(..) | Wrong::Short(_) | Wrong::Pattern(_) => {
                format!("{kind}: verify failed")
            }
            Wrong::NotZero(_) => format!("{kind}: {word}"),
        };
        let (requested, length) = self.request;
        let mut text = format!(
            "{subject} at file {path} offset {}, length {} (requested block: offset={requested}, \
             length={length})",
            self.offset, self.length
        );
        self.explain(&mut text);
        text
    }

    /// Says what the bytes tell.
    fn explain(&self, text: &mut String) {
        if let Wrong::Sum(_, sums) = &self.wrong {
            let Sums { calculated, stored } = &**sums;
            text.push_str(&format!("; Expected CRC: {stored:?}, Received CRC: {calculated:?}"));
        }
        if let Wrong::Pattern(at) = &self.wrong {
            text.push_str(&format!("; bad pattern block offset {at}"));
        }
        let class = match self.class {
            Class::Zeroes => "it reads as zeroes, so its write was lost or was discarded",
            Class::BitFlip => "a few bits are wrong",
            Class::Torn => "it is torn: only a part of it is as written",
            Class::Stale => "it is stale: an older write is still there",
            Class::Unknown => "a write is there that was not expected",
            Class::Misdirected => "it is misdirected: this belongs to another place",
            Class::Foreign => "nothing that was written for verification is there",
            Class::Short => "the file ends before the end of it",
            Class::Damaged => "the data are damaged",
        };
        text.push_str("; ");
        text.push_str(class);
        if let Wrong::Short(bytes) = &self.wrong {
            text.push_str(&format!(", after {bytes} bytes"));
        }
        if let Some(found) = &self.found {
            text.push_str(&format!(
                "; found is write {} of job {} to offset {}, begun after {} s",
                found.number,
                found.thread,
                found.offset,
                Seconds(found.time_ns())
            ));
            // Most often the options of a job that reads are not those of the one that wrote.
            if let Some(kind) = header::kind(found.kind).filter(|kind| *kind != self.kind) {
                text.push_str(&format!(", with verify={}", kind.name()));
            }
            if u64::from(found.length) != self.length {
                text.push_str(&format!(", in a block of {} bytes", found.length));
            }
        }
        if let Some(Damage { first, bits }) = &self.damage {
            let noun = if *bits == 1 { "bit differs" } else { "bits differ" };
            text.push_str(&format!("; {bits} {noun}, from byte {first} of the block on"));
        }
    }
}

/// Nanoseconds, as seconds.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::Version;
    use super::*;
    use crate::checksum::Checksum;

    const HEADER: Header = Header {
        version: Version::V81,
        kind: 5,
        length: 1024,
        seed: 11,
        offset: 4096,
        time: (2, 30),
        number: 6,
        thread: 3,
    };

    fn mismatch(wrong: Wrong, class: Class) -> Mismatch {
        Mismatch {
            wrong,
            class,
            offset: 8192,
            length: 512,
            request: (7168, 2048),
            expected: Expected {
                offset: 7168,
                number: Some(7),
                seed: Some(12),
                not_before_ns: Some(3_000_000_000),
                ..Expected::default()
            },
            wanted: None,
            found: None,
            damage: None,
            kind: VerifyKind::Crc32c,
        }
    }

    #[test]
    fn scripts_find_the_words_that_they_know() {
        let place =
            "at file /dev/x offset 8192, length 512 (requested block: offset=7168, length=2048)";
        let sums =
            Sums { calculated: Checksum::Crc7.of(b"read"), stored: Checksum::Crc7.of(b"there") };
        for (wrong, words) in [
            (Wrong::Magic(0xac00), "verify: bad magic header ac00, wanted acca"),
            (Wrong::Version(0x82), "verify: unsupported header version 82, wanted 81"),
            (Wrong::Length(HEADER), "verify: bad header length 1024, wanted 512"),
            (Wrong::Seed(HEADER), "verify: bad header rand_seed 11, wanted 12"),
            (Wrong::Offset(HEADER), "verify: bad header offset 4096, wanted 8192"),
            (Wrong::Number(HEADER), "verify: bad header numberio 6, wanted 7"),
            (Wrong::Crc(HEADER, 0xc1, 0xd), "verify: bad header crc d, calculated c1"),
            (
                Wrong::Time(HEADER),
                "verify: bad header time 2.000000030, wanted 3.000000000 or later",
            ),
            (Wrong::Sum(HEADER, Box::new(sums)), "crc32c: verify failed"),
            (Wrong::Pattern(3), "crc32c: verify failed"),
            (Wrong::NotZero(3), "crc32c: verify failed for zeroed data"),
            (Wrong::Short(3), "crc32c: verify failed"),
        ] {
            let mismatch = mismatch(wrong, Class::Damaged);
            let text = mismatch.describe("/dev/x");
            assert!(text.starts_with(&format!("{words} {place}")), "{text}");
            assert!(words.contains(mismatch.word()) || mismatch.word() == "bad pattern", "{text}");
        }
    }

    #[test]
    fn other_options_of_the_writer_are_told() {
        let told = |found: Header| {
            let mut other = mismatch(Wrong::Length(found), Class::Damaged);
            other.found = Some(found);
            let text = other.describe("f");
            text.split_once("000000030 s").unwrap().1.to_owned()
        };
        let same = Header { length: 512, ..HEADER };
        assert_eq!(told(same), "");
        assert_eq!(told(HEADER), ", in a block of 1024 bytes");
        assert_eq!(told(Header { kind: 2, ..same }), ", with verify=md5");
        assert_eq!(
            told(Header { kind: 17, ..HEADER }),
            ", with verify=pattern_hdr, in a block of 1024 bytes"
        );
        assert_eq!(told(Header { kind: 99, ..same }), "", "nobody knows such a kind");
    }

    #[test]
    fn what_is_there_and_who_wrote_it_is_told() {
        let mut stale = mismatch(Wrong::Number(HEADER), Class::Stale);
        stale.found = Some(HEADER);
        stale.damage = Some(Damage { first: 32, bits: 1 });
        let text = stale.describe("f");
        let end = "it is stale: an older write is still there; found is write 6 of job 3 to offset 4096, \
                   begun after 2.000000030 s, in a block of 1024 bytes; 1 bit differs, from byte 32 of the block on";
        assert!(text.ends_with(end), "{text}");
        assert!(stale.is_older());
        let sums =
            Sums { calculated: Checksum::Crc7.of(b"read"), stored: Checksum::Crc7.of(b"there") };
        let text = mismatch(Wrong::Sum(HEADER, Box::new(sums)), Class::Torn).describe("f");
        assert!(
            text.contains(&format!("Expected CRC: {:?}", Checksum::Crc7.of(b"there"))),
            "{text}"
        );
        let text = mismatch(Wrong::Short(100), Class::Short).describe("f");
        assert!(text.ends_with("the file ends before the end of it, after 100 bytes"), "{text}");
    }
}
