//! Files of samples over time.

use crate::names::Text;

use serde::{Deserialize, Serialize};

use super::IdRanges;

/// Which files of samples are written, and what stands in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogsPlan {
    /// Bandwidth.
    pub bandwidth: Option<SampleLog>,
    /// Latencies: submission, completion, total.
    pub latency: Option<SampleLog>,
    /// Requests per second.
    pub iops: Option<SampleLog>,
    /// Histograms of completion latency.
    pub histogram: Option<HistogramLog>,
    /// Names of files carry the number of the job.
    pub per_job: bool,
    /// What is written of a window.
    pub window_value: WindowValue,
    /// Lines have the offset of the request.
    pub offset: bool,
    /// Lines have the priority of the request, not only whether it is high.
    pub priority: bool,
    /// Lines of latencies have the time of issue.
    pub issue_time: bool,
    /// Samples for which there is room from the start.
    pub entries_initial: u32,
    /// Samples are compressed while they wait.
    pub compression: Option<LogCompression>,
    /// Times count from the epoch of this clock (the number that clock_gettime(2) takes); `None`:
    /// from the start of the run.
    pub epoch_clock_id: Option<u32>,
}

impl Default for LogsPlan {
    fn default() -> Self {
        LogsPlan {
            bandwidth: None,
            latency: None,
            iops: None,
            histogram: None,
            per_job: true,
            window_value: WindowValue::Mean,
            offset: false,
            priority: false,
            issue_time: false,
            entries_initial: 1024,
            compression: None,
            epoch_clock_id: None,
        }
    }
}

/// The name of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFile {
    /// What its name begins with; `None`: the name of the job.
    pub prefix: Option<Text>,
}

/// Samples over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleLog {
    /// The file, or files.
    pub file: LogFile,
    /// Samples are gathered over so long and written as one; `None`: each request is a sample.
    pub window_ms: Option<u32>,
}

/// Histograms over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistogramLog {
    /// The file.
    pub file: LogFile,
    /// Time between two histograms; 0: they are never written.
    pub period_ms: u32,
    /// So often neighbouring buckets are joined by twos, 0..=6.
    pub coarseness: u32,
}

/// What is written of a window of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WindowValue {
    /// The mean.
    #[default]
    Mean,
    /// The largest.
    Max,
    /// Mean and largest, in two columns.
    Both,
}

/// Samples that are compressed while they wait to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogCompression {
    /// Amount of samples that is compressed at a time.
    pub chunk_bytes: u32,
    /// The CPUs of the thread that compresses; `None`: any.
    pub cpus: Option<IdRanges>,
    /// The file holds the compressed form.
    pub store: bool,
}
