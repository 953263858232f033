//! Rules of zones.

use fiord_base::Direction;

use super::super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{DeviceZones, JobPlan, StridedZones, ZonesPlan};
use crate::value::Value;

/// Smallest zone, as in fio.
const ZONE_BYTES_MIN: u64 = 512;

/// Applies all rules.
pub(super) fn make_consistent(plan: &mut JobPlan, job: &mut Job<'_>) {
    let mut zones = std::mem::take(&mut *plan.zones);
    match &mut zones {
        ZonesPlan::None => {}
        ZonesPlan::Strided(strided) => {
            if step_through_one_file(plan, job) {
                zones = ZonesPlan::None;
            } else {
                want_blocks_in_zones(strided, plan, job);
            }
        }
        ZonesPlan::Device(device) => {
            need_serial_creation(plan, job);
            check_extents(device, plan, job);
            settle_open_limits(device);
            allow_remainders(device, plan, job);
            check_recovery(device, plan, job);
            refuse_regeneration(plan, job);
        }
    }
    *plan.zones = zones;
}

/// True if several files are to be open, which cannot be stepped through. Several files of which it was
/// not said how many are to be open take turns in the zones, as in fio.
fn step_through_one_file(plan: &JobPlan, job: &mut Job<'_>) -> bool {
    let said = matches!(job.settings.value("openfiles"), Some(Value::Int(files)) if *files > 1);
    let several = said && plan.files.open_limit > 1;
    if several {
        job.report(
            "zonemode",
            Diagnostic::warning("`zonemode=strided` has no effect with several open files")
                .code(Code::STRIDED_OPEN_FILES)
                .help("use one file, or `openfiles=1`"),
        );
    }
    several
}

/// Random blocks are drawn from a zone, so one has to fit into it.
fn want_blocks_in_zones(zones: &StridedZones, plan: &JobPlan, job: &mut Job<'_>) {
    let block = plan.blocks.smallest(plan.pattern.rw);
    if plan.pattern.rw.random && block > zones.range_bytes {
        job.report(
            if job.settings.value("zonerange").is_some() { "zonerange" } else { "zonesize" },
            Diagnostic::warning(format!("no block of {block} bytes fits into a zone"))
                .code(Code::ZONE_BELOW_BLOCK)
                .label(format!("zones have {} bytes: the job issues nothing", zones.range_bytes))
                .help("raise `zonerange` or lower `bs`"),
        );
    }
}

fn need_serial_creation(plan: &JobPlan, job: &mut Job<'_>) {
    if !plan.files.create_serialize {
        job.report(
            "create_serialize",
            Diagnostic::error("`zonemode=zbd` needs `create_serialize=1`")
                .code(Code::ZONES_NEED_SERIAL_CREATION)
                .label("zones are set up for all jobs together"),
        );
    }
}

fn check_extents(zones: &DeviceZones, plan: &JobPlan, job: &mut Job<'_>) {
    let Some(size) = zones.size_bytes else { return };
    if size < ZONE_BYTES_MIN {
        job.report(
            "zonesize",
            Diagnostic::error(format!("zones of {size} bytes are too small"))
                .code(Code::ZONE_TOO_SMALL)
                .label(format!("at least {ZONE_BYTES_MIN}")),
        );
    }
    if zones.capacity_bytes.is_some_and(|capacity| capacity > size) {
        job.report(
            "zonecapacity",
            Diagnostic::error("`zonecapacity` is larger than `zonesize`")
                .code(Code::ZONE_CAPACITY_ABOVE_SIZE),
        );
    }
    let block = plan.blocks.max[Direction::Write];
    if plan.pattern.rw.write && block > size {
        job.report(
            "bs",
            Diagnostic::error(format!("a block of {block} bytes does not fit into a zone"))
                .code(Code::BLOCK_ABOVE_ZONE)
                .label(format!("zones have {size} bytes"))
                .help("lower `bs` or raise `zonesize`"),
        );
    }
}

/// A job cannot have more zones open than all jobs together.
fn settle_open_limits(zones: &mut DeviceZones) {
    zones.job_open_limit = match (zones.job_open_limit, zones.open_limit) {
        (Some(own), Some(all)) => Some(own.min(all)),
        (own, _) => own,
    };
}

/// The end of a zone holds no whole block, so a map of blocks cannot describe it.
fn allow_remainders(zones: &DeviceZones, plan: &mut JobPlan, job: &mut Job<'_>) {
    if !zones.write_remainder {
        return;
    }
    if job.settings.value("norandommap") == Some(&Value::Bool(false)) {
        job.report(
            "norandommap",
            Diagnostic::error("`write_zone_remainder` needs `norandommap`")
                .code(Code::REMAINDER_WITH_MAP)
                .help("leave out `norandommap=0`"),
        );
    }
    plan.pattern.random_map = false;
}

fn check_recovery(zones: &DeviceZones, plan: &JobPlan, job: &mut Job<'_>) {
    if !zones.recover_write_errors || !plan.pattern.rw.write {
        return;
    }
    if !plan.errors.continue_on.any() {
        job.report(
            "recover_zbd_write_error",
            Diagnostic::error("`recover_zbd_write_error` needs `continue_on_error`")
                .code(Code::RECOVERY_WITHOUT_CONTINUE)
                .label("otherwise the first failed write ends the job")
                .help("add `continue_on_error=write`"),
        );
    }
    if plan.verify.kind.is_some() && !job.engine.inline {
        job.report(
            "recover_zbd_write_error",
            Diagnostic::error("`recover_zbd_write_error` does not go with `verify`")
                .code(Code::RECOVERY_WITH_VERIFY)
                .label(format!(
                    "with `ioengine={}` the rest of the zone is filled with zeroes",
                    plan.engine.name
                ))
                .help("use a synchronous engine, or leave out one of the two"),
        );
    }
}

/// Where the next write goes depends on the zones, so the sequence cannot be generated again.
fn refuse_regeneration(plan: &JobPlan, job: &mut Job<'_>) {
    if plan.verify.regenerate {
        job.report(
            "experimental_verify",
            Diagnostic::error("`experimental_verify` does not work with `zonemode=zbd`")
                .code(Code::REGENERATION_WITH_ZONES)
                .help("leave it out: writes are then remembered"),
        );
    }
}
