//! What the kernel numbers and options name: CPUs and NUMA nodes, whichever of them this process may
//! use now.

/// Things with numbers, of which some may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// How many there are.
    pub count: u32,
    /// The largest number.
    pub last: u32,
}

/// CPUs that are on.
pub fn cpus_online() -> Numbered {
    let usable = || u32::try_from(super::cpus()).unwrap_or(u32::MAX).max(1);
    online("cpu").unwrap_or_else(|| Numbered { count: usable(), last: usable() - 1 })
}

/// NUMA nodes that are on; a kernel that knows nothing of nodes has one.
pub fn nodes_online() -> Numbered {
    online("node").unwrap_or(Numbered { count: 1, last: 0 })
}

fn online(kind: &str) -> Option<Numbered> {
    let path = format!("/sys/devices/system/{kind}/online");
    read_list(&std::fs::read_to_string(path).ok()?)
}

/// Reads a list as the kernel writes it: numbers and ranges in ascending order, such as `0-3,8`.
fn read_list(text: &str) -> Option<Numbered> {
    let mut all = Numbered { count: 0, last: 0 };
    for range in text.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        all.count = all.count.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
        all.last = last;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use super::*;

    #[test]
    fn lists_of_the_kernel_may_have_gaps() {
        let read = |text| read_list(text).map(|Numbered { count, last }| (count, last));
        assert_eq!(read("0\n"), Some((1, 0)));
        assert_eq!(read("0-1\n"), Some((2, 1)));
        assert_eq!(read("0,2-5,64\n"), Some((6, 64)));
        for wrong in ["", "\n", "x", "3-1", "0-", "0-4294967295"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    /// A user who binds fiord to a CPU may still bind its jobs to others.
    #[test]
    fn cpus_do_not_vanish_from_who_may_not_use_them() {
        let all = cpus_online();
        let bound = std::thread::spawn(|| {
            let allowed = sched_getaffinity(None).unwrap();
            let cpu = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).unwrap();
            let mut only = CpuSet::new();
            only.set(cpu);
            sched_setaffinity(None, &only).unwrap();
            (super::super::cpus(), cpus_online())
        });
        assert_eq!(bound.join().unwrap(), (1, all));
    }
}
