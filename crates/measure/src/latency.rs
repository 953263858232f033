//! Moments and histogram of one kind of latency.

use crate::Histogram;

/// Count, sum and sum of squares kept as exact integers, so that merging loses nothing; plus extremes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    /// Number of values.
    pub count: u64,
    /// Sum of values.
    pub sum: u128,
    /// Sum of squares.
    pub sum_of_squares: u128,
    /// Smallest value; meaningless when `count` is 0.
    pub min: u64,
    /// Largest value.
    pub max: u64,
}

impl Moments {
    /// Adds one value.
    pub fn add(&mut self, value: u64) {
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = self.max.max(value);
        self.count += 1;
        self.sum += u128::from(value);
        self.sum_of_squares += u128::from(value) * u128::from(value);
    }

    /// Adds the values of another set.
    pub fn merge(&mut self, other: &Moments) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
    }

    /// Arithmetic mean; 0 without values.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// Sample standard deviation (divisor n - 1); 0 with fewer than two values.
    pub fn stddev(&self) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        // n * sum(x^2) - sum(x)^2 is exact in integers as long as it fits; beyond, floats must do.
        let n = u128::from(self.count);
        let squares = n.checked_mul(self.sum_of_squares);
        let spread = match (squares, self.sum.checked_mul(self.sum)) {
            (Some(squares), Some(sum)) => squares.saturating_sub(sum) as f64,
            _ => {
                let mean = self.mean();
                let n = self.count as f64;
                ((self.sum_of_squares as f64 - n * mean * mean) * n).max(0.0)
            }
        };
        let n = self.count as f64;
        (spread / (n * (n - 1.0))).sqrt()
    }
}

/// One kind of latency in nanoseconds. The histogram is empty where percentiles are off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Exact moments.
    pub moments: Moments,
    /// Distribution.
    pub histogram: Histogram,
}

impl Latency {
    /// Adds one value to moments and histogram.
    pub fn add(&mut self, ns: u64) {
        self.moments.add(ns);
        self.histogram.add(ns);
    }

    /// Adds the values of another.
    pub fn merge(&mut self, other: &Latency) {
        self.moments.merge(&other.moments);
        self.histogram.merge(&other.histogram);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_equals_adding() {
        let (mut all, mut left, mut right) =
            (Moments::default(), Moments::default(), Moments::default());
        for value in [5u64, 7, 1000, 3, 99_999_999_999] {
            all.add(value);
            if value % 2 == 1 { left.add(value) } else { right.add(value) }
        }
        left.merge(&right);
        assert_eq!(left, all);
    }

    #[test]
    fn standard_deviation_is_the_sample_one() {
        let mut moments = Moments::default();
        for value in [2, 4, 4, 4, 5, 5, 7, 9] {
            moments.add(value);
        }
        assert!((moments.stddev() - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(moments.mean(), 5.0);
    }
}
