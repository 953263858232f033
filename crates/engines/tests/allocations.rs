//! Engines allocate nothing once they have their files.

mod bench;

use bench::{Bench, Options, TempFile, engines, unit};
use fiord_base::Direction;
use fiord_sys::allocations::{self, CountingHeap};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

#[test]
fn requests_need_no_heap() {
    const BLOCK: u64 = 4096;
    assert!(allocations::of_this_thread() > 0, "the heap does not count");
    for engine in engines() {
        let file = TempFile::in_memory(engine.name, 8 * BLOCK);
        let mut bench = Bench::new(engine, Options { depth: 4, ..Options::default() });
        bench.attach(0, &file);
        for direction in
            [Direction::Read, Direction::Write, Direction::Trim, Direction::Sync, Direction::Read]
        {
            let batch = [0, 1, 2, 3].map(|i| unit(i, direction, u64::from(i) * BLOCK, BLOCK));
            let before = allocations::of_this_thread();
            let taken = bench.submit(&batch);
            let reaped = if engine.caps.for_job(4, 4).inline { Ok(()) } else { bench.reap(4, 4) };
            let after = allocations::of_this_thread();
            assert_eq!((taken, reaped), (4, Ok(())), "{}", engine.name);
            assert_eq!(bench.take().len(), 4, "{}", engine.name);
            assert_eq!(after - before, 0, "{} {direction:?}", engine.name);
        }
    }
}
