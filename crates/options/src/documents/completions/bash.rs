//! Completion for bash, without its library of helper functions.

use std::fmt::Write as _;

use super::super::{Command, CommandSwitch};
use super::{general, is_list, of_engines, values, wants_value};

/// The part that does not depend on the table. Bash takes a word apart at `=` unless somebody has
/// told it not to, so `--rw=ra` arrives as three words or as one.
const BODY: &str = r#"
_fiord() {
    COMPREPLY=()
    local current=${COMP_WORDS[COMP_CWORD]} command= option= before= offers= word
    local -a words=()
    if ((COMP_CWORD == 1)) && [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$_fiord_commands" -- "$current")
        return
    fi
    if ((COMP_CWORD > 1)) && [[ " $_fiord_commands " == *" ${COMP_WORDS[1]} "* ]]; then
        command=${COMP_WORDS[1]}
    fi
    if [[ $current == --*=* ]]; then
        option=${current%%=*}
        before=$option=
        current=${current#*=}
    elif [[ $current == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 1]}
        current=
    elif ((COMP_CWORD > 2)) && [[ ${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $option == --* ]]; then
        offers=$(_fiord_command_values "$command/${option#--}")
        if [[ -z $offers ]] && _fiord_takes_jobs "$command"; then
            offers=$(_fiord_values "${option#--}")
        fi
        if [[ $current == *,* && " $_fiord_lists " == *" ${option#--} "* ]]; then
            before+=${current%,*},
            current=${current##*,}
        fi
    elif [[ $current == -* ]]; then
        offers=$(_fiord_switches_of "$command")
        if _fiord_takes_jobs "$command"; then
            offers+=" $_fiord_options $(_fiord_engine_options)"
        fi
    else
        offers=$(_fiord_words_of "$command")
    fi
    mapfile -t words < <(compgen -W "$offers" -- "$current")
    for word in "${words[@]}"; do
        COMPREPLY+=("$before$word")
    done
    _fiord_no_blank
}

# True if jobs follow the command, or if there is none.
_fiord_takes_jobs() {
    [[ -z $1 || " $_fiord_job_commands " == *" $1 "* ]]
}

# A value follows an equals sign at once.
_fiord_no_blank() {
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# The options of the engine that the line names so far.
_fiord_engine_options() {
    local engine= word before=
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $before/$word in
            */--ioengine=*) engine=${word#*=} ;;
            */=) continue ;;
            --ioengine/*) engine=$word ;;
        esac
        before=$word
    done
    _fiord_options_of "$engine"
}

complete -o default -F _fiord fiord
"#;

pub(super) fn script(commands: &[Command]) -> String {
    let mut text = String::from(
        "# Completion of fiord for bash, made from the option table.\n\
         # Source this file, or put it into ~/.local/share/bash-completion/completions/fiord.\n\n",
    );
    let names: Vec<&str> = commands.iter().map(|command| command.name).collect();
    let _ = writeln!(text, "_fiord_commands='{}'", names.join(" "));
    let takes_jobs = commands.iter().filter(|command| command.takes_jobs);
    let names: Vec<&str> = takes_jobs.map(|command| command.name).collect();
    let _ = writeln!(text, "_fiord_job_commands='{}'\n", names.join(" "));
    text.push_str("_fiord_options='\n");
    for (name, def) in general() {
        let _ = writeln!(text, "--{name}{}", if wants_value(def) { "=" } else { "" });
    }
    text.push_str("'\n\n");
    let lists: Vec<&str> =
        general().filter(|(_, def)| is_list(def)).map(|(name, _)| name).collect();
    let _ = writeln!(text, "_fiord_lists='{}'", lists.join(" "));
    functions_of_commands(&mut text, commands);
    options_of_engines(&mut text);
    values_of_options(&mut text);
    text.push_str(BODY);
    text
}

fn functions_of_commands(text: &mut String, commands: &[Command]) {
    let switches = commands.iter().map(|command| {
        (command.name.to_owned(), command.switches.iter().map(|switch| switch.typed).collect())
    });
    function(text, "_fiord_switches_of", switches);
    let words = commands.iter().map(|command| (command.name.to_owned(), command.words.to_vec()));
    function(text, "_fiord_words_of", words);
    let values = commands.iter().flat_map(|command| {
        let key = |switch: &CommandSwitch| format!("{}/{}", command.name, switch.name());
        command.switches.iter().map(move |switch| (key(switch), switch.words.to_vec()))
    });
    function(text, "_fiord_command_values", values);
}

/// A function that answers a name with words.
fn function<'a>(
    text: &mut String,
    name: &str,
    cases: impl Iterator<Item = (String, Vec<&'a str>)>,
) {
    let _ = writeln!(text, "\n{name}() {{\n    case $1 in");
    for (key, words) in cases.filter(|(_, words)| !words.is_empty()) {
        let _ = writeln!(text, "        {key}) echo '{}' ;;", words.join(" "));
    }
    text.push_str("    esac\n}\n");
}

fn options_of_engines(text: &mut String) {
    let mut engines: Vec<(&str, Vec<String>)> = Vec::new();
    for (name, def, owners) in of_engines() {
        let word = format!("--{name}{}", if wants_value(def) { "=" } else { "" });
        for owner in owners {
            match engines.iter_mut().find(|(engine, _)| engine == owner) {
                Some((_, words)) => words.push(word.clone()),
                None => engines.push((owner, vec![word.clone()])),
            }
        }
    }
    let cases = engines
        .iter()
        .map(|(engine, words)| ((*engine).to_owned(), words.iter().map(String::as_str).collect()));
    function(text, "_fiord_options_of", cases);
}

fn values_of_options(text: &mut String) {
    let engine_options = of_engines().map(|(name, def, _)| (name, def));
    let mut seen = Vec::new();
    let mut cases: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, def) in general().chain(engine_options) {
        let words: Vec<&str> = values(def).iter().map(|offer| offer.word).collect();
        // Engines may have options of the same name; the first one speaks for all.
        if words.is_empty() || seen.contains(&name) {
            continue;
        }
        seen.push(name);
        // Most options take the same words: 0 and 1.
        match cases.iter_mut().find(|(_, known)| *known == words) {
            Some((names, _)) => {
                names.push('|');
                names.push_str(name);
            }
            None => cases.push((name.to_owned(), words)),
        }
    }
    function(text, "_fiord_values", cases.into_iter());
}
