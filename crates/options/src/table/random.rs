//! Where random offsets come from, and how directions are mixed.

use fiord_base::PerDirection;

use super::group::option_group;
use super::{BYTES, Choice, INT, OptionDef, Status, ValueKind, floats};
use crate::plan::{Distribution, RandomGenerator};

const RANDOM_GENERATOR: &[Choice] = &[
    Choice::new("tausworthe", "32-bit combined Tausworthe"),
    Choice::new("lfsr", "shift register: each block once, little memory"),
    Choice::new("tausworthe64", "64-bit combined Tausworthe"),
];

const RANDOM_DISTRIBUTION: &[Choice] = &[
    Choice::new("random", "uniform"),
    Choice::new("zipf", "Zipf; :THETA[:CENTER], 1.1 by default"),
    Choice::new("pareto", "Pareto; :H[:CENTER], 0.2 by default"),
    Choice::new("normal", "normal; :DEVIATION[:CENTER] in percent, 0 by default"),
    Choice::new("zoned", "shares of accesses and of space, :ACCESS/SIZE:.."),
    Choice::new("zoned_abs", "shares of accesses and bytes, :ACCESS/BYTES:.."),
    Choice::new("sequence", "block numbers in this order, :I,J,.."),
];

option_group! {
    /// Where random offsets come from, and how directions are mixed.
    RandomOptions, RANDOM;

    [randrepeat: bool] OptionDef::new(
        "randrepeat",
        ValueKind::Bool,
        "Use reproducible seeds for all random streams",
    )
        .alias(&["allrandrepeat"]).default("1").parent("rw").category("I/O/Random offsets");
    [randseed: u64] OptionDef::new("randseed", BYTES, "Base seed of all random streams")
        .default("0x89").syntax("hex or decimal, size suffixes accepted").parent("rw")
        .category("I/O/Random offsets");
    [norandommap: bool] OptionDef::new(
        "norandommap",
        ValueKind::Flag,
        "Do not track visited blocks for random patterns",
    )
        .parent("rw").category("I/O/Random offsets");
    [softrandommap: bool] OptionDef::new(
        "softrandommap",
        ValueKind::Bool,
        "Fall back to norandommap when the map allocation fails",
    )
        .default("0").parent("norandommap").category("I/O/Random offsets");
    [sprandom: bool] OptionDef::new(
        "sprandom",
        ValueKind::Bool,
        "Fast SSD preconditioning through region-wise pseudo-random writes",
    )
        .default("0").parent("rw").since("3.41").category("I/O/Random offsets");
    [spr_num_regions: u32] OptionDef::new("spr_num_regions", INT, "Region count for sprandom")
        .default("100").parent("sprandom").since("3.41").category("I/O/Random offsets");
    [spr_op: Vec<f64>] OptionDef::new(
        "spr_op",
        floats(0.0, f64::MAX, 1),
        "Share of hidden spare capacity sprandom assumes",
    )
        .default("0.15").parent("sprandom").since("3.41").category("I/O/Random offsets");
    [spr_cs: u64] OptionDef::new(
        "spr_cs",
        BYTES,
        "Device cache size for sprandom; non-zero delays invalidations one region",
    )
        .default("0").parent("sprandom").since("3.42").category("I/O/Random offsets");
    [random_generator: RandomGenerator] OptionDef::new(
        "random_generator",
        ValueKind::Choice(RANDOM_GENERATOR),
        "Generator behind random offsets",
    )
        .default("tausworthe").category("I/O/Random offsets");
    [random_distribution: Distribution] OptionDef::new(
        "random_distribution",
        ValueKind::Distribution(RANDOM_DISTRIBUTION),
        "Statistical distribution of random offsets",
    )
        .default("random").category("I/O/Random offsets");
    [random_sequence_stride: bool] OptionDef::new(
        "random_sequence_stride",
        ValueKind::Bool,
        "Advance a sequence distribution by its length after each cycle",
    )
        .default("0").since("3.43").category("I/O/Random offsets");
    [percentage_random: PerDirection<Option<u32>>] OptionDef::new(
        "percentage_random",
        ValueKind::Sizes { min: 0, max: 100, directions: 3 },
        "Share of requests that are random in a random pattern",
    )
        .default("100,100,100").inverse("percentage_sequential").category("I/O/Random offsets");
    [] OptionDef::new(
        "percentage_sequential",
        ValueKind::Ignored,
        "Former share of sequential requests",
    )
        .status(Status::Removed { instead: "percentage_random" }).category("I/O/Random offsets");
    [rwmixread: u32] OptionDef::new(
        "rwmixread",
        ValueKind::Int { min: 0, max: 100 },
        "Read share of a mixed workload",
    )
        .default("50").inverse("rwmixwrite").category("I/O/Mix of reads and writes");
    [rwmixwrite: u32] OptionDef::new(
        "rwmixwrite",
        ValueKind::Int { min: 0, max: 100 },
        "Write share of a mixed workload",
    )
        .default("50").inverse("rwmixread").category("I/O/Mix of reads and writes");
    [] OptionDef::new("rwmixcycle", ValueKind::Ignored, "Former period of a mix, in milliseconds")
        .status(Status::Removed { instead: "" }).category("I/O/Mix of reads and writes");
}
