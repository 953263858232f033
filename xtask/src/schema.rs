//! Checks JSON documents against a published schema, as far as ours use the language of JSON Schema:
//! types, words, members, elements, alternatives and references inside of the document. It remembers
//! what occurred, so that a test can ask which described members are never written.

use std::collections::BTreeSet;

use crate::Outcome;
use crate::json::Json;
use crate::program::project_root;

/// A schema, and which of the members that it describes have occurred in documents.
#[derive(Debug)]
pub struct Schema {
    root: Json,
    /// As `definition.member`; members of the document itself as `.member`.
    seen: BTreeSet<String>,
}

impl Schema {
    /// The schema of this name among the published ones.
    pub fn published(name: &str) -> Outcome<Schema> {
        let path = project_root().join("docs/json-schema").join(name).with_extension("json");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Schema::parse(&text)
    }

    /// Reads a schema.
    pub fn parse(text: &str) -> Outcome<Schema> {
        Ok(Schema { root: Json::parse(text)?, seen: BTreeSet::new() })
    }

    /// What the schema is called.
    pub fn title(&self) -> Option<&str> {
        self.root.get("title").and_then(Json::text)
    }

    /// What in `document` is not as the schema says; nothing if all is.
    pub fn complaints(&mut self, document: &Json) -> Vec<String> {
        let mut check = Check { root: &self.root, complaints: Vec::new(), seen: BTreeSet::new() };
        check.against(&self.root, "", "", document);
        let Check { complaints, seen, .. } = check;
        self.seen.extend(seen);
        complaints
    }

    /// Members that are described and have not occurred in any document so far.
    pub fn unseen(&self) -> Vec<String> {
        let mut described = BTreeSet::new();
        describe(&self.root, "", &mut described);
        described.difference(&self.seen).cloned().collect()
    }
}

/// One document on its way through a schema. In all that follows `place` is where in the schema
/// something is described, `at` where in the document it stands.
struct Check<'a> {
    root: &'a Json,
    complaints: Vec<String>,
    seen: BTreeSet<String>,
}

impl<'a> Check<'a> {
    fn against(&mut self, schema: &'a Json, place: &str, at: &str, value: &Json) {
        if let Some(reference) = schema.get("$ref").and_then(Json::text) {
            let mut path = reference.trim_start_matches("#/").split('/');
            match path.try_fold(self.root, |json, key| json.get(key)) {
                Some(target) => self.against(target, definition(reference), at, value),
                None => self.complaints.push(format!("{at}: {reference} is not defined")),
            }
            return;
        }
        if let Some(alternatives) = schema.get("oneOf") {
            self.alternatives(alternatives.items(), place, at, value);
            return;
        }
        if let Some(kind) = schema.get("type").and_then(Json::text)
            && !is_of_type(value, kind)
        {
            self.complaints.push(format!("{at}: is no {kind}"));
            return;
        }
        if let Some(words) = schema.get("enum")
            && !words.items().contains(value)
        {
            self.complaints.push(format!("{at}: {value:?} is no word of the list"));
        }
        if let Some(items) = schema.get("items") {
            for (index, item) in value.items().iter().enumerate() {
                self.against(items, place, &format!("{at}[{index}]"), item);
            }
        }
        self.members(schema, place, at, value);
    }

    fn alternatives(&mut self, all: &'a [Json], place: &str, at: &str, value: &Json) {
        let mut fitting = all.iter().filter_map(|schema| {
            let mut check =
                Check { root: self.root, complaints: Vec::new(), seen: BTreeSet::new() };
            check.against(schema, place, at, value);
            check.complaints.is_empty().then_some(check.seen)
        });
        match (fitting.next(), fitting.next()) {
            (Some(seen), None) => self.seen.extend(seen),
            _ => self.complaints.push(format!("{at}: fits not exactly one alternative")),
        }
    }

    fn members(&mut self, schema: &'a Json, place: &str, at: &str, value: &Json) {
        let required = schema.get("required").map_or(&[][..], Json::items);
        for name in required.iter().filter_map(Json::text) {
            if value.get(name).is_none() {
                self.complaints.push(format!("{at}: {name} is missing"));
            }
        }
        let others = schema.get("additionalProperties");
        for (name, member) in value.members() {
            let at = format!("{at}.{name}");
            match (schema.get("properties").and_then(|known| known.get(name)), others) {
                (Some(schema), _) => {
                    let place = format!("{place}.{name}");
                    self.against(schema, &place, &at, member);
                    self.seen.insert(place);
                }
                (None, Some(Json::Bool(false))) => {
                    self.complaints.push(format!("{at}: is not known"));
                }
                (None, Some(schema @ Json::Object(_))) => self.against(schema, place, &at, member),
                (None, _) => {}
            }
        }
    }
}

/// Collects the members that a schema describes, as they are called when they are seen.
fn describe(schema: &Json, place: &str, described: &mut BTreeSet<String>) {
    let members = |key: &str| schema.get(key).map_or(&[][..], Json::members);
    for (name, member) in members("properties") {
        let place = format!("{place}.{name}");
        describe(member, &place, described);
        described.insert(place);
    }
    for (name, definition) in members("$defs") {
        describe(definition, name, described);
    }
    let alternatives = schema.get("oneOf").map_or(&[][..], Json::items);
    let nested = ["items", "additionalProperties"].map(|key| schema.get(key));
    for schema in nested.into_iter().flatten().chain(alternatives) {
        describe(schema, place, described);
    }
}

/// The name of what a reference refers to.
fn definition(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

fn is_of_type(value: &Json, kind: &str) -> bool {
    match value {
        Json::Null => kind == "null",
        Json::Bool(_) => kind == "boolean",
        Json::Integer(_) => matches!(kind, "integer" | "number"),
        Json::Float(_) => kind == "number",
        Json::Text(_) => kind == "string",
        Json::Array(_) => kind == "array",
        Json::Object(_) => kind == "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r##"{
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {
            "a": {"$ref": "#/$defs/list"},
            "b": {"oneOf": [{"type": "string", "enum": ["x"]}, {"type": "integer"}]}
        },
        "$defs": {"list": {"type": "array", "items": {"type": "integer"}}}
    }"##;

    fn check(value: &str) -> Vec<String> {
        Schema::parse(SCHEMA).unwrap().complaints(&Json::parse(value).unwrap())
    }

    #[test]
    fn what_fits_is_not_complained_of() {
        assert_eq!(check(r#"{"a": [1, 2], "b": "x"}"#), [""; 0]);
        assert_eq!(check(r#"{"a": [], "b": 4}"#), [""; 0]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(check(r#"{"b": 1}"#), [": a is missing"]);
        assert_eq!(check(r#"{"a": [1, "2"]}"#), [".a[1]: is no integer"]);
        assert_eq!(check(r#"{"a": [], "c": 1}"#), [".c: is not known"]);
        assert_eq!(check(r#"{"a": [], "b": "y"}"#), [".b: fits not exactly one alternative"]);
    }

    #[test]
    fn what_is_described_and_never_written_is_named() {
        let text = r##"{
            "properties": {"a": {"$ref": "#/$defs/pair"}, "b": {"$ref": "#/$defs/pair"}, "c": {}},
            "$defs": {"pair": {
                "oneOf": [
                    {"type": "object", "required": ["x"], "properties": {"x": {}, "y": {}}},
                    {"type": "array", "items": {"properties": {"z": {}}}}
                ]
            }}
        }"##;
        let mut schema = Schema::parse(text).unwrap();
        let all = [".a", ".b", ".c", "pair.x", "pair.y", "pair.z"];
        assert_eq!(schema.unseen(), all);
        let write = |schema: &mut Schema, document| {
            assert_eq!(schema.complaints(&Json::parse(document).unwrap()), [""; 0]);
        };
        write(&mut schema, r#"{"a": {"x": 1, "w": 2}, "y": 3}"#);
        assert_eq!(schema.unseen(), [".b", ".c", "pair.y", "pair.z"]);
        write(&mut schema, r#"{"b": [{}, {"z": {"c": 1}}]}"#);
        assert_eq!(schema.unseen(), [".c", "pair.y"]);
    }
}
