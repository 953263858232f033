//! The structure that `ARCHITECTURE.md` promises, checked against the manifests and the sources.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use xtask::json::Json;
use xtask::program::project_root;

/// Allowed dependencies of a crate: (ordinary, for tests).
type Edges = BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>;

fn allowed_edges() -> Edges {
    let text = std::fs::read_to_string(project_root().join("ARCHITECTURE.md")).unwrap();
    let block = text.split("```dependencies\n").nth(1).expect("a block ```dependencies");
    let block = block.split("```").next().unwrap();
    let mut edges = Edges::new();
    for line in block.lines().filter(|line| !line.trim().is_empty()) {
        let (from, to) = line.split_once("->").unwrap_or_else(|| panic!("no arrow in {line:?}"));
        let to: BTreeSet<String> = to.split_whitespace().map(str::to_string).collect();
        match from.trim().strip_suffix("(dev)") {
            Some(from) => edges.entry(from.trim().to_string()).or_default().1 = to,
            None => edges.entry(from.trim().to_string()).or_default().0 = to,
        }
    }
    edges
}

/// The name of a package in `ARCHITECTURE.md`.
fn short(package: &str) -> &str {
    match package {
        "fiord" => "cli",
        other => other.strip_prefix("fiord-").unwrap_or(other),
    }
}

fn packages() -> Vec<Json> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(project_root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata = Json::parse(&String::from_utf8(output.stdout).unwrap()).unwrap();
    metadata.get("packages").unwrap().items().to_vec()
}

#[test]
fn dependencies_are_those_of_the_document() {
    let allowed = allowed_edges();
    let packages = packages();
    let mut wrong = Vec::new();
    for package in &packages {
        let name = short(package.get("name").and_then(Json::text).unwrap());
        let Some((ordinary, dev)) = allowed.get(name) else {
            wrong.push(format!("{name} is not in the block"));
            continue;
        };
        for dependency in package.get("dependencies").unwrap().items() {
            let Some(Json::Text(_)) = dependency.get("path") else { continue };
            let to = short(dependency.get("name").and_then(Json::text).unwrap());
            let for_tests = dependency.get("kind").and_then(Json::text) == Some("dev");
            if !(ordinary.contains(to) || for_tests && dev.contains(to)) {
                wrong.push(format!("{name} -> {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "not allowed by ARCHITECTURE.md: {wrong:?}");
    let present: BTreeSet<&str> =
        packages.iter().map(|p| short(p.get("name").and_then(Json::text).unwrap())).collect();
    let absent: Vec<&String> =
        allowed.keys().filter(|name| !present.contains(name.as_str())).collect();
    assert!(absent.is_empty(), "in ARCHITECTURE.md but not in the workspace: {absent:?}");
}

#[test]
fn only_sys_may_hold_unsafe_code() {
    for entry in std::fs::read_dir(project_root().join("crates")).unwrap() {
        let directory = entry.unwrap().path();
        let roots = ["src/lib.rs", "src/main.rs"].map(|root| directory.join(root));
        for root in roots.iter().filter(|root| root.exists()) {
            let text = std::fs::read_to_string(root).unwrap();
            let forbids = text.contains("#![forbid(unsafe_code)]");
            assert_eq!(forbids, !directory.ends_with("sys"), "{}", root.display());
        }
    }
}

/// Dependencies from outside are named in `CONTRIBUTING.md` with a reason.
#[test]
fn dependencies_have_a_reason() {
    let text = std::fs::read_to_string(project_root().join("CONTRIBUTING.md")).unwrap();
    let mut missing = BTreeSet::new();
    for package in packages() {
        for dependency in package.get("dependencies").unwrap().items() {
            let name = dependency.get("name").and_then(Json::text).unwrap();
            let ours = matches!(dependency.get("path"), Some(Json::Text(_)));
            if !ours && !text.contains(&format!("| `{name}` |")) {
                missing.insert(name.to_string());
            }
        }
    }
    assert!(missing.is_empty(), "not in the table of CONTRIBUTING.md: {missing:?}");
}

#[test]
fn documents_keep_their_size() {
    let text = std::fs::read_to_string(project_root().join("ARCHITECTURE.md")).unwrap();
    let lines = text.lines().count();
    assert!(lines <= 300, "ARCHITECTURE.md is a map, not a book: {lines} lines");
}

/// Links between the documents lead somewhere.
#[test]
fn documents_link_to_files_that_exist() {
    let root = project_root();
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root.join(name)).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !link.contains("://") && !file.is_empty() {
                assert!(Path::new(&root).join(file).exists(), "{name} links to {link}");
            }
        }
    }
}
