//! The markup of descriptions: paragraphs, lists, examples and words that are typed.
//!
//! It is the part of Markdown that a terminal, a man page and a web page can all show: paragraphs
//! with an empty line between them, items that begin with `- ` and go on in lines that are indented
//! by two blanks, examples that are indented by four, and words between backticks. In reference
//! pages the text appears as it is.

use std::fmt::Write as _;

use roff::{Inline, Roff, bold, roman};

/// A part of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Block<'a> {
    /// Running text; its lines may be broken anew.
    Paragraph(String),
    /// One item of a list, the same.
    Item(String),
    /// Lines that stay as they are.
    Example(Vec<&'a str>),
}

/// A piece of running text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Span<'a> {
    /// Words of a sentence.
    Words(&'a str),
    /// Something that is typed.
    Typed(&'a str),
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    // True where a line without a mark of its own continues the last block.
    let mut open = false;
    let mut gap = false;
    for line in text.lines() {
        let words = line.trim();
        if let Some(line) = line.strip_prefix("    ") {
            match blocks.last_mut() {
                Some(Block::Example(lines)) => {
                    lines.extend(gap.then_some(""));
                    lines.push(line);
                }
                _ => blocks.push(Block::Example(vec![line])),
            }
            open = false;
        } else if let Some(item) = words.strip_prefix("- ") {
            blocks.push(Block::Item(item.to_owned()));
            open = true;
        } else if words.is_empty() {
            open = false;
        } else {
            match blocks.last_mut() {
                Some(Block::Paragraph(block) | Block::Item(block)) if open => {
                    block.push(' ');
                    block.push_str(words);
                }
                _ => blocks.push(Block::Paragraph(words.to_owned())),
            }
            open = true;
        }
        gap = words.is_empty();
    }
    blocks
}

fn spans(text: &str) -> impl Iterator<Item = Span<'_>> {
    let pieces = text.split('`').enumerate();
    pieces
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(i, piece)| if i % 2 == 0 { Span::Words(piece) } else { Span::Typed(piece) })
}

/// For a terminal: lines of at most `width` columns behind `margin` blanks.
pub(crate) fn plain(text: &str, margin: usize, width: usize) -> String {
    let mut out = String::new();
    let mut last_was_item = false;
    for block in blocks(text) {
        let is_item = matches!(block, Block::Item(_));
        if !(out.is_empty() || is_item && last_was_item) {
            out.push('\n');
        }
        match block {
            Block::Paragraph(words) => lines(&mut out, &words, margin, margin, width),
            Block::Item(words) => {
                let _ = write!(out, "{:margin$}- ", "");
                lines(&mut out, &words, 0, margin + 2, width);
            }
            Block::Example(examples) => {
                for line in examples {
                    let line = format!("{:margin$}    {line}", "");
                    let _ = writeln!(out, "{}", line.trim_end());
                }
            }
        }
        last_was_item = is_item;
    }
    out
}

/// Appends words, broken into lines of at most `width` columns; `first` columns are left free before
/// the first of them, `indent` before the others.
pub(crate) fn lines(out: &mut String, words: &str, first: usize, indent: usize, width: usize) {
    let _ = write!(out, "{:first$}", "");
    let mut column = indent;
    for (i, word) in words.split(' ').enumerate() {
        let length = word.chars().count();
        if i > 0 && column + 1 + length > width {
            let _ = write!(out, "\n{:indent$}", "");
            column = indent;
        } else if i > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

/// For a man page: the text as the body of the present paragraph.
pub(crate) fn man(page: &mut Roff, text: &str) {
    let mut in_list = false;
    for (i, block) in blocks(text).into_iter().enumerate() {
        let is_item = matches!(block, Block::Item(_));
        // A list within a description: `.IP` would end the indentation of the option.
        if is_item != in_list {
            page.control("in", [if is_item { "+2n" } else { "-2n" }]);
            in_list = is_item;
        }
        if i > 0 && !is_item {
            page.control("sp", []);
        }
        match block {
            Block::Paragraph(words) => {
                page.text(inline(&words));
            }
            Block::Item(words) => {
                let mut line = vec![roman("- ")];
                line.extend(inline(&words));
                page.control("ti", ["-2n"]).text(line);
            }
            Block::Example(lines) => {
                page.control("nf", []);
                for line in lines {
                    // An empty line of a man page is a mistake; blanks in front are kept.
                    let line = if line.is_empty() { " " } else { line };
                    page.text([bold(format!("  {line}"))]);
                }
                page.control("fi", []);
            }
        }
    }
    if in_list {
        page.control("in", ["-2n"]);
    }
}

/// Running text with what is typed in bold face.
pub(crate) fn inline(text: &str) -> Vec<Inline> {
    let inlines = spans(text).map(|span| match span {
        Span::Words(words) => roman(words),
        Span::Typed(words) => bold(words),
    });
    inlines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "One `word`\nof many.\n\n- first\n  item\n- second\n\n    a=b\n\n    c\n\nEnd.";

    #[test]
    fn text_is_taken_apart() {
        let expected = vec![
            Block::Paragraph("One `word` of many.".into()),
            Block::Item("first item".into()),
            Block::Item("second".into()),
            Block::Example(vec!["a=b", "", "c"]),
            Block::Paragraph("End.".into()),
        ];
        assert_eq!(blocks(TEXT), expected);
    }

    #[test]
    fn a_terminal_gets_lines_of_its_width() {
        let expected = "  One `word` of\n  many.\n\n  - first item\n  - second\n\n      a=b\n\n      c\n\n  End.\n";
        assert_eq!(plain(TEXT, 2, 16), expected);
    }

    #[test]
    fn a_man_page_gets_fonts() {
        let mut page = Roff::new();
        man(&mut page, "Set `--a-b`\n\n- x\n\n    .dot");
        let expected = "Set \\fB\\-\\-a\\-b\\fR\n.in +2n\n.ti -2n\n\\- x\n.in -2n\n.sp\n.nf\n\\fB  .dot\\fR\n.fi\n";
        assert_eq!(page.to_roff(), expected);
    }
}
