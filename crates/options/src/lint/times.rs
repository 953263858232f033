//! Rules about beginning and end.

use super::Job;
use crate::diagnostic::{Code, Diagnostic};

const SECOND_NS: u64 = 1_000_000_000;

pub(super) fn look(job: &mut Job<'_, '_>) {
    loops_with_time_based(job);
    ramp(job);
    short_runtime(job);
    pause_above_runtime(job);
    delay_during_wait(job);
    exitall_alone(job);
}

fn loops_with_time_based(job: &mut Job<'_, '_>) {
    if job.plan.limits.time_based && job.plan.limits.loops > 1 {
        job.idle(
            "loops",
            Diagnostic::warning("`loops` has no effect with `time_based`")
                .code(Code::LOOPS_WITH_TIME_BASED)
                .label("the job repeats until `runtime` is over"),
        );
    }
}

fn ramp(job: &mut Job<'_, '_>) {
    let limits = &job.plan.limits;
    let Some(ramp) = limits.ramp_ns else { return };
    let diagnostic = match limits.runtime_ns {
        None => Diagnostic::warning("`ramp_time` in a job without `runtime`")
            .code(Code::RAMP_WITHOUT_RUNTIME)
            .label("the job may end before it has warmed up")
            .help("add `runtime` and `time_based`"),
        Some(runtime) if ramp > runtime => {
            Diagnostic::warning("the warm-up is longer than the measurement")
                .code(Code::RAMP_ABOVE_RUNTIME)
                .label(format!("{} after which {} are measured", shown(ramp), shown(runtime)))
                .help("`ramp_time` comes before `runtime` and is not part of it")
        }
        Some(_) => return,
    };
    job.trap("ramp_time", diagnostic);
}

fn short_runtime(job: &mut Job<'_, '_>) {
    let Some(runtime) = job.plan.limits.runtime_ns else { return };
    if runtime < SECOND_NS {
        job.trap(
            "runtime",
            Diagnostic::warning(format!("the job runs for {} only", shown(runtime)))
                .code(Code::SHORT_RUNTIME)
                .label("`m` are minutes, `ms` milliseconds")
                .help("write seconds as `s`, minutes as `m`"),
        );
    }
}

fn pause_above_runtime(job: &mut Job<'_, '_>) {
    let pause_ns = job.plan.pacing.think.pause_ns;
    let Some(runtime_ns) = job.plan.limits.runtime_ns else { return };
    if pause_ns >= runtime_ns && pause_ns > 0 {
        job.trap(
            "thinktime",
            Diagnostic::warning("the job pauses until it is over")
                .code(Code::PAUSE_ABOVE_RUNTIME)
                .label(format!("{} in a job of {}", shown(pause_ns), shown(runtime_ns)))
                .help("without a unit `thinktime` is in microseconds, `runtime` in seconds"),
        );
    }
}

/// A time for people.
fn shown(time_ns: u64) -> String {
    if time_ns >= SECOND_NS {
        format!("{} s", time_ns / SECOND_NS)
    } else if time_ns >= 1_000_000 {
        format!("{} ms", time_ns / 1_000_000)
    } else {
        format!("{} us", time_ns / 1000)
    }
}

fn delay_during_wait(job: &mut Job<'_, '_>) {
    if job.plan.stonewall && job.number > 0 && job.plan.start_delay_ns.1 > 0 {
        job.trap(
            "startdelay",
            Diagnostic::warning("`startdelay` does not begin when the wait ends")
                .code(Code::DELAY_DURING_WAIT)
                .label("it counts from the start of the run")
                .help("the job waits for those before it; if they take longer, there is no delay"),
        );
    }
}

fn exitall_alone(job: &mut Job<'_, '_>) {
    if job.run.jobs.len() == 1 && job.plan.clones == 1 && job.is_on("exitall") {
        job.idle(
            "exitall",
            Diagnostic::warning("`exitall` has no effect with a single job")
                .code(Code::EXITALL_ALONE)
                .label("there are no others to end"),
        );
    }
}
