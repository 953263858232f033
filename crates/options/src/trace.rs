//! The subjects of `--debug`: what may be told about a run, line by line, and about which job.
//!
//! A set of them is plain data that travels to the workers. Who has something to say asks the set;
//! subjects about which nothing is said yet are accepted all the same, as scripts name them.

use serde::{Deserialize, Serialize};

/// What a line is about.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Starting and ending of jobs, and the states between.
    Process,
    /// Files: layout, opening, closing.
    File,
    /// Requests: made, handed to the engine, completed.
    Io,
    /// Memory of jobs.
    Mem,
    /// Traces of block devices.
    Blktrace,
    /// Verification of data.
    Verify,
    /// Seeds of the random streams.
    Random,
    /// What was understood of the job files and the command line.
    Parse,
    /// Disks under the files.
    Diskutil,
    /// Waiting of jobs for each other.
    Mutex,
    /// Built-in profiles.
    Profile,
    /// Clocks.
    Time,
    /// Connections.
    Net,
    /// Rate limits.
    Rate,
    /// Compression of logs.
    Compress,
    /// The search for a steady state.
    Steadystate,
    /// Periodic work beside the jobs.
    Helperthread,
    /// Zoned devices.
    Zbd,
    /// Preconditioning of flash.
    Sprandom,
}

use Subject::{
    Blktrace, Compress, Diskutil, File, Helperthread, Io, Mem, Mutex, Net, Parse, Process, Profile,
    Random, Rate, Sprandom, Steadystate, Time, Verify, Zbd,
};

/// The words of the switch in the order of its help; `None` is the form `job:N`.
const WORDS: [(&str, Option<Subject>); 20] = [
    ("process", Some(Process)),
    ("file", Some(File)),
    ("io", Some(Io)),
    ("mem", Some(Mem)),
    ("blktrace", Some(Blktrace)),
    ("verify", Some(Verify)),
    ("random", Some(Random)),
    ("parse", Some(Parse)),
    ("diskutil", Some(Diskutil)),
    ("job", None),
    ("mutex", Some(Mutex)),
    ("profile", Some(Profile)),
    ("time", Some(Time)),
    ("net", Some(Net)),
    ("rate", Some(Rate)),
    ("compress", Some(Compress)),
    ("steadystate", Some(Steadystate)),
    ("helperthread", Some(Helperthread)),
    ("zbd", Some(Zbd)),
    ("sprandom", Some(Sprandom)),
];

/// The word for all subjects.
const ALL: &str = "all";

impl Subject {
    /// The word of the switch, which begins each line.
    pub fn name(self) -> &'static str {
        let is_self = |(_, subject): &&(&str, Option<Subject>)| *subject == Some(self);
        WORDS.iter().find(is_self).map_or("", |(word, _)| word)
    }

    fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A set of subjects, and the job that it is limited to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subjects {
    bits: u32,
    job: Option<u32>,
}

impl Subjects {
    /// True if nothing is to be told.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// True if lines about this subject are wanted.
    #[inline]
    pub fn has(self, subject: Subject) -> bool {
        self.bits & subject.bit() != 0
    }

    /// What is told about the job with this running number (from 1): nothing, if the set is limited
    /// to another one.
    #[must_use]
    pub fn of_job(self, thread_number: u32) -> Subjects {
        match self.job {
            Some(only) if only != thread_number => Subjects::default(),
            _ => self,
        }
    }

    /// Adds the subjects of a list such as `io,file,job:2`. On failure the bytes of the word that is
    /// wrong and what should stand there.
    pub(crate) fn add(&mut self, list: &str) -> Result<(), (std::ops::Range<usize>, String)> {
        let mut at = 0;
        for part in list.split(',') {
            let word = part.trim();
            let start = at + (part.len() - part.trim_start().len());
            at += part.len() + 1;
            if let Err(expected) = self.add_word(word) {
                return Err((start..start + word.len(), expected));
            }
        }
        Ok(())
    }

    fn add_word(&mut self, word: &str) -> Result<(), String> {
        if word == ALL {
            self.bits = WORDS.iter().filter_map(|(_, s)| *s).fold(self.bits, |b, s| b | s.bit());
            return Ok(());
        }
        let (name, number) = word.split_once(':').map_or((word, None), |(n, v)| (n, Some(v)));
        match WORDS.iter().find(|(known, _)| *known == name) {
            Some((_, Some(subject))) if number.is_none() => {
                self.bits |= subject.bit();
                Ok(())
            }
            Some((_, None)) => match number.and_then(|text| text.parse().ok()) {
                Some(number @ 1..) => {
                    self.job = Some(number);
                    Ok(())
                }
                _ => Err("`job:N` with the running number of a job, from 1".to_owned()),
            },
            Some(_) => Err(format!("`{name}` takes no number; `job:N` names a job")),
            None => Err(format!("one or more of {}", words().replace(',', ", "))),
        }
    }
}

/// The words of the switch, separated by commas.
pub fn words() -> String {
    let mut list: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    list.push(ALL);
    list.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> Subjects {
        let mut subjects = Subjects::default();
        subjects.add(list).unwrap();
        subjects
    }

    #[test]
    fn lists_add_up() {
        let mut subjects = read("io, random");
        assert!(subjects.has(Io) && subjects.has(Random) && !subjects.has(File));
        subjects.add("file").unwrap();
        assert!(subjects.has(Io) && subjects.has(File));
        let all = read("all");
        assert!(WORDS.iter().filter_map(|(_, s)| *s).all(|subject| all.has(subject)));
    }

    #[test]
    fn a_job_number_limits_and_says_nothing_by_itself() {
        let subjects = read("job:2,io");
        assert!(!subjects.of_job(2).is_empty());
        assert!(subjects.of_job(1).is_empty());
        assert!(read("job:3").is_empty());
        assert_eq!(read("io").of_job(7), read("io"));
    }

    #[test]
    fn the_wrong_word_is_pointed_at() {
        let wrong = |list: &str| Subjects::default().add(list).unwrap_err();
        assert_eq!(wrong("io, frob").0, 4..8);
        assert_eq!(wrong("").0, 0..0);
        for list in ["job", "job:", "job:x", "job:0", "job:-1", "io:1", "IO", "i", "help,io"] {
            assert!(Subjects::default().add(list).is_err(), "{list}");
        }
    }

    #[test]
    fn every_subject_has_its_own_word() {
        for (word, subject) in WORDS {
            if let Some(subject) = subject {
                assert_eq!(subject.name(), word);
            }
        }
        assert!(words().starts_with("process,file,io,mem,"));
        assert!(words().ends_with(",sprandom,all"));
    }
}
