//! What the jobs of a run, or of a group, have to agree on.

use super::general::STEADY_INTERVAL_NS;
use super::settings::Settings;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::plan::{JobPlan, SteadyStatePlan};
use crate::spec::Origin;
use crate::value::{Nanos, Value};

/// What the jobs so far have agreed on: each is said by the first job that it concerns.
#[derive(Debug, Default)]
pub(super) struct Agreement {
    /// Time between samples of the steady state, of the whole run.
    steady_interval_ns: Option<u64>,
    group: OfGroup,
}

/// What the jobs of the present group have agreed on.
#[derive(Debug, Default)]
struct OfGroup {
    steady_state: Option<Option<SteadyStatePlan>>,
    /// Of jobs that are reported together.
    lat_percentiles: Option<bool>,
    /// Of jobs that are reported together.
    ramp_bytes: Option<Option<u64>>,
}

impl Agreement {
    /// A new group begins.
    pub(super) fn open_group(&mut self) {
        self.group = OfGroup::default();
    }

    /// Adds a job to the present group, and complains if it does not agree.
    pub(super) fn join(
        &mut self,
        plan: &JobPlan,
        settings: &Settings<'_>,
        section: &Origin,
        diagnostics: &mut Diagnostics,
    ) {
        let (stats, limits) = (&plan.stats, &plan.limits);
        let interval = match settings.value("steadystate_check_interval") {
            Some(Value::Time(Nanos(ns))) => *ns,
            _ => STEADY_INTERVAL_NS,
        };
        let mut differ = Vec::new();
        if !agrees(&mut self.steady_interval_ns, interval) {
            differ.push(("steadystate_check_interval", Code::STEADY_STATES_DIFFER, "the jobs"));
        } else if !agrees(&mut self.group.steady_state, limits.steady_state) {
            differ.push(("steadystate", Code::STEADY_STATES_DIFFER, "the jobs of a group"));
        }
        if stats.group_reporting {
            if !agrees(&mut self.group.lat_percentiles, stats.lat_percentiles) {
                let code = Code::GROUP_PERCENTILES_DIFFER;
                differ.push(("lat_percentiles", code, "the jobs of a group"));
            }
            if !agrees(&mut self.group.ramp_bytes, limits.ramp_bytes) {
                differ.push(("ramp_size", Code::GROUP_RAMPS_DIFFER, "the jobs of a group"));
            }
        }
        for (option, code, whom) in differ {
            let diagnostic = Diagnostic::error(format!("`{option}` differs between {whom}"))
                .code(code)
                .at(settings.origin(option).as_ref().unwrap_or(section));
            diagnostics.push(diagnostic.help(match whom {
                "the jobs" => "set it in `[global]`",
                _ => "set it alike, or part the jobs with `new_group`",
            }));
        }
    }
}

/// True if this is what was agreed on; the first one decides.
fn agrees<T: Copy + PartialEq>(agreed: &mut Option<T>, value: T) -> bool {
    *agreed.get_or_insert(value) == value
}
