//! Checks a JSON document against a published schema, as far as ours use the language of JSON Schema:
//! types, words, members, elements, alternatives and references inside of the document.

use std::collections::BTreeSet;

use crate::json::Json;

/// What in `value` is not as `schema` says; nothing if all is.
pub fn complaints(schema: &Json, value: &Json) -> Vec<String> {
    Checker::new(schema.clone()).check(value)
}

/// A schema with what has been seen of it.
#[derive(Clone, Debug)]
pub struct Checker {
    root: Json,
    /// Paths of members that occurred, as `definition.member`.
    pub seen: BTreeSet<String>,
}

impl Checker {
    /// For this schema.
    pub fn new(schema: Json) -> Checker {
        Checker { root: schema, seen: BTreeSet::new() }
    }

    /// What in a document is not as the schema says; nothing if all is.
    pub fn check(&mut self, document: &Json) -> Vec<String> {
        let root = self.root.clone();
        let mut found = Vec::new();
        self.against(&root, Place { definition: "root", path: "" }, document, &mut found);
        found
    }

    fn against(&mut self, schema: &Json, at: Place<'_>, value: &Json, found: &mut Vec<String>) {
        let path = at.path;
        if let Some(reference) = schema.get("$ref").and_then(Json::text) {
            let mut keys = reference.trim_start_matches("#/").split('/');
            let definition = reference.rsplit('/').next().unwrap_or_default();
            match keys.try_fold(&self.root, |json, key| json.get(key)).cloned() {
                Some(target) => self.against(&target, Place { definition, path }, value, found),
                None => found.push(format!("{path}: {reference} is not defined")),
            }
            return;
        }
        if let Some(alternatives) = schema.get("oneOf") {
            let mut fits = |one: &&Json| {
                let mut none = Vec::new();
                self.against(one, at, value, &mut none);
                none.is_empty()
            };
            if alternatives.items().iter().filter(|one| fits(one)).count() != 1 {
                found.push(format!("{path}: fits not exactly one alternative"));
            }
            return;
        }
        if let Some(kind) = schema.get("type").and_then(Json::text)
            && !is_of_type(value, kind)
        {
            found.push(format!("{path}: is no {kind}"));
            return;
        }
        if let Some(words) = schema.get("enum")
            && !words.items().contains(value)
        {
            found.push(format!("{path}: {value:?} is no word of the list"));
        }
        if let Some(items) = schema.get("items") {
            for (index, item) in value.items().iter().enumerate() {
                let path = &format!("{path}[{index}]");
                self.against(items, Place { path, ..at }, item, found);
            }
        }
        self.members(schema, at, value, found);
    }

    fn members(&mut self, schema: &Json, at: Place<'_>, value: &Json, found: &mut Vec<String>) {
        let required = schema.get("required").map_or(&[][..], Json::items);
        for name in required.iter().filter_map(Json::text) {
            if value.get(name).is_none() {
                found.push(format!("{}: {name} is missing", at.path));
            }
        }
        let others = schema.get("additionalProperties");
        for (name, member) in value.members() {
            let path = &format!("{}.{name}", at.path);
            let definition = &format!("{}.{name}", at.definition);
            let inside = Place { definition, path };
            match (schema.get("properties").and_then(|known| known.get(name)), others) {
                (Some(schema), _) => {
                    self.seen.insert(definition.clone());
                    self.against(schema, inside, member, found);
                }
                (None, Some(Json::Bool(false))) => found.push(format!("{path}: is not known")),
                (None, Some(schema @ Json::Object(_))) => {
                    self.against(schema, inside, member, found);
                }
                (None, _) => {}
            }
        }
    }

    /// Paths of all members that the schema describes.
    pub fn described(&self) -> BTreeSet<String> {
        fn walk(schema: &Json, at: &str, out: &mut BTreeSet<String>) {
            if let Some(Json::Object(members)) = schema.get("properties") {
                for (name, member) in members {
                    let path = format!("{at}.{name}");
                    walk(member, &path, out);
                    out.insert(path);
                }
            }
            if let Some(items) = schema.get("items") {
                walk(items, at, out);
            }
        }
        let mut out = BTreeSet::new();
        walk(&self.root, "root", &mut out);
        if let Some(Json::Object(definitions)) = self.root.get("$defs") {
            for (name, definition) in definitions {
                walk(definition, name, &mut out);
            }
        }
        out
    }
}

/// Where in the schema and in the document the check is.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    definition: &'a str,
    path: &'a str,
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
        complaints(&Json::parse(SCHEMA).unwrap(), &Json::parse(value).unwrap())
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
    fn members_are_noted_by_definition() {
        let schema = r##"{ "properties": {
            "a": { "type": "array", "items": { "$ref": "#/$defs/b" } }, "c": { "type": "string" } },
            "$defs": { "b": { "properties": { "n": { "type": "integer" } } } } }"##;
        let mut checker = Checker::new(Json::parse(schema).unwrap());
        assert_eq!(checker.check(&Json::parse(r#"{ "a": [{ "n": 1 }] }"#).unwrap()), [""; 0]);
        assert_eq!(checker.seen, ["b.n", "root.a"].map(str::to_owned).into());
        assert_eq!(checker.described(), ["b.n", "root.a", "root.c"].map(str::to_owned).into());
    }
}
