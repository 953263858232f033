//! Arithmetic in values: `size=(2*1024)k`, `runtime=(10m+30s)`.
//!
//! A value that begins with a parenthesis is an expression. Operators, weakest first: `+ -`, a unit
//! after its number, `* /`, `^` (right to left), `%` (modulo, integers only), unary `-`. Without a
//! floating-point number all is done in integers. Text after `#`, `:` or `,` is not part of it.

use super::{Piece, ValueError, number};

/// Deepest nesting; the parser is recursive.
const DEPTH_MAX: u32 = 64;

/// Which units an expression may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Units {
    /// k, m, g .. are powers of 1024.
    Sizes,
    /// us, ms, s, m, h, d; the result is in microseconds.
    Times,
}

/// The value of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Truncated to an integer.
    pub(super) value: i128,
    /// A unit occurred, so the default unit does not apply.
    pub(super) had_unit: bool,
}

/// True if this value is to be evaluated.
pub(super) fn is_expression(piece: Piece<'_>) -> bool {
    piece.bytes.first() == Some(&b'(')
}

/// Evaluates an expression.
pub(super) fn evaluate(piece: Piece<'_>, units: Units) -> Result<Outcome, ValueError> {
    let mut parser = Parser { piece, at: 0, units, had_unit: false };
    let result = parser.expression(0, 0)?;
    parser.skip_blanks();
    if !matches!(parser.peek(), None | Some(b'#' | b':' | b',')) {
        return Err(parser.error("an operator or the end of the expression"));
    }
    let value = match result {
        Number::Integer(value) => value,
        Number::Float(value) if value.abs() < 1e30 => value as i128,
        Number::Float(_) => return Err(ValueError::at(piece, "a result that fits into 64 bits")),
    };
    Ok(Outcome { value, had_unit: parser.had_unit })
}

#[derive(Clone, Copy, Debug)]
enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    fn as_float(self) -> f64 {
        match self {
            Number::Integer(n) => n as f64,
            Number::Float(f) => f,
        }
    }
}

struct Parser<'a> {
    piece: Piece<'a>,
    at: usize,
    units: Units,
    had_unit: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.piece.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn error(&self, expected: &str) -> ValueError {
        let end = (self.at + 1).min(self.piece.bytes.len());
        ValueError::at(self.piece.slice(self.at.min(end), end), expected)
    }

    /// Reads an expression whose operators bind at least as strongly as `weakest`.
    fn expression(&mut self, weakest: u8, depth: u32) -> Result<Number, ValueError> {
        if depth > DEPTH_MAX {
            return Err(self.error("an expression with less nesting"));
        }
        let mut left = self.operand(depth)?;
        loop {
            self.skip_blanks();
            let Some(byte) = self.peek() else { return Ok(left) };
            let start = self.at;
            let (left_power, right_power) = match byte {
                b'+' | b'-' => (1, 2),
                b'*' | b'/' => (5, 6),
                b'^' => (8, 7),
                b'%' => (9, 10),
                b if b.is_ascii_alphabetic() && weakest <= 3 => {
                    left = self.unit(left)?;
                    continue;
                }
                _ => return Ok(left),
            };
            if left_power < weakest {
                return Ok(left);
            }
            self.at += 1;
            let right = self.expression(right_power, depth + 1)?;
            let whole = self.piece.slice(start, self.at);
            left = apply(byte, left, right, whole)?;
        }
    }

    fn operand(&mut self, depth: u32) -> Result<Number, ValueError> {
        self.skip_blanks();
        match self.peek() {
            Some(b'(') => {
                self.at += 1;
                let inner = self.expression(0, depth + 1)?;
                self.skip_blanks();
                if self.peek() != Some(b')') {
                    return Err(self.error("')'"));
                }
                self.at += 1;
                Ok(inner)
            }
            Some(b'-') => {
                self.at += 1;
                Ok(match self.expression(11, depth + 1)? {
                    Number::Integer(n) => Number::Integer(-n),
                    Number::Float(f) => Number::Float(-f),
                })
            }
            Some(b'0'..=b'9' | b'.') => self.number(),
            _ => Err(self.error("a number or '('")),
        }
    }

    fn number(&mut self) -> Result<Number, ValueError> {
        let rest = &self.piece.bytes[self.at..];
        if let [b'0', b'x' | b'X', tail @ ..] = rest {
            let count = tail.iter().take_while(|b| b.is_ascii_hexdigit()).count();
            let text = std::str::from_utf8(&tail[..count]).unwrap_or_default();
            let value = u64::from_str_radix(text, 16)
                .map_err(|_| self.error("a hexadecimal number of at most 64 bits"))?;
            self.at += 2 + count;
            return Ok(Number::Integer(i128::from(value)));
        }
        let mut end = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let mut float = false;
        if rest.get(end) == Some(&b'.') {
            float = true;
            end += 1;
            end += rest[end..].iter().take_while(|b| b.is_ascii_digit()).count();
        }
        // An exponent only if digits follow: `2e` is not one.
        if let Some(b'e' | b'E') = rest.get(end) {
            let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            let count = rest[end + 1 + sign..].iter().take_while(|b| b.is_ascii_digit()).count();
            if count > 0 {
                float = true;
                end += 1 + sign + count;
            }
        }
        let text = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        let value = if float {
            text.parse().ok().filter(|f: &f64| f.is_finite()).map(Number::Float)
        } else {
            text.parse::<u64>().ok().map(|n| Number::Integer(i128::from(n)))
        };
        let value = value.ok_or_else(|| self.error("a number of at most 64 bits"))?;
        self.at += end;
        Ok(value)
    }

    fn unit(&mut self, value: Number) -> Result<Number, ValueError> {
        let rest = &self.piece.bytes[self.at..];
        let count = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let word = &rest[..count];
        let factor = match self.units {
            // fio ignores kb_base here: k is always 1024 and kib 1000.
            Units::Sizes => number::size_factor(word, 1024),
            Units::Times => number::time_factor(word),
        };
        let piece = self.piece.slice(self.at, self.at + count);
        let factor = factor.ok_or_else(|| {
            ValueError::at(
                piece,
                match self.units {
                    Units::Sizes => "a size suffix (k, m, g, t, p, kib ..)",
                    Units::Times => "a unit of time: us, ms, s, m, h or d",
                },
            )
        })?;
        self.at += count;
        self.had_unit = true;
        apply(b'*', value, Number::Integer(factor), piece)
    }
}

/// Computes one operation; `place` is where it stands, for messages.
fn apply(operator: u8, a: Number, b: Number, place: Piece<'_>) -> Result<Number, ValueError> {
    let too_large = || ValueError::at(place, "a result that fits into 64 bits");
    if let (Number::Integer(a), Number::Integer(b)) = (a, b) {
        if b == 0 && matches!(operator, b'/' | b'%') {
            return Err(ValueError::at(place, "a divisor other than zero"));
        }
        let result = match operator {
            b'+' => a.checked_add(b),
            b'-' => a.checked_sub(b),
            b'*' => a.checked_mul(b),
            b'/' => a.checked_div(b),
            b'%' => a.checked_rem(b),
            _ if b < 0 => {
                return apply(operator, Number::Float(a as f64), Number::Integer(b), place);
            }
            _ => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        };
        // Beyond 2^100 nothing sensible can follow; this also keeps negation safe.
        return result
            .filter(|n| n.unsigned_abs() < 1 << 100)
            .map(Number::Integer)
            .ok_or_else(too_large);
    }
    let (a, b) = (a.as_float(), b.as_float());
    let result = match operator {
        b'+' => a + b,
        b'-' => a - b,
        b'*' => a * b,
        b'/' if b == 0.0 => {
            return Err(ValueError::at(place, "a divisor other than zero"));
        }
        b'/' => a / b,
        b'%' => return Err(ValueError::at(place, "integers on both sides of %")),
        _ => a.powf(b),
    };
    if result.is_finite() { Ok(Number::Float(result)) } else { Err(too_large()) }
}
