//! Numbers as the job language writes them: sizes, percentages, zone counts and times.
//!
//! A number is decimal or `0x` hexadecimal with an optional unit. Unlike fio, which reads any
//! unknown unit as a factor of one (`4x` is 4, `1.5k` is 1), an unknown unit is an error here.

use fiord_base::Quantity;

use super::{Nanos, ParseContext, Piece, ValueError, arithmetic};
use crate::table::TimeUnit;

/// Nanoseconds of a microsecond.
pub(crate) const MICRO_NS: u64 = 1_000;

/// Reads one integer with an optional size suffix.
pub(super) fn integer(piece: Piece<'_>, ctx: &ParseContext) -> Result<i128, ValueError> {
    let piece = piece.trim();
    if arithmetic::is_expression(piece) {
        return Ok(arithmetic::evaluate(piece, arithmetic::Units::Sizes)?.value);
    }
    let (number, unit) = digits(piece, "a number")?;
    if unit.bytes.is_empty() {
        return Ok(number);
    }
    let factor = size_factor(unit.bytes, ctx.kb_base).ok_or_else(|| bad_size_unit(unit))?;
    number.checked_mul(factor).ok_or_else(|| too_large(piece))
}

/// Reads one integer and checks its range. Where the largest value is 100, it is a percentage and
/// may say so.
pub(super) fn integer_in(
    piece: Piece<'_>,
    min: i128,
    max: i128,
    ctx: &ParseContext,
) -> Result<i128, ValueError> {
    let plain = piece.trim();
    let percentage = max == 100 && !arithmetic::is_expression(plain);
    let number = integer(if percentage { without_percent(plain) } else { plain }, ctx)?;
    if (min..=max).contains(&number) { Ok(number) } else { Err(out_of_range(piece, min, max)) }
}

/// Reads one amount and checks its range.
pub(super) fn amount(
    piece: Piece<'_>,
    min: u64,
    max: u64,
    ctx: &ParseContext,
) -> Result<u64, ValueError> {
    let number = integer_in(piece, i128::from(min), i128::from(max), ctx)?;
    u64::try_from(number).map_err(|_| out_of_range(piece, i128::from(min), i128::from(max)))
}

/// Reads bytes, `N%` or `Nz`.
pub(super) fn quantity(piece: Piece<'_>, ctx: &ParseContext) -> Result<Quantity, ValueError> {
    let piece = piece.trim();
    if arithmetic::is_expression(piece) {
        return amount(piece, 0, u64::MAX, ctx).map(Quantity::Bytes);
    }
    let (number, unit) = digits(piece, "an amount: bytes, a percentage (50%) or zones (10z)")?;
    match unit.bytes {
        // Some job files double the sign to protect it from a program that formats them.
        b"%" | b"%%" => match u32::try_from(number) {
            Ok(percent @ 0..=100) => Ok(Quantity::Percent(percent)),
            _ => Err(ValueError::at(piece, "a percentage from 0 to 100")),
        },
        b"z" | b"Z" => u64::try_from(number)
            .map(Quantity::Zones)
            .map_err(|_| ValueError::at(piece, "a number of zones, such as 10z")),
        _ => amount(piece, 0, u64::MAX, ctx).map(Quantity::Bytes),
    }
}

/// Reads a time.
pub(super) fn time(piece: Piece<'_>, unit: TimeUnit) -> Result<Nanos, ValueError> {
    let piece = piece.trim();
    let default_us: i128 = match unit {
        TimeUnit::Micro => 1,
        TimeUnit::Second => 1_000_000,
    };
    let micros = if arithmetic::is_expression(piece) {
        let result = arithmetic::evaluate(piece, arithmetic::Units::Times)?;
        if result.had_unit { Some(result.value) } else { result.value.checked_mul(default_us) }
    } else {
        let (number, unit) = digits(piece, "a time, such as 10s")?;
        let factor = match unit.bytes {
            b"" => default_us,
            word => time_factor(word).ok_or_else(|| bad_time_unit(unit))?,
        };
        number.checked_mul(factor)
    };
    let micros = micros.ok_or_else(|| too_large(piece))?;
    if micros < 0 {
        return Err(ValueError::at(piece, "a time that is not negative"));
    }
    u64::try_from(micros)
        .ok()
        .and_then(|us| us.checked_mul(MICRO_NS))
        .map(Nanos)
        .ok_or_else(|| ValueError::at(piece, "a time of at most 584 years"))
}

/// Reads a floating-point number.
pub(super) fn float(piece: Piece<'_>, min: f64, max: f64) -> Result<f64, ValueError> {
    let piece = piece.trim();
    let number: f64 = std::str::from_utf8(piece.bytes)
        .ok()
        .and_then(|text| text.parse().ok())
        .filter(|n: &f64| n.is_finite())
        .ok_or_else(|| ValueError::at(piece, "a number, such as 99.9"))?;
    if number < min || number > max {
        let expected = if max == f64::MAX {
            format!("a number of at least {min}")
        } else {
            format!("a number from {min} to {max}")
        };
        return Err(ValueError::at(piece, expected));
    }
    Ok(number)
}

/// A percentage may say that it is one.
pub(super) fn without_percent(piece: Piece<'_>) -> Piece<'_> {
    let piece = piece.trim();
    match piece.bytes {
        [number @ .., b'%'] if !number.is_empty() => piece.slice(0, number.len()),
        _ => piece,
    }
}

/// Takes a sign and digits off the front; the rest is the unit.
fn digits<'a>(piece: Piece<'a>, expected: &str) -> Result<(i128, Piece<'a>), ValueError> {
    let bytes = piece.bytes;
    let negative = bytes.first() == Some(&b'-');
    let start = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let hex = matches!(bytes.get(start..start + 2), Some([b'0', b'x' | b'X']));
    let (start, radix) = if hex { (start + 2, 16) } else { (start, 10) };
    let mut number: i128 = 0;
    let mut at = start;
    while let Some(digit) = bytes.get(at).and_then(|b| (*b as char).to_digit(radix)) {
        number = number
            .checked_mul(i128::from(radix))
            .and_then(|n| n.checked_add(i128::from(digit)))
            .ok_or_else(|| too_large(piece))?;
        at += 1;
    }
    if at == start {
        return Err(ValueError::at(piece, expected));
    }
    Ok((if negative { -number } else { number }, piece.from(at)))
}

/// The factor of a size suffix. `k` follows `kb_base`, `kib` is the other base.
pub(super) fn size_factor(word: &[u8], kb_base: u32) -> Option<i128> {
    let lower = word.to_ascii_lowercase();
    let (power, rest) = match lower.as_slice() {
        [] => return Some(1),
        [b'b', rest @ ..] => (0, rest),
        [letter, rest @ ..] => (1 + b"kmgtp".iter().position(|l| l == letter)? as u32, rest),
    };
    let other = match rest {
        b"" | b"yte" | b"ytes" => false,
        _ if power == 0 => return None,
        // `ki` alone begins like `kib` but is `k` to fio.
        b"b" | b"i" | b"byte" | b"bytes" => false,
        b"ib" => true,
        _ => return None,
    };
    let binary = (kb_base == 1024) != other;
    Some(if binary { 1 << (10 * power) } else { 1000_i128.pow(power) })
}

/// Microseconds of a unit of time.
pub(super) fn time_factor(word: &[u8]) -> Option<i128> {
    let lower = word.to_ascii_lowercase();
    Some(match lower.as_slice() {
        b"us" | b"usec" | b"usecs" => 1,
        b"ms" | b"msec" | b"msecs" => 1_000,
        b"s" | b"sec" | b"secs" => 1_000_000,
        b"m" => 60_000_000,
        b"h" => 3_600_000_000,
        b"d" => 86_400_000_000,
        _ => return None,
    })
}

fn bad_size_unit(unit: Piece<'_>) -> ValueError {
    let error = ValueError::at(unit, "a size suffix (k, m, g, t, p, kib ..) or nothing");
    if unit.bytes.first() == Some(&b'.') {
        return error.hint("sizes are whole numbers: write 1536 instead of 1.5k");
    }
    if matches!(unit.bytes.first(), Some(b'%' | b'z' | b'Z')) {
        return error.hint("percentages and zones are for size, io_size and offsets only");
    }
    error
}

fn bad_time_unit(unit: Piece<'_>) -> ValueError {
    let error = ValueError::at(unit, "a unit of time: us, ms, s, m, h or d");
    let lower = unit.bytes.to_ascii_lowercase();
    match lower.as_slice() {
        [b'.', ..] => error.hint("times are whole numbers: write 1500ms instead of 1.5s"),
        [b'm', b'i', ..] => error.hint("minutes are 'm'"),
        [b'h', ..] => error.hint("hours are 'h'"),
        [b'd', ..] => error.hint("days are 'd'"),
        [b's', ..] => error.hint("seconds are 's'"),
        _ => error,
    }
}

fn too_large(piece: Piece<'_>) -> ValueError {
    ValueError::at(piece, "a number that fits into 64 bits")
}

fn out_of_range(piece: Piece<'_>, min: i128, max: i128) -> ValueError {
    let expected = if max == i128::from(u64::MAX) {
        format!("a number of at least {min} that fits into 64 bits")
    } else {
        format!("a number from {min} to {max}")
    };
    ValueError::at(piece.trim(), expected)
}
