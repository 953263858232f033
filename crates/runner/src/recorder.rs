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
