//! Amounts and times in the words of people: `1.5 GiB (1610612736)`, `1m 30s`.

use std::fmt::Write as _;

/// Names of the powers of 1024.
const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A number of bytes with a unit of its size, and exactly in parentheses where that is another number.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        _ => format!("{} ({bytes})", short_size(bytes)),
    }
}

/// A number of bytes with a unit of its size, to three digits.
pub fn short_size(bytes: u64) -> String {
    let mut unit = 0;
    let mut rest = bytes;
    let mut thousand = 1;
    while rest >= 1024 && unit + 1 < UNITS.len() {
        rest /= 1024;
        thousand *= 1024_u64;
        unit += 1;
    }
    let name = UNITS[unit];
    if bytes.is_multiple_of(thousand) {
        return format!("{} {name}", bytes / thousand);
    }
    let value = bytes as f64 / thousand as f64;
    let digits = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {name}")
}

/// A time in units that leave no fraction: `2h 5m`, `1.5s`, `20ms`.
pub fn time(ns: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    if ns < SECOND {
        return match ns {
            0 => "0s".to_owned(),
            ns if ns.is_multiple_of(1_000_000) => format!("{}ms", ns / 1_000_000),
            ns if ns.is_multiple_of(1000) => format!("{}us", ns / 1000),
            ns => format!("{ns}ns"),
        };
    }
    let mut text = String::new();
    let mut rest = ns / SECOND;
    for (unit, seconds) in [("d", 86_400), ("h", 3600), ("m", 60)] {
        if rest >= seconds {
            let _ = write!(text, "{}{unit} ", rest / seconds);
            rest %= seconds;
        }
    }
    let fraction = ns % SECOND;
    if rest > 0 || fraction > 0 {
        let _ = write!(text, "{rest}");
        if fraction > 0 {
            let digits = format!("{fraction:09}");
            let _ = write!(text, ".{}", digits.trim_end_matches('0'));
        }
        text.push('s');
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit_and_are_exact() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(4096), "4 KiB (4096)");
        assert_eq!(size(1_610_612_736), "1.50 GiB (1610612736)");
        assert_eq!(short_size(1025), "1.00 KiB");
        assert_eq!(short_size((10 << 20) + 1), "10.0 MiB");
        assert_eq!(short_size((1 << 20) - 1), "1024 KiB");
        assert_eq!(short_size(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn times_have_no_needless_parts() {
        assert_eq!(time(0), "0s");
        assert_eq!(time(20_000_000), "20ms");
        assert_eq!(time(1_500_000), "1500us");
        assert_eq!(time(1), "1ns");
        assert_eq!(time(60_000_000_000), "1m");
        assert_eq!(time(70_500_000_000), "1m 10.5s");
        assert_eq!(time(90_061_000_000_000), "1d 1h 1m 1s");
    }
}
