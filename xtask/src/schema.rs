//! Checks documents against the project's JSON schemas: the parts of JSON Schema that those use.

use std::collections::BTreeSet;

use crate::json::Json;

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

    /// Says where a document differs from the schema.
    pub fn check(&mut self, document: &Json) -> Result<(), String> {
        let root = self.root.clone();
        self.against(&root, "root", document)
    }

    fn against(&mut self, schema: &Json, at: &str, value: &Json) -> Result<(), String> {
        if let Some(reference) = schema.get("$ref").and_then(Json::text) {
            let name = reference.trim_start_matches("#/$defs/").to_owned();
            let target = self.root.get("$defs").and_then(|defs| defs.get(&name)).cloned();
            let target = target.ok_or_else(|| format!("{at}: {reference} is not defined"))?;
            return self.against(&target, &name, value);
        }
        let wanted = schema.get("type").and_then(Json::text).unwrap_or("nothing");
        let matches = match wanted {
            "object" => matches!(value, Json::Object(_)),
            "array" => matches!(value, Json::Array(_)),
            "string" => matches!(value, Json::Text(_)),
            "integer" => matches!(value, Json::Integer(_)),
            "boolean" => matches!(value, Json::Bool(_)),
            _ => false,
        };
        if !matches {
            return Err(format!("{at}: {value:?} is not of type {wanted}"));
        }
        if schema.get("enum").is_some_and(|words| !words.items().contains(value)) {
            return Err(format!("{at}: {value:?} is not one of the words"));
        }
        if let (Json::Array(items), Some(of)) = (value, schema.get("items")) {
            items.iter().try_for_each(|item| self.against(of, at, item))?;
        }
        let Json::Object(members) = value else { return Ok(()) };
        for name in schema.get("required").map(Json::items).unwrap_or_default() {
            let name = name.text().unwrap_or_default();
            if value.get(name).is_none() {
                return Err(format!("{at}: {name} is missing"));
            }
        }
        for (name, member) in members {
            let path = format!("{at}.{name}");
            let described = schema.get("properties").and_then(|all| all.get(name));
            let described = described.ok_or_else(|| format!("{path} is not in the schema"))?;
            self.seen.insert(path.clone());
            self.against(described, &path, member)?;
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn checker() -> Checker {
        let schema = r##"{ "type": "object", "required": ["a"], "properties": {
            "a": { "type": "array", "items": { "$ref": "#/$defs/b" } },
            "word": { "type": "string", "enum": ["x", "y"] } },
            "$defs": { "b": { "type": "object", "properties": { "n": { "type": "integer" } } } } }"##;
        Checker::new(Json::parse(schema).unwrap())
    }

    #[test]
    fn what_differs_is_named() {
        let check = |text: &str| checker().check(&Json::parse(text).unwrap());
        assert_eq!(check(r#"{ "a": [{ "n": 1 }, {}], "word": "y" }"#), Ok(()));
        for (wrong, named) in [
            ("[]", "root"),
            ("{}", "a is missing"),
            (r#"{ "a": [{ "n": 1.5 }] }"#, "b.n"),
            (r#"{ "a": [], "word": "z" }"#, "root.word"),
            (r#"{ "a": [{ "m": 1 }] }"#, "b.m"),
        ] {
            let error = check(wrong).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn members_are_noted_by_definition() {
        let mut checker = checker();
        checker.check(&Json::parse(r#"{ "a": [{ "n": 1 }] }"#).unwrap()).unwrap();
        assert_eq!(checker.seen, ["b.n", "root.a"].map(str::to_owned).into());
        assert_eq!(checker.described(), ["b.n", "root.a", "root.word"].map(str::to_owned).into());
    }
}
