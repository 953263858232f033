//! JSON documents with what a comparison needs and a map would lose: the order of keys, repeated
//! keys, and whether a number was written as an integer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::Outcome;

/// A JSON value; members of an object are in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object; keys may repeat.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one document.
    pub fn parse(text: &str) -> Outcome<Json> {
        serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}").into())
    }

    /// Reads the documents of a program's output, each from a line `{` to a line `}`, and skips the
    /// text between them.
    pub fn parse_output(output: &str) -> Outcome<Vec<Json>> {
        let mut documents = Vec::new();
        let mut current: Option<String> = None;
        for line in output.lines() {
            if current.is_none() && line == "{" {
                current = Some(String::new());
            }
            if let Some(text) = &mut current {
                text.push_str(line);
                text.push('\n');
            }
            if line == "}"
                && let Some(text) = current.take()
            {
                documents.push(Json::parse(&text)?);
            }
        }
        match current {
            Some(_) => Err("the last JSON document does not end".into()),
            None => Ok(documents),
        }
    }

    /// The first member of that name.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The value at a path of keys and array positions, separated by dots: `jobs.0.read.iops`.
    pub fn at(&self, path: &str) -> Option<&Json> {
        path.split('.').try_fold(self, |value, step| match value {
            Json::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => value.get(step),
        })
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Json::Integer(value) => Some(*value as f64),
            Json::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    pub fn items(&self) -> &[Json] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// The members, if it is an object.
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The name of the value's type.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Integer(_) => "integer",
            Json::Float(_) => "float",
            Json::Text(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }

    /// Calls `visit` with the path and value of every value in it, itself first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&str, &'a Json)) {
        self.walk_from("", visit);
    }

    fn walk_from<'a>(&'a self, path: &str, visit: &mut impl FnMut(&str, &'a Json)) {
        visit(path, self);
        let step = |name: &str| {
            if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
        };
        match self {
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.walk_from(&step(&index.to_string()), visit);
                }
            }
            Json::Object(members) => {
                for (name, member) in members {
                    member.walk_from(&step(name), visit);
                }
            }
            _ => {}
        }
    }

    /// Paths and types of all values. Keys that are data (bins of a histogram) are written as `*`,
    /// and so are positions in arrays.
    pub fn shape(&self) -> BTreeMap<String, BTreeSet<&'static str>> {
        let mut shape: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
        self.shape_into("", &mut shape);
        shape
    }

    fn shape_into(&self, path: &str, shape: &mut BTreeMap<String, BTreeSet<&'static str>>) {
        shape.entry(path.to_string()).or_default().insert(self.kind());
        let dot = if path.is_empty() { "" } else { "." };
        match self {
            Json::Array(items) => {
                for item in items {
                    item.shape_into(&format!("{path}{dot}*"), shape);
                }
            }
            Json::Object(members) => {
                let keys_are_data = path.ends_with(".bins");
                for (name, member) in members {
                    let name = if keys_are_data { "*" } else { name };
                    member.shape_into(&format!("{path}{dot}{name}"), shape);
                }
            }
            _ => {}
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => write!(out, "null"),
            Json::Bool(value) => write!(out, "{value}"),
            Json::Integer(value) => write!(out, "{value}"),
            Json::Float(value) => write!(out, "{value:.6}"),
            Json::Text(text) => write!(out, "{text:?}"),
            Json::Array(items) => write!(out, "array of {}", items.len()),
            Json::Object(members) => write!(out, "object of {}", members.len()),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_repetition_and_number_types_survive() {
        let json = Json::parse("{\"b\" : 1, \"a\" : 1.000000, \"b\" : [\"x\", -2]}").unwrap();
        let names: Vec<&str> = json.members().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b"]);
        assert_eq!(json.get("b"), Some(&Json::Integer(1)));
        assert_eq!(json.get("a").map(Json::kind), Some("float"));
        assert_eq!(json.members()[2].1.at("1"), Some(&Json::Integer(-2)));
    }

    #[test]
    fn documents_are_found_between_other_lines() {
        let output = "fio: a note\n{\n  \"a\" : {\n  }\n}\nmore\n{\n\"a\" : 2\n}\n";
        let documents = Json::parse_output(output).unwrap();
        assert_eq!(documents.len(), 2);
        assert_eq!(documents[1].get("a"), Some(&Json::Integer(2)));
        assert!(Json::parse_output("{\n\"a\" : 2\n").is_err());
    }

    #[test]
    fn shape_names_types_by_path() {
        let json = Json::parse("{\"j\":[{\"bins\":{\"10\":1,\"20\":2}},{\"n\":1.5}]}").unwrap();
        let shape = json.shape();
        let paths: Vec<&str> = shape.keys().map(String::as_str).collect();
        assert_eq!(paths, ["", "j", "j.*", "j.*.bins", "j.*.bins.*", "j.*.n"]);
        assert!(shape["j.*.n"].contains("float"));
    }
}
