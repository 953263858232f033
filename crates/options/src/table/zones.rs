//! Zoned devices, zones of other devices, and data placement.

use crate::names::Text;
use fiord_base::Quantity;

use super::group::option_group;
use super::typed::from_word;
use super::{BYTES, Choice, OptionDef, TEXT, ValueKind, floats};
use crate::plan::{IdRanges, PlacementDirective};

/// The value of `zonemode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZoneMode {
    /// No zones.
    #[default]
    None,
    /// A part of each range, then the next range.
    Strided,
    /// A zoned device, or the same rules on another target.
    Device,
}

/// The value of `plid_select`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlidSelect {
    /// At random.
    Random,
    /// Each in turn.
    #[default]
    RoundRobin,
    /// By the file of `dp_scheme`.
    Scheme,
}

const ZONEMODE: &[Choice] = &[
    Choice::new("none", "no zones"),
    Choice::new("strided", "sequential inside a zone, then skip"),
    Choice::new("zbd", "zoned block device").planned(),
];

const DATAPLACEMENT: &[Choice] = &[
    Choice::new("none", "no directives"),
    Choice::new("fdp", "flexible data placement"),
    Choice::new("streams", "streams"),
];

const PLID_SELECT: &[Choice] = &[
    Choice::new("random", "at random"),
    Choice::new("roundrobin", "each in turn"),
    Choice::new("scheme", "by the file of dp_scheme"),
];

from_word! {
    ZoneMode {
        "none" => ZoneMode::None,
        "strided" => ZoneMode::Strided,
        "zbd" => ZoneMode::Device,
    }
    Option<PlacementDirective> {
        "none" => None,
        "fdp" => Some(PlacementDirective::FlexibleDataPlacement),
        "streams" => Some(PlacementDirective::Streams),
    }
    PlidSelect {
        "random" => PlidSelect::Random,
        "roundrobin" => PlidSelect::RoundRobin,
        "scheme" => PlidSelect::Scheme,
    }
}

option_group! {
    /// Zoned devices, zones of other devices, and data placement.
    ZoneOptions, ZONES;

    [zonemode: ZoneMode] OptionDef::new("zonemode", ValueKind::Choice(ZONEMODE), "Interpretation of the zone options")
        .default("none").category("I/O/Zone");
    [zonesize: u64] OptionDef::new("zonesize", BYTES, "Zone length, or bytes to transfer per zone")
        .default("0").category("I/O/Zone");
    [zonecapacity: u64; planned] OptionDef::new("zonecapacity", BYTES, "Usable bytes per zone")
        .default("0").category("I/O/Zone");
    [zonerange: u64] OptionDef::new("zonerange", BYTES, "Distance covered by one zone")
        .default("0").category("I/O/Zone");
    [zoneskip: Quantity] OptionDef::new("zoneskip", ValueKind::Quantity, "Gap between zones")
        .default("0").category("I/O/Zone");
    [read_beyond_wp: bool; planned] OptionDef::new("read_beyond_wp", ValueKind::Bool, "Permit reads past a zone's write pointer")
        .default("0").category("I/O");
    [max_open_zones: u32; planned] OptionDef::new(
        "max_open_zones",
        ValueKind::Int { min: 0, max: 4096 },
        "Limit of zones written at once on a device",
    )
        .default("0").category("I/O");
    [job_max_open_zones: u32; planned] OptionDef::new(
        "job_max_open_zones",
        ValueKind::Int { min: 0, max: 4096 },
        "Limit of zones written at once per job",
    )
        .default("0").category("I/O");
    [ignore_zone_limits: bool; planned] OptionDef::new(
        "ignore_zone_limits",
        ValueKind::Bool,
        "Do not apply the device's open/active limits",
    )
        .default("0").category("I/O");
    [zone_reset_threshold: Vec<f64>; planned] OptionDef::new(
        "zone_reset_threshold",
        floats(0.0, 1.0, 1),
        "Fill ratio above which zones are reset periodically",
    )
        .idle("0").syntax("one float").category("I/O/Zone");
    [zone_reset_frequency: Vec<f64>; planned] OptionDef::new(
        "zone_reset_frequency",
        floats(0.0, 1.0, 1),
        "How often a reset happens per write request",
    )
        .idle("0").syntax("one float").category("I/O/Zone");
    [recover_zbd_write_error: bool; planned] OptionDef::new(
        "recover_zbd_write_error",
        ValueKind::Bool,
        "Repair write pointers after failed zone writes and go on",
    )
        .since("3.40").category("I/O/Zone");
    [write_zone_remainder: bool; planned] OptionDef::new(
        "write_zone_remainder",
        ValueKind::Bool,
        "Write short tails instead of finishing zones",
    )
        .since("3.42").category("I/O/Zone");
    [fdp: bool; planned] OptionDef::new("fdp", ValueKind::Bool, "Enable flexible data placement directives")
        .default("0").since("3.34").category("I/O");
    [dataplacement: Option<PlacementDirective>; planned] OptionDef::new(
        "dataplacement",
        ValueKind::Choice(DATAPLACEMENT),
        "Which NVMe placement directive writes carry",
    )
        .alias(&["data_placement"]).default("none").since("3.38").category("I/O");
    [plid_select: PlidSelect; planned] OptionDef::new(
        "plid_select",
        ValueKind::Choice(PLID_SELECT),
        "How the next placement identifier is chosen",
    )
        .alias(&["fdp_pli_select"]).default("roundrobin").since("3.38").category("I/O");
    [plids: IdRanges; planned] OptionDef::new(
        "plids",
        ValueKind::IdList { max: 65535 },
        "Allowed placement identifiers, list with ranges",
    )
        .alias(&["fdp_pli"]).syntax("1,2-4,7; at most 128; each <= 65535").since("3.38")
        .category("I/O");
    [dp_scheme: Text; planned] OptionDef::new("dp_scheme", TEXT, "File mapping offset ranges to placement identifiers")
        .since("3.38").category("I/O");
}
