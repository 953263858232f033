//! Which requests have a priority of their own (`cmdprio_percentage`, `cmdprio_bssplit`).
//!
//! One number is drawn for each read or write of a size (or direction) of which some share has a
//! priority; for others nothing is drawn. It falls into one of the shares, laid end to end, or behind
//! them. (fio's rule, as seen in the priorities that fio 3.41 logs.)

use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_base::{Direction, IoPriority};
use fiord_options::plan::{PriorityShare, RequestPriorities};

/// Gives requests their priorities.
#[derive(Clone, Debug)]
pub struct Prioritizer {
    /// Of reads, of writes.
    directions: [Choices; 2],
    stream: Stream,
}

#[derive(Clone, Debug)]
struct Choices {
    shares: Vec<Share>,
    /// What requests may have: that of the job first.
    priorities: Vec<IoPriority>,
}

#[derive(Clone, Copy, Debug)]
struct Share {
    bytes: Option<u64>,
    percent: u64,
    /// Number among the priorities.
    number: u16,
}

/// What a request has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Its number among the priorities of its direction.
    pub number: u16,
    /// The kernel's number of the priority; 0 is that of the job.
    pub priority: u16,
}

impl Prioritizer {
    /// For a job with this priority of its own; nothing if no request has another one.
    pub fn new(
        shares: &RequestPriorities,
        own: IoPriority,
        seeds: &StreamSeeds,
    ) -> Option<Prioritizer> {
        if shares.is_empty() {
            return None;
        }
        let stream = Stream::new(Width::Narrow, seeds.get(StreamId::Priority));
        let directions = [&shares.read, &shares.write].map(|list| Choices::new(list, own));
        Some(Prioritizer { directions, stream })
    }

    /// The priority of the next request.
    pub fn choose(&mut self, direction: Direction, length: u64) -> Chosen {
        let Some(choices) = self.directions.get(direction as usize) else {
            return Chosen::default();
        };
        let mut of_size = choices.shares_of(length).peekable();
        if of_size.peek().is_none() {
            return Chosen::default();
        }
        let drawn = self.stream.between(0, 99);
        let mut end = 0;
        for share in of_size {
            end += share.percent;
            if drawn < end {
                let priority = choices.priorities[usize::from(share.number)].number();
                return Chosen { number: share.number, priority };
            }
        }
        Chosen::default()
    }

    /// The priorities that requests of a direction may have, that of the job first; empty if all have
    /// that.
    pub fn priorities(&self, direction: Direction) -> &[IoPriority] {
        match self.directions.get(direction as usize) {
            Some(choices) if !choices.shares.is_empty() => &choices.priorities,
            _ => &[],
        }
    }
}

impl Choices {
    fn new(list: &[PriorityShare], own: IoPriority) -> Choices {
        let mut priorities = vec![own];
        let mut shares = Vec::with_capacity(list.len());
        for share in list {
            let known = priorities.iter().position(|priority| *priority == share.priority);
            let number = known.unwrap_or(priorities.len());
            if known.is_none() {
                priorities.push(share.priority);
            }
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            shares.push(Share { bytes: share.bytes, percent: u64::from(share.percent), number });
        }
        Choices { shares, priorities }
    }

    fn shares_of(&self, length: u64) -> impl Iterator<Item = &Share> {
        self.shares.iter().filter(move |share| share.bytes.is_none_or(|bytes| bytes == length))
    }
}

#[cfg(test)]
mod tests {
    use fiord_base::random::DEFAULT_SEED;

    use super::*;

    fn share(bytes: Option<u64>, percent: u32, class: u8, level: u8) -> PriorityShare {
        PriorityShare { bytes, percent, priority: IoPriority { class, level, hint: 0 } }
    }

    fn prioritizer(read: Vec<PriorityShare>, write: Vec<PriorityShare>) -> Prioritizer {
        let seeds = StreamSeeds::derive(DEFAULT_SEED, 1);
        let shares = RequestPriorities { read, write };
        Prioritizer::new(&shares, IoPriority::default(), &seeds).unwrap()
    }

    fn chosen(prioritizer: &mut Prioritizer, requests: &[(Direction, u64)]) -> Vec<u16> {
        requests.iter().map(|&(d, length)| prioritizer.choose(d, length).priority).collect()
    }

    #[test]
    fn nothing_is_chosen_where_nothing_can_be() {
        let seeds = StreamSeeds::derive(DEFAULT_SEED, 1);
        let none = RequestPriorities::default();
        assert!(Prioritizer::new(&none, IoPriority::default(), &seeds).is_none());
    }

    /// As fio 3.41 logs them for `cmdprio_percentage=50` and for `0,50`, with `log_prio`.
    #[test]
    fn requests_have_the_priorities_that_fio_gives_them() {
        use Direction::{Read as R, Write as W};
        let requests: Vec<_> =
            [R, R, R, W, R, R, W, W, W, R, W, R, W, R, R, R, W, W].map(|d| (d, 4096)).to_vec();
        let half = || vec![share(None, 50, 1, 0)];
        let with = chosen(&mut prioritizer(half(), half()), &requests);
        let digits = |bits: &str| -> Vec<u16> {
            bits.bytes().map(|bit| if bit == b'1' { 0x2000 } else { 0 }).collect()
        };
        assert_eq!(with, digits("101101010011111010"));
        let writes = chosen(&mut prioritizer(vec![], half()), &requests);
        assert_eq!(writes, digits("000100011000100001"), "nothing is drawn for reads");
    }

    /// As fio 3.41 logs them for `cmdprio_bssplit=4k/10/1/1:8k/50/2/2:4k/60/3/3`.
    #[test]
    fn sizes_have_the_priorities_that_fio_gives_them() {
        let shares = vec![
            share(Some(4096), 10, 1, 1),
            share(Some(4096), 60, 3, 3),
            share(Some(8192), 50, 2, 2),
        ];
        let requests: Vec<_> = [1, 2, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1]
            .map(|blocks| (Direction::Read, blocks * 4096))
            .to_vec();
        let found = chosen(&mut prioritizer(shares, vec![]), &requests);
        let (a, b, c) = (0x2001, 0x4002, 0x6003);
        assert_eq!(found, [a, 0, b, a, 0, c, 0, c, c, 0, c, c]);
    }

    #[test]
    fn equal_priorities_are_one() {
        let list =
            vec![share(Some(1), 100, 1, 1), share(Some(2), 9, 0, 0), share(Some(3), 9, 1, 1)];
        let mut prioritizer = prioritizer(list, vec![]);
        assert_eq!(prioritizer.choose(Direction::Read, 1), Chosen { number: 1, priority: 0x2001 });
        assert_eq!(prioritizer.priorities(Direction::Read).len(), 2);
        assert!(prioritizer.priorities(Direction::Write).is_empty());
        assert_eq!(prioritizer.choose(Direction::Trim, 1), Chosen::default());
    }
}
