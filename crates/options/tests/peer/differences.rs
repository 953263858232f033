//! Where fio and we may differ: the snippet, and the row of `docs/differences.md` that says why.

/// A row of the document, and the snippets that show it.
type Row = (&'static str, &'static [&'static str]);

/// What is wrong with these shows when fio starts the job, which it then refuses: with `--parse-only`
/// it does not look.
const AT_START: &str = "Faults that fio finds when a job starts (`size` below `bs`, \
                        `rw=randrw:foo`, engines that do not exist)";
const NUMBERS: &str =
    "Numbers below zero or too large where they make no sense (`fsync=-1`, `nrfiles=5g`)";
const UNITS: &str = "Text after a number that is no unit (`bs=4x`, `size=1.5g`, `runtime=10min`)";
const LISTS: &str = "Lists that are empty or too long, or in which an entry is no number \
                     (`percentile_list=50:x`, `cpus_allowed=1-0`)";
const WORDS: &str =
    "Parameters and further words that are none (`fallocate=keep:x`, `rw=read,write`)";
const ENGINE_OPTIONS: &str = "Options of engines";

/// Job files that only one side accepts.
pub(crate) const VERDICTS_DIFFER: &[Row] = &[
    (
        AT_START,
        &[
            "size=$ncpus",
            "size=4b",
            "size=4B",
            "size=16384p",
            "size=-1",
            "size=10zk",
            "size=50%",
            "size=100%",
            "size=100%%",
            "size=0%",
            "size=10z",
            "size=10Z",
            "bs=10%",
            "zonesize=4k",
            "dataplacement=streams",
            "atomic=1",
            "sprandom=1\nspr_num_regions=50\nspr_op=0.2",
            "wait_for=b",
            "cpus_allowed=9999",
            "numa_cpu_nodes=900",
            "numa_mem_policy=bind:900",
            "cpus_allowed=",
            "cpus_allowed=1-0",
            "numa_mem_policy=foo",
            "rw=randread:0",
            "rw=randread:-1",
            "rw=write:",
            "rw=randrw:foo",
            "ignore_error=EFOO",
            "replay_skip=foo",
            "ioengine=nosuchengine",
            "numjobs=0",
            "[global]\nioengine=null\nkb_base=1000\n[a]\nsize=4k\n[b]\nsize=4k\nkb_base=1024\n",
        ],
    ),
    (
        NUMBERS,
        &[
            "iodepth=-1",
            "rwmixread=-1",
            "runtime=-1",
            "direct=-1",
            "nrfiles=-1",
            "numjobs=-1",
            "fsync=-1",
        ],
    ),
    (
        UNITS,
        &[
            "size=4kbx",
            "bs=4x",
            "bs=4 k",
            "bs=1.5k",
            "bs=1e3",
            "filesize=10%",
            "bs=4k/8k",
            "runtime=1.5",
            "runtime=10min",
            "runtime=10x",
            "timeout=1m30",
        ],
    ),
    (
        LISTS,
        &[
            "bs=1k,2k,3k,4k",
            "bs=4k,x",
            "bssplit=4k/x",
            "bssplit=",
            "percentile_list=50:x",
            "percentile_list=1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21",
            "cpus_allowed=x",
            "cpus_allowed=0-",
            "ignore_error=",
            "plids=x",
        ],
    ),
    (
        WORDS,
        &[
            "rw=read,write",
            "fallocate=keep:x",
            "continue_on_error=read,write",
            "verify=crc32c:x",
            "ioengine=null:x",
        ],
    ),
    ("Suffixes of hexadecimal numbers (`bs=0x10k`)", &["bs=0xfg"]),
    ("Percentages above 100 of sizes and offsets (`size=101%`)", &["size=101%", "offset=101%"]),
    (
        "Block sizes of zero in ranges and lists (`bsrange=0-4k`)",
        &["bsrange=0-4k", "bssplit=0/50:4k/50"],
    ),
    (
        "CPUs that are no numbers (`cpus_allowed=x`), a `cpumask` of 0, a `gtod_cpu` or a preferred \
         NUMA node that is not there",
        &["numa_mem_policy=prefer:900"],
    ),
    ("`log_hist_coarseness` above 6", &["log_hist_coarseness=7"]),
    (
        "`include` of a file that cannot be read, or that has section headers",
        &["include nosuchfile", "include section.inc"],
    ),
    (
        "`[name` without the closing bracket",
        &["[a\nioengine=null\nsize=4k\n", "[a;b]\nioengine=null\nsize=4k\n"],
    ),
    (
        "Largest values (`size=18446744073709551615`, `iodepth=4294967295`)",
        &["size=18446744073709551615", "iodepth=4294967295", "randseed=18446744073709551615"],
    ),
    ("Included files without any option", &["include empty.inc"]),
    ("Options without effect that have no value (`verifysort`)", &["verifysort"]),
    (
        "Arithmetic in values (`size=(4*1k)`)",
        &[
            "size=(4k)",
            "size=(4*1k)",
            "size=(1m+4k)",
            "size=(2*(1m+4k))",
            "size=(2^20)",
            "size=(1.5*1m)",
            "runtime=(2*3)",
            "runtime=(2m+3s)",
            "bs=(2*4k)",
        ],
    ),
    ("Arithmetic with `$ncpus`, `$pagesize`, `$mb_memory`", &["filename=/tmp/x$ncpus"]),
    ("Blanks around values (`rw = write`)", &["rw = read"]),
    (ENGINE_OPTIONS, &["[global]\nuserspace_reap\n[a]\nioengine=libaio\nsize=4k\n"]),
];

/// Job files whose command line by fio does not mean the same.
pub(crate) const LINES_DIFFER: &[Row] = &[
    (
        "`--showcmd`: `[global]` behind a job, `name=` in a job",
        &[
            "name=other",
            "[global]\nbs=1k\n[c]\nioengine=null\nsize=4k",
            "[global]\nname=n\n[c]\nioengine=null\nsize=4k",
            "[globalx]\nbs=1k\n[global]\nbs=2k\n[c]\nioengine=null\nsize=4k\n[global]\nrw=write\n[d]\nsize=8k",
            "[global]\nioengine=null\nsize=4k\n[a]\n[global]\nsize=8k\n[b]\n[global more]\nbs=1k\n[c]\n",
            "[a]\nioengine=null\nsize=4k\nname=b\n[b]\nioengine=null\nsize=4k\nname=c\n",
        ],
    ),
    (
        "`--showcmd`: jobs without a name, or with one that begins with `global` by `name=`",
        &["[]\nioengine=null\nsize=4k\n", "[a]\nname=globals\nioengine=null\nsize=4k\n"],
    ),
    (
        "`--showcmd`: notes about options without effect",
        &["verifysort=1", "verifysort_nr=3", "flow_watermark=1024"],
    ),
    ("`--showcmd`: `profile=` in a job", &["profile=tiobench"]),
];

/// Command lines that only one side accepts.
pub(crate) const WORDS_DIFFER: &[Row] = &[
    (AT_START, &["--warnings-fatal --time_based"]),
    (ENGINE_OPTIONS, &["--hipri --ioengine=io_uring"]),
    ("`--alloc-size`, `--max-jobs` with a value that is no number", &["--alloc-size=x"]),
];

/// Jobs that only one side runs.
pub(crate) const RUNS_DIFFER: &[Row] = &[];

/// The jobs that fio must refuse when they start.
pub(crate) fn refused_at_start() -> Vec<&'static str> {
    let rows = VERDICTS_DIFFER.iter().filter(|(row, _)| *row == AT_START);
    rows.flat_map(|(_, snippets)| snippets.iter().copied()).collect()
}

/// True if a snippet is listed.
pub(crate) fn lists(rows: &[Row], snippet: &str) -> bool {
    rows.iter().any(|(_, snippets)| snippets.contains(&snippet))
}

/// Exactly what is listed must differ, for a documented reason.
pub(crate) fn settle(what: &str, differ: &[(&str, String)], listed: &[Row]) {
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/differences.md"))
            .unwrap();
    let mut faults: Vec<String> = Vec::new();
    for (snippet, detail) in differ.iter().filter(|(snippet, _)| !lists(listed, snippet)) {
        faults.push(format!("{snippet:?}: {detail}"));
    }
    for (row, snippets) in listed {
        let differs = |snippet: &&&str| differ.iter().any(|(other, _)| other == *snippet);
        for same in snippets.iter().filter(|snippet| !differs(snippet)) {
            faults.push(format!("{same:?} is listed as different and is not"));
        }
        if !document.contains(&format!("| {row} |")) {
            faults.push(format!("docs/differences.md has no row {row:?}"));
        }
    }
    assert!(faults.is_empty(), "{what}: {} faults\n{}", faults.len(), faults.join("\n"));
}
