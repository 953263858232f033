//! Options of the built-in profiles.

use super::{BYTES, INT, OptionDef, TEXT, TimeUnit, ValueKind};

/// Options of the built-in profiles.
pub(crate) static PROFILES: &[OptionDef] = &[
    OptionDef::new("device-names", TEXT, "ACT: devices, comma-separated")
        .profile("act")
        .category("Profiles/act"),
    OptionDef::new("load", INT, "ACT: load multiplier")
        .default("1")
        .profile("act")
        .category("Profiles/act"),
    OptionDef::new("test-duration", ValueKind::Time(TimeUnit::Micro), "ACT: length of the test")
        .default("24h")
        .profile("act")
        .category("Profiles/act"),
    OptionDef::new("threads-per-queue", INT, "ACT: reader threads per device")
        .default("8")
        .profile("act")
        .category("Profiles/act"),
    OptionDef::new("read-req-num-512-blocks", INT, "ACT: read size in 512-byte units")
        .default("3")
        .profile("act")
        .category("Profiles/act"),
    OptionDef::new("large-block-op-kbytes", INT, "ACT: large write size in KiB")
        .default("131072")
        .profile("act")
        .category("Profiles/act"),
    OptionDef::new("prep", ValueKind::Flag, "ACT: run the preparation phase instead")
        .profile("act")
        .category("Profiles/act"),
    OptionDef::new("size", BYTES, "tiobench: total file size in MiB")
        .profile("tiobench")
        .category("Profiles/tiobench"),
    OptionDef::new("block", INT, "tiobench: block size")
        .default("4096")
        .profile("tiobench")
        .category("Profiles/tiobench"),
    OptionDef::new("numruns", INT, "tiobench: number of runs")
        .profile("tiobench")
        .category("Profiles/tiobench"),
    OptionDef::new("dir", TEXT, "tiobench: directory to test in")
        .profile("tiobench")
        .category("Profiles/tiobench"),
    OptionDef::new("threads", INT, "tiobench: thread count")
        .profile("tiobench")
        .category("Profiles/tiobench"),
];
