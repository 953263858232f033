//! Interval samples of bandwidth (KiB/s) and IOPS.

use crate::Moments;

/// Statistics over interval samples. Merging jobs of a group adds means and extremes, as fio does:
/// what runs side by side adds up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Samples taken.
    pub count: u64,
    /// Smallest sample.
    pub min: u64,
    /// Largest sample.
    pub max: u64,
    /// Mean of samples (the sum of means after merging).
    pub mean: f64,
    /// Standard deviation.
    pub stddev: f64,
}

impl From<&Moments> for Samples {
    fn from(moments: &Moments) -> Samples {
        Samples {
            count: moments.count,
            min: if moments.count == 0 { 0 } else { moments.min },
            max: moments.max,
            mean: moments.mean(),
            stddev: moments.stddev(),
        }
    }
}

impl Samples {
    /// Adds the samples of another job of the same group.
    pub fn merge(&mut self, other: &Samples) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other.clone();
            return;
        }
        let (n, m) = (self.count as f64, other.count as f64);
        // Pooled variance around the respective means.
        let pooled = (self.stddev.powi(2) * (n - 1.0) + other.stddev.powi(2) * (m - 1.0)).max(0.0)
            / (n + m - 1.0).max(1.0);
        self.stddev = pooled.sqrt();
        self.mean += other.mean;
        self.min += other.min;
        self.max += other.max;
        self.count += other.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_side_by_side_adds_up() {
        let read = Samples { count: 5, min: 3984, max: 4008, mean: 4000.0, stddev: 9.797959 };
        let write = Samples { count: 5, min: 1984, max: 2008, mean: 1999.2, stddev: 9.959920 };
        let mut both = Samples::default();
        both.merge(&read);
        both.merge(&Samples::default());
        both.merge(&write);
        assert_eq!((both.count, both.min, both.max), (10, 5968, 6016));
        assert!((both.mean - 5999.2).abs() < 1e-9);
        // The deviation that fio 3.41 printed for these two.
        assert_eq!(format!("{:.2}", both.stddev), "9.31");
    }
}
