//! The commands that write documents about the program: `man`, `completions`, `reference`.

use std::ffi::OsString;
use std::path::Path;

use fiord_options::documents::{self, completions, completions::Shell};

use crate::commands::COMMANDS;
use crate::exit::Exit;
use crate::streams::{answer, refuse};

/// Runs the command of this name with the words behind it.
pub(crate) fn main(name: &str, words: &[OsString]) -> Exit {
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return refuse(format_args!("there is no command '{name}'"));
    };
    if words.iter().any(|word| word == "--help" || word == "-h") {
        return answer(documents::help(command).trim_end());
    }
    let shown: Vec<String> = words.iter().map(|word| word.to_string_lossy().into()).collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    match (command.name, shown.as_slice()) {
        ("man", []) => print(&documents::man(COMMANDS, env!("CARGO_PKG_VERSION"))),
        ("completions", [shell]) => match Shell::named(shell) {
            Some(shell) => print(&completions::script(shell, COMMANDS)),
            None => {
                refuse(format_args!("no completion for '{shell}'; there is bash, zsh and fish"))
            }
        },
        ("reference", [_]) => reference(Path::new(&words[0])),
        _ => refuse(format_args!("usage: fiord {} {}", command.name, command.syntax)),
    }
}

/// The text ends with a line feed already, `answer` writes one.
fn print(text: &str) -> Exit {
    answer(text.strip_suffix('\n').unwrap_or(text))
}

fn reference(directory: &Path) -> Exit {
    for page in documents::reference(COMMANDS) {
        let path = directory.join(&page.file);
        if let Err(error) = std::fs::write(&path, page.text) {
            return refuse(format_args!("cannot write '{}': {error}", path.display()));
        }
    }
    Exit::Success
}
