//! `cargo xtask ci`: everything a change has to pass, in the order in which failures are cheapest.
//!
//! Steps can be named to run only these. What the machine lacks is installed first where that is
//! possible (a Debian with root); the tests that compare with a fio then must not be skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::project_root;
use crate::{Outcome, peer};

/// Programs and files that the tests use, and the Debian packages that bring them.
const NEEDED: &[(&str, &str)] = &[
    ("/usr/bin/fio", "fio"),
    ("/usr/bin/c++", "g++"),
    ("/usr/sbin/mkfs.xfs", "xfsprogs"),
    ("/usr/sbin/mkfs.ext4", "e2fsprogs"),
    ("/usr/bin/dpkg-deb", "dpkg"),
    ("/usr/bin/man", "man-db"),
    ("/usr/bin/groff", "groff"),
    ("/usr/bin/mandoc", "mandoc"),
    ("/usr/bin/zsh", "zsh"),
    ("/usr/bin/fish", "fish"),
    ("/usr/bin/valgrind", "valgrind"),
    ("/usr/bin/strace", "strace"),
];

/// Seconds of fuzzing for each target: enough to see that the target runs and that no shallow input
/// breaks it. Longer runs are for people.
const FUZZ_SECONDS: u32 = 20;

struct Step {
    name: &'static str,
    run: fn(&mut Environment) -> Outcome<()>,
}

const STEPS: &[Step] = &[
    Step { name: "machine", run: machine },
    Step { name: "format", run: |e| e.cargo("fmt --all --check") },
    Step {
        name: "lint",
        run: |e| e.cargo("clippy --locked --workspace --all-targets -- -D warnings"),
    },
    Step { name: "docs", run: docs },
    Step { name: "test", run: test },
    Step { name: "instructions", run: instructions },
    Step { name: "fuzz", run: fuzz },
];

/// Variables that the machine step finds and later steps need.
#[derive(Default)]
struct Environment {
    variables: Vec<(&'static str, PathBuf)>,
}

impl Environment {
    fn cargo(&mut self, arguments: &str) -> Outcome<()> {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        self.run(cargo().args(words))
    }

    fn run(&self, command: &mut Command) -> Outcome<()> {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(project_root()).stdin(Stdio::null());
        let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}").into()) }
    }
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The command; true if all steps pass.
pub fn command(wanted: &[String]) -> Outcome<bool> {
    let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("no step {unknown}; there are {}", known.join(", ")).into());
    }
    let mut environment = Environment::default();
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for step in STEPS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == step.name) {
            continue;
        }
        println!("== {}", step.name);
        let start = Instant::now();
        let outcome = (step.run)(&mut environment);
        times.push((step.name, start.elapsed()));
        if let Err(error) = outcome {
            println!("== {}: FAILED: {error}", step.name);
            return Ok(false);
        }
    }
    let times: Vec<String> =
        times.iter().map(|(name, time)| format!("{name} {} s", time.as_secs())).collect();
    println!("== all steps passed: {}", times.join(", "));
    Ok(true)
}

/// Installs what is missing and finds the peer.
fn machine(environment: &mut Environment) -> Outcome<()> {
    let missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(path, _)| !Path::new(path).exists())
        .map(|(_, package)| *package)
        .collect();
    let mut lists_are_fresh = false;
    if !missing.is_empty() {
        update_lists(environment, &mut lists_are_fresh)?;
        let mut install = Command::new("apt-get");
        install.env("DEBIAN_FRONTEND", "noninteractive");
        install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(missing);
        environment.run(&mut install)?;
    }
    let newest = match peer::newest() {
        Some(program) => program,
        None => {
            update_lists(environment, &mut lists_are_fresh)?;
            peer::fetch()?
        }
    };
    println!("peer: {} {}", newest.path.display(), newest.version()?);
    environment.variables.push(("FIORD_PEER", newest.path));
    environment.variables.push(("FIORD_REQUIRE_PEER", "1".into()));
    let examples = examples(environment, &mut lists_are_fresh)?;
    environment.variables.push(("FIORD_FIO_EXAMPLES", examples));
    Ok(())
}

fn update_lists(environment: &Environment, are_fresh: &mut bool) -> Outcome<()> {
    if !*are_fresh {
        environment.run(Command::new("apt-get").args(["update", "-qq"]))?;
        *are_fresh = true;
    }
    Ok(())
}

/// The directory of fio's example jobs. Small images leave out all documentation when they install
/// a package, so the package is unpacked beside the build where it is not there.
fn examples(environment: &Environment, lists_are_fresh: &mut bool) -> Outcome<PathBuf> {
    const INSTALLED: &str = "usr/share/doc/fio/examples";
    let system = Path::new("/").join(INSTALLED);
    if system.exists() {
        return Ok(system);
    }
    let directory = project_root().join("target/fio-examples");
    if !directory.join(INSTALLED).exists() {
        update_lists(environment, lists_are_fresh)?;
        std::fs::create_dir_all(&directory)?;
        let mut download = Command::new("sh");
        download.arg("-c").arg(
            "cd target/fio-examples && apt-get -o APT::Sandbox::User= download -qq fio-examples \
             && dpkg-deb -x fio-examples_*.deb .",
        );
        environment.run(&mut download)?;
    }
    Ok(directory.join(INSTALLED))
}

fn docs(environment: &mut Environment) -> Outcome<()> {
    let mut command = cargo();
    command.env("RUSTDOCFLAGS", "-D warnings");
    environment.run(command.args(["doc", "--locked", "--workspace", "--no-deps"]))
}

/// All tests, the comparisons with the peer among them. A failing test does not hide later ones.
fn test(environment: &mut Environment) -> Outcome<()> {
    environment.cargo("test --locked --workspace --no-fail-fast")
}

/// Whether requests cost no more instructions than recorded.
fn instructions(_: &mut Environment) -> Outcome<()> {
    match crate::instructions::command(&[])? {
        true => Ok(()),
        false => Err("requests have become dearer".into()),
    }
}

/// Runs each fuzz target for a moment, on top of its committed inputs.
fn fuzz(environment: &mut Environment) -> Outcome<()> {
    // A target is named even though it is this machine: only then are build scripts compiled
    // without the counters, which nothing would provide to them.
    let host = host_triple()?;
    let corpora = project_root().join("fuzz/corpus");
    for entry in std::fs::read_dir(project_root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        let target = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let found = project_root().join("target/fuzz-found").join(target);
        std::fs::create_dir_all(&found)?;
        let mut command = cargo();
        command.env("RUSTFLAGS", COVERAGE);
        command.env("CARGO_TARGET_DIR", project_root().join("target/fuzz"));
        command.args(["run", "--release", "--quiet", "--manifest-path", "fuzz/Cargo.toml"]);
        command.args(["--locked", "--target", &host, "--bin", target, "--"]);
        // The first directory receives new inputs: the committed ones stay as they are.
        command.arg(&found).arg(corpora.join(target));
        command.arg(format!("-max_total_time={FUZZ_SECONDS}"));
        command.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"]);
        command.arg(format!("-artifact_prefix={}/", found.display()));
        command.envs(environment.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(project_root()).stdin(Stdio::null());
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{target}: {}\n{text}", output.status).into());
        }
        // libFuzzer says much; what it did is enough.
        let runs =
            text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        println!("{target}: {} runs without a fault", runs.unwrap_or("?").trim());
    }
    Ok(())
}

fn host_triple() -> Outcome<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc names no host")?.to_string())
}

/// Coverage counters for libFuzzer, as `cargo fuzz` sets them, without a sanitizer: the targets
/// reach no unsafe code, and this needs no nightly compiler.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cdebug-assertions --cfg fuzzing";
