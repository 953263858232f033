//! The kinds of findings as texts for people: one at length, all as a list, all as a document.

use super::{Code, GROUPS};

/// Longest line of texts for a terminal.
const WIDTH: usize = 80;

/// What there is to say about one kind of finding.
pub fn explanation(code: &Code) -> String {
    format!(
        "{} {} ({})\n\n{}\n\n{}\n\n{}\n\nFor example:\n\n{}\nBetter:\n\n{}",
        code.id,
        code.slug,
        code.severity.word(),
        wrapped(code.title, WIDTH),
        wrapped(code.why, WIDTH),
        wrapped(code.remedy, WIDTH),
        indented(code.bad),
        indented(code.good),
    )
}

/// All kinds, one on a line, by group.
pub fn list() -> String {
    let mut text = String::new();
    for group in GROUPS {
        text.push_str(&format!("{}\n", group.title));
        for code in group.codes() {
            let word = code.severity.word();
            text.push_str(&format!("  {}  {word:<9}  {}\n", code.id, code.title));
        }
        text.push('\n');
    }
    text
}

/// All kinds as a page of Markdown.
pub fn page() -> String {
    let mut text = String::from(include_str!("page.md"));
    for group in GROUPS {
        text.push_str(&format!("\n## {}\n", group.title));
        for code in group.codes() {
            text.push_str(&section(code));
        }
    }
    text
}

fn section(code: &Code) -> String {
    format!(
        "\n### {} {}\n\n*{}*: {}.\n\n{}\n\n{}\n\n{}\nBetter:\n\n{}",
        code.id,
        code.slug,
        capital(code.severity.word()),
        code.title,
        wrapped(code.why, 110),
        wrapped(code.remedy, 110),
        indented(code.bad),
        indented(code.good),
    )
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    first.to_uppercase() + rest
}

/// Example text, set in by four blanks; over-long lines are cut.
fn indented(example: &str) -> String {
    const LONGEST: usize = 100;
    let cut = |line: &str| match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("    {}...\n", &line[..at]),
        None => format!("    {line}\n"),
    };
    example.lines().map(cut).collect()
}

/// The text in lines of at most `width` characters, where its words allow it.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { continue };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_set_in_lines() {
        assert_eq!(wrapped("aa bb  cc\ndd", 5), "aa bb\ncc dd");
        assert_eq!(wrapped("longer than that", 3), "longer\nthan\nthat");
        assert_eq!(wrapped("", 3), "");
    }

    #[test]
    fn an_explanation_has_all_parts() {
        let text = explanation(Code::UNKNOWN_OPTION);
        assert!(text.starts_with("FD0301 unknown-option (error)\n\nNo option has this name\n"));
        assert!(text.contains("\n    blocksise=8k\n\nBetter:\n"), "{text}");
        assert!(text.ends_with("    blocksize=8k\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn lists_name_all_kinds() {
        let (list, page) = (list(), page());
        for code in Code::all() {
            assert!(list.contains(code.id) && page.contains(&format!("### {} ", code.id)));
        }
    }
}
