//! Sets of NUMA nodes and policies of NUMA memory.

use super::piece::Piece;
use super::{Value, ValueError, read};
use crate::plan::{IdRanges, NodeSet, NumaMemory};
use crate::table;

/// Largest number of a node.
const NODE_MAX: u32 = 65_535;
/// Modes of memory.
const MODES: [&str; 5] = ["default", "prefer", "bind", "interleave", "local"];

/// Reads `all`, a list of nodes, or `!` and a list of those that are left out.
pub(super) fn nodes(all: Piece<'_>) -> Result<Value, ValueError> {
    node_set(all).map(Value::Nodes)
}

fn node_set(all: Piece<'_>) -> Result<NodeSet, ValueError> {
    let all = all.trim();
    match all.bytes {
        b"all" => Ok(NodeSet::All),
        [b'!', ..] => ranges(all.from(1)).map(NodeSet::AllBut),
        _ => ranges(all).map(NodeSet::Nodes),
    }
}

fn ranges(all: Piece<'_>) -> Result<IdRanges, ValueError> {
    read::id_ranges(all, NODE_MAX).map(IdRanges)
}

/// Reads `MODE[:NODES]`.
pub(super) fn memory(all: Piece<'_>) -> Result<Value, ValueError> {
    let all = all.trim();
    let (mode, tail) = match all.split_once(b':') {
        Some((mode, tail)) => (mode, Some(tail)),
        None => (all, None),
    };
    let memory = match (&*mode.text(), tail) {
        ("default", None) => NumaMemory::Default,
        ("local", None) => NumaMemory::Local,
        ("default" | "local", Some(tail)) => {
            return Err(ValueError::at(tail, format!("no nodes after '{}'", mode.text())));
        }
        ("prefer", Some(tail)) => match node_set(tail)? {
            NodeSet::Nodes(IdRanges(ranges)) if matches!(ranges[..], [(a, b)] if a == b) => {
                NumaMemory::Prefer(ranges[0].0)
            }
            _ => return Err(ValueError::at(tail, "exactly one node")),
        },
        ("prefer", None) => return Err(ValueError::at(all, "prefer:NODE")),
        ("bind", Some(tail)) => NumaMemory::Bind(node_set(tail)?),
        ("bind", None) => return Err(ValueError::at(all, "bind:NODES")),
        ("interleave", Some(tail)) => NumaMemory::Interleave(node_set(tail)?),
        ("interleave", None) => NumaMemory::Interleave(NodeSet::All),
        (word, _) => {
            let error = ValueError::at(mode, format!("one of {}", MODES.join(", ")));
            return Err(match table::closest(word, MODES.into_iter()) {
                Some(near) => error.hint(format!("did you mean '{near}'?")),
                None => error,
            });
        }
    };
    Ok(Value::NumaMemory(memory))
}

/// The canonical text of a set of nodes.
pub(super) fn nodes_text(nodes: &NodeSet) -> String {
    match nodes {
        NodeSet::All => "all".to_owned(),
        NodeSet::Nodes(ranges) => super::print::id_ranges(&ranges.0),
        NodeSet::AllBut(ranges) => format!("!{}", super::print::id_ranges(&ranges.0)),
    }
}

/// The canonical text of a policy.
pub(super) fn memory_text(memory: &NumaMemory) -> String {
    match memory {
        NumaMemory::Default => "default".to_owned(),
        NumaMemory::Local => "local".to_owned(),
        NumaMemory::Prefer(node) => format!("prefer:{node}"),
        NumaMemory::Bind(nodes) => format!("bind:{}", nodes_text(nodes)),
        NumaMemory::Interleave(nodes) => format!("interleave:{}", nodes_text(nodes)),
    }
}
