//! Buffer patterns: strings, numbers, files and offsets written one after the other.
//!
//! Reading gives pieces; files are read by the caller, because nothing here does I/O.

use super::piece::Piece;
use super::{PatternPiece, ValueError};

/// Longest pattern in bytes, as in fio 3.34 and later.
pub const PATTERN_MAX: usize = 128 << 20;

/// Why the pieces of a pattern cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// A file could not be read.
    #[error("cannot read '{path}': {}", crate::diagnostic::reason(source))]
    File {
        /// Its name.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The bytes are too many.
    #[error("the pattern is longer than {PATTERN_MAX} bytes")]
    TooLong,
    /// There are no bytes.
    #[error("the pattern is empty")]
    Empty,
}

/// Puts the bytes of a pattern together. Returns them with the positions of `%o`, where eight zero
/// bytes are left. `read_file` returns the content of a file, at most one byte more than its second
/// argument.
pub fn assemble(
    pieces: &[PatternPiece],
    mut read_file: impl FnMut(&[u8], usize) -> std::io::Result<Vec<u8>>,
) -> Result<(Vec<u8>, Vec<usize>), PatternError> {
    let (mut bytes, mut offsets) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            PatternPiece::Bytes(some) => bytes.extend_from_slice(some),
            PatternPiece::File(name) => {
                let content = read_file(name, PATTERN_MAX).map_err(|source| {
                    let path = String::from_utf8_lossy(name).into_owned();
                    PatternError::File { path, source }
                })?;
                bytes.extend_from_slice(&content);
            }
            PatternPiece::Offset => {
                offsets.push(bytes.len());
                bytes.extend_from_slice(&[0; 8]);
            }
        }
        if bytes.len() > PATTERN_MAX {
            return Err(PatternError::TooLong);
        }
    }
    if bytes.is_empty() { Err(PatternError::Empty) } else { Ok((bytes, offsets)) }
}

/// Little endian without the leading zero bytes; zero itself is one byte.
fn number_bytes(number: i32) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    while bytes.len() > 1 && bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

/// Reads the pieces of a pattern.
pub(super) fn read(all: Piece<'_>, offsets: bool) -> Result<Vec<PatternPiece>, ValueError> {
    let mut rest = all.trim();
    let mut pieces = Vec::new();
    while let Some(first) = rest.bytes.first() {
        let (piece, length) = match first {
            b'"' | b'\'' => quoted(rest)?,
            b'%' if offsets && rest.bytes.starts_with(b"%o") => (PatternPiece::Offset, 2),
            b'%' => {
                let expected = if offsets { "%o" } else { "no %o: only verify_pattern knows it" };
                return Err(ValueError::at(rest.slice(0, 2), expected));
            }
            b'0' if matches!(rest.bytes.get(1), Some(b'x' | b'X')) => hexadecimal(rest)?,
            b'-' | b'0'..=b'9' => decimal(rest)?,
            _ => {
                let expected = "a string in double quotes, a number, or 'FILE' in single quotes";
                let error = ValueError::at(rest, expected);
                return Err(if rest.bytes.iter().all(u8::is_ascii_hexdigit) {
                    error.hint(format!("write 0x{}", rest.text()))
                } else {
                    error
                });
            }
        };
        // Neighbours are joined, so that the canonical text is unambiguous.
        match (pieces.last_mut(), piece) {
            (Some(PatternPiece::Bytes(last)), PatternPiece::Bytes(more)) => last.extend(more),
            (_, piece) => pieces.push(piece),
        }
        rest = rest.from(length);
    }
    Ok(pieces)
}

fn quoted(rest: Piece<'_>) -> Result<(PatternPiece, usize), ValueError> {
    let quote = rest.bytes[0];
    let Some(length) = rest.bytes[1..].iter().position(|b| *b == quote) else {
        return Err(ValueError::at(rest, format!("a closing {}", quote as char)));
    };
    let text = rest.bytes[1..=length].to_vec();
    if text.is_empty() {
        return Err(ValueError::at(rest.slice(0, 2), "something between the quotes"));
    }
    let piece = if quote == b'"' { PatternPiece::Bytes(text) } else { PatternPiece::File(text) };
    Ok((piece, length + 2))
}

/// Bytes as written, the first digit alone if their number is odd. A `0x` that follows directly
/// begins the next piece: its zero is not a digit of this one.
fn hexadecimal(rest: Piece<'_>) -> Result<(PatternPiece, usize), ValueError> {
    let digits = &rest.bytes[2..];
    let mut count = digits.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    if count > 0 && digits[count - 1] == b'0' && matches!(digits.get(count), Some(b'x' | b'X')) {
        count -= 1;
    }
    if count == 0 {
        return Err(ValueError::at(rest, "hexadecimal digits after 0x"));
    }
    let nibble = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
    let (odd, even) = digits[..count].split_at(count % 2);
    let mut bytes: Vec<u8> = odd.iter().map(|b| nibble(*b)).collect();
    bytes.extend(even.chunks_exact(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])));
    Ok((PatternPiece::Bytes(bytes), 2 + count))
}

fn decimal(rest: Piece<'_>) -> Result<(PatternPiece, usize), ValueError> {
    let sign = usize::from(rest.bytes[0] == b'-');
    let mut count = rest.bytes[sign..].iter().take_while(|b| b.is_ascii_digit()).count();
    // `-100xab` is -10 and 0xab.
    let end = sign + count;
    if count > 1 && rest.bytes[end - 1] == b'0' && matches!(rest.bytes.get(end), Some(b'x' | b'X'))
    {
        count -= 1;
    }
    let piece = rest.slice(0, sign + count);
    let number = piece
        .text()
        .parse::<i32>()
        .map_err(|_| ValueError::at(piece, "a number of 32 bits, or 0x and hexadecimal digits"))?;
    Ok((PatternPiece::Bytes(number_bytes(number)), sign + count))
}
