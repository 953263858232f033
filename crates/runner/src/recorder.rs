//! `write_iolog`: the requests of a worker as text, written down as they are issued.
//!
//! Clones of a job share one log, so every write goes to its end; lines of different clones mix but
//! are never torn, because whole lines are written at once.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use fiord_base::FileIndex;
use fiord_sys::file::{self, Access, OpenHow};
use fiord_sys::{Clock, clock};
use fiord_workload::{Request, iolog};

use crate::failure::Failure;
use crate::layout::TargetFile;

/// Bytes collected before they are written.
const BUFFER_BYTES: usize = 64 * 1024;
/// Room for the longest line beside the file name.
const LINE_BYTES: usize = 128;

/// Appends to a log.
#[derive(Debug)]
pub(crate) struct Recorder {
    fd: OwnedFd,
    names: Vec<String>,
    /// Where the latest transfer began: a flush is noted with this place, as by fio.
    last_offset: u64,
    lines: Vec<u8>,
    origin_ns: u64,
    /// The log could not be written; said once, at the end.
    failed: Option<Failure>,
}

impl Recorder {
    /// Opens the log and declares the files of the worker.
    pub(crate) fn create(path: &OsStr, files: &[TargetFile]) -> Result<Recorder, Failure> {
        let how = OpenHow {
            access: Access::Write,
            create: Some(0o644),
            append: true,
            ..OpenHow::default()
        };
        let fd = file::open(Path::new(path), &how).map_err(|errno| {
            Failure::new(format!("open the I/O log '{}'", Path::new(path).display()), errno)
        })?;
        let names: Vec<String> =
            files.iter().map(|file| file.path.to_string_lossy().into_owned()).collect();
        let longest = names.iter().map(String::len).max().unwrap_or(0);
        let mut recorder = Recorder {
            fd,
            names,
            last_offset: 0,
            lines: Vec::with_capacity(BUFFER_BYTES + longest + LINE_BYTES),
            origin_ns: clock::monotonic_ns(),
            failed: None,
        };
        iolog::header(&mut recorder.lines);
        for index in 0..recorder.names.len() {
            let now_us = (clock::monotonic_ns() - recorder.origin_ns) / 1000;
            iolog::file_line(&mut recorder.lines, now_us, &recorder.names[index], "add");
            recorder.flush_if_full();
        }
        recorder.flush();
        Ok(recorder)
    }

    fn elapsed_us(&self, clock: &Clock) -> u64 {
        clock.now_ns().saturating_sub(self.origin_ns) / 1000
    }

    /// Writes a request down.
    pub(crate) fn request(&mut self, clock: &Clock, request: &Request) {
        let now_us = self.elapsed_us(clock);
        if request.direction.is_data() {
            self.last_offset = request.offset;
        }
        let request = match request.direction.is_data() {
            true => *request,
            false => Request { offset: self.last_offset, length: 0, ..*request },
        };
        if let Some(name) = self.names.get(request.file.index()) {
            iolog::request_line(&mut self.lines, now_us, name, &request);
        }
        self.flush_if_full();
    }

    /// Writes down that a file is opened or closed.
    pub(crate) fn file(&mut self, clock: &Clock, file: FileIndex, action: &str) {
        let now_us = self.elapsed_us(clock);
        if let Some(name) = self.names.get(file.index()) {
            iolog::file_line(&mut self.lines, now_us, name, action);
        }
        self.flush_if_full();
    }

    fn flush_if_full(&mut self) {
        if self.lines.len() >= BUFFER_BYTES {
            self.flush();
        }
    }

    /// Hands all lines to the kernel.
    pub(crate) fn flush(&mut self) {
        let mut from = &self.lines[..];
        while !from.is_empty() && self.failed.is_none() {
            match file::write(self.fd.as_fd(), from) {
                Ok(written) => from = &from[written..],
                Err(errno) => self.failed = Some(Failure::new("write the I/O log", errno)),
            }
        }
        self.lines.clear();
    }

    /// Why the log is incomplete, if it is.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failed.as_ref()
    }
}
