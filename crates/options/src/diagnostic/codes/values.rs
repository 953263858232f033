//! Kinds of findings about the values of options.

use super::codes;

codes! {
    BAD_VALUE = "FD0201" "bad-value" Error,
    "The value of an option is not understood, or out of its range",
    "Each option takes values of one kind: amounts with suffixes, times with units, words of a list, and \
     so on. A value that is only nearly right is refused rather than cut or guessed.",
    "Use what the message asks for; `--cmdhelp=OPTION` describes the option.",
"[a]
size=1m
rw=raed
" =>
"[a]
size=1m
rw=read
";

    MISSING_VALUE = "FD0202" "missing-value" Error,
    "An option that needs a value has none",
    "Only flags may stand alone; they are then on.",
    "Add `=VALUE`.",
"[a]
size
" =>
"[a]
size=1m
";

    PATTERN_UNUSABLE = "FD0203" "pattern-unusable" Error,
    "A pattern cannot be made",
    "A pattern may take its bytes from a file; that file must be readable, not empty, and the whole \
     pattern must not be too long.",
    "Correct the name of the file, or write the bytes themselves.",
"[a]
rw=write
direct=1
size=1m
buffer_pattern='gone'
" =>
"[a]
rw=write
direct=1
size=1m
buffer_pattern=0xdeadbeef
";

    INVERTED_UNIT = "FD0204" "inverted-unit" Warning,
    "A unit means the opposite of what it looks like",
    "With `kb_base=1024`, which is the default, `k`, `kb`, `m` and `mb` count by 1024 and `kib` and `mib` \
     by 1000: the reverse of the standard. `10MiB` is 10,000,000 bytes. The meaning is kept because \
     existing job files rely on it.",
    "Write `k`, `m`, `g` (powers of 1024), or set `kb_base=1000`, under which all suffixes mean what the \
     standard says.",
"[a]
size=10MiB
bs=10k
" =>
"[a]
size=10m
";

    UNSET_VARIABLE = "FD0205" "unset-variable" Warning,
    "A variable of the environment is not set",
    "`${NAME}` in a job file is replaced by the variable of that name; one that is not set is replaced by \
     nothing, so the option gets a shorter value than was meant, or none.",
    "Set the variable, or write the value.",
"[a]
size=1m
filename=/tmp/data${NOT_SET}
" =>
"[a]
size=1m
filename=/tmp/data
";

    VALUE_CUT_AT_COMMENT = "FD0206" "value-cut-at-comment" Warning,
    "A value is cut off at a `#` or `;` inside of it",
    "In job files a comment begins at the first `#` or `;` of a line, wherever it stands; there is no way \
     to write these characters in a value. What follows is lost without a word.",
    "Choose a text without these characters, or give the option on the command line, where they are not \
     special.",
"[a]
size=1m
filename=/tmp/disk#1
" =>
"[a]
size=1m
filename=/tmp/disk1  # the first one
";
}
