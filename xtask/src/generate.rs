//! `cargo xtask generate`: the documents that the program makes about itself, written into `docs/`.
//!
//! The program is asked as a user would ask it, so what is committed is what it prints. A test calls
//! [`documents`] too, and fails when the committed files are others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::program::{Program, Scratch, build, project_root};

/// Where the reference is; nothing else may be there.
const REFERENCE: &str = "docs/reference";

/// Files with one document each, and the words that make the program print it.
const PRINTED: &[(&str, &[&str])] = &[
    ("docs/check.md", &["check", "--list", "--format=markdown"]),
    ("docs/man/fiord.1", &["man"]),
    ("docs/completions/fiord.bash", &["completions", "bash"]),
    ("docs/completions/_fiord", &["completions", "zsh"]),
    ("docs/completions/fiord.fish", &["completions", "fish"]),
];

/// All documents: their paths below the project's root, and their text.
pub fn documents(program: &Program) -> Outcome<BTreeMap<PathBuf, String>> {
    let scratch = Scratch::new("documents")?;
    let run = |words: &[&str]| -> Outcome<String> {
        let run = program.run(scratch.path(), words)?;
        match run.code() {
            0 => Ok(run.stdout),
            code => Err(format!("fiord {words:?}: exit status {code}\n{}", run.stderr).into()),
        }
    };
    let mut documents = BTreeMap::new();
    for (path, words) in PRINTED {
        documents.insert(PathBuf::from(path), run(words)?);
    }
    run(&["reference", "."])?;
    for (name, text) in texts_in(scratch.path())? {
        documents.insert(Path::new(REFERENCE).join(name), text);
    }
    Ok(documents)
}

/// The same as they are in the project now.
pub fn committed() -> Outcome<BTreeMap<PathBuf, String>> {
    let root = project_root();
    let mut documents = BTreeMap::new();
    for (path, _) in PRINTED {
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            documents.insert(PathBuf::from(path), text);
        }
    }
    if root.join(REFERENCE).exists() {
        for (name, text) in texts_in(&root.join(REFERENCE))? {
            documents.insert(Path::new(REFERENCE).join(name), text);
        }
    }
    Ok(documents)
}

/// The command.
pub fn command() -> Outcome<bool> {
    let wanted = documents(&build("dev")?)?;
    let root = project_root();
    let present = committed()?;
    for path in present.keys().filter(|path| !wanted.contains_key(*path)) {
        std::fs::remove_file(root.join(path))?;
        println!("removed {}", path.display());
    }
    for (path, text) in &wanted {
        if present.get(path) == Some(text) {
            continue;
        }
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().unwrap_or(&root))?;
        std::fs::write(&file, text)?;
        println!("wrote {}", path.display());
    }
    Ok(true)
}

fn texts_in(directory: &Path) -> Outcome<Vec<(PathBuf, String)>> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        texts.push((entry.file_name().into(), std::fs::read_to_string(entry.path())?));
    }
    Ok(texts)
}
