//! Huge pages: which sizes this machine has, and how many pages of each are to be had.

use std::path::PathBuf;

/// Huge pages of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HugePages {
    /// Bytes of a page.
    pub page_bytes: u64,
    /// Set aside (`nr_hugepages`).
    pub reserved: u64,
    /// To be had at once: free and promised to nobody, and those that the kernel may still make
    /// (`nr_overcommit_hugepages`).
    pub available: u64,
}

impl HugePages {
    /// Those of this size; `None` if the machine has no such pages.
    pub fn of_size(page_bytes: u64) -> Option<HugePages> {
        let folder = folder(page_bytes);
        let number = |name: &str| -> Option<u64> {
            std::fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok()
        };
        let reserved = number("nr_hugepages")?;
        let free = number("free_hugepages")?.saturating_sub(number("resv_hugepages")?);
        // `nr_hugepages` has the surplus in it.
        let surplus = number("surplus_hugepages")?;
        let more = number("nr_overcommit_hugepages")?.saturating_sub(surplus);
        let reserved = reserved.saturating_sub(surplus);
        Some(HugePages { page_bytes, reserved, available: free.saturating_add(more) })
    }

    /// The size of those that are meant where none is named.
    pub fn default_bytes() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Hugepagesize:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kib << 10)
    }

    /// The sizes that this machine has, in order.
    pub fn sizes() -> Vec<u64> {
        let Ok(folders) = std::fs::read_dir(FOLDERS) else { return Vec::new() };
        let size = |name: &str| -> Option<u64> {
            Some(name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse::<u64>().ok()? << 10)
        };
        let mut sizes: Vec<u64> =
            folders.filter_map(|entry| size(entry.ok()?.file_name().to_str()?)).collect();
        sizes.sort_unstable();
        sizes
    }

    /// The words that set so many of them aside.
    pub fn command(self, pages: u64) -> String {
        if HugePages::default_bytes() == Some(self.page_bytes) {
            return format!("sysctl vm.nr_hugepages={pages}");
        }
        format!("echo {pages} > {}", folder(self.page_bytes).join("nr_hugepages").display())
    }
}

const FOLDERS: &str = "/sys/kernel/mm/hugepages";

fn folder(page_bytes: u64) -> PathBuf {
    PathBuf::from(format!("{FOLDERS}/hugepages-{}kB", page_bytes >> 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_can_be_asked_for() {
        let sizes = HugePages::sizes();
        assert!(sizes.iter().all(|size| HugePages::of_size(*size).is_some()));
        match HugePages::default_bytes() {
            Some(bytes) => assert!(sizes.contains(&bytes), "{bytes}: {sizes:?}"),
            None => assert!(sizes.is_empty()),
        }
        assert_eq!(HugePages::of_size(3 << 20), None);
    }

    #[test]
    fn the_command_names_the_size_unless_it_is_the_usual_one() {
        let pages = |page_bytes| HugePages { page_bytes, reserved: 0, available: 0 };
        if let Some(usual) = HugePages::default_bytes() {
            assert_eq!(pages(usual).command(8), "sysctl vm.nr_hugepages=8");
        }
        let odd = pages(3 << 20).command(8);
        assert!(odd.starts_with("echo 8 > ") && odd.contains("hugepages-3072kB"), "{odd}");
    }
}
