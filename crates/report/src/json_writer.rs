//! Writes JSON in the text form that programs written for fio expect.
//!
//! `"key" : value`, two spaces per level, each member on its own line, floats with six decimals,
//! and the root object's braces alone on their lines. The result is always valid JSON: keys and
//! strings are escaped fully and numbers that JSON cannot say are written as 0.

use std::fmt::Write as _;

/// Builds one document, member by member, in order.
#[derive(Debug, Default)]
pub(crate) struct JsonWriter {
    text: String,
    /// One entry per open object or array: whether it has members, and its closing bracket.
    open: Vec<(bool, char)>,
}

impl JsonWriter {
    /// Starts a document with its root object open.
    pub(crate) fn new() -> JsonWriter {
        let mut writer = JsonWriter::default();
        writer.bracket('{', '}');
        writer
    }

    /// Closes everything that is open and returns the document, ended by a line feed.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text.push('\n');
        self.text
    }

    /// Member object, filled by `fill`.
    pub(crate) fn object(&mut self, key: &str, fill: impl FnOnce(&mut JsonWriter)) {
        self.key(key);
        self.bracket('{', '}');
        fill(self);
        self.close();
    }

    /// Member array, filled by `fill` with the `push_` functions.
    pub(crate) fn array(&mut self, key: &str, fill: impl FnOnce(&mut JsonWriter)) {
        self.key(key);
        self.bracket('[', ']');
        fill(self);
        self.close();
    }

    /// Object as the next element of the open array.
    pub(crate) fn push_object(&mut self, fill: impl FnOnce(&mut JsonWriter)) {
        self.next_line();
        self.bracket('{', '}');
        fill(self);
        self.close();
    }

    /// String member.
    pub(crate) fn string(&mut self, key: &str, value: &str) {
        self.key(key);
        self.quoted(value);
    }

    /// Integer member. Readers use signed 64-bit integers: larger values are written as their limit.
    pub(crate) fn integer(&mut self, key: &str, value: u64) {
        self.signed(key, i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// Signed integer member.
    pub(crate) fn signed(&mut self, key: &str, value: i64) {
        self.key(key);
        let _ = write!(self.text, "{value}");
    }

    /// Float member with six decimals.
    pub(crate) fn float(&mut self, key: &str, value: f64) {
        self.key(key);
        let value = if value.is_finite() { value } else { 0.0 };
        let _ = write!(self.text, "{value:.6}");
    }

    fn key(&mut self, key: &str) {
        self.next_line();
        self.quoted(key);
        self.text.push_str(" : ");
    }

    fn bracket(&mut self, open: char, close: char) {
        self.text.push(open);
        self.text.push('\n');
        self.open.push((false, close));
    }

    fn close(&mut self) {
        if let Some((_, bracket)) = self.open.pop() {
            self.text.push('\n');
            self.indent();
            self.text.push(bracket);
        }
    }

    /// Moves to where the next member starts.
    fn next_line(&mut self) {
        if let Some((has_members, _)) = self.open.last_mut() {
            if *has_members {
                self.text.push_str(",\n");
            }
            *has_members = true;
        }
        self.indent();
    }

    fn indent(&mut self) {
        for _ in 0..self.open.len() {
            self.text.push_str("  ");
        }
    }

    fn quoted(&mut self, value: &str) {
        self.text.push('"');
        for character in value.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                control if control.is_control() => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(control));
                }
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form() {
        let mut json = JsonWriter::new();
        json.string("fio version", "fio-3.42");
        json.array("jobs", |json| {
            json.push_object(|json| json.float("iops", 22281.25));
            json.push_object(|json| json.integer("eta", u64::MAX));
        });
        json.object("none", |_| ());
        let expected = "{\n  \"fio version\" : \"fio-3.42\",\n  \"jobs\" : [\n    {\n      \
            \"iops\" : 22281.250000\n    },\n    {\n      \"eta\" : 9223372036854775807\n    }\n  \
            ],\n  \"none\" : {\n\n  }\n}\n";
        assert_eq!(json.finish(), expected);
    }

    #[test]
    fn hostile_strings_and_numbers_stay_valid() {
        let hostile = "a\"b\\c\n\t\u{1}\u{7f}\u{85}é";
        let mut json = JsonWriter::new();
        json.string(hostile, hostile);
        json.float("nan", f64::NAN);
        json.float("inf", f64::INFINITY);
        let value: serde_json::Value = serde_json::from_str(&json.finish()).unwrap();
        assert_eq!(value[hostile], hostile);
        assert_eq!(value["nan"], 0.0);
        assert_eq!(value["inf"], 0.0);
    }
}
