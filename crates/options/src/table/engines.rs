//! The engines by name. Which of them this program can run is in `status`; their code is elsewhere.

use super::Status;

/// One engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineDef {
    /// Canonical name.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// What carries the requests, in a few words.
    pub help: &'static str,
    /// The release of fio that has it first, if that is later than 3.33.
    pub since: Option<&'static str>,
    /// How far it is built.
    pub status: Status,
    /// What it needs beside the kernel's file interface: a library, hardware; empty: nothing.
    pub needs: &'static str,
}

const fn ready(name: &'static str, help: &'static str) -> EngineDef {
    EngineDef { name, aliases: &[], help, since: None, status: Status::Ready, needs: "" }
}

const fn planned(name: &'static str, help: &'static str) -> EngineDef {
    EngineDef { status: Status::Planned, ..ready(name, help) }
}

const fn gone(name: &'static str, help: &'static str, reason: &'static str) -> EngineDef {
    EngineDef { status: Status::Unavailable { reason }, ..ready(name, help) }
}

/// Not built yet, and it will not run everywhere once it is.
const fn needing(name: &'static str, help: &'static str, needs: &'static str) -> EngineDef {
    EngineDef { needs, ..planned(name, help) }
}

const fn since(release: &'static str, engine: EngineDef) -> EngineDef {
    EngineDef { since: Some(release), ..engine }
}

/// Every engine that fio has or had.
pub static ENGINES: &[EngineDef] = &[
    ready("sync", "lseek(2), then read(2) or write(2)"),
    ready("psync", "pread(2) and pwrite(2)"),
    ready("vsync", "adjacent requests in one readv(2) or writev(2)"),
    ready("pvsync", "preadv(2) and pwritev(2)"),
    ready("pvsync2", "preadv2(2) and pwritev2(2) with flags"),
    EngineDef {
        aliases: &["linuxaio", "aio"],
        ..ready("libaio", "asynchronous I/O of the Linux kernel (io_submit)")
    },
    ready("io_uring", "Linux io_uring"),
    needing(
        "io_uring_cmd",
        "NVMe and SCSI commands passed through io_uring",
        "an NVMe character device (/dev/ngXnY) and Linux 5.19 or later",
    ),
    ready("posixaio", "asynchronous I/O of the C library (aio_read), where that is glibc"),
    gone("solarisaio", "asynchronous I/O of Solaris", "it is the asynchronous I/O of Solaris"),
    gone("windowsaio", "overlapped I/O of Windows", "it is the asynchronous I/O of Windows"),
    ready("mmap", "memory-mapped files"),
    ready("splice", "splice(2) and vmsplice(2) through a pipe"),
    needing("sg", "SCSI generic commands", "a SCSI device"),
    ready("null", "nothing at all, at once"),
    planned("net", "TCP, UDP, UNIX and VSOCK sockets"),
    planned("netsplice", "sockets with splice(2)"),
    planned("cpuio", "burn CPU time"),
    needing("rdma", "RDMA verbs", "librdmacm, libibverbs and an RDMA network card (or soft-RoCE)"),
    ready("falloc", "fallocate(2) instead of transfers"),
    ready("ftruncate", "ftruncate(2) instead of writes"),
    needing("e4defrag", "online defragmentation of ext4", "files on an ext4 file system"),
    planned("filecreate", "create files"),
    planned("filestat", "stat files"),
    planned("filedelete", "remove files"),
    since("3.37", planned("dircreate", "create directories")),
    since("3.37", planned("dirstat", "stat directories")),
    since("3.37", planned("dirdelete", "remove directories")),
    planned("exec", "run a program"),
    since("3.43", planned("page_fault", "page faults of an anonymous mapping")),
    needing("mtd", "raw flash memory", "a flash device, /dev/mtdN"),
    needing("external", "a plug-in, external:PATH", "the plug-in file"),
    needing("http", "WebDAV, S3 or Swift objects over HTTP", "libcurl and OpenSSL at run time"),
    needing("nbd", "network block device", "libnbd at run time"),
    needing("rbd", "Ceph block image", "librbd at run time"),
    needing("rados", "Ceph objects", "librados at run time"),
    needing("gfapi", "GlusterFS, synchronous", "libgfapi at run time"),
    needing("gfapi_async", "GlusterFS, asynchronous", "libgfapi at run time"),
    needing("nfs", "NFS without the kernel", "libnfs at run time"),
    needing("libiscsi", "iSCSI without the kernel", "libiscsi at run time"),
    needing("libhdfs", "Hadoop file system", "libhdfs and a Java virtual machine at run time"),
    gone("ime_psync", "DDN Infinite Memory Engine", "it needs vendor software (DDN IME)"),
    gone(
        "ime_psyncv",
        "DDN Infinite Memory Engine, vectored",
        "it needs vendor software (DDN IME)",
    ),
    gone(
        "ime_aio",
        "DDN Infinite Memory Engine, asynchronous",
        "it needs vendor software (DDN IME)",
    ),
    needing("dfs", "DAOS file system", "libdaos and libdfs at run time"),
    needing(
        "dev-dax",
        "persistent memory as a character device",
        "libpmem at run time and a persistent memory device, /dev/daxX.Y",
    ),
    needing("libpmem", "persistent memory as a file", "libpmem at run time"),
    gone("pmemblk", "blocks in persistent memory", "its library is gone; fio dropped it in 3.34"),
    gone(
        "librpma_apm_client",
        "persistent memory over RDMA",
        "its library is gone; fio dropped it in 3.38",
    ),
    gone(
        "librpma_apm_server",
        "persistent memory over RDMA",
        "its library is gone; fio dropped it in 3.38",
    ),
    gone(
        "librpma_gpspm_client",
        "persistent memory over RDMA",
        "its library is gone; fio dropped it in 3.38",
    ),
    gone(
        "librpma_gpspm_server",
        "persistent memory over RDMA",
        "its library is gone; fio dropped it in 3.38",
    ),
    needing("libzbc", "zoned devices through libzbc", "libzbc at run time and a zoned device"),
    since("3.34", needing("libblkio", "block devices through libblkio", "libblkio at run time")),
    needing("libcufile", "GPUDirect Storage of NVIDIA", "CUDA, cuFile and an NVIDIA GPU"),
    since("3.43", needing("libhipfile", "hipFile of AMD", "ROCm, hipFile and an AMD GPU")),
    needing("xnvme", "NVMe through xNVMe", "libxnvme at run time"),
    gone("guasi", "an old engine", "fio dropped it long ago"),
    gone("binject", "an old engine", "fio dropped it long ago"),
    gone("syslet", "an old engine", "fio dropped it long ago"),
];

/// All engines, in the order of help.
pub fn engines() -> impl Iterator<Item = &'static EngineDef> {
    ENGINES.iter()
}

/// The engine of this name or alias; `external:PATH` finds `external`. As in fio, anything that
/// begins with an alias of libaio is libaio.
pub fn engine(name: &str) -> Option<&'static EngineDef> {
    let name = if name.starts_with("external:") { "external" } else { name };
    let exact = ENGINES.iter().find(|e| e.name == name);
    exact.or_else(|| ENGINES.iter().find(|e| e.aliases.iter().any(|a| name.starts_with(a))))
}

/// Engines that work on something else than local files and devices.
const WITHOUT_FILES: &[&str] = &[
    "null",
    "net",
    "netsplice",
    "cpuio",
    "rdma",
    "exec",
    "page_fault",
    "external",
    "http",
    "nbd",
    "rbd",
    "rados",
    "gfapi",
    "gfapi_async",
    "nfs",
    "libiscsi",
    "libhdfs",
    "dfs",
    "libblkio",
];

/// True if the targets of the engine of this name are local files and devices; a guess for engines
/// that nobody knows.
pub fn engine_uses_files(name: &str) -> bool {
    engine(name).is_none_or(|engine| !WITHOUT_FILES.contains(&engine.name))
}
