//! Checks a JSON document against a published schema, as far as ours use the language of JSON Schema:
//! types, words, members, elements, alternatives and references inside of the document.

use crate::json::Json;

/// What in `value` is not as `schema` says; nothing if all is.
pub fn complaints(schema: &Json, value: &Json) -> Vec<String> {
    let mut found = Vec::new();
    against(schema, schema, "", value, &mut found);
    found
}

fn against(root: &Json, schema: &Json, at: &str, value: &Json, found: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Json::text) {
        let mut path = reference.trim_start_matches("#/").split('/');
        match path.try_fold(root, |json, key| json.get(key)) {
            Some(target) => against(root, target, at, value, found),
            None => found.push(format!("{at}: {reference} is not defined")),
        }
        return;
    }
    if let Some(alternatives) = schema.get("oneOf") {
        let fits = |one: &&Json| {
            let mut none = Vec::new();
            against(root, one, at, value, &mut none);
            none.is_empty()
        };
        if alternatives.items().iter().filter(fits).count() != 1 {
            found.push(format!("{at}: fits not exactly one alternative"));
        }
        return;
    }
    if let Some(kind) = schema.get("type").and_then(Json::text)
        && !is_of_type(value, kind)
    {
        found.push(format!("{at}: is no {kind}"));
        return;
    }
    if let Some(words) = schema.get("enum")
        && !words.items().contains(value)
    {
        found.push(format!("{at}: {value:?} is no word of the list"));
    }
    if let Some(items) = schema.get("items") {
        for (index, item) in value.items().iter().enumerate() {
            against(root, items, &format!("{at}[{index}]"), item, found);
        }
    }
    members(root, schema, at, value, found);
}

fn members(root: &Json, schema: &Json, at: &str, value: &Json, found: &mut Vec<String>) {
    for name in schema.get("required").map_or(&[][..], Json::items).iter().filter_map(Json::text) {
        if value.get(name).is_none() {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    let others = schema.get("additionalProperties");
    for (name, member) in value.members() {
        let path = format!("{at}.{name}");
        match (schema.get("properties").and_then(|known| known.get(name)), others) {
            (Some(schema), _) => against(root, schema, &path, member, found),
            (None, Some(Json::Bool(false))) => found.push(format!("{path}: is not known")),
            (None, Some(schema @ Json::Object(_))) => against(root, schema, &path, member, found),
            (None, _) => {}
        }
    }
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
}
