//! A part of a value that knows where it stands, so that errors can point at it.

/// Some bytes of a value and their position in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) start: usize,
}

impl<'a> Piece<'a> {
    /// The whole value.
    pub(super) fn whole(bytes: &'a [u8]) -> Self {
        Piece { bytes, start: 0 }
    }

    /// Bytes `start..end`, both clamped.
    pub(super) fn slice(self, start: usize, end: usize) -> Self {
        let end = end.min(self.bytes.len());
        let start = start.min(end);
        Piece { bytes: &self.bytes[start..end], start: self.start + start }
    }

    /// From byte `start` to the end.
    pub(super) fn from(self, start: usize) -> Self {
        self.slice(start, self.bytes.len())
    }

    /// Without white space at both ends.
    pub(super) fn trim(self) -> Self {
        let lead = self.bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let rest = self.from(lead);
        let trail = rest.bytes.iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
        rest.slice(0, rest.bytes.len() - trail)
    }

    /// Nothing but white space.
    pub(super) fn is_blank(self) -> bool {
        self.trim().bytes.is_empty()
    }

    /// Before and after the first `separator`.
    pub(super) fn split_once(self, separator: u8) -> Option<(Self, Self)> {
        let at = self.bytes.iter().position(|b| *b == separator)?;
        Some((self.slice(0, at), self.from(at + 1)))
    }

    /// The parts between bytes for which `separates` holds. What stands in parentheses is never
    /// taken apart, nor is a sign at the beginning of a part taken for a separator.
    pub(super) fn split(self, separates: impl Fn(u8) -> bool) -> Vec<Self> {
        let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
        for (at, byte) in self.bytes.iter().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                b'-' if at == start => {}
                b if depth == 0 && separates(*b) => {
                    parts.push(self.slice(start, at));
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push(self.from(start));
        parts
    }

    /// For messages and look-ups.
    pub(super) fn text(self) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }
}
