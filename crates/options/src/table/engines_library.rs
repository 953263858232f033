//! Options of the engines that need a library of their own.

use super::{BYTES, Choice, INT, INT_MAX, OptionDef, TEXT, ValueKind};

const LIBBLKIO_WAIT_MODE: &[Choice] = &[
    Choice::new("block", "blocking call"),
    Choice::new("eventfd", "event descriptor"),
    Choice::new("loop", "polling"),
];

const CUDA_IO: &[Choice] =
    &[Choice::new("cufile", "GPUDirect Storage"), Choice::new("posix", "POSIX calls and copies")];

const ROCM_IO: &[Choice] =
    &[Choice::new("hipfile", "hipFile"), Choice::new("posix", "POSIX calls and copies")];

const ENCRYPTION: &[Choice] = &[Choice::new("luks1", "LUKS"), Choice::new("luks2", "LUKS2")];

/// Numbers of GPUs, dealt out to clones in turn.
const GPUS: ValueKind = ValueKind::Numbers { max: 65_535 };

const PI_CHK: &[Choice] = &[
    Choice::new("GUARD", "guard tag"),
    Choice::new("REFTAG", "reference tag"),
    Choice::new("APPTAG", "application tag"),
];

/// Options of the engines that need a library of their own.
pub(crate) static ENGINES_LIBRARY: &[OptionDef] = &[
    OptionDef::new("pool", TEXT, "DAOS pool").engine(&["dfs"]).category("Engines"),
    OptionDef::new("cont", TEXT, "DAOS container").engine(&["dfs"]).category("Engines"),
    OptionDef::new("chunk_size", BYTES, "DFS chunk size")
        .default("0")
        .engine(&["dfs"])
        .category("Engines"),
    OptionDef::new("object_class", TEXT, "DAOS object class").engine(&["dfs"]).category("Engines"),
    OptionDef::new("svcl", TEXT, "Pool service ranks").engine(&["dfs"]).category("Engines"),
    OptionDef::new("volume", TEXT, "Gluster volume")
        .engine(&["gfapi", "gfapi_async"])
        .category("Engines"),
    OptionDef::new("brick", TEXT, "Gluster server to contact")
        .engine(&["gfapi", "gfapi_async"])
        .category("Engines"),
    OptionDef::new("single-instance", ValueKind::Bool, "Share one Gluster connection")
        .engine(&["gfapi", "gfapi_async"])
        .category("Engines"),
    OptionDef::new("libblkio_driver", TEXT, "libblkio driver name")
        .since("3.34")
        .engine(&["libblkio"])
        .category("Engines"),
    OptionDef::new("libblkio_path", TEXT, "Driver path property")
        .since("3.34")
        .engine(&["libblkio"])
        .category("Engines"),
    OptionDef::new(
        "libblkio_pre_connect_props",
        ValueKind::Properties,
        "name=value list set before connecting",
    )
    .since("3.34")
    .engine(&["libblkio"])
    .category("Engines"),
    OptionDef::new(
        "libblkio_num_entries",
        ValueKind::Int { min: 1, max: INT_MAX },
        "num-entries property",
    )
    .since("3.34")
    .engine(&["libblkio"])
    .category("Engines"),
    OptionDef::new(
        "libblkio_queue_size",
        ValueKind::Int { min: 1, max: INT_MAX },
        "queue-size property",
    )
    .since("3.34")
    .engine(&["libblkio"])
    .category("Engines"),
    OptionDef::new(
        "libblkio_pre_start_props",
        ValueKind::Properties,
        "name=value list set before starting",
    )
    .since("3.34")
    .engine(&["libblkio"])
    .category("Engines"),
    OptionDef::new("hipri", ValueKind::Flag, "Use poll queues")
        .since("3.34")
        .engine(&["libblkio"])
        .category("Engines"),
    OptionDef::new("libblkio_vectored", ValueKind::Flag, "Vectored requests")
        .since("3.34")
        .engine(&["libblkio"])
        .category("Engines"),
    OptionDef::new("libblkio_write_zeroes_on_trim", ValueKind::Flag, "Trim by writing zeroes")
        .since("3.34")
        .engine(&["libblkio"])
        .category("Engines"),
    OptionDef::new(
        "libblkio_wait_mode",
        ValueKind::Choice(LIBBLKIO_WAIT_MODE),
        "How completions are awaited",
    )
    .default("block")
    .since("3.34")
    .engine(&["libblkio"])
    .category("Engines"),
    OptionDef::new(
        "libblkio_force_enable_completion_eventfd",
        ValueKind::Flag,
        "Always switch the completion eventfd on",
    )
    .since("3.34")
    .engine(&["libblkio"])
    .category("Engines"),
    OptionDef::new("gpu_dev_ids", GPUS, "CUDA device numbers, colon list, round robin over clones")
        .engine(&["libcufile"])
        .category("Engines"),
    OptionDef::new("cuda_io", ValueKind::Choice(CUDA_IO), "GPUDirect or POSIX plus copies")
        .default("cufile")
        .engine(&["libcufile"])
        .category("Engines"),
    OptionDef::new("gpu_dev_ids", GPUS, "ROCm device numbers, colon list, round robin over clones")
        .since("3.43")
        .engine(&["libhipfile"])
        .category("Engines"),
    OptionDef::new("rocm_io", ValueKind::Choice(ROCM_IO), "hipFile or POSIX plus copies")
        .default("hipfile")
        .since("3.43")
        .engine(&["libhipfile"])
        .category("Engines"),
    OptionDef::new("clustername", TEXT, "Ceph cluster")
        .engine(&["rados", "rbd"])
        .category("Engines"),
    OptionDef::new("pool", TEXT, "Ceph pool").engine(&["rados"]).category("Engines"),
    OptionDef::new("clientname", TEXT, "Ceph client (without client. prefix)")
        .engine(&["rados"])
        .category("Engines"),
    OptionDef::new("conf", TEXT, "Ceph configuration file")
        .default("/etc/ceph/ceph.conf")
        .engine(&["rados"])
        .category("Engines"),
    OptionDef::new("busy_poll", ValueKind::Bool, "Spin for completions")
        .default("0")
        .engine(&["rados", "rbd"])
        .category("Engines"),
    OptionDef::new("touch_objects", ValueKind::Bool, "Create objects at start")
        .default("1")
        .engine(&["rados"])
        .category("Engines"),
    OptionDef::new("rbdname", TEXT, "Image name").engine(&["rbd"]).category("Engines"),
    OptionDef::new("pool", TEXT, "Pool of the image").engine(&["rbd"]).category("Engines"),
    OptionDef::new("clientname", TEXT, "Ceph client").engine(&["rbd"]).category("Engines"),
    OptionDef::new("rbd_encryption_format", ValueKind::Choice(ENCRYPTION), "Image encryption")
        .since("3.42")
        .engine(&["rbd"])
        .category("Engines"),
    OptionDef::new("rbd_encryption_passphrase", TEXT, "Passphrase for it")
        .since("3.42")
        .engine(&["rbd"])
        .category("Engines"),
    OptionDef::new(
        "hipri",
        ValueKind::Flag,
        "Poll for completions instead of waiting for interrupts",
    )
    .engine(&["xnvme"])
    .category("Engines"),
    OptionDef::new("sqthread_poll", ValueKind::Flag, "Kernel submission polling")
        .engine(&["xnvme"])
        .category("Engines"),
    OptionDef::new("xnvme_be", TEXT, "xNVMe back end").engine(&["xnvme"]).category("Engines"),
    OptionDef::new("xnvme_mem", TEXT, "Buffer allocator: posix, hugepage, spdk, vfio")
        .since("3.34")
        .engine(&["xnvme"])
        .category("Engines"),
    OptionDef::new("xnvme_async", TEXT, "Async interface").engine(&["xnvme"]).category("Engines"),
    OptionDef::new("xnvme_sync", TEXT, "Sync interface").engine(&["xnvme"]).category("Engines"),
    OptionDef::new("xnvme_admin", TEXT, "Admin command interface")
        .engine(&["xnvme"])
        .category("Engines"),
    OptionDef::new("xnvme_dev_nsid", INT, "Namespace for user-space drivers")
        .engine(&["xnvme"])
        .category("Engines"),
    OptionDef::new("xnvme_dev_subnqn", TEXT, "Fabrics subsystem NQN")
        .since("3.34")
        .engine(&["xnvme"])
        .category("Engines"),
    OptionDef::new("xnvme_iovec", ValueKind::Flag, "Vectored requests")
        .engine(&["xnvme"])
        .category("Engines"),
    OptionDef::new("md_per_io_size", INT, "Bytes of separate metadata per request")
        .default("0")
        .since("3.37")
        .engine(&["xnvme"])
        .category("Engines"),
    OptionDef::new(
        "pi_act",
        ValueKind::Bool,
        "Let the controller insert/strip protection information",
    )
    .default("1")
    .since("3.37")
    .engine(&["xnvme"])
    .category("Engines"),
    OptionDef::new(
        "pi_chk",
        ValueKind::ChoiceSet { choices: PI_CHK, counted: false },
        "Protection fields to check: GUARD,REFTAG,APPTAG",
    )
    .since("3.37")
    .engine(&["xnvme"])
    .category("Engines"),
    OptionDef::new("apptag", INT, "Application tag value")
        .default("0x1234")
        .since("3.37")
        .engine(&["xnvme"])
        .category("Engines"),
    OptionDef::new("apptag_mask", INT, "Application tag mask")
        .default("0xffff")
        .since("3.37")
        .engine(&["xnvme"])
        .category("Engines"),
];
