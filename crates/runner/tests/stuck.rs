//! A job whose requests never come back is given up when its time is over, and what it has done before
//! is reported.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsString;
use std::time::Duration;

use fiord_base::{Direction, FileIndex};
use fiord_engine::{Caps, Completion, Engine, EngineError, Io, Registration, Target, Unit};
use fiord_measure::report::Severity;
use fiord_options::{EngineFacts, Host, commandline, lower};
use fiord_runner::{RunSettings, Silent, run};
use fiord_sys::Errno;

/// Executes this many requests and loses all others.
const EXECUTED: usize = 100;
/// Requests in flight.
const DEPTH: u64 = 8;

#[derive(Default)]
struct Loser {
    queue: Vec<Unit>,
    executed: usize,
}

impl Engine for Loser {
    fn attach(&mut self, _file: FileIndex, _target: &Target<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    fn detach(&mut self, _file: FileIndex) {}

    fn submit(&mut self, batch: &[Unit], _io: &mut Io<'_>) -> usize {
        self.queue.extend_from_slice(batch);
        batch.len()
    }

    fn reap(&mut self, min: usize, _max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        for _ in 0..min {
            while self.executed == EXECUTED {
                std::thread::park();
            }
            self.executed += 1;
            let unit = self.queue.remove(0);
            let (slot, result) = (unit.slot, Ok(unit.length));
            let now_ns = io.done.stamp();
            io.done.push(Completion { slot, result, issued_ns: now_ns, done_ns: now_ns });
        }
        Ok(())
    }
}

const REGISTRY: &[Registration] = &[Registration {
    name: "null",
    summary: "loses requests",
    caps: Caps { reports_slat: true, diskless: true, ..Caps::NONE },
    create: |_| Ok(Box::new(Loser::default())),
}];

#[test]
fn a_device_that_loses_requests_does_not_hang_the_run() {
    let facts = EngineFacts { inline: false, diskless: true, no_extend: false, no_data: false };
    let host = Host {
        page_size: 4096,
        cpus: 2,
        last_cpu: 1,
        last_node: 0,
        memory_bytes: 4 << 30,
        env: &|_| None,
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
        engine: &|_| Some(facts),
    };
    let words = format!(
        "--thread --ioengine=null --size=1m --bs=4k --rw=randread --iodepth={DEPTH} --runtime=1 \
         --name=stuck --name=after --stonewall"
    );
    let arguments: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
    let (invocation, _) = commandline::parse(&arguments, &host);
    let plan = lower(&invocation.spec, &host).0.expect("a plan");
    let settings =
        RunSettings { patience: Some(Duration::from_millis(50)), ..RunSettings::default() };
    let outcome = run(&plan, &settings, REGISTRY, &mut Silent).expect("a run");
    assert_eq!((outcome.failed, outcome.signal), (2, None));
    let jobs = &outcome.report.jobs;
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        let read = &job.directions[Direction::Read];
        assert_eq!((read.ios, read.bytes), (100, 100 * 4096), "{}", job.name);
        assert_eq!(job.error, Errno::TIMEDOUT.0);
    }
    let errors = outcome.report.messages.iter().filter(|m| m.severity == Severity::Error);
    let texts: Vec<&str> = errors.map(|message| message.text.as_str()).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains(&format!("{DEPTH} requests have not come back")), "{texts:?}");
}
