//! Kinds of findings about files, sections and command lines.

use super::codes;

codes! {
    OPTION_OUTSIDE_SECTION = "FD0101" "option-outside-section" Error,
    "An option stands above the first section",
    "Every option belongs to the section above it. What stands above the first `[section]` belongs to \
     no job, so it would be lost.",
    "Put `[global]` above it if all jobs are meant, else move it into its job.",
"size=1m
[a]
rw=read
" =>
"[a]
size=1m
rw=read
";

    UNCLOSED_SECTION = "FD0102" "unclosed-section" Error,
    "A section header has no closing bracket",
    "A line that begins with `[` opens a section and must end with `]`. Without the bracket the last \
     letter of the name would be taken for it.",
    "Close the bracket.",
"[reader
size=1m
" =>
"[reader]
size=1m
";

    SECTION_NAME_TOO_LONG = "FD0103" "section-name-too-long" Error,
    "The name of a section is too long",
    "Names of sections become names of jobs and of files; more than 255 bytes fit nowhere.",
    "Shorten the name; `description` takes longer texts.",
"[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]
size=1m
" =>
"[a]
description=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
size=1m
";

    LINE_WITHOUT_NAME = "FD0104" "line-without-name" Error,
    "A line begins with `=`",
    "An option line is `name` or `name=value`; here the name is missing.",
    "Write the name of the option before the `=`.",
"[a]
=4k
" =>
"[a]
bs=4k
size=1m
";

    SECTION_IN_INCLUDE = "FD0105" "section-in-include" Error,
    "An included file opens a section",
    "An included file is read into the section that includes it, so it holds option lines only.",
    "Name the file on the command line as a job file of its own, or take the header out.",
"[a]
include section.inc
" =>
"[a]
include options.inc
size=1m
";

    INCLUDE_FAILED = "FD0106" "include-failed" Error,
    "A file cannot be included",
    "A job with half of its options measures something else, so a missing include is no trifle. A \
     relative name is looked for in the present directory and beside the including file; a file \
     cannot include itself, and chains of includes are limited.",
    "Correct the path.",
"[a]
include gone.inc
" =>
"[a]
include options.inc
size=1m
";

    JOB_FILE_UNREADABLE = "FD0107" "job-file-unreadable" Error,
    "A job file cannot be read",
    "Every word of the command line that is neither a switch nor the value of one is taken for the name \
     of a job file.",
    "Correct the path. If the word was meant as an option, begin it with `--`.",
"fiord gone.fio" =>
"fiord job.fio";

    NO_JOB = "FD0108" "no-job" Error,
    "There is no job",
    "A job is a section of a job file whose name does not begin with `global`, or a `--name=` on the \
     command line. With `--section`, only the sections that it names count.",
    "Add a section, or correct the name given to `--section`.",
"[global]
rw=read
size=1m
" =>
"[global]
rw=read
size=1m
[a]
";

    UNKNOWN_SWITCH = "FD0109" "unknown-switch" Error,
    "A switch is not known",
    "Words that begin with a dash are switches of the program or options of jobs; this one is neither.",
    "Correct the name; `--help` lists the switches and `--cmdhelp` the options.",
"fiord --name=a --size=1m --fanfare" =>
"fiord --name=a --size=1m";

    AMBIGUOUS_SWITCH = "FD0110" "ambiguous-switch" Error,
    "An abbreviation fits several options",
    "On the command line the beginning of a name is enough, if only one option begins so.",
    "Write more of the name.",
"fiord --name=a --siz=1m --io=null" =>
"fiord --name=a --size=1m --ioengine=null";

    SWITCH_TAKES_NO_VALUE = "FD0111" "switch-takes-no-value" Error,
    "A value is given to a switch that takes none",
    "The switch is on if it is there; there is nothing to say behind a `=`.",
    "Leave out the `=` and what follows it.",
"fiord --readonly=1 --name=a --size=1m" =>
"fiord --readonly --name=a --size=1m";

    SWITCH_NEEDS_VALUE = "FD0112" "switch-needs-value" Error,
    "The command line ends where a value should stand",
    "The last word is an option that takes a value, and nothing follows.",
    "Add the value.",
"fiord --name=a --size" =>
"fiord --name=a --size=1m";

    BAD_SWITCH_VALUE = "FD0113" "bad-switch-value" Error,
    "The value of a switch is not understood",
    "The switch takes certain words, numbers or times only.",
    "Use what the message offers.",
"fiord --eta=often --name=a --size=1m" =>
"fiord --eta=never --name=a --size=1m";

    EMPTY_NAME = "FD0114" "empty-name" Error,
    "A job on the command line has an empty name",
    "`--name` begins a new job; reports, logs and files are named after it.",
    "Give it a name.",
"fiord --name= --size=1m" =>
"fiord --name=a --size=1m";

    TOO_LARGE = "FD0115" "too-large" Error,
    "The input is beyond a limit",
    "Job files, their includes, the number of sections and what variables are replaced by are bounded, \
     so that files that include others many times, or that were never meant as job files, do not fill \
     the memory. The limits are far above anything that is run.",
    "Look for includes that multiply, or for a wrong file name.",
"[a]
size=1m
include many.inc
" =>
"[a]
size=1m
include options.inc
";

    NOT_ON_COMMAND_LINE = "FD0116" "not-on-command-line" Error,
    "A job file says what no command line can",
    "`--showcmd` writes job files as command lines. On those a job begins with `--name` and the name, so \
     that one without a name, or with a name that begins with `global`, cannot be written, and words of \
     a command end at a NUL byte.",
    "Give the job another name, or run the file itself.",
"fiord --showcmd unnamed.fio" =>
"fiord --showcmd job.fio";
}
