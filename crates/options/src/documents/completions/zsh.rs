//! Completion for zsh.

use std::fmt::Write as _;

use super::super::Command;
use super::{Offer, general, is_list, of_engines, values, wants_value};

const BODY: &str = r#"
_fiord() {
    local -a offers
    local name engine command takes_jobs=1
    if (( CURRENT > 2 )) && (( ${+_fiord_switches_of[${words[2]}]} )); then
        command=${words[2]}
        [[ " $_fiord_job_commands " == *" $command "* ]] || takes_jobs=0
    fi
    if [[ $PREFIX == --*=* ]]; then
        name=${${PREFIX%%=*}#--}
        compset -P '*='
        if [[ " $_fiord_lists " == *" $name "* ]]; then
            compset -P '*,'
        fi
        _fiord_command_values $command/$name
        if (( takes_jobs && ! ${#offers} )); then
            _fiord_values $name
        fi
        if (( ${#offers} )); then
            _describe -t values 'value' offers
        else
            _files
        fi
        return
    fi
    if [[ $PREFIX == -* ]]; then
        if [[ -n $command ]]; then
            compadd -S '' -- ${=_fiord_switches_of[$command]}
        fi
        (( takes_jobs )) || return 0
        offers=($_fiord_valued)
        _describe -o 'option' offers -S '='
        offers=($_fiord_bare)
        _describe -o 'option' offers
        engine=${${(M)words:#--ioengine=*}[-1]#--ioengine=}
        offers=()
        _fiord_options_of $engine
        if (( ${#offers} )); then
            _describe -o "option of $engine" offers -S '='
        fi
        return
    fi
    if (( CURRENT == 2 )); then
        offers=($_fiord_commands)
        _describe -t commands 'command' offers
    fi
    if [[ -n $command && -n ${_fiord_words_of[$command]} ]]; then
        compadd -- ${=_fiord_words_of[$command]}
    else
        _files
    fi
}

if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
    _fiord "$@"
else
    compdef _fiord fiord
fi
"#;

pub(super) fn script(commands: &[Command]) -> String {
    let mut text = String::from(
        "#compdef fiord\n\
         # Completion of fiord for zsh, made from the option table.\n\
         # Put it as _fiord into a directory of $fpath, or source it after compinit.\n",
    );
    array(&mut text, "_fiord_commands", commands.iter().map(|c| described(c.name, c.help)));
    let mut words = String::new();
    let mut switches = String::new();
    let mut values: Vec<(String, Vec<String>)> = Vec::new();
    for command in commands {
        let typed: Vec<&str> = command.switches.iter().map(|switch| switch.typed).collect();
        let _ = writeln!(switches, "    {} '{}'", command.name, typed.join(" "));
        let _ = writeln!(words, "    {} '{}'", command.name, command.words.join(" "));
        for switch in command.switches.iter().filter(|switch| !switch.words.is_empty()) {
            let items = switch.words.iter().map(|word| described(word, "")).collect();
            values.push((format!("{}/{}", command.name, switch.name()), items));
        }
    }
    let _ = writeln!(text, "\ntypeset -gA _fiord_switches_of=(\n{switches})");
    let _ = writeln!(text, "\ntypeset -gA _fiord_words_of=(\n{words})");
    let takes_jobs = commands.iter().filter(|command| command.takes_jobs);
    let names: Vec<&str> = takes_jobs.map(|command| command.name).collect();
    let _ = writeln!(text, "\ntypeset -g _fiord_job_commands='{}'", names.join(" "));
    function(&mut text, "_fiord_command_values", &values);
    let with_value = |wanted: bool| {
        general()
            .filter(move |(_, def)| wants_value(def) == wanted)
            .map(|(name, def)| described(&format!("--{name}"), def.help))
    };
    array(&mut text, "_fiord_valued", with_value(true));
    array(&mut text, "_fiord_bare", with_value(false));
    let lists: Vec<&str> =
        general().filter(|(_, def)| is_list(def)).map(|(name, _)| name).collect();
    let _ = writeln!(text, "\ntypeset -g _fiord_lists='{}'", lists.join(" "));
    options_of_engines(&mut text);
    values_of_options(&mut text);
    text.push_str(BODY);
    text
}

/// A word with its description, quoted.
fn described(word: &str, help: &str) -> String {
    // A colon stands between the two; a quote ends the string.
    let word = word.replace(':', "\\:");
    let text = if help.is_empty() { word } else { format!("{word}:{help}") };
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn array(text: &mut String, name: &str, items: impl Iterator<Item = String>) {
    let _ = writeln!(text, "\ntypeset -ga {name}=(");
    for item in items {
        let _ = writeln!(text, "    {item}");
    }
    text.push_str(")\n");
}

/// A function that answers a name with an array of described words, in `offers`.
fn function(text: &mut String, name: &str, cases: &[(String, Vec<String>)]) {
    let _ = writeln!(text, "\n{name}() {{\n    case $1 in");
    for (key, items) in cases {
        let _ = writeln!(text, "        ({key}) offers=({}) ;;", items.join(" "));
    }
    text.push_str("    esac\n}\n");
}

fn options_of_engines(text: &mut String) {
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    for (name, def, owners) in of_engines() {
        let item = described(&format!("--{name}"), def.help);
        for owner in owners {
            match cases.iter_mut().find(|(engine, _)| engine == owner) {
                Some((_, items)) => items.push(item.clone()),
                None => cases.push(((*owner).to_owned(), vec![item.clone()])),
            }
        }
    }
    function(text, "_fiord_options_of", &cases);
}

fn values_of_options(text: &mut String) {
    let engine_options = of_engines().map(|(name, def, _)| (name, def));
    let mut seen = Vec::new();
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    for (name, def) in general().chain(engine_options) {
        let offers = values(def);
        if offers.is_empty() || seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let items: Vec<String> =
            offers.iter().map(|Offer { word, help }| described(word, help)).collect();
        match cases.iter_mut().find(|(_, known)| *known == items) {
            Some((names, _)) => {
                names.push('|');
                names.push_str(name);
            }
            None => cases.push((name.to_owned(), items)),
        }
    }
    function(text, "_fiord_values", &cases);
}
