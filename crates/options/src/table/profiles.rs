//! Options of the built-in profiles.

use super::{BYTES, INT, OptionDef, TEXT, TimeUnit, ValueKind};

/// Options of the built-in profiles.
pub(crate) static PROFILES: &[OptionDef] = &[
    OptionDef::new("device-names", TEXT, "ACT: devices, comma-separated")
        .profile("act")
        .category("Profiles/ACT Aerospike like benchmark profile"),
    OptionDef::new("load", INT, "ACT: load multiplier")
        .default("1")
        .profile("act")
        .category("Profiles/ACT Aerospike like benchmark profile"),
    OptionDef::new("test-duration", ValueKind::Time(TimeUnit::Micro), "ACT: length of the test")
        .default("24h")
        .profile("act")
        .category("Profiles/ACT Aerospike like benchmark profile"),
    OptionDef::new("threads-per-queue", INT, "ACT: reader threads per device")
        .default("8")
        .profile("act")
        .category("Profiles/ACT Aerospike like benchmark profile"),
    OptionDef::new("read-req-num-512-blocks", INT, "ACT: read size in 512-byte units")
        .default("3")
        .profile("act")
        .category("Profiles/ACT Aerospike like benchmark profile"),
    OptionDef::new("large-block-op-kbytes", INT, "ACT: large write size in KiB")
        .default("131072")
        .profile("act")
        .category("Profiles/ACT Aerospike like benchmark profile"),
    OptionDef::new("prep", ValueKind::Flag, "ACT: run the preparation phase instead")
        .profile("act")
        .category("Profiles/ACT Aerospike like benchmark profile"),
    OptionDef::new("size", BYTES, "tiobench: total file size in MiB")
        .profile("tiobench")
        .category("Profiles/Tiobench profile"),
    OptionDef::new("block", INT, "tiobench: block size")
        .default("4096")
        .profile("tiobench")
        .category("Profiles/Tiobench profile"),
    OptionDef::new("numruns", INT, "tiobench: number of runs")
        .profile("tiobench")
        .category("Profiles/Tiobench profile"),
    OptionDef::new("dir", TEXT, "tiobench: directory to test in")
        .profile("tiobench")
        .category("Profiles/Tiobench profile"),
    OptionDef::new("threads", INT, "tiobench: thread count")
        .profile("tiobench")
        .category("Profiles/Tiobench profile"),
];
