//! Compares renderings with fio's: normal text to the byte, terse and JSON with a tolerance for the
//! last digits of means and deviations, which come back from JSON rounded.

use fiord_measure::RunReport;
use fiord_report::{Formats, TerseVersion, render};

use crate::reader::Output;

/// Renders what fio measured and panics at the first line that differs from what fio wrote.
pub fn check(name: &str, text: &str) {
    let output = Output::split(text);
    let report = output.report();
    let version = output.terse.split(';').next().and_then(|number| number.parse().ok());
    let version = TerseVersion::from_number(version.unwrap_or(3)).expect("terse version");
    let none = Formats { normal: false, terse_version: version, ..Formats::NORMAL };
    let normal = render(&report, &Formats { normal: true, ..none });
    let terse = render(&report, &Formats { terse: true, ..none });
    let json = render(&report, &Formats { json_plus: true, ..none });
    same(name, "normal", &modern(&output.normal), &normal, equal_or_rounded);
    same(name, "terse", &modern(&output.terse), &terse, |ours, theirs| close(ours, theirs, ';'));
    check_json(name, &output.json);
    // The mix is the parts one after the other.
    let all = Formats { normal: true, terse: true, json: false, json_plus: true, ..none };
    assert_eq!(render(&report, &all), format!("{terse}{json}{normal}"), "{name}");
}

/// The same for a document alone.
pub fn check_json(name: &str, text: &str) {
    let report = Output::split(text).report();
    let ours = render(&report, &Formats { normal: false, json_plus: true, ..Formats::NORMAL });
    let (theirs, ours) = (modern_json(text), without_additions(&ours));
    same(name, "json", &theirs, &ours, |ours, theirs| close(ours, theirs, ' '));
}

/// Terse lines of other runs of the same jobs: as many lines and fields, equal where no number is.
pub fn check_shape(report: &RunReport, sample: &str, version: u32) {
    let terse_version = TerseVersion::from_number(version).expect("terse version");
    let formats = Formats { normal: false, terse: true, terse_version, ..Formats::NORMAL };
    let (ours, theirs) = (masked(&render(report, &formats)), masked(sample));
    same("fio-3.42", "terse", &theirs, &ours, |ours, theirs| ours == theirs);
}

/// Normal text of another run: every wording of ours occurs there.
pub fn check_wording(report: &RunReport, sample: &str) {
    let theirs = masked(sample);
    // Which units and which latency ranges occur depends on the numbers.
    let fixed = |line: &&str| !line.contains("sec)") && !line.contains("     |");
    for line in masked(&render(report, &Formats::NORMAL)).lines().filter(fixed) {
        assert!(theirs.lines().any(|their| their == line), "not in fio's text: {line}");
    }
}

/// Numbers, and what goes with their size, replaced by one sign.
fn masked(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = line.split(": pid=").next().unwrap_or(line);
        let words = line.split_inclusive([' ', ',', '=', ';', '(', ')', '-', '/', '%']);
        for word in words {
            let end = word.trim_end_matches([' ', ',', '=', ';', '(', ')', '-', '/', '%']).len();
            let (value, separator) = word.split_at(end);
            let digit = value.starts_with(|first: char| first.is_ascii_digit());
            match digit {
                true => out.push('#'),
                false => out.push_str(value),
            }
            // Numbers are padded to a width.
            if !(separator == " " && value.is_empty() && out.ends_with("= ")) {
                out.push_str(separator);
            }
        }
        out.push('\n');
    }
    out
}

fn same(name: &str, format: &str, theirs: &str, ours: &str, equal: fn(&str, &str) -> bool) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (theirs, ours) = (lines(theirs), lines(ours));
    for index in 0..theirs.len().max(ours.len()) {
        let line = |lines: &[String]| lines.get(index).cloned().unwrap_or("(no line)".into());
        let (their, our) = (line(&theirs), line(&ours));
        assert!(
            equal(&our, &their),
            "{name}, {format}, line {}:\n  fio: {their}\nfiord: {our}",
            index + 1
        );
    }
}

/// Equal to the byte, but for means and deviations on the edge between two roundings: fio keeps
/// running floats, we keep exact sums.
fn equal_or_rounded(ours: &str, theirs: &str) -> bool {
    let fields = |line: &str| -> Vec<(String, String)> {
        let pairs = line.split(", ").map(|field| field.split_once('=').unwrap_or((field, "")));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let rounded = |a: &str, b: &str| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() < 0.0101,
        _ => false,
    };
    // The clock may have gone on to the next second between the two formats that fio wrote.
    let timeless = |line: &str| line.split_once(" pid=").map(|(head, _)| head.to_owned());
    ours == theirs
        || timeless(ours).is_some() && timeless(ours) == timeless(theirs)
        || ours.contains("avg=")
            && fields(ours).len() == fields(theirs).len()
            && fields(ours).iter().zip(fields(theirs)).all(|((name, a), (other, b))| {
                *name == other && (*a == b || matches!(&**name, "avg" | "stdev") && rounded(a, &b))
            })
}

/// Lines of equal fields; numbers with a fraction may differ in the last place.
fn close(ours: &str, theirs: &str, separator: char) -> bool {
    let ours: Vec<_> = ours.split(separator).collect();
    let theirs: Vec<_> = theirs.split(separator).collect();
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| a == b || near(a, b))
}

fn near(a: &str, b: &str) -> bool {
    let number = |text: &str| -> Option<f64> {
        let text = text.trim_end_matches([',', '%']);
        text.contains('.').then(|| text.parse().ok()).flatten()
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => (a - b).abs() <= 2e-6 + a.abs() * 1e-9,
        _ => false,
    }
}

/// What fio 3.42 words otherwise than older versions.
fn modern(text: &str) -> String {
    text.replace("; 0 zone resets", "")
        .replace("  fsync/fdatasync/sync_file_range:", "  fsync/fdatasync/sync_file_range/syncfs:")
        .replace("latency   : target=0, window=0,", "latency   : target=0.00ns, window=0.00ns,")
        .replace("fio-3.41", "fio-3.42")
        .lines()
        .map(|line| format!("{}\n", complete_units(line)))
        .collect()
}

/// With unified_rw_reporting=both fio forgets the unit in the line of the sum: `BW=547Mi (574M)(`.
fn complete_units(line: &str) -> String {
    let parts = line.strip_prefix("  mixed: ").and_then(|rest| rest.split_once(" ("));
    match parts {
        Some((rate, rest)) if !rate.ends_with("/s") => {
            format!("  mixed: {rate}B/s ({}", rest.replacen(")", "B/s)", 1))
        }
        _ => line.to_owned(),
    }
}

/// The keys that 3.42 added, where the recording is older.
fn modern_json(text: &str) -> String {
    let mut out = String::new();
    let old = !text.contains("latency_target_ns");
    for line in modern(text).lines() {
        out.push_str(line);
        out.push('\n');
        if old && line.contains("\"latency_target\" :") {
            out.push_str("      \"latency_target_ns\" : 0,\n");
        }
        if old && line.contains("\"latency_window\" :") {
            let comma = if line.ends_with(',') { "," } else { "" };
            if !line.ends_with(',') {
                out.insert(out.len() - 1, ',');
            }
            out.push_str(&format!("      \"latency_window_us\" : 0{comma}\n"));
        }
    }
    out
}

/// Our document without the `fiord` objects, which must stand last in their parents.
fn without_additions(json: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut lines = json.lines();
    while let Some(line) = lines.next() {
        let Some(indent) = line.strip_suffix("\"fiord\" : {") else {
            out.push(line);
            continue;
        };
        let end = format!("{indent}}}");
        assert!(lines.any(|line| line == end), "a `fiord` object that is not the last key");
        if let Some(last) = out.last_mut() {
            *last = last.strip_suffix(',').expect("something before `fiord`");
        }
    }
    out.join("\n") + "\n"
}
