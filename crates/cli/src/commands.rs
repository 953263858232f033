//! The commands: first words that are no job files. Documents and `--help` are made from this list.

use fiord_options::documents::{Command, CommandSwitch};

const HELP: CommandSwitch = CommandSwitch::new("--help");

/// All commands, in the order of help.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "quick",
        syntax: "[DIR] [SWITCH..]",
        help: "Measure the storage under a directory in about 20 seconds",
        switches: &[
            CommandSwitch::new("--runtime="),
            CommandSwitch::new("--size="),
            CommandSwitch::of("--output-format=", &["normal", "json", "json+"]),
            CommandSwitch::new("--output="),
            CommandSwitch::new("--show"),
            HELP,
        ],
        words: &[],
        takes_jobs: false,
        details: include_str!("commands/quick.md"),
    },
    Command {
        name: "check",
        syntax: "FILE.. [SWITCH..]",
        help: "Say what is wrong with jobs, without effect, or hardly meant",
        switches: &[
            CommandSwitch::new("--explain="),
            CommandSwitch::new("--list"),
            CommandSwitch::of("--format=", &["text", "json"]),
            CommandSwitch::new("--deny-warnings"),
            CommandSwitch::new("--allow="),
            HELP,
        ],
        words: &[],
        takes_jobs: true,
        details: include_str!("commands/check.md"),
    },
    Command {
        name: "plan",
        syntax: "FILE.. [SWITCH..]",
        help: "Show what jobs would do, without touching anything",
        switches: &[CommandSwitch::of("--format=", &["text", "json", "job"]), HELP],
        words: &[],
        takes_jobs: true,
        details: include_str!("commands/plan.md"),
    },
    Command {
        name: "man",
        syntax: "",
        help: "Print the man page, for man -l",
        switches: &[HELP],
        words: &[],
        takes_jobs: false,
        details: include_str!("commands/man.md"),
    },
    Command {
        name: "completions",
        syntax: "bash|zsh|fish",
        help: "Print the completion script for a shell",
        switches: &[HELP],
        words: &["bash", "zsh", "fish"],
        takes_jobs: false,
        details: include_str!("commands/completions.md"),
    },
    Command {
        name: "reference",
        syntax: "DIR",
        help: "Write the reference of all options as pages of Markdown",
        switches: &[HELP],
        words: &[],
        takes_jobs: false,
        details: include_str!("commands/reference.md"),
    },
];

/// The commands for the end of `--help`.
pub(crate) fn listed() -> String {
    let mut text = String::from("\nCommands; each has a --help of its own:\n");
    for command in COMMANDS {
        let head = format!("  fiord {} {}", command.name, command.syntax);
        text.push_str(&format!("{head:<34}{}\n", command.help));
    }
    text
}
