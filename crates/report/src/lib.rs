//! Reports: from the results of a run to the bytes that people and programs read.
//!
//! Everything here is a pure function of plain data: no I/O, no clock, no environment. The formats
//! are fio's, field by field, because programs parse them; what is new is additive and stands under
//! the key `fiord` in JSON and in a section of its own at the end of the normal text.

#![forbid(unsafe_code)]

mod blocks;
mod disks;
pub mod eta;
mod groups;
pub mod headers;
mod json;
mod json_fiord;
mod json_latency;
mod json_writer;
mod latency_text;
mod normal;
pub mod num;
pub mod quick_table;
mod shares;
mod terse;

use fiord_measure::RunReport;
use json_latency::Detail;

pub use json_fiord::SCHEMA;
pub use terse::TerseVersion;

/// The version of fio whose formats these are: programs read it from reports.
pub const COMPATIBLE_VERSION: &str = "fio-3.42";

/// Which formats a report has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Formats {
    /// Text for people.
    pub normal: bool,
    /// Semicolon-separated fields.
    pub terse: bool,
    /// JSON.
    pub json: bool,
    /// JSON with histogram bins; implies `json`.
    pub json_plus: bool,
    /// Layout of terse lines.
    pub terse_version: TerseVersion,
}

impl Formats {
    /// Only the normal text.
    pub const NORMAL: Formats = Formats {
        normal: true,
        terse: false,
        json: false,
        json_plus: false,
        terse_version: TerseVersion::V3,
    };
}

/// A report in all chosen formats: terse, then JSON, then normal, whatever order was asked for.
pub fn render(report: &RunReport, formats: &Formats) -> String {
    let mut out = String::new();
    if formats.terse {
        out.push_str(&terse::render(report, formats.terse_version));
    }
    if formats.json || formats.json_plus {
        let detail = if formats.json_plus { Detail::Bins } else { Detail::Percentiles };
        out.push_str(&json::render(report, detail));
    }
    if formats.normal {
        out.push_str(&normal::render(report));
    }
    out
}
