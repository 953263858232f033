//! Facts of the machine, and its entropy.

mod huge_pages;
mod numbered;

use rustix::rand::GetRandomFlags;

use crate::Errno;
pub use huge_pages::HugePages;
pub use numbered::{Numbered, cpus_online, nodes_online};

/// Name and release of the kernel.
pub fn kernel() -> String {
    let names = rustix::system::uname();
    format!("{} {}", names.sysname().to_string_lossy(), names.release().to_string_lossy())
}

/// Hardware name, such as `x86_64`.
pub fn machine() -> String {
    rustix::system::uname().machine().to_string_lossy().into_owned()
}

/// CPUs that this process may use.
pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Bytes of memory.
pub fn memory_bytes() -> u64 {
    let info = rustix::system::sysinfo();
    (info.totalram as u64).saturating_mul(u64::from(info.mem_unit))
}

/// Words from the system's source of entropy.
pub fn entropy() -> Result<[u64; 24], Errno> {
    let mut bytes = [0; 192];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], GetRandomFlags::empty())?;
    }
    Ok(std::array::from_fn(|i| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[i * 8..i * 8 + 8]);
        u64::from_ne_bytes(word)
    }))
}

/// Bytes of a page of memory.
pub fn page_bytes() -> u64 {
    rustix::param::page_size() as u64
}

/// How many memory mappings a process may have; `None` where the kernel does not say.
pub fn mapping_limit() -> Option<u64> {
    sysctl("vm/max_map_count")
}

/// Bytes of memory that can be had without pushing programs out (`MemAvailable`); `None` where the kernel
/// does not say.
pub fn available_memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// The number that a file below /proc/sys holds, such as `fs/aio-max-nr`.
pub fn sysctl(name: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/sys/{name}")).ok()?.trim().parse().ok()
}
