//! Replacement of variables in the lines of job files: `${NAME}` by the environment, `$pagesize`,
//! `$mb_memory` and `$ncpus` by facts of the machine, and arithmetic with the latter.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::host::Host;

/// Replaced variables would make a line longer than it may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// The line with all variables replaced, at most `room` bytes if there are any. Unset environment
/// variables are empty; `${` without its brace stands for itself.
pub(crate) fn expand<'a>(
    line: &'a [u8],
    host: &Host<'_>,
    room: usize,
) -> Result<Cow<'a, [u8]>, TooLong> {
    // Hardly any line has a variable.
    if !line.contains(&b'$') {
        return Ok(Cow::Borrowed(line));
    }
    let line = expand_environment(line, host, room)?;
    let Some(expanded) = expand_keywords(&line, host, room)? else { return Ok(line) };
    // A value that computes with a keyword is computed here; others (paths with slashes, say) are
    // text with the keyword replaced.
    let Some(equals) = expanded.iter().position(|&byte| byte == b'=') else {
        return Ok(Cow::Owned(expanded));
    };
    let (name, value) = expanded.split_at(equals + 1);
    Ok(Cow::Owned(match calculate(value) {
        Some(result) => [name, result.to_string().as_bytes()].concat(),
        None => expanded,
    }))
}

fn expand_environment<'a>(
    line: &'a [u8],
    host: &Host<'_>,
    room: usize,
) -> Result<Cow<'a, [u8]>, TooLong> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(start) = find(rest, b"${") {
        let Some(length) = rest[start..].iter().position(|&byte| byte == b'}') else { break };
        let name = OsStr::from_bytes(&rest[start + 2..start + length]);
        let value = (host.env)(name).unwrap_or_default();
        append(&mut out, &rest[..start], room)?;
        append(&mut out, value.as_bytes(), room)?;
        rest = &rest[start + length + 1..];
    }
    if rest.len() == line.len() {
        return Ok(Cow::Borrowed(line));
    }
    append(&mut out, rest, room)?;
    Ok(Cow::Owned(out))
}

/// `None` if there is no keyword.
fn expand_keywords(line: &[u8], host: &Host<'_>, room: usize) -> Result<Option<Vec<u8>>, TooLong> {
    let keywords: [(&[u8], u64); 3] = [
        (b"$pagesize", host.page_size),
        (b"$mb_memory", host.memory_bytes >> 20),
        (b"$ncpus", u64::from(host.cpus)),
    ];
    let mut out = Vec::new();
    let mut rest = line;
    let mut from = 0;
    while let Some(dollar) = rest[from..].iter().position(|&byte| byte == b'$') {
        let start = from + dollar;
        let found = keywords.iter().find(|(keyword, _)| rest[start..].starts_with(keyword));
        let Some((keyword, value)) = found else {
            from = start + 1;
            continue;
        };
        append(&mut out, &rest[..start], room)?;
        append(&mut out, value.to_string().as_bytes(), room)?;
        rest = &rest[start + keyword.len()..];
        from = 0;
    }
    if rest.len() == line.len() {
        return Ok(None);
    }
    append(&mut out, rest, room)?;
    Ok(Some(out))
}

fn append(out: &mut Vec<u8>, bytes: &[u8], room: usize) -> Result<(), TooLong> {
    if bytes.len() > room.saturating_sub(out.len()) {
        return Err(TooLong);
    }
    out.extend_from_slice(bytes);
    Ok(())
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

/// The value of an integer expression (`+ - * / %`, parentheses), cut towards zero at each division;
/// `None` if the text is not one, or has no operator, or overflows.
fn calculate(text: &[u8]) -> Option<i128> {
    if !text.iter().any(|byte| b"+-*/".contains(byte)) {
        return None;
    }
    let mut calculator = Calculator { rest: text, depth: 0 };
    let value = calculator.sum()?;
    calculator.skip_blanks();
    calculator.rest.is_empty().then_some(value)
}

struct Calculator<'a> {
    rest: &'a [u8],
    depth: u32,
}

impl Calculator<'_> {
    /// Deeper nesting is refused, so that no input exhausts the stack.
    const MAX_DEPTH: u32 = 64;

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn take(&mut self, wanted: &[u8]) -> Option<u8> {
        self.skip_blanks();
        let byte = *self.rest.first().filter(|byte| wanted.contains(byte))?;
        self.rest = &self.rest[1..];
        Some(byte)
    }

    fn sum(&mut self) -> Option<i128> {
        let mut value = self.product()?;
        while let Some(operator) = self.take(b"+-") {
            let right = self.product()?;
            value = match operator {
                b'+' => value.checked_add(right)?,
                _ => value.checked_sub(right)?,
            };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<i128> {
        let mut value = self.factor()?;
        while let Some(operator) = self.take(b"*/%") {
            let right = self.factor()?;
            value = match operator {
                b'*' => value.checked_mul(right)?,
                b'/' => value.checked_div(right)?,
                _ => value.checked_rem(right)?,
            };
        }
        Some(value)
    }

    fn factor(&mut self) -> Option<i128> {
        self.depth += 1;
        if self.depth > Self::MAX_DEPTH {
            return None;
        }
        let value = if self.take(b"-").is_some() {
            self.factor()?.checked_neg()?
        } else if self.take(b"(").is_some() {
            let inner = self.sum()?;
            self.take(b")")?;
            inner
        } else {
            self.number()?
        };
        self.depth -= 1;
        Some(value)
    }

    fn number(&mut self) -> Option<i128> {
        self.skip_blanks();
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        std::str::from_utf8(number).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::test_host;

    fn check(line: &str, expected: &str) {
        let out = expand(line.as_bytes(), &test_host(), usize::MAX).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), expected, "{line}");
    }

    #[test]
    fn environment_variables_are_replaced_once() {
        check("size=${SIZE}", "size=16k");
        check("${NAME}=${SIZE}${SIZE}", "bs=16k16k");
        check("size=${UNSET}1k", "size=1k");
        check("size=${SIZE", "size=${SIZE");
        check("description=${LOOP}", "description=${LOOP}");
        check("a=$SIZE", "a=$SIZE");
    }

    #[test]
    fn keywords_are_replaced_and_computed_with() {
        check("bs=$pagesize", "bs=4096");
        check("numjobs=$ncpus", "numjobs=4");
        check("size=$mb_memory", "size=2048");
        check("size=2*$pagesize + $ncpus", "size=8196");
        check("bs=$pagesize/3", "bs=1365");
        check("bs=(1+$ncpus)*-2", "bs=-10");
        check("filename=/tmp/x-$ncpus", "filename=/tmp/x-4");
        check("bs=$pagesize/0", "bs=4096/0");
        check("bs=4*1k", "bs=4*1k");
    }

    #[test]
    fn expressions_of_any_depth_end() {
        let deep = format!("bs={}$ncpus{}", "(".repeat(100_000), ")".repeat(100_000));
        for line in [
            deep,
            format!("bs={}$ncpus", "-".repeat(100_000)),
            format!("bs={}$ncpus*9", "9".repeat(60)),
        ] {
            expand(line.as_bytes(), &test_host(), usize::MAX).unwrap();
        }
    }

    #[test]
    fn many_variables_are_replaced_in_one_pass_and_within_bounds() {
        let line = format!("a={}", "$ncpus${SIZE}$".repeat(200_000));
        let out = expand(line.as_bytes(), &test_host(), usize::MAX).unwrap();
        assert_eq!(out.len(), 2 + 200_000 * "416k$".len());
        assert_eq!(expand(line.as_bytes(), &test_host(), 1000), Err(TooLong));
        assert_eq!(expand(b"x=$x", &test_host(), 0), Ok(Cow::Borrowed(&b"x=$x"[..])));
    }
}
