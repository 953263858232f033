//! Rules about what was typed, and where; they need no plan.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::findings::Findings;
use super::option_of;
use crate::diagnostic::{Code, Diagnostic};
use crate::host::Host;
use crate::spec::{Document, DocumentKind, Origin, Section, SectionKind, Setting, Spec};
use crate::table::{OptionDef, ValueKind};
use crate::value::{self, ParseContext};

pub(super) fn look<'a>(spec: &'a Spec, host: &Host<'_>, findings: &mut Findings<'a>) {
    for (index, document) in spec.documents.iter().enumerate() {
        // Defaults on the command line hold for the first job file, too.
        let goes_on = index == 0 && spec.documents.len() > 1;
        if spec.has_jobs() && !goes_on {
            global_after_jobs(document, findings);
        }
        defaults_never_used(document, goes_on, findings);
        let mut kb_base = 1024;
        for section in document.sections() {
            set_twice(section, findings);
            let base = kb_base_of(section).unwrap_or(kb_base);
            for setting in section.settings() {
                inverted_unit(setting, base, findings);
                if document.kind() == DocumentKind::JobFile {
                    unset_variable(setting, host, findings);
                    cut_at_comment(setting, findings);
                }
            }
            if section.kind() == SectionKind::Global {
                kb_base = base;
            }
        }
    }
}

fn global_after_jobs<'a>(document: &'a Document, findings: &mut Findings<'a>) {
    for section in document.sections().rev() {
        if section.kind() == SectionKind::Job {
            return;
        }
        if section.settings().len() > 0 {
            findings.push_for_section(
                section,
                Diagnostic::warning("a global section behind the last job sets nothing")
                    .code(Code::GLOBAL_AFTER_JOBS)
                    .label("it holds for jobs below it")
                    .help("move it to the top of the file"),
            );
        }
    }
}

/// A default and what jobs make of it.
struct GivenDefault<'a> {
    setting: Setting<'a>,
    overridden: usize,
    followed: bool,
}

/// Complains about defaults that every job overrides with another value.
fn defaults_never_used<'a>(document: &'a Document, goes_on: bool, findings: &mut Findings<'a>) {
    let mut defaults: BTreeMap<&'static str, GivenDefault<'a>> = BTreeMap::new();
    let mut done = Vec::new();
    for section in document.sections() {
        let settings = super::settings_of(section);
        if section.kind() == SectionKind::Global {
            for (name, setting) in settings {
                // What an included file sets is there to be changed.
                if !is_same_text(&setting.name_origin(), &section.origin()) {
                    done.extend(defaults.remove(name).map(|old| (name, old)));
                    continue;
                }
                let fresh = GivenDefault { setting, overridden: 0, followed: false };
                done.extend(defaults.insert(name, fresh).map(|old| (name, old)));
            }
            continue;
        }
        for (name, default) in &mut defaults {
            match settings.get(name) {
                Some(own) if replaces(*own, default.setting) => default.overridden += 1,
                _ => default.followed = true,
            }
        }
    }
    if !goes_on {
        done.extend(defaults);
    }
    for (name, default) in done {
        if default.overridden > 0 && !default.followed {
            findings.push_at_setting(
                default.setting,
                Diagnostic::warning(format!("every job sets another `{name}`"))
                    .code(Code::GLOBAL_NEVER_USED)
                    .label("this value is never used")
                    .help("delete it here, or in the jobs that should follow it"),
            );
        }
    }
}

fn is_understood(def: &OptionDef, setting: Setting<'_>) -> bool {
    let text = setting.value().map(<[u8]>::trim_ascii);
    value::parse(def, text, &ParseContext::default()).is_ok()
}

fn is_same_text(one: &Origin, other: &Origin) -> bool {
    Arc::ptr_eq(one.source(), other.source())
}

/// True if a setting takes the place of another one and says something else.
fn replaces(new: Setting<'_>, old: Setting<'_>) -> bool {
    // Names of files are added up, and lists may leave directions to the default.
    let adds = matches!(option_of(new).map(|def| def.kind), Some(ValueKind::Names));
    new.value() != old.value() && !adds && !is_partial(new) && !is_partial(old)
}

/// True if a list leaves out directions.
fn is_partial(setting: Setting<'_>) -> bool {
    let Some(value) = setting.value() else { return false };
    value.starts_with(b",") || value.ends_with(b",") || value.windows(2).any(|pair| pair == b",,")
}

fn set_twice<'a>(section: Section<'a>, findings: &mut Findings<'a>) {
    let mut seen: BTreeMap<&'static str, Setting<'_>> = BTreeMap::new();
    for setting in section.settings() {
        let Some(def) = option_of(setting) else { continue };
        let Some(first) = seen.insert(def.name, setting) else { continue };
        // What an included file sets is there to be changed.
        let together = is_same_text(&first.name_origin(), &setting.name_origin());
        let understood = is_understood(def, first) && is_understood(def, setting);
        if together && understood && replaces(setting, first) {
            let line = first.name_origin().line();
            let place = match section.origin().source().text.contains(&b'\n') {
                true => format!("line {line} sets it, too"),
                false => "it is set before, too".into(),
            };
            findings.push_at_setting(
                setting,
                Diagnostic::warning(format!("`{}` is set twice", def.name))
                    .code(Code::SET_TWICE)
                    .label(place)
                    .help("the last value counts; delete the other one"),
            );
        }
    }
}

fn kb_base_of(section: Section<'_>) -> Option<u32> {
    let of_base = |setting: &Setting<'_>| setting.name() == b"kb_base";
    let setting = section.settings().rev().find(of_base)?;
    std::str::from_utf8(setting.value()?).ok()?.trim().parse().ok()
}

fn inverted_unit<'a>(setting: Setting<'a>, kb_base: u32, findings: &mut Findings<'a>) {
    if has_inverted_unit(setting, kb_base) {
        findings.push_at_setting(
            setting,
            Diagnostic::warning("`kib`, `mib`, `gib` count by 1000 here")
                .code(Code::INVERTED_UNIT)
                .label("and `k`, `m`, `g` by 1024")
                .help("write `k`, `m`, `g`, or set `kb_base=1000`"),
        );
    }
}

/// True if a value has a unit that looks like a power of 1024 and is one of 1000.
pub(super) fn has_inverted_unit(setting: Setting<'_>, kb_base: u32) -> bool {
    let Some(value) = setting.value().filter(|_| kb_base != 1000) else { return false };
    option_of(setting).is_some_and(takes_amounts)
        && value.windows(4).any(|text| {
            text[0].is_ascii_digit()
                && b"kmgtp".contains(&text[1].to_ascii_lowercase())
                && text[2..].eq_ignore_ascii_case(b"ib")
        })
}

fn takes_amounts(def: &OptionDef) -> bool {
    matches!(
        def.kind,
        ValueKind::Int { .. }
            | ValueKind::Bytes { .. }
            | ValueKind::Quantity
            | ValueKind::Sizes { .. }
            | ValueKind::SizeRanges { .. }
            | ValueKind::SizeRange { .. }
            | ValueKind::Split
            | ValueKind::PrioritySplit
    )
}

fn unset_variable<'a>(setting: Setting<'a>, host: &Host<'_>, findings: &mut Findings<'a>) {
    let typed = super::place(setting);
    let mut rest = typed.bytes();
    while let Some(start) = rest.windows(2).position(|pair| pair == b"${") {
        let Some(length) = rest[start..].iter().position(|&byte| byte == b'}') else { return };
        let name = &rest[start + 2..start + length];
        if (host.env)(OsStr::from_bytes(name)).is_none() {
            let name = String::from_utf8_lossy(name);
            findings.push_at_setting(
                setting,
                Diagnostic::warning(format!("the variable `{name}` is not set"))
                    .code(Code::UNSET_VARIABLE)
                    .label("it is replaced by nothing")
                    .help("set it in the environment, or write the value"),
            );
        }
        rest = &rest[start + length + 1..];
    }
}

/// A `#` or `;` that touches what stands before it and after it is part of a text.
fn cut_at_comment<'a>(setting: Setting<'a>, findings: &mut Findings<'a>) {
    let Some(def) = option_of(setting) else { return };
    if !matches!(def.kind, ValueKind::Text { .. } | ValueKind::OptionalText | ValueKind::Names) {
        return;
    }
    let origin = setting.value_origin();
    let text = &origin.source().text;
    let end = origin.range().end;
    let (Some(b'#' | b';'), Some(next)) = (text.get(end), text.get(end + 1)) else { return };
    if setting.value().is_some_and(|value| !value.is_empty()) && !next.is_ascii_whitespace() {
        findings.push_at_setting(
            setting,
            Diagnostic::warning(format!("the value of `{}` ends at a comment", def.name))
                .code(Code::VALUE_CUT_AT_COMMENT)
                .label("a comment begins behind it, without a blank")
                .help("`#` and `;` cannot be part of a value in a job file"),
        );
    }
}
