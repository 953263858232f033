//! Kinds of findings about names of options and the places where they are set.

use super::codes;

codes! {
    UNKNOWN_OPTION = "FD0301" "unknown-option" Error,
    "No option has this name",
    "A misspelt option would otherwise be a setting that silently does nothing.",
    "Take the name that is offered, or look it up with `--cmdhelp`.",
"[a]
size=1m
blocksise=8k
" =>
"[a]
size=1m
blocksize=8k
";

    REMOVED_OPTION = "FD0302" "removed-option" Error,
    "The option has been removed from the job language",
    "Old job files may hold options that have no meaning any more; they are not passed over, since the \
     job would not be the one that was meant.",
    "Use what the message names, or delete the line.",
"[a]
size=1m
rw=rw
rwmixcycle=100
" =>
"[a]
size=1m
rw=rw
rwmixread=70
";

    UNAVAILABLE = "FD0303" "unavailable" Error,
    "An option or word cannot be used here",
    "It belongs to another operating system, to a library that no longer exists, or to special hardware.",
    "Use what this system has; `--enghelp` lists the engines.",
"[a]
size=1m
ioengine=windowsaio
" =>
"[a]
size=1m
ioengine=psync
";

    NOT_BUILT = "FD0304" "not-built" Unbuilt,
    "Known, but not built in this version",
    "The option, word or switch is right and understood, but this version of fiord cannot carry it out. \
     Jobs that use it are refused, since running them without it would measure something else.",
    "Leave it out, or use a version of fiord that has it (the changelog tells).",
"[a]
size=1m
cgroup=box
" =>
"[a]
size=1m
";

    NO_LONGER_NEEDED = "FD0305" "no-longer-needed" Warning,
    "The option is accepted and does nothing",
    "It had a meaning once and is accepted so that old job files can be read.",
    "Delete the line.",
"[a]
rw=write
direct=1
size=1m
verify=crc32c
verifysort=1
" =>
"[a]
rw=write
direct=1
size=1m
verify=crc32c
";

    OPTION_OF_PROFILE = "FD0306" "option-of-profile" Warning,
    "The option belongs to a profile, not to jobs",
    "Profiles have options of their own, which mean something behind `--profile=` only. In a job they do \
     nothing; most often they are a slip for an option with a similar name.",
    "Use the option that is offered, or delete the line.",
"[a]
size=1m
threads=4
" =>
"[a]
size=1m
numjobs=4
";

    OPTION_OF_OTHER_ENGINE = "FD0307" "option-of-other-engine" Error,
    "The option belongs to another engine than the one of this job",
    "Engines have options of their own. That one of them stands in the section of a job with another \
     engine means that one of the two lines is wrong.",
    "Choose the engine that has this option, or delete the line.",
"[a]
size=1m
ioengine=psync
sqthread_poll=1
" =>
"[a]
size=1m
ioengine=psync
";

    NO_SUCH_ENGINE_HERE = "FD0308" "no-such-engine-here" Error,
    "This build does not have the engine",
    "Some engines are built on demand, because they need libraries.",
    "Build fiord with it, or use another engine; `--enghelp` lists those that are there.",
"[a]
size=1m
ioengine=ftruncate
" =>
"[a]
size=1m
ioengine=psync
";

    SET_TWICE = "FD0309" "set-twice" Warning,
    "An option is set twice in a section, to different values",
    "The last value counts and the first one does nothing. Aliases (`bs` and `blocksize`) are one option.",
    "Delete the line that is not meant.",
"[a]
size=1m
bs=4k
iodepth=1
blocksize=8k
" =>
"[a]
size=1m
bs=8k
iodepth=1
";

    GLOBAL_AFTER_JOBS = "FD0310" "global-after-jobs" Warning,
    "A global section stands behind the last job",
    "Global sections set defaults for the jobs that follow them in the same file. Behind the last job \
     they set nothing; each further job file begins with fresh defaults.",
    "Move it to the top of the file.",
"[a]
size=1m
[global]
bs=8k
" =>
"[global]
bs=8k
[a]
size=1m
";

    GLOBAL_NEVER_USED = "FD0311" "global-never-used" Warning,
    "Every job overrides a default",
    "The value in the global section is in force nowhere: each job below it sets the option itself. \
     Whoever changes it there will wonder why nothing happens.",
    "Delete it from the global section, or from the jobs that should follow it.",
"[global]
size=1m
bs=4k
[a]
bs=8k
[b]
bs=16k
" =>
"[global]
size=1m
bs=8k
[a]
[b]
bs=16k
";

    SAME_NAME_SAME_FILES = "FD0312" "same-name-same-files" Warning,
    "Two jobs of the same name use the same files",
    "Without `filename`, files are named after the job. Two sections with one name are two jobs, but they \
     read and write the same files, and reports do not tell them apart.",
    "Give them different names, or say with `filename` that one file is meant.",
"[a]
size=1m
rw=read
[a]
size=2m
rw=randread
" =>
"[a]
size=1m
rw=read
[b]
size=2m
rw=randread
";
}
