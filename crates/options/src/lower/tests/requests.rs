//! Random offsets, submission, what engines can do, sizes.

use fiord_base::Quantity;

use super::{check_faults, check_notes, job};
use crate::plan::{Distribution, FileService, PreconditionPlan, RandomGenerator, SubmitMode};

#[test]
fn offsets_that_are_not_uniform_need_no_map() {
    assert!(job("rw=randread").pattern.random_map);
    let pattern = job("rw=randread random_distribution=zipf:1.2:0.5 norandommap=0").pattern;
    assert_eq!(pattern.distribution, Distribution::Zipf { theta: 1.2, center: Some(0.5) });
    assert!(!pattern.random_map);
    let pattern =
        job("rw=randread random_distribution=sequence:3,1 random_sequence_stride=1").pattern;
    assert_eq!(pattern.distribution, Distribution::Sequence(vec![3, 1]));
    assert!(pattern.sequence_stride);
}

#[test]
fn files_at_random() {
    let files = job("nrfiles=4 file_service_type=pareto:0.9").files;
    assert_eq!((files.service, files.service_batch), (FileService::Random, 1));
    assert_eq!(files.service_distribution, Distribution::Pareto { h: 0.9, center: None });
    let files = job("nrfiles=4 file_service_type=random:8").files;
    assert_eq!((files.service, files.service_batch), (FileService::Random, 8));
    assert_eq!(files.service_distribution, Distribution::Uniform);
}

#[test]
fn preconditioning_chooses_generator_and_map() {
    let pattern = job("rw=randwrite sprandom=1 spr_cs=1m").pattern;
    assert_eq!(
        pattern.precondition,
        Some(PreconditionPlan { regions: 100, over_provisioning: 0.15, cache_bytes: 1 << 20 })
    );
    assert_eq!((pattern.generator, pattern.random_map), (RandomGenerator::Lfsr, false));
    assert_eq!(job("rw=randread spr_num_regions=0").pattern.precondition, None);
}

#[test]
fn preconditioning_has_conditions() {
    check_faults(
        "[a]\nsprandom=1\nrw=randrw\nrandom_generator=tausworthe\nnorandommap=0\nnrfiles=2\n\
         spr_num_regions=0\nspr_op=0\n",
        &[
            "t.fio:2:10: `sprandom` writes, and at random only (the job has `rw=randrw`); use \
             `rw=randwrite`",
            "t.fio:4:18: `sprandom` works with `random_generator=lfsr` only; leave \
             `random_generator` out",
            "t.fio:5:13: `sprandom` works without a random map only; leave `norandommap=0` out",
            "t.fio:6:9: `sprandom` works on one file or device only (the job has 2)",
            "t.fio:7:17: `spr_num_regions=0` leaves nothing to write (at least 1)",
            "t.fio:8:8: `spr_op=0` is a device without spare capacity (above 0); no state of a \
             device follows from it; 0.15 is usual",
        ],
    );
    job("rw=randwrite sprandom=1 random_generator=lfsr norandommap=1");
}

#[test]
fn submission() {
    let engine = job("io_submit_mode=offload iodepth=4").engine;
    assert_eq!(engine.submit, SubmitMode::Offload);
    check_notes("io_submit_mode=offload iodepth=4", &[]);
    let overlap = |options: &str| {
        job(&format!("serialize_overlap=1 ioengine=null size=1m {options}"))
            .engine
            .serialize_overlap
    };
    assert!(overlap("rw=randwrite iodepth=4") && overlap("rw=write io_submit_mode=offload"));
    assert!(!overlap("rw=randread iodepth=4") && !overlap("rw=randwrite"));
    let job = job("num_range=0 write_barrier=8 ioscheduler=none verify_only");
    assert_eq!((job.pattern.ranges_per_trim, job.flush.barrier_every), (1, 8));
    assert_eq!(job.files.io_scheduler.as_deref(), Some("none"));
    assert!(job.limits.verify_only);
}

#[test]
fn engines_have_what_is_asked_for() {
    let atomic = job("atomic=1 ioengine=pvsync2 rw=write").files;
    assert!(atomic.atomic && atomic.direct);
    assert!(!job("atomic=1 ioengine=pvsync2").files.atomic, "there is nothing to write");
    check_faults(
        "[a]\natomic=1\n",
        &["t.fio:2:8: `ioengine=psync` cannot write atomically; engines that can: `pvsync2`, \
         `libaio`, `io_uring`"],
    );
    check_faults(
        "[a]\nrw=trim\nnum_range=2\n",
        &["t.fio:3:11: `ioengine=psync` cannot trim several ranges at once; engines that can: \
         `io_uring_cmd`"],
    );
    job("num_range=2");
    job("num_range=2 rw=randtrim ioengine=io_uring_cmd");
    check_faults(
        "[a]\nioengine=io_uring_cmd\nrw=trimwrite\nnum_range=2\n",
        &["t.fio:4:11: `num_range` above 1 does not go with `rw=trimwrite` (each block is \
             written after it is trimmed)"],
    );
    check_notes(
        "ioengine=splice pre_read=1",
        &["t.fio:3:10: `pre_read` has no effect with `ioengine=splice` (this engine cannot go \
         back to the beginning)"],
    );
    assert!(!job("ioengine=splice pre_read=1").files.pre_read);
}

#[test]
fn threads_cannot_submit_to_every_engine() {
    check_faults(
        "[a]\nioengine=libblkio\nio_submit_mode=offload\n",
        &["t.fio:3:16: `ioengine=libblkio` cannot submit from several threads \
             (`io_submit_mode=offload` gives each request in flight a thread); use a synchronous \
             engine, or leave `io_submit_mode` out"],
    );
}

#[test]
fn a_size_of_nothing_is_everything() {
    assert_eq!(job("size=0").region.size, None);
    assert_eq!(job("size=0% io_size=0%").region.size, None);
    assert_eq!(job("size=100%%").region.size, Some(Quantity::Percent(100)));
}
