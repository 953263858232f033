//! Numbers as the normal report writes them: a few significant characters, a prefix and a unit.
//!
//! The width counts the decimal point, so 71.4 has four characters and so has 6420: a number stays
//! unscaled as long as it fits. Nothing here knows what it formats.

/// What follows the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing.
    None,
    /// `B`.
    Bytes,
    /// `B/s`.
    BytesPerSecond,
    /// `bit/s`; the number to format is in bytes per second.
    BitsPerSecond,
}

/// Which thousand prefixes stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// 1000: k, M, G, T, P, E.
    Si,
    /// 1024: Ki, Mi, Gi, Ti, Pi, Ei.
    Iec,
}

impl Prefix {
    /// The other one.
    pub fn other(self) -> Prefix {
        match self {
            Prefix::Si => Prefix::Iec,
            Prefix::Iec => Prefix::Si,
        }
    }

    /// 1000 or 1024.
    pub fn thousand(self) -> u64 {
        match self {
            Prefix::Si => 1000,
            Prefix::Iec => 1024,
        }
    }

    fn names(self) -> [&'static str; 7] {
        match self {
            Prefix::Si => ["", "k", "M", "G", "T", "P", "E"],
            Prefix::Iec => ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"],
        }
    }
}

/// Formats `value` with at most `width` characters (the point included) before prefix and unit.
///
/// Only the last division is rounded: what earlier divisions cut off is lost, as in fio.
pub fn number(value: u64, width: u32, prefix: Prefix, unit: Unit) -> String {
    scaled(value, 0, width, prefix, unit)
}

/// Formats a value that is a count of thousands already: 40 becomes `40KiB`, never `40.0KiB`.
pub fn thousands(value: u64, width: u32, prefix: Prefix, unit: Unit) -> String {
    scaled(value, 1, width, prefix, unit)
}

/// `index` is the prefix that `value` has by itself.
fn scaled(value: u64, mut index: usize, width: u32, prefix: Prefix, unit: Unit) -> String {
    let (mut value, suffix) = match unit {
        Unit::None => (u128::from(value), ""),
        Unit::Bytes => (u128::from(value), "B"),
        Unit::BytesPerSecond => (u128::from(value), "B/s"),
        Unit::BitsPerSecond => (u128::from(value) * 8, "bit/s"),
    };
    let width = width.max(1) as usize;
    let thousand = u128::from(prefix.thousand());
    let names = prefix.names();
    let mut remainder = None;
    while digits(value) > width && index + 1 < names.len() {
        remainder = Some(value % thousand);
        value /= thousand;
        index += 1;
    }
    let name = names.get(index).copied().unwrap_or("");
    let text = match remainder {
        None => value.to_string(),
        Some(remainder) if digits(value) + 1 >= width => {
            (value + u128::from(remainder >= thousand / 2)).to_string()
        }
        Some(remainder) => {
            let decimals = width - digits(value) - 1;
            let exact = value as f64 + remainder as f64 / thousand as f64;
            format!("{exact:.decimals$}")
        }
    };
    format!("{text}{name}{suffix}")
}

fn digits(value: u128) -> usize {
    value.checked_ilog10().map_or(1, |log| log as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: u64, width: u32, prefix: Prefix, expected: &str) {
        assert_eq!(number(value, width, prefix, Unit::Bytes), expected);
    }

    /// Texts that fio 3.41 printed for these block sizes.
    #[test]
    fn sizes() {
        use Prefix::{Iec, Si};
        check(999, 4, Iec, "999B");
        check(999, 2, Iec, "1KiB");
        check(999, 1, Iec, "1KiB");
        check(1000, 3, Iec, "1.0KiB");
        check(9999, 4, Iec, "9999B");
        check(10_000, 4, Iec, "9.77KiB");
        check(10_000, 1, Si, "0MB");
        check(10_235, 4, Iec, "10.00KiB");
        check(10_240, 1, Iec, "0MiB");
        check(10_240, 4, Iec, "10.0KiB");
        check(99_999, 4, Si, "100.0kB");
        check(1_023_999, 4, Iec, "1000KiB");
        check(1_023_999, 4, Si, "1024kB");
        check(1_023_999, 6, Si, "1024.0kB");
        check(1_023_999, 6, Iec, "1000.00KiB");
        check(1_023_999, 3, Si, "1.0MB");
        check(74_880_000, 4, Si, "74.9MB");
    }

    #[test]
    fn rates_count_bits_when_asked() {
        let bits = |value, prefix| number(value, 4, prefix, Unit::BitsPerSecond);
        assert_eq!(bits(999_000, Prefix::Iec), "7805Kibit/s");
        assert_eq!(bits(999_000, Prefix::Si), "7992kbit/s");
        assert_eq!(bits(9_999_000, Prefix::Iec), "76.3Mibit/s");
    }

    #[test]
    fn extremes_do_not_overflow() {
        assert_eq!(number(u64::MAX, 4, Prefix::Iec, Unit::BitsPerSecond), "128Eibit/s");
        assert_eq!(number(u64::MAX, 1, Prefix::Iec, Unit::None), "16Ei");
        assert_eq!(number(0, 0, Prefix::Si, Unit::None), "0");
    }
}
