//! How long blocks lived (`block_error_percentiles`), as text and as JSON.

use std::fmt::Write as _;

use fiord_measure::Blocks;

use crate::json_writer::JsonWriter;

/// Characters that a line of percentiles may take.
const LINE_WIDTH: usize = 79;
/// Begins each line of percentiles.
const MARGIN: &str = "   |";

/// The percentiles, as many to a line as there is room for, and the states.
pub(crate) fn text(out: &mut String, blocks: &Blocks, percents: &[f64]) {
    out.push_str("  block lifetime percentiles :\n");
    let trims = blocks.percentiles(percents).unwrap_or_default();
    let mut line = String::new();
    for (index, (percent, trims)) in percents.iter().zip(&trims).enumerate() {
        let comma = if index + 1 < percents.len() { "," } else { "" };
        let cell = format!(" {percent:.2}th={trims}{comma}");
        if !line.is_empty() && MARGIN.len() + line.len() + cell.len() > LINE_WIDTH {
            let _ = writeln!(out, "{MARGIN}{line}");
            line.clear();
        }
        line.push_str(&cell);
    }
    if !line.is_empty() {
        let _ = writeln!(out, "{MARGIN}{line}");
    }
    let states: Vec<_> =
        blocks.states().map(|(state, count)| format!("{}={count}", state.name())).collect();
    let _ = writeln!(out, "        states               : {}", states.join(", "));
}

/// The members of the object `block`.
pub(crate) fn json(json: &mut JsonWriter, blocks: &Blocks, percents: &[f64]) {
    json.object("percentiles", |json| {
        let trims = blocks.percentiles(percents).unwrap_or_default();
        for (percent, trims) in percents.iter().zip(trims) {
            json.integer(&format!("{percent:.6}"), trims);
        }
    });
    json.object("states", |json| {
        for (state, count) in blocks.states() {
            json.integer(state.name(), count);
        }
    });
}

#[cfg(test)]
mod tests {
    use fiord_measure::{Block, BlockState};

    use super::*;

    const PERCENTS: [f64; 17] = [
        1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0, 99.5, 99.9,
        99.95, 99.99,
    ];

    fn text_of(trims: u64, percents: &[f64]) -> String {
        let mut out = String::new();
        let block = Block { state: BlockState::Trimmed, trims };
        text(&mut out, &[block].into_iter().collect(), percents);
        out
    }

    /// As fio 3.41 printed a single block after 3 and after 8741353 trims.
    #[test]
    fn lines_break_where_fios_do() {
        let expected = "  block lifetime percentiles :
   | 1.00th=3, 5.00th=3, 10.00th=3, 20.00th=3, 30.00th=3, 40.00th=3, 50.00th=3,
   | 60.00th=3, 70.00th=3, 80.00th=3, 90.00th=3, 95.00th=3, 99.00th=3,
   | 99.50th=3, 99.90th=3, 99.95th=3, 99.99th=3
        states               : unwritten=0, trimmed=1, written=0, trim failure=0, write failure=0
";
        assert_eq!(text_of(3, &PERCENTS), expected);
        let long = text_of(8_741_353, &PERCENTS);
        let lines: Vec<usize> = long.lines().map(|line| line.matches("th=").count()).collect();
        assert_eq!(lines, [0, 4, 4, 4, 4, 1, 0]);
    }

    #[test]
    fn without_percentiles_there_are_states() {
        let blocks: Blocks = [Block::default(); 2].into_iter().collect();
        let mut out = String::new();
        text(&mut out, &blocks, &PERCENTS);
        assert_eq!(out.lines().count(), 2);
        assert!(out.contains(": unwritten=2, trimmed=0"));
        let mut writer = JsonWriter::new();
        json(&mut writer, &blocks, &PERCENTS);
        let value: serde_json::Value = serde_json::from_str(&writer.finish()).unwrap();
        assert_eq!(value["percentiles"], serde_json::json!({}));
        assert_eq!(value["states"]["unwritten"], 2);
    }

    #[test]
    fn json_has_fios_keys() {
        let failed = Block { state: BlockState::WriteFailure, trims: 12 };
        let blocks: Blocks = [failed, Block::default()].into_iter().collect();
        let mut writer = JsonWriter::new();
        json(&mut writer, &blocks, &[50.0, 99.99]);
        let value: serde_json::Value = serde_json::from_str(&writer.finish()).unwrap();
        let expected = serde_json::json!({
            "percentiles": { "50.000000": 12, "99.990000": 12 },
            "states": {
                "unwritten": 1, "trimmed": 0, "written": 0, "trim failure": 0, "write failure": 1
            }
        });
        assert_eq!(value, expected);
    }
}
