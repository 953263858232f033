//! Lowering of the options of zones and of data placement.

use fiord_base::Quantity;

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{
    DeviceZones, IdRanges, JobPlan, PlacementDirective, PlacementPlan, PlacementSelect,
    StridedZones, ZoneResets, ZonesPlan,
};
use crate::table::{PlidSelect, ZoneMode, ZoneOptions};

/// Most placement identifiers of a job, as in fio.
const IDENTIFIERS_MAX: u64 = 128;

/// Fills the plan.
pub(super) fn lower_zones(options: ZoneOptions, plan: &mut JobPlan, job: &mut Job<'_>) {
    let ZoneOptions {
        zonemode,
        zonesize,
        zonecapacity,
        zonerange,
        zoneskip,
        read_beyond_wp,
        max_open_zones,
        job_max_open_zones,
        ignore_zone_limits,
        zone_reset_threshold,
        zone_reset_frequency,
        recover_zbd_write_error,
        write_zone_remainder,
        fdp,
        dataplacement,
        plid_select,
        plids,
        dp_scheme,
    } = options;
    let given = |bytes: Option<u64>| bytes.filter(|&bytes| bytes > 0);
    let skip = zoneskip.unwrap_or(Quantity::Bytes(0));
    *plan.zones = match zonemode.unwrap_or_default() {
        ZoneMode::None => {
            if given(zonesize).is_some() {
                need_zone_mode(job);
            }
            ZonesPlan::None
        }
        ZoneMode::Strided => match given(zonesize) {
            Some(transfer_bytes) => ZonesPlan::Strided(StridedZones {
                transfer_bytes,
                range_bytes: given(zonerange).unwrap_or(transfer_bytes),
                skip_bytes: skip_bytes(skip, transfer_bytes, job),
            }),
            None => {
                need_zone_size(job);
                ZonesPlan::None
            }
        },
        ZoneMode::Device => {
            let fill_threshold = first(zone_reset_threshold);
            let per_write = first(zone_reset_frequency);
            ZonesPlan::Device(DeviceZones {
                size_bytes: given(zonesize),
                capacity_bytes: given(zonecapacity),
                skip,
                read_beyond_write_pointer: read_beyond_wp.unwrap_or(false),
                open_limit: max_open_zones.filter(|&zones| zones > 0),
                job_open_limit: job_max_open_zones.filter(|&zones| zones > 0),
                ignore_device_limits: ignore_zone_limits.unwrap_or(false),
                resets: (per_write > 0.0).then_some(ZoneResets { fill_threshold, per_write }),
                recover_write_errors: recover_zbd_write_error.unwrap_or(false),
                write_remainder: write_zone_remainder.unwrap_or(false),
            })
        }
    };
    let scheme = (plid_select.unwrap_or_default(), dp_scheme);
    let directive = directive(fdp.unwrap_or(false), dataplacement, job);
    *plan.placement = directive.map(|directive| {
        let identifiers = identifiers(directive, plids, job);
        PlacementPlan { directive, select: select(scheme, job), identifiers }
    });
}

fn first(list: Option<Vec<f64>>) -> f64 {
    list.and_then(|list| list.first().copied()).unwrap_or(0.0)
}

/// What is left out between zones. A number of zones counts in what is transferred in each, as in fio.
fn skip_bytes(skip: Quantity, transfer_bytes: u64, job: &mut Job<'_>) -> u64 {
    match skip {
        Quantity::Bytes(bytes) => bytes,
        Quantity::Zones(zones) => transfer_bytes.saturating_mul(zones),
        Quantity::Percent(percent) => {
            job.report(
                "zoneskip",
                Diagnostic::error("`zoneskip` is no share of anything")
                    .code(Code::SKIP_IN_PERCENT)
                    .label(format!("{percent} % of what?"))
                    .help("give bytes, or a number of zones such as `2z`"),
            );
            0
        }
    }
}

fn need_zone_mode(job: &mut Job<'_>) {
    job.report(
        "zonesize",
        Diagnostic::error("`zonesize` needs a `zonemode`")
            .code(Code::ZONE_SIZE_WITHOUT_MODE)
            .label("without zones it has no meaning")
            .help("add `zonemode=strided` or `zonemode=zbd`"),
    );
}

fn need_zone_size(job: &mut Job<'_>) {
    job.report(
        "zonemode",
        Diagnostic::error("`zonemode=strided` needs `zonesize`")
            .code(Code::STRIDED_WITHOUT_SIZE)
            .help("say with `zonesize` how much is transferred in each zone"),
    );
}

/// `fdp=1` is the older way to say `dataplacement=fdp`.
fn directive(
    fdp: bool,
    named: Option<Option<PlacementDirective>>,
    job: &mut Job<'_>,
) -> Option<PlacementDirective> {
    const FDP: PlacementDirective = PlacementDirective::FlexibleDataPlacement;
    match named {
        Some(other) if fdp && other != Some(FDP) => {
            job.report(
                "dataplacement",
                Diagnostic::error("`fdp=1` means `dataplacement=fdp`")
                    .code(Code::PLACEMENT_CONTRADICTED)
                    .label("another directive is named here")
                    .help("leave out one of the two"),
            );
            other
        }
        Some(named) => named,
        None => fdp.then_some(FDP),
    }
}

fn identifiers(
    directive: PlacementDirective,
    plids: Option<IdRanges>,
    job: &mut Job<'_>,
) -> Option<IdRanges> {
    let count = plids.as_ref().map_or(0, IdRanges::count);
    if count > IDENTIFIERS_MAX {
        job.report(
            "plids",
            Diagnostic::error(format!("{count} placement identifiers are too many"))
                .code(Code::TOO_MANY_PLACEMENT_IDS)
                .label(format!("at most {IDENTIFIERS_MAX}")),
        );
    }
    if directive == PlacementDirective::Streams && plids.is_none() {
        job.report(
            "dataplacement",
            Diagnostic::error("`dataplacement=streams` needs `plids`")
                .code(Code::STREAMS_WITHOUT_IDS)
                .help("name the streams, such as `plids=1-4`"),
        );
    }
    plids
}

fn select(
    (select, scheme): (PlidSelect, Option<crate::names::Text>),
    job: &mut Job<'_>,
) -> PlacementSelect {
    match (select, scheme) {
        (PlidSelect::RoundRobin, _) => PlacementSelect::RoundRobin,
        (PlidSelect::Random, _) => PlacementSelect::Random,
        (PlidSelect::Scheme, Some(file)) => PlacementSelect::Scheme(file),
        (PlidSelect::Scheme, None) => {
            job.report(
                "plid_select",
                Diagnostic::error("`plid_select=scheme` needs `dp_scheme`")
                    .code(Code::SCHEME_WITHOUT_FILE)
                    .help("name the file that maps offsets to identifiers"),
            );
            PlacementSelect::RoundRobin
        }
    }
}
