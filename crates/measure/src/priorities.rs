//! Latencies by priority.
//!
//! A direction whose requests all have one priority keeps no second copy of its latency: only what is
//! merged with another priority is told apart.

use fiord_base::IoPriority;

use crate::Latency;

/// Latencies of a direction by priority.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Priorities {
    /// The priority of all requests, where they have but one that is known. Trims have none.
    pub only: Option<IoPriority>,
    /// Each priority that requests may have, in the order of reports. Empty with `only`.
    pub apart: Vec<(IoPriority, Latency)>,
    /// The latencies are total ones and not those of completion.
    pub of_lat: bool,
}

impl Priorities {
    /// Of requests that all have one priority.
    pub fn only(priority: IoPriority, of_lat: bool) -> Priorities {
        Priorities { only: Some(priority), apart: Vec::new(), of_lat }
    }

    /// Adds those of other requests. `mine` and `theirs` are the latencies of all requests of the two,
    /// as measured before they are merged.
    pub(crate) fn merge(&mut self, mine: &Latency, other: &Priorities, theirs: &Latency) {
        if mine.moments.count == 0 && self.apart.is_empty() {
            let of_lat = self.of_lat || other.of_lat;
            *self = Priorities { of_lat, ..other.clone() };
            return;
        }
        if theirs.moments.count == 0 || self.only.is_some() && self.only == other.only {
            return;
        }
        if let Some(only) = self.only.take() {
            self.apart.push((only, mine.clone()));
        }
        if let Some(only) = other.only {
            self.add(only, theirs);
        }
        for (priority, latency) in &other.apart {
            self.add(*priority, latency);
        }
    }

    fn add(&mut self, priority: IoPriority, latency: &Latency) {
        match self.apart.iter_mut().find(|(known, _)| *known == priority) {
            Some((_, known)) => known.merge(latency),
            None => self.apart.push((priority, latency.clone())),
        }
    }

    /// What reports show: the priorities with samples, if there are at least two.
    pub fn shown(&self) -> impl Iterator<Item = &(IoPriority, Latency)> {
        let with_samples = || self.apart.iter().filter(|(_, latency)| latency.moments.count > 0);
        let several = with_samples().nth(1).is_some();
        with_samples().filter(move |_| several)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(values: &[u64]) -> Latency {
        let mut latency = Latency::default();
        values.iter().for_each(|ns| latency.add(*ns));
        latency
    }

    fn priority(level: u8) -> IoPriority {
        IoPriority { class: 2, level, hint: 0 }
    }

    fn shown(priorities: &Priorities) -> Vec<(u8, u64)> {
        priorities.shown().map(|(p, latency)| (p.level, latency.moments.count)).collect()
    }

    #[test]
    fn one_priority_is_not_told_apart() {
        let mut mine = Priorities::default();
        mine.merge(&latency(&[]), &Priorities::only(priority(1), false), &latency(&[5]));
        mine.merge(&latency(&[5]), &Priorities::only(priority(1), false), &latency(&[6]));
        assert_eq!(mine, Priorities::only(priority(1), false));
        mine.merge(&latency(&[5, 6]), &Priorities::only(priority(2), false), &latency(&[]));
        assert_eq!(mine, Priorities::only(priority(1), false), "nothing had the other one");
    }

    #[test]
    fn priorities_keep_their_order() {
        let mut mine = Priorities::only(priority(3), false);
        let split = Priorities {
            apart: vec![(priority(1), latency(&[7])), (priority(3), latency(&[8, 9]))],
            ..Priorities::default()
        };
        mine.merge(&latency(&[5]), &split, &latency(&[7, 8, 9]));
        assert_eq!(shown(&mine), [(3, 3), (1, 1)]);
    }

    #[test]
    fn a_priority_without_samples_is_not_shown() {
        let mut mine = Priorities {
            apart: vec![(priority(0), latency(&[])), (priority(3), latency(&[8, 9]))],
            ..Priorities::default()
        };
        assert_eq!(shown(&mine), []);
        mine.apart[0].1.add(1);
        assert_eq!(shown(&mine), [(0, 1), (3, 2)]);
    }
}
