//! The JSON forms of findings and of their kinds; `docs/json-schema/check-1.json` describes them.

use fiord_options::diagnostic::{Code, GROUPS, Severity};
use fiord_options::{Diagnostic, Diagnostics};
use serde::Serialize;

/// Name of the form; changes only if members change their meaning or disappear.
const SCHEMA: &str = "check-1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    version: &'static str,
    findings: Vec<Finding<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    not_built: usize,
    warnings: usize,
    notes: usize,
}

#[derive(Serialize)]
struct Finding<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    help: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    text: String,
}

/// The findings as one document.
pub(super) fn findings(found: &Diagnostics) -> serde_json::Result<String> {
    let count = |severity| found.count(severity);
    serde_json::to_string_pretty(&Document {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        findings: found.iter().map(finding).collect(),
        summary: Summary {
            errors: count(Severity::Error),
            not_built: count(Severity::Unbuilt),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        },
    })
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Unbuilt => "not_built",
        Severity::Error => "error",
    }
}

fn finding(finding: &Diagnostic) -> Finding<'_> {
    Finding {
        code: finding.code.map(|code| code.id),
        name: finding.code.map(|code| code.slug),
        severity: word(finding.severity),
        message: &finding.message,
        label: &finding.label,
        help: &finding.help,
        place: finding.origin.as_ref().map(|origin| Place {
            file: &origin.source().name,
            line: origin.line(),
            column: origin.column(),
            text: String::from_utf8_lossy(origin.bytes()).into_owned(),
        }),
    }
}

#[derive(Serialize)]
struct Kinds {
    schema: &'static str,
    kinds: Vec<Kind>,
}

#[derive(Serialize)]
struct Kind {
    code: &'static str,
    name: &'static str,
    group: &'static str,
    severity: &'static str,
    title: &'static str,
    why: &'static str,
    remedy: &'static str,
    bad: &'static str,
    good: &'static str,
}

/// All kinds of findings, or one, as one document.
pub(super) fn kinds(only: Option<&Code>) -> serde_json::Result<String> {
    let mut kinds = Vec::new();
    for group in GROUPS {
        let wanted = |code: &&Code| only.is_none_or(|only| only == *code);
        kinds.extend(group.codes().filter(wanted).map(|code| Kind {
            code: code.id,
            name: code.slug,
            group: group.title,
            severity: word(code.severity),
            title: code.title,
            why: code.why,
            remedy: code.remedy,
            bad: code.bad,
            good: code.good,
        }));
    }
    serde_json::to_string_pretty(&Kinds { schema: SCHEMA, kinds })
}
