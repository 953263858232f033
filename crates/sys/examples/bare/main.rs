//! Bare loops: the system calls of a job with the same buffers, batches and spread of offsets, and
//! nothing else. What the machine gives to a program that does no more is what `cargo xtask bench`
//! compares fiord with.
//!
//! `bare METHOD FILE block=BYTES depth=N batch=N seconds=N [direct] [fixed] [sum=KIND]`, where METHOD is one of
//! `ring`, `aio`, `read` and `copy`, of which `read` can make a checksum of each block (`crc32c`, `md5`); or `bare sleep rate=N seconds=N`, which only wakes up N times a
//! second. Prints the requests, the seconds that they took, and the
//! seconds of CPU time in user space.

mod aio;
mod copy;
mod read;
mod ring;
mod sleep;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::process::ExitCode;
use std::ptr::NonNull;
use std::time::{Duration, Instant};

/// What to do.
pub(crate) struct Job {
    pub(crate) file: File,
    pub(crate) file_bytes: u64,
    pub(crate) block: usize,
    pub(crate) depth: usize,
    pub(crate) batch: usize,
    pub(crate) duration: Duration,
    /// Registered buffers and a registered file.
    pub(crate) fixed: bool,
    pub(crate) sum: Option<Sum>,
}

/// What is made of each block that was read.
#[derive(Clone, Copy)]
pub(crate) enum Sum {
    Crc32c,
    Md5,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> io::Result<String> {
    let (method, path, options) = match words {
        [method, rate, seconds] if method == "sleep" => return sleep(rate, seconds),
        [method, path, options @ ..] => (method.as_str(), path, options),
        _ => return Err(io::Error::other("needs METHOD FILE")),
    };
    let job = open(path, options)?;
    match method {
        "ring" => ring::run(&job),
        "aio" => aio::run(&job),
        "read" => read::run(&job),
        "copy" => copy::run(&job),
        _ => Err(io::Error::other(format!("no method {method}"))),
    }
}

fn sleep(rate: &str, seconds: &str) -> io::Result<String> {
    let rate = rate.strip_prefix("rate=").and_then(|value| value.parse().ok());
    let seconds = seconds.strip_prefix("seconds=").and_then(|value| value.parse().ok());
    match (rate, seconds) {
        (Some(rate @ 1..), Some(seconds)) => {
            sleep::run(rate, &Meter::start(Duration::from_secs_f64(seconds)))
        }
        _ => Err(io::Error::other("needs rate=N seconds=N")),
    }
}

fn open(path: &str, options: &[String]) -> io::Result<Job> {
    let (mut block, mut depth, mut batch, mut seconds) = (4096, 1, 1, 1.0);
    let (mut direct, mut fixed, mut sum) = (false, false, None);
    let bad = |word: &str| io::Error::other(format!("cannot read {word}"));
    for word in options {
        match word.split_once('=') {
            Some(("block", value)) => block = value.parse().map_err(|_| bad(word))?,
            Some(("depth", value)) => depth = value.parse().map_err(|_| bad(word))?,
            Some(("batch", value)) => batch = value.parse().map_err(|_| bad(word))?,
            Some(("seconds", value)) => seconds = value.parse().map_err(|_| bad(word))?,
            Some(("sum", "crc32c")) => sum = Some(Sum::Crc32c),
            Some(("sum", "md5")) => sum = Some(Sum::Md5),
            None if word == "direct" => direct = true,
            None if word == "fixed" => fixed = true,
            _ => return Err(bad(word)),
        }
    }
    let flags = if direct { libc::O_DIRECT } else { 0 };
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut file_bytes = file.metadata()?.len();
    if file.metadata()?.file_type().is_block_device() {
        file_bytes = io::Seek::seek(&mut &file, io::SeekFrom::End(0))?;
    }
    if block == 0 || depth == 0 || batch == 0 || file_bytes < block as u64 {
        return Err(io::Error::other("nothing to do"));
    }
    let batch = batch.min(depth);
    let duration = Duration::from_secs_f64(seconds);
    Ok(Job { file, file_bytes, block, depth, batch, duration, fixed, sum })
}

/// Block numbers spread evenly over the file (xorshift, and a multiplication instead of a division).
pub(crate) struct Offsets {
    state: u64,
    blocks: u64,
    block: u64,
}

impl Offsets {
    pub(crate) fn of(job: &Job) -> Offsets {
        let block = job.block as u64;
        Offsets { state: 0x9e37_79b9_7f4a_7c15, blocks: job.file_bytes / block, block }
    }

    #[inline(always)]
    pub(crate) fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let index = (u128::from(self.state) * u128::from(self.blocks)) >> 64;
        index as u64 * self.block
    }
}

/// One buffer for each request in flight, page-aligned and touched.
pub(crate) struct Buffers {
    address: NonNull<u8>,
    block: usize,
}

impl Buffers {
    pub(crate) fn of(job: &Job) -> io::Result<Buffers> {
        let bytes = job.block * job.depth;
        // SAFETY: a new anonymous mapping aliases nothing. It is never unmapped: the kernel may use
        // it until the process ends.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_POPULATE,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let address = NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Buffers { address, block: job.block })
    }

    /// The buffer of a slot below the depth.
    #[inline(always)]
    pub(crate) fn at(&self, slot: usize) -> *mut u8 {
        self.address.as_ptr().wrapping_add(slot * self.block)
    }
}

/// Time and CPU time in user space since the start of a loop.
pub(crate) struct Meter {
    start: Instant,
    user: f64,
    duration: Duration,
}

impl Meter {
    pub(crate) fn start(duration: Duration) -> Meter {
        Meter { start: Instant::now(), user: user_seconds(), duration }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.start.elapsed() >= self.duration
    }

    /// What is printed.
    pub(crate) fn line(&self, requests: u64) -> String {
        let seconds = self.start.elapsed().as_secs_f64();
        format!("{requests} {seconds:.6} {:.6}", user_seconds() - self.user)
    }
}

/// CPU time of this process in user space.
fn user_seconds() -> f64 {
    // SAFETY: plain data, for which zeroes are a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is ours. The call cannot fail with these arguments.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    usage.ru_utime.tv_sec as f64 + usage.ru_utime.tv_usec as f64 / 1e6
}

/// The error of a request that did not move a whole block.
#[cold]
pub(crate) fn short(result: i64) -> io::Error {
    match i32::try_from(-result) {
        Ok(errno) if errno > 0 => io::Error::from_raw_os_error(errno),
        _ => io::Error::other(format!("{result} bytes instead of a block")),
    }
}
