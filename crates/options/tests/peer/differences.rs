//! Where fio and we may differ: the snippet, and the row of `docs/differences.md` that says why.

/// A row of the document, and the snippets that show it.
type Row = (&'static str, &'static [&'static str]);

/// Job files that only one side accepts.
pub(crate) const VERDICTS_DIFFER: &[Row] = &[];

/// Job files whose command line by fio does not mean the same.
pub(crate) const LINES_DIFFER: &[Row] = &[];

/// Command lines that only one side accepts.
pub(crate) const WORDS_DIFFER: &[Row] = &[];

/// Jobs that only one side runs.
pub(crate) const RUNS_DIFFER: &[Row] = &[];

/// True if a snippet is listed.
pub(crate) fn lists(rows: &[Row], snippet: &str) -> bool {
    rows.iter().any(|(_, snippets)| snippets.contains(&snippet))
}

/// Exactly what is listed must differ, for a documented reason.
pub(crate) fn settle(what: &str, differ: &[(&str, String)], listed: &[Row]) {
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/differences.md"))
            .unwrap();
    let mut faults: Vec<String> = Vec::new();
    for (snippet, detail) in differ.iter().filter(|(snippet, _)| !lists(listed, snippet)) {
        faults.push(format!("{snippet:?}: {detail}"));
    }
    for (row, snippets) in listed {
        let differs = |snippet: &&&str| differ.iter().any(|(other, _)| other == *snippet);
        for same in snippets.iter().filter(|snippet| !differs(snippet)) {
            faults.push(format!("{same:?} is listed as different and is not"));
        }
        if !document.contains(&format!("| {row} |")) {
            faults.push(format!("docs/differences.md has no row {row:?}"));
        }
    }
    assert!(faults.is_empty(), "{what}: {} faults\n{}", faults.len(), faults.join("\n"));
}
