//! Completion for fish.

use std::fmt::Write as _;

use super::super::Command;
use super::{Offer, general, of_engines, values, wants_value};
use crate::table::{Argument, OptionDef, Scope};

const HEAD: &str = "\
# Completion of fiord for fish, made from the option table.
# Put it into ~/.config/fish/completions/fiord.fish, or source it.

# True if the line uses one of these engines.
function __fiord_has_engine
    for engine in $argv
        string match --quiet -- \"--ioengine=$engine\" (commandline --tokens-expanded --cut-at-cursor 2>/dev/null; or commandline -opc)
        and return 0
    end
    return 1
end

# True if the first word is this command.
function __fiord_has_command
    set -l tokens (commandline -opc)
    test (count $tokens) -gt 1; and test $tokens[2] = $argv[1]
end

# True if the line is one of switches and jobs: if there is no command, or one that takes jobs.
function __fiord_takes_jobs
    set -l tokens (commandline -opc)
    test (count $tokens) -lt 2
    or not contains -- $tokens[2] $__fiord_commands
    or contains -- $tokens[2] $__fiord_job_commands
end

# True if the next word is the first one.
function __fiord_is_first
    test (count (commandline -opc)) -lt 2
end
";

pub(super) fn script(commands: &[Command]) -> String {
    let mut text = HEAD.to_owned();
    let names: Vec<&str> = commands.iter().map(|command| command.name).collect();
    let _ = writeln!(text, "\nset -g __fiord_commands {}", names.join(" "));
    let takes_jobs = commands.iter().filter(|command| command.takes_jobs);
    let names: Vec<&str> = takes_jobs.map(|command| command.name).collect();
    let _ = writeln!(text, "set -g __fiord_job_commands {}\n", names.join(" "));
    for command in commands {
        let (name, help) = (command.name, quoted(command.help));
        let _ = writeln!(text, "complete -c fiord -n __fiord_is_first -a {name} -d {help}");
        let condition = format!("-n '__fiord_has_command {name}'");
        for switch in command.switches {
            let value = match (switch.typed.ends_with('='), switch.words) {
                (false, _) => String::new(),
                (true, []) => " -r".to_owned(),
                (true, words) => format!(" -x -a '{}'", words.join(" ")),
            };
            let _ = writeln!(text, "complete -c fiord {condition} -l {}{value}", switch.name());
        }
        if !command.words.is_empty() {
            let words = command.words.join(" ");
            let _ = writeln!(text, "complete -c fiord {condition} -f -a '{words}'");
        }
    }
    text.push('\n');
    for (name, def) in general() {
        option(&mut text, name, def, "__fiord_takes_jobs");
    }
    text.push('\n');
    for (name, def, engines) in of_engines() {
        option(&mut text, name, def, &format!("__fiord_has_engine {}", engines.join(" ")));
    }
    text
}

fn option(text: &mut String, name: &str, def: &OptionDef, condition: &str) {
    let _ = write!(text, "complete -c fiord -n '{condition}' -l {name}");
    if let (Scope::Switch, Some(letter)) = (def.scope, def.short) {
        let _ = write!(text, " -s {letter}");
    }
    let offers = values(def);
    if !offers.is_empty() {
        let words: Vec<String> = offers.iter().map(offer).collect();
        let need = if wants_value(def) { "-x" } else { "-f" };
        let _ = write!(text, " {need} -a {}", quoted(&words.join(" ")));
    } else if wants_value(def) {
        text.push_str(" -r");
    } else if def.argument == Argument::None {
        text.push_str(" -f");
    }
    let _ = writeln!(text, " -d {}", quoted(def.help));
}

/// A word with its description behind a tab. Fish reads the list of them as it reads a command.
fn offer(offer: &Offer) -> String {
    if offer.help.is_empty() {
        return offer.word.to_owned();
    }
    let help = offer.help.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    format!("{}\\t\"{help}\"", offer.word)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
