//! The options that are in force for a job, with their resolved values, for the report.

use fiord_base::{PerDirection, Quantity};

use super::settings::Settings;
use crate::plan::{Fill, JobPlan, Seeds, VerifyKind, ZonesPlan};
use crate::table::{self, OptionDef, Status};
use crate::value::{Nanos, Value};

impl JobPlan {
    /// All options that are built and have a value, in the order of the table: what was resolved,
    /// else what was given, else the default. Of those that are not built yet, what was given or
    /// follows from what was. Few ask for it, and the list is long, so it is made when it is wanted.
    pub fn effective(&self) -> Vec<(String, String)> {
        let settings = Settings::replay(self.defaults.iter().chain(&self.given));
        let mut list: Vec<_> = table::job_options()
            .filter_map(|def| Some((def, value(def, self, &settings)?)))
            .filter(|(def, text)| match def.status {
                Status::Ready => true,
                Status::Planned => {
                    settings.value(def.name).is_some() || Some(text.as_str()) != def.default
                }
                _ => false,
            })
            .map(|(def, text)| (def.name.to_owned(), text))
            .collect();
        list.extend(self.engine.options.iter().cloned());
        list
    }
}

fn value(def: &OptionDef, plan: &JobPlan, settings: &Settings<'_>) -> Option<String> {
    match resolved(def.name, plan) {
        Resolved::Text(text) => Some(text),
        Resolved::Absent => None,
        Resolved::AsGiven => match settings.value(def.name) {
            Some(value) => Some(value.to_string()),
            None => def.default.map(str::to_owned),
        },
    }
}

/// The value of an option after all rules.
enum Resolved {
    /// Changed or made by the rules.
    Text(String),
    /// Not in force: another option took its place.
    Absent,
    /// No rule touches it.
    AsGiven,
}

impl Resolved {
    fn number(number: impl Into<u64>) -> Self {
        Resolved::Text(number.into().to_string())
    }

    fn flag(flag: bool) -> Self {
        Resolved::number(u8::from(flag))
    }

    fn optional(text: Option<String>) -> Self {
        text.map_or(Resolved::Absent, Resolved::Text)
    }
}

fn resolved(name: &str, plan: &JobPlan) -> Resolved {
    let (files, engine, stats) = (&plan.files, &plan.engine, &plan.stats);
    let ranged = plan.blocks.min != plan.blocks.max;
    match name {
        "name" => Resolved::Text(plan.name.clone()),
        "ioengine" => Resolved::Text(engine.name.clone()),
        "numjobs" => Resolved::number(plan.clones),
        "loops" => Resolved::number(plan.limits.loops),
        "time_based" => Resolved::flag(plan.limits.time_based),
        "stonewall" => Resolved::flag(plan.stonewall),
        "iodepth_batch" => Resolved::number(engine.batch),
        "iodepth_batch_complete_min" => Resolved::number(engine.batch_complete_min),
        "iodepth_batch_complete_max" => Resolved::number(engine.batch_complete_max),
        "iodepth_low" => Resolved::number(engine.iodepth_low),
        "serialize_overlap" => Resolved::flag(engine.serialize_overlap),
        "thinktime_spin" => Resolved::Text(Nanos(plan.pacing.think.spin_ns).to_string()),
        "cpus_allowed" => Resolved::optional(
            plan.process.cpus.allowed.clone().map(|ranges| Value::IdList(ranges.0).to_string()),
        ),
        "random_generator" if plan.pattern.precondition.is_some() => Resolved::Text("lfsr".into()),
        "bs" if ranged => Resolved::Absent,
        "bs" => Resolved::Text(directions(&plan.blocks.min)),
        "bsrange" if ranged => Resolved::Text(ranges(plan)),
        "bsrange" => Resolved::Absent,
        "ba" => Resolved::Text(directions(&plan.blocks.align)),
        "size" => Resolved::optional(plan.region.size.map(quantity)),
        "io_size" => Resolved::optional(plan.region.io_size.map(quantity)),
        "nrfiles" => Resolved::number(files.count),
        "openfiles" => Resolved::number(files.open_limit),
        "pre_read" => Resolved::flag(files.pre_read),
        "atomic" => Resolved::flag(files.atomic),
        "overwrite" => Resolved::flag(files.overwrite),
        "direct" => Resolved::flag(files.direct),
        "buffered" => Resolved::flag(!files.direct),
        "invalidate" => Resolved::flag(files.invalidate),
        // Only random offsets have a map to do without.
        "norandommap" if !plan.pattern.rw.random => Resolved::Absent,
        "norandommap" => Resolved::flag(!plan.pattern.random_map),
        "randrepeat" => {
            Resolved::flag(matches!(plan.pattern.seeds, Seeds::Base { repeat: true, .. }))
        }
        "randseed" => Resolved::optional(match plan.pattern.seeds {
            Seeds::Base { base, .. } => Some(base.to_string()),
            Seeds::System => None,
        }),
        "rwmixread" => Resolved::number(plan.pattern.read_percent),
        "rwmixwrite" => Resolved::number(100_u32.saturating_sub(plan.pattern.read_percent)),
        "write_iolog" if plan.replay.is_some() => Resolved::Absent,
        "bwavgtime" => Resolved::number(stats.bw_period_ms),
        "iopsavgtime" => Resolved::number(stats.iops_period_ms),
        "zero_buffers" => Resolved::flag(plan.data.fill == Fill::Zero),
        "refill_buffers" => Resolved::flag(plan.data.refill),
        "scramble_buffers" => Resolved::flag(plan.data.scramble),
        "disable_lat" => Resolved::flag(!stats.lat),
        "disable_clat" => Resolved::flag(!stats.clat),
        "disable_slat" => Resolved::flag(!stats.slat),
        "disable_bw_measurement" => Resolved::flag(!stats.bw),
        "clat_percentiles" => Resolved::flag(stats.clat_percentiles),
        "lat_percentiles" => Resolved::flag(stats.lat_percentiles),
        "slat_percentiles" => Resolved::flag(stats.slat_percentiles),
        "percentile_list" => {
            let list: Vec<String> = stats.percentiles.iter().map(f64::to_string).collect();
            Resolved::optional((!list.is_empty()).then(|| list.join(":")))
        }
        "unit_base" => Resolved::number(stats.unit_base),
        _ => checks_and_zones(name, plan),
    }
}

/// The options of verification, zones and placement.
fn checks_and_zones(name: &str, plan: &JobPlan) -> Resolved {
    let verify = &plan.verify;
    match (name, &*plan.zones, plan.placement.as_ref()) {
        ("verify", ..) => Resolved::Text(verify.kind.map_or("0", VerifyKind::name).to_owned()),
        ("verify_interval", ..) if verify.kind.is_some() => {
            Resolved::optional(verify.interval_bytes.map(|bytes| bytes.to_string()))
        }
        ("verify_write_sequence", ..) => Resolved::flag(verify.check_write_number),
        ("verify_header_seed", ..) => Resolved::flag(verify.check_header_seed),
        ("zonemode", zones, _) => Resolved::Text(zones.name().to_owned()),
        ("zonerange", ZonesPlan::Strided(zones), _) => Resolved::number(zones.range_bytes),
        ("job_max_open_zones", ZonesPlan::Device(zones), _) => {
            Resolved::number(zones.job_open_limit.unwrap_or(0))
        }
        ("dataplacement", _, Some(placement)) => {
            Resolved::Text(placement.directive.name().to_owned())
        }
        _ => Resolved::AsGiven,
    }
}

fn directions(values: &PerDirection<u64>) -> String {
    values.0.map(|value| value.to_string()).join(",")
}

fn ranges(plan: &JobPlan) -> String {
    let (min, max) = (&plan.blocks.min, &plan.blocks.max);
    min.iter().map(|(d, low)| format!("{low}-{}", max[d])).collect::<Vec<_>>().join(",")
}

fn quantity(quantity: Quantity) -> String {
    match quantity {
        Quantity::Bytes(bytes) => bytes.to_string(),
        Quantity::Percent(percent) => format!("{percent}%"),
        Quantity::Zones(zones) => format!("{zones}z"),
    }
}
