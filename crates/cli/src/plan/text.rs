//! A plan as text for people: the timeline first, then each job, sums, targets, and last, where nobody
//! overlooks it, what would be lost.

use std::fmt::{Display, Write as _};

use fiord_base::words::{short_size, size, time};
use fiord_runner::preview::{
    Amounts, Certainty, CloneRange, Effect, End, FileKind, FileRange, JobPreview, LayoutPreview,
    Memory, Preview, Span, TargetPreview,
};

use super::Document;

/// Most files that are listed for a job, and most targets of a file system.
const MOST_FILES: usize = 8;
const MOST_TARGETS: usize = 12;
/// Most clone numbers that are listed one by one.
const MOST_NUMBERS: usize = 8;

/// Puts a document into words; with colours for a terminal.
pub(super) fn render(document: &Document, colors: bool) -> String {
    let preview = &document.preview;
    let mut out = Out { text: String::new(), colors };
    summary(&mut out, preview);
    for text in &document.unbuilt {
        out.line(0, Color::Warning.paint(colors, "cannot run in this version:"), text);
    }
    timeline(&mut out, preview);
    out.title("Jobs");
    for job in &preview.jobs {
        describe(&mut out, job);
    }
    totals(&mut out, document);
    targets(&mut out, preview);
    for note in &document.notes {
        out.line(0, "note:", note);
    }
    warnings(&mut out, preview);
    out.text
}

/// Text under way.
struct Out {
    text: String,
    colors: bool,
}

impl Out {
    fn title(&mut self, title: &str) {
        let title = Color::Title.paint(self.colors, title);
        let _ = write!(self.text, "\n{title}\n");
    }

    /// A line with a label in a column of its own.
    fn line(&mut self, level: usize, label: impl Display, text: impl Display) {
        let label = label.to_string();
        let indent = level * 2;
        let text = format!("{:indent$}{label} {text}", "");
        let _ = writeln!(self.text, "{}", text.trim_end());
    }

    /// A line of a table with a first column of this width.
    fn row(&mut self, level: usize, width: usize, label: &str, text: impl Display) {
        let indent = level * 2;
        let _ = writeln!(self.text, "{:indent$}{label:width$}  {text}", "");
    }
}

#[derive(Clone, Copy)]
enum Color {
    Title,
    Warning,
    Danger,
}

impl Color {
    fn paint(self, colors: bool, text: &str) -> String {
        let code = match self {
            Color::Title => "1",
            Color::Warning => "1;33",
            Color::Danger => "1;31",
        };
        if colors { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn summary(out: &mut Out, preview: &Preview) {
    let jobs = count(preview.jobs.len() as u64, "job");
    let workers = count(preview.totals.workers, "worker");
    let phases = count(preview.phases.len() as u64, "phase");
    let _ = writeln!(out.text, "{jobs}, {workers}, {phases}; {}", lasting(preview.duration));
}

fn lasting(duration: Span) -> String {
    match (duration.at_least_ns, duration.at_most_ns) {
        (0, None) => "how long it takes depends on the storage".to_owned(),
        (least, None) => format!("takes {} or longer", time(least)),
        (least, Some(most)) if least == most => format!("takes {}", time(least)),
        (0, Some(most)) => format!("takes at most {}", time(most)),
        (least, Some(most)) => format!("takes {} to {}", time(least), time(most)),
    }
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn timeline(out: &mut Out, preview: &Preview) {
    out.title("Timeline");
    let layout = &preview.totals.layout;
    if layout.files() > 0 {
        out.line(1, "before the start:", made(layout));
    }
    let width = preview.jobs.iter().map(|job| job.name.chars().count()).max().unwrap_or(0).min(24);
    for (index, phase) in preview.phases.iter().enumerate() {
        let number = index + 1;
        let when = match (index, phase.start.at_most_ns) {
            (0, _) => "from the start".to_owned(),
            (_, Some(most)) if most == phase.start.at_least_ns => format!("at {}", time(most)),
            _ => format!("when phase {index} has ended"),
        };
        let together = if phase.jobs.len() > 1 { ", side by side" } else { "" };
        out.line(1, format!("phase {number},"), format!("{when}{together}:"));
        for job in phase.jobs.iter().filter_map(|index| preview.jobs.get(*index)) {
            let clones = if job.clones > 1 { format!(" x {}", job.clones) } else { String::new() };
            let text =
                format!("{}{clones}, {}{}", pattern(job), ends(job), starts(job, phase.start));
            out.row(2, width, &job.name, text);
        }
    }
}

/// `randread 4 KiB`.
fn pattern(job: &JobPreview) -> String {
    let mut text = job.rw.to_owned();
    if let Some(percent) = job.read_percent {
        let _ = write!(text, " {percent}/{}", 100 - percent.min(100));
    }
    let range = |min: u64, max: u64| match min == max {
        true => short_size(min),
        false => format!("{}-{}", short_size(min), short_size(max)),
    };
    let mut sizes: Vec<String> = Vec::new();
    for block in &job.block_bytes {
        let shown = range(block.min, block.max);
        if !sizes.contains(&shown) {
            sizes.push(shown);
        }
    }
    let _ = write!(text, " {}", sizes.join(", "));
    text
}

fn ends(job: &JobPreview) -> String {
    if job.clones_failing == job.clones {
        return "cannot start".to_owned();
    }
    let runtime = time(job.runtime_ns.unwrap_or(0));
    let mut text = match job.ends_by {
        End::Layout => "only lays out its files".to_owned(),
        End::Full => "until its target is full".to_owned(),
        End::Recording => "until its recording ends".to_owned(),
        End::Time => format!("for {runtime}"),
        End::Amount => format!("until {}", moved(&job.amounts)),
        End::AmountOrTime => format!("until {}, for {runtime} at most", moved(&job.amounts)),
    };
    let least = job.end.at_least_ns.saturating_sub(job.start.at_least_ns);
    if least > 0 && matches!(job.ends_by, End::Amount | End::AmountOrTime) {
        let _ = write!(text, ", for {} at least", time(least));
    }
    if let Some(bytes) = job.ramp_bytes {
        let _ = write!(text, ", after {} of warm-up", short_size(bytes));
    }
    if job.ramp_ns > 0 {
        let _ = write!(text, ", after {} of warm-up", time(job.ramp_ns));
    }
    text
}

fn starts(job: &JobPreview, phase: Span) -> String {
    let Span { at_least_ns, at_most_ns } = job.start;
    let waits = job.wait_for.as_ref().map(|name| format!(", when {name} has ended"));
    let mut text = waits.unwrap_or_default();
    text.push_str(&match at_most_ns {
        _ if job.start == phase => String::new(),
        Some(most) if most == at_least_ns => format!(", from {} on", time(most)),
        Some(most) => format!(", from {} to {} on", time(at_least_ns), time(most)),
        None if at_least_ns == phase.at_least_ns => String::new(),
        None => format!(", not before {}", time(at_least_ns)),
    });
    match job.ends_others {
        Some("group") => text.push_str("; its end ends its group"),
        Some("phase") => text.push_str("; its end ends the phase"),
        Some(_) => text.push_str("; its end ends all"),
        None => {}
    }
    text
}

/// `1 GiB are read, 2 MiB written`.
fn moved(amounts: &Amounts) -> String {
    let about = if amounts.certainty == Certainty::Expected { "about " } else { "" };
    match by_direction(amounts).as_slice() {
        [] => "nothing is left".to_owned(),
        [(bytes, verb), rest @ ..] => {
            let more: String = rest
                .iter()
                .map(|(bytes, verb)| format!(", {} {verb}", short_size(*bytes)))
                .collect();
            format!("{about}{} are {verb}{more}", short_size(*bytes))
        }
    }
}

/// `1 GiB (1073741824) read, 2 MiB (2097152) written`.
fn exactly(amounts: &Amounts) -> String {
    let parts = by_direction(amounts);
    parts
        .iter()
        .map(|(bytes, verb)| format!("{} {verb}", size(*bytes)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Bytes of the directions that occur, and what is done with them.
fn by_direction(amounts: &Amounts) -> Vec<(u64, &'static str)> {
    let bytes = amounts.bytes().0;
    let all = bytes.into_iter().zip(["read", "written", "trimmed"]);
    all.filter(|(bytes, _)| *bytes > 0).collect()
}

fn made(layout: &LayoutPreview) -> String {
    let mut parts = Vec::new();
    for (number, verb) in [
        (layout.created, "created"),
        (layout.replaced, "removed and created again"),
        (layout.extended, "extended"),
    ] {
        if number > 0 {
            parts.push(format!("{} {verb}", count(number, "file")));
        }
    }
    let mut text = parts.join(", ");
    if layout.written_bytes > 0 {
        let them = if layout.files() == 1 { "it" } else { "them" };
        let _ = write!(text, "; {} written into {them}", size(layout.written_bytes));
    }
    if layout.reserved_bytes > 0 {
        let _ = write!(text, "; {} reserved", size(layout.reserved_bytes));
    }
    text
}

fn describe(out: &mut Out, job: &JobPreview) {
    let cache = if job.direct { "direct" } else { "buffered" };
    let kind = match (job.clones, job.execution) {
        (1, execution) => format!("1 {execution}"),
        (clones, "process") => format!("{clones} processes"),
        (clones, execution) => format!("{clones} {execution}s"),
    };
    let depth = job.depth;
    let how = format!("{}, {} with depth {depth}, {cache}, {kind}", pattern(job), job.engine);
    let label = format!("{}:", job.name);
    out.line(1, Color::Title.paint(out.colors, &label), how);
    if let Some(failure) = &job.failure {
        let which = match job.clones_failing == job.clones {
            true => "cannot start:".to_owned(),
            false => format!("{} cannot start:", count(u64::from(job.clones_failing), "clone")),
        };
        out.line(2, Color::Danger.paint(out.colors, &which), failure);
    }
    if job.clones_failing < job.clones {
        out.row(2, 6, "moves", amount(job));
        if job.layout.files() > 0 {
            out.row(2, 6, "before", made(&job.layout));
        }
        if job.memory.total_bytes() > 0 {
            out.row(2, 6, "memory", memory(&job.memory));
        }
    }
    ranges(out, job);
}

fn amount(job: &JobPreview) -> String {
    let amounts = &job.amounts;
    let shown = exactly(amounts);
    let ios: u64 = amounts.ios().0.iter().fold(0, |sum, ios| sum.saturating_add(*ios));
    let requests = count(ios, "request");
    let loops = if job.loops > 1 { format!(", in {} loops", job.loops) } else { String::new() };
    let text = match shown.is_empty() {
        true => "nothing".to_owned(),
        false => format!("{shown} in {requests}{loops}"),
    };
    match amounts.certainty {
        Certainty::Exact => text,
        Certainty::Expected => format!("about {text}"),
        Certainty::AtMost => format!("at most {text}"),
        Certainty::Open if job.ends_by == End::Recording => {
            format!("what is recorded in {}", job.replays.join(", "))
        }
        Certainty::Open if job.ends_by == End::Full => "as much as its target takes".to_owned(),
        Certainty::Open => "as much as time allows".to_owned(),
    }
}

fn memory(memory: &Memory) -> String {
    let parts: Vec<String> = [
        (memory.buffer_bytes.saturating_sub(memory.huge_bytes), "buffers"),
        (memory.huge_bytes, "buffers in huge pages"),
        (memory.locked_bytes, "locked"),
        (memory.map_bytes, "random maps"),
        (memory.verify_bytes, "verification"),
        (memory.queue_bytes, "queue"),
        (memory.file_bytes, "files"),
        (memory.ledger_bytes, "results"),
        (memory.fill_bytes, "layout"),
    ]
    .into_iter()
    .filter(|(bytes, _)| *bytes >= 1024)
    .map(|(bytes, what)| format!("{what} {}", short_size(bytes)))
    .collect();
    format!("{}: {}", short_size(memory.total_bytes()), parts.join(", "))
}

fn ranges(out: &mut Out, job: &JobPreview) {
    let mut left = MOST_FILES;
    let mut hidden = job.ranges_omitted;
    for range in &job.ranges {
        if left == 0 {
            hidden += 1;
            continue;
        }
        let mut level = 2;
        let mut label = String::new();
        match (job.clones, range.files.len()) {
            (1, _) => {}
            (_, 1) => label = format!("{}, ", clones(range)),
            _ => {
                out.line(2, format!("{}:", clones(range)), "");
                level = 3;
            }
        }
        for file in range.files.iter().take(left) {
            out.line(level, format!("{label}{}:", file.path), part(file));
        }
        let shown = range.files.len().min(left);
        let more = (range.files.len() - shown) as u64 + range.files_omitted;
        if more > 0 {
            let all = range.size_bytes.map(|bytes| format!(", {} in all", size(bytes)));
            out.line(
                level,
                "..",
                format!("{}{}", count(more, "further file"), all.unwrap_or_default()),
            );
        }
        left -= shown;
    }
    if hidden > 0 {
        out.line(2, "..", format!("{} with other files or parts", count(hidden, "further clone")));
    }
}

fn clones(range: &CloneRange) -> String {
    let numbers = &range.clones;
    if let [only] = numbers[..] {
        return format!("clone {only}");
    }
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let (first, last) = (sorted.first().copied().unwrap_or(0), sorted.last().copied().unwrap_or(0));
    if (last - first) as usize + 1 == sorted.len() {
        return format!("clones {first} to {last}");
    }
    let shown: Vec<String> = sorted.iter().take(MOST_NUMBERS).map(u32::to_string).collect();
    let more = if sorted.len() > MOST_NUMBERS { ", .." } else { "" };
    format!("clones {}{more}", shown.join(", "))
}

/// `0 .. 1 GiB (1073741824), 262144 blocks; missing, is created: ..`.
fn part(file: &FileRange) -> String {
    if file.kind == FileKind::Standard {
        return "(standard input or output)".to_owned();
    }
    let mut text =
        extent(file.offset, file.size_bytes.map(|bytes| file.offset.saturating_add(bytes)));
    if let Some(blocks) = file.blocks {
        let _ = write!(text, ", {}", count(blocks, "block"));
    }
    let present = || match file.present_bytes {
        Some(bytes) => format!("has {}", size(bytes)),
        None => "is missing".to_owned(),
    };
    match file.effect {
        Effect::Kept if matches!(file.kind, FileKind::Regular | FileKind::Block) => {
            let _ = write!(text, "; {}", present());
        }
        Effect::Kept => {}
        Effect::Created => text.push_str("; is missing: created"),
        Effect::CreatedAtOpen => text.push_str("; is missing: created when it is opened"),
        Effect::CreatedEarlier => text.push_str("; is missing: created for an earlier job"),
        Effect::Replaced => {
            let _ = write!(text, "; {}: removed and created again", present());
        }
        Effect::Extended => {
            let _ = write!(text, "; {}: extended", present());
        }
        Effect::ChangedEarlier => {
            let _ = write!(text, "; {}: changed for an earlier job", present());
        }
    }
    if file.written_bytes > 0 {
        let _ = write!(text, ", {} written", short_size(file.written_bytes));
    }
    if file.reserved_bytes > 0 {
        let _ = write!(text, ", {} reserved", short_size(file.reserved_bytes));
    }
    text
}

fn extent(start: u64, end: Option<u64>) -> String {
    let start = short_or_zero(start);
    end.map_or_else(|| format!("{start} .. full"), |end| format!("{start} .. {}", size(end)))
}

/// Where a part begins: most begin at 0.
fn short_or_zero(offset: u64) -> String {
    if offset == 0 { "0".to_owned() } else { size(offset) }
}

fn totals(out: &mut Out, document: &Document) {
    let totals = &document.preview.totals;
    out.title("Sums");
    let amounts = &totals.amounts;
    let bytes = amounts.bytes();
    let open = match totals.open_jobs {
        0 => "",
        _ if bytes.0 == [0; 3] => "as much as time or space allow",
        _ => ", and what jobs move that only time or space end",
    };
    let shown = exactly(amounts);
    let about = match amounts.certainty {
        Certainty::Expected => "about ",
        Certainty::AtMost => "at most ",
        Certainty::Exact | Certainty::Open => "",
    };
    let nothing = if shown.is_empty() && open.is_empty() { "nothing" } else { "" };
    out.row(1, 6, "jobs", format!("{about}{shown}{nothing}{open}"));
    let peak = size(totals.memory_peak_bytes);
    let machine = short_size(totals.machine_bytes);
    out.row(1, 6, "memory", format!("{peak} at one time, of {machine} in this machine"));
    for path in &document.outputs {
        out.row(1, 6, "writes", path);
    }
}

/// What exists and is written to comes first in its list: it may be lost.
fn targets(out: &mut Out, preview: &Preview) {
    if preview.targets.is_empty() {
        return;
    }
    out.title("Targets");
    let place = |target: &TargetPreview| target.on.as_ref().map(|on| on.source.clone());
    let mut places: Vec<Option<String>> = Vec::new();
    for target in &preview.targets {
        if !places.contains(&place(target)) {
            places.push(place(target));
        }
    }
    for at in places {
        let here = || preview.targets.iter().filter(|target| place(target) == at);
        let mut list: Vec<&TargetPreview> = here().collect();
        list.sort_by_key(|target| !target.exists || target.written_by.is_empty());
        let mut level = 1;
        if let Some(on) = list.first().and_then(|target| target.on.as_ref()) {
            let free = short_size(on.free_bytes);
            out.line(1, "on", format!("{} {}, {free} free:", on.kind, on.source));
            level = 2;
        }
        for target in list.iter().take(MOST_TARGETS) {
            out.line(level, format!("{}:", target.path), traits(target));
        }
        if list.len() > MOST_TARGETS {
            let more = count((list.len() - MOST_TARGETS) as u64, "further file");
            out.line(level, "..", more);
        }
    }
    if preview.targets_omitted > 0 {
        out.line(1, "..", count(preview.targets_omitted, "further file"));
    }
}

/// What a target is, and what is done with it.
fn traits(target: &TargetPreview) -> String {
    let kind = target.kind.name();
    let mut parts = vec![match (target.exists, target.present_bytes) {
        (false, _) => format!("missing {kind}"),
        (true, Some(bytes)) => format!("{kind} of {}", size(bytes)),
        (true, None) => kind.to_owned(),
    }];
    if !target.signatures.is_empty() {
        let names: Vec<&str> = target.signatures.iter().map(|it| it.name.as_str()).collect();
        parts.push(format!("holds {}", names.join(", ")));
    }
    parts.extend(target.uses.iter().map(|found| found.described(&target.path)));
    if !target.written_by.is_empty() {
        let end = extent(target.write_start.unwrap_or(0), target.write_end);
        parts.push(format!("{end} written by {}", target.written_by.join(", ")));
    }
    if !target.read_by.is_empty() {
        parts.push(format!("read by {}", target.read_by.join(", ")));
    }
    if !target.refused_to.is_empty() {
        parts.push(format!("for {}, which cannot start", target.refused_to.join(", ")));
    }
    if target.removed {
        parts.push("removed at the end".to_owned());
    }
    parts.join("; ")
}

fn warnings(out: &mut Out, preview: &Preview) {
    if preview.warnings.is_empty() {
        return;
    }
    out.text.push('\n');
    for warning in &preview.warnings {
        let (color, label) = match warning.kind.destroys() {
            true => (Color::Danger, "DESTROYS DATA:"),
            false => (Color::Warning, "warning:"),
        };
        let job = warning.job.as_ref().map(|job| format!("job '{job}': ")).unwrap_or_default();
        out.line(0, color.paint(out.colors, label), format!("{job}{}", warning.text));
    }
}
