//! Zoned devices, zones of other devices, and data placement.

use super::group::option_group;
use super::{BYTES, Choice, OptionDef, TEXT, ValueKind, floats};

const ZONEMODE: &[Choice] = &[
    Choice::new("none", "no zones"),
    Choice::new("strided", "sequential inside a zone, then skip"),
    Choice::new("zbd", "zoned block device"),
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

option_group! {
    /// Zoned devices, zones of other devices, and data placement.
    ZoneOptions, ZONES;

    [] OptionDef::new("zonemode", ValueKind::Choice(ZONEMODE), "Interpretation of the zone options")
        .default("none").category("I/O/Zone");
    [] OptionDef::new("zonesize", BYTES, "Zone length, or bytes to transfer per zone")
        .default("0").category("I/O/Zone");
    [] OptionDef::new("zonecapacity", BYTES, "Usable bytes per zone")
        .default("0").category("I/O/Zone");
    [] OptionDef::new("zonerange", BYTES, "Distance covered by one zone")
        .default("0").category("I/O/Zone");
    [] OptionDef::new("zoneskip", ValueKind::Quantity, "Gap between zones")
        .default("0").category("I/O/Zone");
    [] OptionDef::new("read_beyond_wp", ValueKind::Bool, "Permit reads past a zone's write pointer")
        .default("0").category("I/O");
    [] OptionDef::new(
        "max_open_zones",
        ValueKind::Int { min: 0, max: 4096 },
        "Limit of zones written at once on a device",
    )
        .default("0").category("I/O");
    [] OptionDef::new(
        "job_max_open_zones",
        ValueKind::Int { min: 0, max: 4096 },
        "Limit of zones written at once per job",
    )
        .default("0").category("I/O");
    [] OptionDef::new(
        "ignore_zone_limits",
        ValueKind::Bool,
        "Do not apply the device's open/active limits",
    )
        .default("0").category("I/O");
    [] OptionDef::new(
        "zone_reset_threshold",
        floats(0.0, 1.0, 1),
        "Fill ratio above which zones are reset periodically",
    )
        .syntax("one float").category("I/O/Zone");
    [] OptionDef::new(
        "zone_reset_frequency",
        floats(0.0, 1.0, 1),
        "How often a reset happens per write request",
    )
        .syntax("one float").category("I/O/Zone");
    [] OptionDef::new(
        "recover_zbd_write_error",
        ValueKind::Bool,
        "Repair write pointers after failed zone writes and go on",
    )
        .since("3.40").category("I/O/Zone");
    [] OptionDef::new(
        "write_zone_remainder",
        ValueKind::Bool,
        "Write short tails instead of finishing zones",
    )
        .since("3.42").category("I/O/Zone");
    [] OptionDef::new("fdp", ValueKind::Bool, "Enable flexible data placement directives")
        .default("0").since("3.34").category("I/O");
    [] OptionDef::new(
        "dataplacement",
        ValueKind::Choice(DATAPLACEMENT),
        "Which NVMe placement directive writes carry",
    )
        .alias(&["data_placement"]).default("none").since("3.38").category("I/O");
    [] OptionDef::new(
        "plid_select",
        ValueKind::Choice(PLID_SELECT),
        "How the next placement identifier is chosen",
    )
        .alias(&["fdp_pli_select"]).default("roundrobin").since("3.38").category("I/O");
    [] OptionDef::new(
        "plids",
        ValueKind::IdList { max: 65535 },
        "Allowed placement identifiers, list with ranges",
    )
        .alias(&["fdp_pli"]).syntax("1,2-4,7; at most 128; each <= 65535").since("3.38")
        .category("I/O");
    [] OptionDef::new("dp_scheme", TEXT, "File mapping offset ranges to placement identifiers")
        .since("3.38").category("I/O");
}
