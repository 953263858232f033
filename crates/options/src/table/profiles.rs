//! Options of the built-in profiles.

use super::{BYTES, INT, OptionDef, Status, TEXT, TimeUnit, ValueKind};

const fn act(name: &'static str, kind: ValueKind, help: &'static str) -> OptionDef {
    OptionDef::new(name, kind, help).profile("act").category("Profiles/act").status(Status::Ready)
}

const fn tiobench(name: &'static str, kind: ValueKind, help: &'static str) -> OptionDef {
    OptionDef::new(name, kind, help)
        .profile("tiobench")
        .category("Profiles/tiobench")
        .status(Status::Ready)
}

/// Options of the built-in profiles.
pub(crate) static PROFILES: &[OptionDef] = &[
    act("device-names", TEXT, "ACT: devices, comma-separated"),
    act("load", INT, "ACT: load multiplier").default("1"),
    act("test-duration", ValueKind::Time(TimeUnit::Micro), "ACT: length of the test")
        .default("24h"),
    act("threads-per-queue", INT, "ACT: reader threads per device").default("8"),
    act("read-req-num-512-blocks", INT, "ACT: read size in 512-byte units").default("3"),
    act("large-block-op-kbytes", INT, "ACT: size of large writes, in bytes in spite of its name")
        .default("131072"),
    act("prep", ValueKind::Flag, "ACT: run the preparation phase instead"),
    tiobench("size", BYTES, "tiobench: total file size in MiB"),
    tiobench("block", INT, "tiobench: block size").default("4096"),
    tiobench("numruns", INT, "tiobench: number of runs"),
    tiobench("dir", TEXT, "tiobench: directory to test in"),
    tiobench("threads", INT, "tiobench: thread count"),
];
