//! What a worker is told: its plan, its files, its place on the board and in the ledger file.
//!
//! Orders of all workers stand in one memory file behind an index, so that no descriptor per job is
//! needed. A worker process deserialises its own order only.

use fiord_measure::LedgerConfig;
use fiord_options::plan::JobPlan;
use fiord_sys::Errno;
use fiord_sys::shared::MemoryFile;
use serde::{Deserialize, Serialize, Serializer};

use crate::layout::Layout;
use crate::trace::TraceSettings;

/// Says that a memory file holds orders of this version.
const MAGIC: u64 = 0x0001_7265_6472_6f66;

/// Everything that one worker needs to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The job; the words that it was made of stay with the parent.
    #[serde(serialize_with = "without_words")]
    pub(crate) job: JobPlan,
    /// Place on the board.
    pub(crate) worker: u32,
    /// The worker in whose place on the board its warm-up by amount is counted.
    pub(crate) ramp_worker: u32,
    /// Thread number over all jobs, from 1.
    pub(crate) thread_number: u32,
    /// Clone number (`$jobnum`).
    pub(crate) clone_number: u32,
    /// Files; `None` if the worker lays them out itself (`create_serialize=0`).
    pub(crate) layout: Option<Layout>,
    /// Start of the ledger in the ledger file, bytes.
    pub(crate) ledger_offset: u64,
    /// What the ledger measures.
    pub(crate) ledger: LedgerConfig,
    /// Seeds of the random streams.
    pub(crate) seeds: [u64; 24],
    /// Seeds of the contents of all jobs, own ones first, where jobs share duplicates.
    pub(crate) pool: Vec<u64>,
    /// The parent's process id.
    pub(crate) parent: i32,
    /// Where states of verification are; empty: here.
    pub(crate) aux_path: Vec<u8>,
    /// Writes and trims are refused.
    pub(crate) readonly: bool,
    /// What is told about it, line by line.
    pub(crate) trace: TraceSettings,
}

fn without_words<S: Serializer>(job: &JobPlan, serializer: S) -> Result<S::Ok, S::Error> {
    job.without_words().serialize(serializer)
}

/// Writes the orders of all workers into a new memory file.
pub(crate) fn write_all<'a>(
    orders: impl ExactSizeIterator<Item = &'a Order>,
) -> Result<MemoryFile, Errno> {
    let index_bytes = 16 + orders.len() * 16;
    let mut index = Vec::with_capacity(index_bytes);
    let mut blobs = Vec::new();
    index.extend(MAGIC.to_ne_bytes());
    index.extend((orders.len() as u64).to_ne_bytes());
    for order in orders {
        let blob = postcard::to_stdvec(order).map_err(|_| Errno::INVAL)?;
        index.extend(((index_bytes + blobs.len()) as u64).to_ne_bytes());
        index.extend((blob.len() as u64).to_ne_bytes());
        blobs.extend(blob);
    }
    let file = MemoryFile::create("fiord-orders", index_bytes + blobs.len())?;
    file.write_at(&index, 0)?;
    file.write_at(&blobs, index_bytes)?;
    Ok(file)
}

/// Reads the order of one worker.
pub(crate) fn read(file: &MemoryFile, worker: usize) -> Result<Order, Errno> {
    let header = file.read_at(0, 16)?;
    if number(&header, 0) != Some(MAGIC) || number(&header, 8).is_none_or(|n| worker as u64 >= n) {
        return Err(Errno::INVAL);
    }
    let entry = file.read_at(16 + worker * 16, 16)?;
    let (Some(offset), Some(len)) = (number(&entry, 0), number(&entry, 8)) else {
        return Err(Errno::INVAL);
    };
    let blob = file.read_at(offset as usize, len as usize)?;
    postcard::from_bytes(&blob).map_err(|_| Errno::INVAL)
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}
