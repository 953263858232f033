//! A job before any option is looked at.

use fiord_base::{PerDirection, Quantity};

use super::settings::DEFAULT_ENGINE;
use crate::plan::{
    BlocksPlan, EnginePlan, Execution, JobPlan, Pattern, PatternPlan, RandomGenerator, Region,
    Seeds, Sequencer, StatsPlan, Unified,
};
use crate::{Part, Shared};

/// A plan that every group of options then fills in; what it says by itself has no meaning.
pub(super) fn draft(name: String) -> JobPlan {
    JobPlan {
        name,
        description: None,
        given: Vec::new(),
        defaults: Part::default(),
        first_thread_number: 0,
        clones: 1,
        group: 0,
        stonewall: false,
        execution: Execution::Process,
        start_delay_ns: (0, 0),
        limits: Shared::default(),
        region: Shared::from(Region {
            size: None,
            io_size: None,
            offset: Quantity::Bytes(0),
            offset_increment: Quantity::Bytes(0),
            offset_align: None,
            fill_device: false,
        }),
        files: Shared::default(),
        pattern: Shared::from(PatternPlan {
            rw: Pattern { read: true, write: false, trim: false, random: false },
            sequencer: Sequencer::Sequential,
            run_length: 1,
            sequential_gap: 0,
            read_percent: 50,
            percentage_random: PerDirection::all(100),
            generator: RandomGenerator::Tausworthe,
            generator_explicit: false,
            random_map: true,
            soft_random_map: false,
            seeds: Seeds::System,
        }),
        blocks: Shared::from(BlocksPlan {
            min: PerDirection::all(0),
            max: PerDirection::all(0),
            align: PerDirection::all(0),
            split: PerDirection::default(),
            unaligned: false,
            sequential_random: false,
        }),
        flush: Shared::default(),
        data: Shared::default(),
        engine: Shared::from(EnginePlan {
            name: DEFAULT_ENGINE.to_owned(),
            iodepth: 1,
            batch: 1,
            batch_complete_min: 1,
            batch_complete_max: 0,
            iodepth_low: 0,
            options: Vec::new(),
        }),
        stats: Shared::from(StatsPlan {
            report: true,
            group_reporting: false,
            unified: Unified::None,
            lat: true,
            clat: true,
            slat: true,
            bw: true,
            gtod_reduce: false,
            clat_percentiles: true,
            lat_percentiles: false,
            slat_percentiles: false,
            percentiles: Vec::new(),
            significant_figures: 4,
            bw_period_ms: 0,
            iops_period_ms: 0,
            block_error_percentiles: false,
            disk_util: true,
            clock: None,
            kb_base: 1024,
            unit_base: 8,
        }),
        errors: Shared::default(),
        verify: Shared::default(),
        zones: Shared::default(),
        placement: Shared::default(),
        logs: Shared::default(),
        write_iolog: None,
        replay: Shared::default(),
    }
}
