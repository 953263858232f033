//! Options that refine another one, which is not set.

use super::Job;
use crate::diagnostic::{Code, Diagnostic};

/// Options that do nothing unless one of others is set.
struct Need {
    code: &'static Code,
    options: &'static [&'static str],
    needed: Needed,
}

/// What must hold.
enum Needed {
    /// One of these options says something.
    AnyOf(&'static [&'static str]),
    /// This option is set to this word.
    Word(&'static str, &'static str),
}

const fn any_of(
    code: &'static Code,
    needed: &'static [&'static str],
    options: &'static [&'static str],
) -> Need {
    Need { code, options, needed: Needed::AnyOf(needed) }
}

const LOGS: &[&str] = &["write_bw_log", "write_iops_log", "write_lat_log", "write_hist_log"];

const NEEDS: &[Need] = &[
    any_of(
        Code::THINKTIME_PART,
        &["thinktime"],
        &["thinktime_blocks", "thinktime_blocks_type", "thinktime_spin", "thinktime_iotime"],
    ),
    any_of(Code::RATE_PART, &["rate", "rate_iops"], &["rate_process", "rate_ignore_thinktime"]),
    any_of(Code::RATE_PART, &["rate_min", "rate_iops_min", "rate", "rate_iops"], &["rate_cycle"]),
    any_of(
        Code::LATENCY_TARGET_PART,
        &["latency_target"],
        &["latency_window", "latency_percentile", "latency_run"],
    ),
    any_of(
        Code::VERIFY_PART,
        &["verify", "verify_pattern"],
        &[
            "do_verify",
            "verify_only",
            "verify_policy",
            "verify_interval",
            "verify_offset",
            "verify_pattern_interval",
            "verify_fatal",
            "verify_dump",
            "verify_async",
            "verify_async_cpus",
            "verify_backlog",
            "verify_backlog_batch",
            "verify_state_load",
            "verify_state_save",
            "verify_journal",
            "verify_write_sequence",
            "verify_header_seed",
            "experimental_verify",
        ],
    ),
    any_of(Code::VERIFY_SUBPART, &["verify_backlog"], &["verify_backlog_batch"]),
    any_of(Code::VERIFY_SUBPART, &["verify_async"], &["verify_async_cpus"]),
    any_of(
        Code::TRIM_PART,
        &["trim_percentage"],
        &["trim_verify_zero", "trim_backlog", "trim_backlog_batch"],
    ),
    any_of(
        Code::REPLAY_PART,
        &["read_iolog"],
        &[
            "read_iolog_chunked",
            "replay_no_stall",
            "replay_redirect",
            "replay_scale",
            "replay_align",
            "replay_time_scale",
            "replay_skip",
            "merge_blktrace_file",
        ],
    ),
    any_of(
        Code::REPLAY_PART,
        &["merge_blktrace_file"],
        &["merge_blktrace_scalars", "merge_blktrace_iters"],
    ),
    any_of(Code::ZONE_PART, &["zonemode", "zonesize"], &["zonerange", "zoneskip"]),
    Need {
        code: Code::ZONE_PART,
        options: &[
            "zonecapacity",
            "read_beyond_wp",
            "max_open_zones",
            "job_max_open_zones",
            "ignore_zone_limits",
            "zone_reset_threshold",
            "zone_reset_frequency",
            "recover_zbd_write_error",
            "write_zone_remainder",
        ],
        needed: Needed::Word("zonemode", "zbd"),
    },
    any_of(
        Code::LOG_PART,
        LOGS,
        &[
            "log_avg_msec",
            "log_entries",
            "log_window_value",
            "log_offset",
            "log_prio",
            "log_issue_time",
            "log_compression",
            "log_compression_cpus",
            "log_store_compressed",
            "log_alternate_epoch",
            "log_alternate_epoch_clock_id",
        ],
    ),
    any_of(Code::LOG_PART, &["write_hist_log"], &["log_hist_msec", "log_hist_coarseness"]),
    any_of(
        Code::STEADY_STATE_PART,
        &["steadystate_duration"],
        &["steadystate", "steadystate_ramp_time", "steadystate_check_interval"],
    ),
    any_of(Code::BUFFER_PART, &["buffer_compress_percentage"], &["buffer_compress_chunk"]),
    any_of(
        Code::BUFFER_PART,
        &["dedupe_percentage"],
        &["dedupe_mode", "dedupe_working_set_percentage", "dedupe_global"],
    ),
    any_of(
        Code::CPU_PART,
        &["cpus_allowed", "cpumask", "numa_cpu_nodes"],
        &["cpus_allowed_policy"],
    ),
    any_of(Code::GROUP_PART, &["cgroup"], &["cgroup_weight", "cgroup_nodelete"]),
    any_of(Code::END_PART, &["exitall", "exitall_on_error"], &["exit_what"]),
    any_of(Code::ERROR_PART, &["continue_on_error", "ignore_error"], &["error_dump"]),
    any_of(Code::FLOW_PART, &["flow"], &["flow_id", "flow_sleep"]),
    any_of(Code::PLACEMENT_PART, &["fdp", "dataplacement"], &["plid_select", "plids", "dp_scheme"]),
    any_of(Code::ENGINE_PART, &["sqthread_poll"], &["sqthread_poll_cpu"]),
    any_of(Code::ENGINE_PART, &["hipri"], &["hipri_percentage"]),
    any_of(
        Code::ENGINE_PART,
        &["cmdprio_percentage", "cmdprio_bssplit"],
        &["cmdprio", "cmdprio_class", "cmdprio_hint"],
    ),
    any_of(Code::PRECONDITION_PART, &["sprandom"], &["spr_num_regions", "spr_op", "spr_cs"]),
];

pub(super) fn look(job: &mut Job<'_, '_>) {
    for need in NEEDS {
        look_for(need, job);
    }
    huge_pages(job);
}

fn look_for(need: &Need, job: &mut Job<'_, '_>) {
    let idle: Vec<&str> =
        need.options.iter().copied().filter(|option| job.setting(option).is_some()).collect();
    if idle.is_empty() {
        return;
    }
    let (met, words) = match need.needed {
        Needed::AnyOf(options) => (options.iter().any(|option| job.is_on(option)), listed(options)),
        Needed::Word(option, word) => (job.is_word(option, word), format!("`{option}={word}`")),
    };
    if met {
        return;
    }
    for option in idle {
        if job.is_changed(option) {
            let text = format!("`{option}` has no effect without {words}");
            job.idle(option, Diagnostic::warning(text).code(need.code));
        }
    }
}

fn huge_pages(job: &mut Job<'_, '_>) {
    let huge = ["shmhuge", "mmaphuge"].into_iter().any(|word| job.is_word("mem", word));
    if !huge && job.is_changed("hugepage-size") {
        let text = "`hugepage-size` has no effect without `mem=shmhuge` or `mem=mmaphuge`";
        job.idle("hugepage-size", Diagnostic::warning(text).code(Code::HUGE_PAGE_PART));
    }
}

/// `` `a`, `b` or `c` ``.
fn listed(options: &[&str]) -> String {
    let quoted: Vec<String> = options.iter().map(|option| format!("`{option}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
