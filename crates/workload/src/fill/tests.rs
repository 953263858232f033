use super::*;
use fiord_options::plan::{DedupePlan, DedupeSource};

const SEEDS: fn() -> StreamSeeds = || StreamSeeds::derive(0x89, 1);

fn filler(plan: &DataPlan, shape: &Shape<'_>) -> Filler {
    Filler::new(plan, RandomGenerator::Tausworthe, true, &SEEDS(), shape).unwrap()
}

fn dedupe(percent: u32, source: DedupeSource) -> DataPlan {
    let dedupe = Some(DedupePlan { percent, source });
    DataPlan { refill: true, dedupe, chunk_bytes: Some(512), ..DataPlan::default() }
}

const BLOCK: Shape<'static> = Shape { least_write: 4096, size: 1 << 20, pool: &[] };

fn blocks(filler: &mut Filler, count: usize) -> Vec<Vec<u8>> {
    std::iter::repeat_with(|| {
        let mut block = vec![0; 4096];
        filler.contents(&mut block);
        block
    })
    .take(count)
    .collect()
}

fn distinct(blocks: &[Vec<u8>]) -> usize {
    blocks.iter().collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn contents_begin_again_where_seeds_repeat() {
    let plan = DataPlan { refill: true, ..DataPlan::default() };
    let first_of_passes = |repeat| {
        let mut filler = filler(&plan, &BLOCK).repeating(Seeds::Base { base: 0x89, repeat });
        let mut buffers = [[0; 64]; 3];
        filler.initial(&mut buffers[0]);
        filler.prepare(&mut buffers[1], 0, 0);
        filler.next_pass();
        filler.prepare(&mut buffers[2], 0, 0);
        (buffers[0] != buffers[1], buffers[0] == buffers[2])
    };
    assert_eq!(first_of_passes(true), (true, true));
    assert_eq!(first_of_passes(false), (true, false));
}

#[test]
fn chunks_are_random_as_far_as_they_should_be() {
    let pattern = b"abc".to_vec();
    let plan = DataPlan {
        fill: Fill::Pattern(pattern),
        compress_percent: 75,
        chunk_bytes: Some(100),
        ..DataPlan::default()
    };
    let mut buffer = [0; 150];
    filler(&plan, &BLOCK).contents(&mut buffer);
    assert_eq!(buffer[25..100], b"abc".repeat(25)[..]);
    assert_eq!(buffer[112..150], b"abc".repeat(13)[..38]);
    assert_ne!(buffer[..12], buffer[100..112]);
    // No extent: as long as the shortest write.
    let whole = DataPlan { chunk_bytes: None, ..plan };
    filler(&whole, &Shape { least_write: 60, ..BLOCK }).contents(&mut buffer);
    assert_eq!(buffer[15..60], b"abc".repeat(15)[..]);
}

#[test]
fn a_filler_continues_where_another_left_off() {
    for source in
        [DedupeSource::Previous, DedupeSource::WorkingSet { size_percent: 10, shared: false }]
    {
        let plan = dedupe(60, source);
        let mut first = filler(&plan, &BLOCK);
        blocks(&mut first, 20);
        let mut second = filler(&plan, &BLOCK);
        second.go_to(&first.position());
        assert!(blocks(&mut first, 20) == blocks(&mut second, 20));
    }
}

#[test]
fn the_share_of_duplicates_is_as_asked() {
    for percent in [5, 50, 90, 99] {
        let mut filler = filler(&dedupe(percent, DedupeSource::Previous), &BLOCK);
        let unique = distinct(&blocks(&mut filler, 4000)) as f64;
        let share = 1.0 - unique / 4000.0;
        let asked = f64::from(percent) / 100.0;
        let sigma = (asked * (1.0 - asked) / 4000.0).sqrt();
        assert!((share - asked).abs() < (3.0 * sigma).max(0.01), "{percent}: {share}");
    }
    assert_eq!(distinct(&blocks(&mut filler(&dedupe(100, DedupeSource::Previous), &BLOCK), 9)), 1);
}

#[test]
fn duplicates_come_from_the_working_set() {
    let source = DedupeSource::WorkingSet { size_percent: 10, shared: false };
    let all = blocks(&mut filler(&dedupe(80, source), &BLOCK), 2000);
    let set: Vec<_> = blocks(&mut filler(&dedupe(0, source), &BLOCK), 25);
    let of_set = all.iter().filter(|block| set.contains(block)).count();
    // The first blocks that are no duplicates are those of the set, too.
    assert!(of_set > 1500 && of_set < 1700, "{of_set}");
    assert_eq!(distinct(&all), 2000 - of_set + 25);
}

#[test]
fn jobs_share_their_working_sets() {
    let source = DedupeSource::WorkingSet { size_percent: 10, shared: true };
    let seeds: Vec<StreamSeeds> = (1..=3).map(|number| StreamSeeds::derive(0x89, number)).collect();
    let pool: Vec<u64> = seeds.iter().map(|seeds| seeds.get(StreamId::Buffer)).collect();
    let shape = Shape { pool: &pool, ..BLOCK };
    let set: std::collections::BTreeSet<_> =
        blocks(&mut filler(&dedupe(99, source), &shape), 500).into_iter().collect();
    // 25 blocks in three equal parts and one more of the first.
    for (seeds, part) in seeds.iter().zip([9, 8, 8]) {
        let plan = DataPlan { dedupe: None, compress_percent: 0, ..dedupe(0, source) };
        let own = Mixture {
            chunk_bytes: 512,
            random_percent: 100,
            rest: Vec::new(),
            duplicates: None,
            uniform: false,
        };
        let mut filler =
            Filler::new(&plan, RandomGenerator::Tausworthe, true, seeds, &BLOCK).unwrap();
        filler.mixture = Some(own);
        let shared = blocks(&mut filler, 20).iter().filter(|block| set.contains(*block)).count();
        assert!(shared >= part - 1, "{shared} of {part}");
    }
}

#[test]
fn a_set_that_no_memory_can_hold_is_refused() {
    let source = DedupeSource::WorkingSet { size_percent: 50, shared: false };
    let shape = Shape { least_write: 1, size: u64::MAX, pool: &[] };
    let made =
        Filler::new(&dedupe(10, source), RandomGenerator::Tausworthe64, true, &SEEDS(), &shape);
    assert_eq!(made.err(), Some(FillError::WorkingSet { buffers: u64::MAX / 2 }));
}
