//! Bare loops of system calls: what the machine gives to a program that does nothing else. Run as a
//! process of its own (`xtask bare-read FILE BLOCK SECONDS`), like the programs it is compared with.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use crate::Outcome;

/// Reads random blocks of a file for some seconds and prints the requests per second.
pub fn command(arguments: &[String]) -> Outcome<bool> {
    let [path, block, seconds] = arguments else {
        return Err("bare-read needs FILE BLOCK SECONDS".into());
    };
    let rate = random_reads(path, block.parse()?, Duration::from_secs(seconds.parse()?))?;
    println!("{rate:.0}");
    Ok(true)
}

fn random_reads(path: &str, block: usize, duration: Duration) -> Outcome<f64> {
    let file = File::open(path)?;
    let blocks = file.metadata()?.len() / block as u64;
    if blocks == 0 {
        return Err(format!("{path} holds no block").into());
    }
    let mut buffer = vec![0_u8; block];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut count = 0_u64;
    let start = Instant::now();
    loop {
        // A look at the clock each 1024 requests: it shall not be part of what is measured.
        for _ in 0..1024 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let index = (u128::from(state) * u128::from(blocks)) >> 64;
            let offset = index as u64 * block as u64;
            if file.read_at(&mut buffer, offset)? != block {
                return Err(format!("{path}: short read at {offset}").into());
            }
        }
        count += 1024;
        let elapsed = start.elapsed();
        if elapsed >= duration {
            return Ok(count as f64 / elapsed.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Scratch;

    #[test]
    fn reads_until_the_time_is_over() {
        let scratch = Scratch::new("bare-test").unwrap();
        let path = scratch.path().join("data");
        std::fs::write(&path, [0_u8; 8192]).unwrap();
        let path = path.to_str().unwrap();
        assert!(random_reads(path, 4096, Duration::ZERO).unwrap() > 0.0);
        assert!(random_reads(path, 16384, Duration::ZERO).is_err());
    }
}
