//! The directory to measure: what it lies on, and how much room there is.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use fiord_report::quick_table;
use fiord_sys::disks::Disk;
use fiord_sys::file::{self, Kind, Mount};

use super::Values;

/// A directory and what is known about its storage.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Absolute, without symbolic links.
    pub(super) directory: PathBuf,
    pub(super) mount: Option<Mount>,
    /// Kernel name of the disk.
    pub(super) disk: Option<String>,
    pub(super) free_bytes: u64,
}

impl Place {
    /// Gathers the facts, or says why the directory cannot be measured.
    pub(super) fn look_at(path: &Path) -> Result<Place, String> {
        let shown = path.display();
        let cannot = |reason: &dyn std::fmt::Display| format!("cannot measure '{shown}': {reason}");
        let facts = file::facts(path).map_err(|errno| cannot(&errno))?;
        match facts.kind {
            Kind::Directory => {}
            Kind::Block => {
                return Err(cannot(
                    &"it is a device; quick measures in a directory, a job with \
                      filename= reads a device",
                ));
            }
            _ => return Err(cannot(&"it is not a directory")),
        }
        let directory = std::fs::canonicalize(path).map_err(|error| cannot(&error))?;
        let free_bytes = file::free_bytes(path).map_err(|errno| cannot(&errno))?;
        let opened = file::open_directory(path).ok();
        let mount = opened.and_then(|fd| Mount::of(fd.as_fd()));
        let disk = Disk::under(path).map(|disk| disk.name);
        Ok(Place { directory, mount, disk, free_bytes })
    }

    /// The reason why the page cache cannot be bypassed here, if the type of the file system is one.
    pub(super) fn why_not_direct(&self) -> Option<String> {
        let mount = self.mount.as_ref().filter(|mount| mount.is_memory())?;
        Some(format!(
            "{} keeps files in memory: the numbers are those of memory, not of a disk",
            mount.file_system
        ))
    }

    /// For the head of the table.
    pub(super) fn described(&self, values: &Values) -> quick_table::Place {
        quick_table::Place {
            directory: self.directory.display().to_string(),
            file_system: match &self.mount {
                Some(mount) => mount.file_system.clone(),
                None => "unknown".to_owned(),
            },
            device: self.device(),
            file_bytes: values.size_bytes,
            direct: values.direct,
        }
    }

    /// The source of the mount, and the disk where the source does not name it.
    fn device(&self) -> Option<String> {
        let source = self.mount.as_ref().map(|mount| mount.source.as_str());
        // Memory file systems have any word for a source.
        let source = source.filter(|source| source.contains(['/', ':']));
        match (source, &self.disk) {
            (Some(source), Some(disk)) if !source.ends_with(disk.as_str()) => {
                Some(format!("{source} (disk {disk})"))
            }
            (Some(source), _) => Some(source.to_owned()),
            (None, Some(disk)) => Some(format!("disk {disk}")),
            (None, None) => None,
        }
    }
}

/// The same facts for programs, as members of `fiord.environment`.
pub(super) fn facts(place: &quick_table::Place) -> Vec<(String, String)> {
    let io = if place.direct { "direct" } else { "buffered" };
    let facts = [
        ("quick_directory", place.directory.clone()),
        ("quick_file_system", place.file_system.clone()),
        ("quick_device", place.device.clone().unwrap_or_default()),
        ("quick_file_bytes", place.file_bytes.to_string()),
        ("quick_io", io.to_owned()),
    ];
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}
