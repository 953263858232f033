//! The switches of the command line. They are not job options: they say what to do with the jobs.

use super::{Argument, Choice, NAME, OptionDef, Status, TEXT, TimeUnit, ValueKind};

use Argument::{None as Bare, Optional, Required};

/// A switch that works.
const fn ready(
    name: &'static str,
    short: char,
    argument: Argument,
    kind: ValueKind,
    help: &'static str,
) -> OptionDef {
    planned(name, short, argument, kind, help).status(Status::Ready)
}

/// A switch that is known.
const fn planned(
    name: &'static str,
    short: char,
    argument: Argument,
    kind: ValueKind,
    help: &'static str,
) -> OptionDef {
    OptionDef::new(name, kind, help).switch(short, argument).category("Command line")
}

const FLAG: ValueKind = ValueKind::Flag;
const WORD: ValueKind = ValueKind::OptionalText;
const SECONDS: ValueKind = ValueKind::Time(TimeUnit::Second);

const NUMBER: ValueKind = super::INT;
const IDLE: ValueKind = ValueKind::Choice(&[
    Choice::new("system", "report the mean of all CPUs"),
    Choice::new("percpu", "report each CPU"),
    Choice::new("calibrate", "only measure the unit of work, run nothing"),
]);

/// All switches, in the order of `--help`.
pub(crate) static SWITCHES: &[OptionDef] = &[
    ready("output", 'o', Required, TEXT, "Write the report to FILE").syntax("FILE"),
    ready("output-format", 'F', Required, TEXT, "Formats of the report, separated by ','")
        .syntax("FORMAT,..: normal, terse, minimal, csv, json or json+")
        .default("normal"),
    ready("minimal", 'm', Bare, FLAG, "Short for --output-format=terse"),
    ready("append-terse", 'f', Optional, WORD, "Add terse to the formats"),
    ready("terse-version", 'V', Required, ValueKind::Int { min: 2, max: 5 }, "Layout of terse")
        .syntax("N: 2, 3, 4 or 5")
        .default("3"),
    ready("eta", 'e', Required, TEXT, "When to show progress")
        .syntax("WHEN: always, never or auto")
        .default("auto"),
    ready("eta-interval", 'O', Required, SECONDS, "Refresh progress this often, at least 250ms")
        .syntax("TIME")
        .default("1"),
    ready("eta-newline", 'E', Required, SECONDS, "Begin a new line of progress this often")
        .syntax("TIME"),
    ready("status-interval", 'L', Required, SECONDS, "Print a complete report this often")
        .syntax("TIME"),
    ready("section", 'x', Required, NAME, "Run only this job; may be repeated").syntax("NAME"),
    ready("readonly", 'r', Bare, FLAG, "Refuse jobs that write or trim"),
    ready("parse-only", 'P', Bare, FLAG, "Read the jobs, run nothing"),
    ready("showcmd", 's', Bare, FLAG, "Print each job file as a command line, run nothing"),
    ready("warnings-fatal", 'w', Bare, FLAG, "Treat warnings about options as errors"),
    ready("cmdhelp", 'c', Optional, WORD, "Describe a job option, or list all of them")
        .syntax("OPTION|all"),
    ready("enghelp", 'i', Optional, WORD, "List the engines, or the options of one")
        .syntax("ENGINE[,OPTION]"),
    ready("version", 'v', Bare, FLAG, "Print the version"),
    ready("help", 'h', Bare, FLAG, "Print this text"),
    planned("bandwidth-log", 'b', Optional, WORD, "Write the bandwidth of all jobs to logs")
        .syntax("PREFIX")
        .default("agg"),
    ready("debug", 'd', Required, TEXT, "Tell about these subjects, line by line").syntax(
        "SUBJECT,..: process, file, io, mem, blktrace, verify, random, parse, diskutil, job:N, mutex, \
             profile, time, net, rate, compress, steadystate, helperthread, zbd, sprandom, all",
    ),
    planned("merge-blktrace-only", 'A', Bare, FLAG, "Merge the traces of the jobs, run nothing"),
    planned("inflate-log", 'X', Required, TEXT, "Print the content of a compressed log")
        .syntax("FILE"),
    ready("profile", 'p', Required, TEXT, "Run a built-in benchmark; its options follow")
        .syntax("NAME: act or tiobench"),
    planned("server", 'S', Optional, WORD, "Run as a server and wait for clients")
        .syntax("ADDRESS: [ip:|ip4:|ip6:]HOST[,PORT], ,PORT or sock:PATH"),
    planned("daemonize", 'D', Required, TEXT, "Run the server in the background").syntax("PIDFILE"),
    planned("client", 'C', Required, TEXT, "Run the job files that follow on this server")
        .syntax("HOST|FILE: an address as for --server, or a file of them"),
    planned("remote-config", 'R', Required, TEXT, "Let the server read this job file itself")
        .syntax("FILE"),
    planned("idle-prof", 'I', Required, IDLE, "Measure idle CPU time with work of low priority"),
    ready("trigger-file", 'W', Required, TEXT, "Fire the trigger when this file appears")
        .syntax("PATH"),
    ready("trigger-timeout", 'B', Required, SECONDS, "Fire the trigger after this time")
        .syntax("TIME"),
    ready("trigger", 'H', Required, TEXT, "Command that the trigger runs here").syntax("COMMAND"),
    planned("trigger-remote", 'J', Required, TEXT, "Command that the trigger runs on servers")
        .syntax("COMMAND"),
    ready("aux-path", 'K', Required, TEXT, "Directory of the files that verification writes")
        .syntax("DIR"),
    ready("cpuclock-test", 'T', Bare, FLAG, "Check that the CPU clock agrees between CPUs"),
    ready("crctest", 'G', Optional, WORD, "Measure checksums").syntax("KIND,.."),
    ready("memcpytest", 'M', Optional, WORD, "Measure ways of copying memory")
        .syntax("KIND,..: memcpy, memmove, simple or hybrid"),
    planned("alloc-size", 'a', Required, NUMBER, "Size of memory pools; fiord has none")
        .syntax("KIB")
        .status(Status::NoOp),
    planned("max-jobs", 'j', Required, NUMBER, "Most jobs; fiord has a fixed limit")
        .syntax("N")
        .status(Status::NoOp),
    planned("latency-log", 'l', Required, TEXT, "Former name of the option write_lat_log")
        .syntax("PREFIX")
        .status(Status::Removed { instead: "--write_lat_log=PREFIX" }),
    planned("server-internal", 'N', Required, TEXT, "Child process of the server on Windows")
        .status(Status::Unavailable { reason: "it is for fio itself, on Windows" }),
];
