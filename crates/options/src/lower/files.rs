//! Lowering of the file options: which targets, how they are made, opened, flushed and removed.

use crate::plan::{FilesPlan, FlushPlan, JobPlan};
use crate::table::FileOptions;

/// Template of generated names.
const NAME_FORMAT: &str = "$jobname.$jobnum.$filenum";

/// Fills the plan.
pub(super) fn lower_files(options: FileOptions, plan: &mut JobPlan) {
    let FileOptions {
        filename,
        filetype,
        directory,
        filename_format,
        // It concerns names on remote machines only.
        unique_filename: _,
        lockfile,
        opendir,
        fill_device,
        filesize,
        file_append,
        nrfiles,
        openfiles,
        file_service_type,
        fallocate,
        fadvise_hint,
        fsync,
        fdatasync,
        sync_file_range,
        overwrite,
        ioscheduler,
        write_hint,
        create_serialize,
        create_fsync,
        create_on_open,
        create_only,
        allow_file_create,
        allow_mounted_write,
        pre_read,
        end_fsync,
        fsync_on_close,
        end_syncfs,
        unlink,
        unlink_each_loop,
    } = options;
    let names = filename.unwrap_or_default();
    // Only a single setting can be a path with colons in it.
    let unsplit = names.typed().cloned();
    let choice = file_service_type.unwrap_or_default();
    plan.region.fill_device = fill_device.unwrap_or(false);
    *plan.files = FilesPlan {
        count: match names.len() {
            0 => nrfiles.unwrap_or(1).max(1),
            count => u32::try_from(count).unwrap_or(u32::MAX),
        },
        names,
        unsplit,
        directories: directory.unwrap_or_default(),
        name_format: filename_format
            .filter(|format| !format.is_empty())
            .unwrap_or_else(|| NAME_FORMAT.into()),
        opendir,
        open_limit: openfiles.unwrap_or(0),
        file_size: filesize,
        service: choice.service,
        service_distribution: choice.distribution,
        service_batch: choice.batch.max(1),
        kind: filetype.flatten(),
        fallocate: fallocate.unwrap_or_default(),
        overwrite: overwrite.unwrap_or(false),
        append: file_append.unwrap_or(false),
        create_serialize: create_serialize.unwrap_or(true),
        create_fsync: create_fsync.unwrap_or(true),
        create_on_open: create_on_open.unwrap_or(false),
        create_only: create_only.unwrap_or(false),
        allow_create: allow_file_create.unwrap_or(true),
        allow_mounted_write: allow_mounted_write.unwrap_or(false),
        unlink: unlink.unwrap_or(false),
        unlink_each_loop: unlink_each_loop.unwrap_or(false),
        pre_read: pre_read.unwrap_or(false),
        fadvise: fadvise_hint.unwrap_or_default(),
        write_hint: write_hint.map(|hint| hint.0),
        lock: lockfile.unwrap_or_default(),
        // Set with the options of requests.
        invalidate: plan.files.invalidate,
        direct: plan.files.direct,
        atomic: plan.files.atomic,
        sync: plan.files.sync,
        io_scheduler: ioscheduler,
    };
    let range = sync_file_range.unwrap_or_default();
    *plan.flush = FlushPlan {
        fsync_every: fsync.unwrap_or(0),
        fdatasync_every: fdatasync.unwrap_or(0),
        range_every: if range.flags() == 0 { 0 } else { range.every },
        range_flags: range.flags(),
        // Set with the options of requests.
        barrier_every: plan.flush.barrier_every,
        end_fsync: end_fsync.unwrap_or(false),
        fsync_on_close: fsync_on_close.unwrap_or(false),
        end_syncfs: end_syncfs.unwrap_or(false),
    };
}
