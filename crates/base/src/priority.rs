//! Priorities of I/O, as ioprio_set(2) and the kernel's queues take them.

use serde::{Deserialize, Serialize};

/// First bit of the hint, and of the class, in the kernel's number.
const HINT_SHIFT: u32 = 3;
const CLASS_SHIFT: u32 = 13;

/// A priority of I/O.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IoPriority {
    /// Class: 0 none, 1 real time, 2 best effort, 3 idle.
    pub class: u8,
    /// Level in the class, 0 (first) ..= 7.
    pub level: u8,
    /// Hint, such as a limit of duration, 0..=1023.
    pub hint: u16,
}

impl IoPriority {
    /// The kernel's number: class above hint above level. 0 is that of the thread.
    pub fn number(self) -> u16 {
        u16::from(self.class & 7) << CLASS_SHIFT
            | (self.hint & 0x3ff) << HINT_SHIFT
            | u16::from(self.level & 7)
    }
}

/// As in reports: class, level, hint.
impl std::fmt::Display for IoPriority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.class, self.level, self.hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_kernels() {
        assert_eq!(IoPriority::default().number(), 0);
        assert_eq!(IoPriority { class: 2, level: 4, hint: 3 }.number(), 0x401c);
        assert_eq!(IoPriority { class: 3, level: 7, hint: 1023 }.number(), 0x7fff);
    }
}
