//! What the jobs read and write, each target once: what it is and holds now, who uses it, and what would
//! be lost.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use fiord_base::words;
use fiord_sys::file::{self, DeviceNumber, Facts, Mount};
use fiord_sys::signature::{self, Class};
use fiord_sys::users::{Use, Users};

use super::MOST_FILES;
use super::data::{
    Effect, FileKind, FileRange, FileSystem, FoundSignature, FoundUse, Preview, TargetPreview,
    Warning, WarningKind,
};

/// Regions as large as this end only with their target.
pub(super) const UNLIMITED_BYTES: u64 = 1 << 62;

/// Most names of jobs that are listed for a target.
const MOST_JOBS: usize = 16;

/// A look of a clone at a file.
pub(super) struct Sight<'a> {
    pub(super) job: &'a str,
    pub(super) path: &'a Path,
    /// As it is now.
    pub(super) facts: Option<Facts>,
    pub(super) range: &'a FileRange,
    /// Bytes that it must have at last.
    pub(super) needed_bytes: u64,
    pub(super) role: Role,
    pub(super) removes: bool,
}

/// What a clone does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Reads,
    /// Writes or trims, and maybe reads.
    Writes,
    /// Nothing: it cannot start.
    Refused,
}

/// The targets of all jobs.
#[derive(Default)]
pub(super) struct Targets {
    found: Vec<Found>,
    by_path: HashMap<PathBuf, usize>,
    /// Hashes of the paths of regular files beyond those that are described.
    others: HashSet<u64>,
    /// Bytes that those take more than now, by directory.
    others_need: BTreeMap<PathBuf, u64>,
    losses: Losses,
}

struct Found {
    path: PathBuf,
    facts: Option<Facts>,
    needed_bytes: u64,
    /// It counts among the losses.
    lost: bool,
    shown: TargetPreview,
}

/// Content of regular files that jobs destroy, by job and kind of loss.
#[derive(Default)]
struct Losses {
    by_job: Vec<(String, WarningKind, Loss)>,
}

#[derive(Default)]
struct Loss {
    files: u64,
    bytes: u64,
    first: String,
}

impl Losses {
    fn add(&mut self, kind: WarningKind, sight: &Sight<'_>) {
        let known = self.by_job.iter().position(|(job, of, _)| job == sight.job && *of == kind);
        let index = known.unwrap_or_else(|| {
            self.by_job.push((sight.job.to_owned(), kind, Loss::default()));
            self.by_job.len() - 1
        });
        let loss = &mut self.by_job[index].2;
        if loss.files == 0 {
            loss.first.clone_from(&sight.range.path);
        }
        loss.files += 1;
        loss.bytes = loss.bytes.saturating_add(sight.range.present_bytes.unwrap_or(0));
    }

    fn warnings(self) -> impl Iterator<Item = Warning> {
        self.by_job.into_iter().map(|(job, kind, loss)| {
            let Loss { files, bytes, first } = loss;
            let what = match files {
                1 => format!("'{first}' ({})", words::short_size(bytes)),
                _ => format!("{files} files ({}) such as '{first}'", words::short_size(bytes)),
            };
            let text = match kind {
                WarningKind::ReplacesFiles => {
                    format!("{what}: too short for the job, so removed and made again")
                }
                _ => format!("{what}: the job writes over what is there"),
            };
            Warning::of(kind, Some(&job), text)
        })
    }
}

impl Targets {
    /// Notes what a clone does with a file.
    pub(super) fn see(&mut self, sight: &Sight<'_>) {
        let loss = loss(sight);
        let Some(&index) = self.by_path.get(sight.path) else {
            return self.first_sight(sight, loss);
        };
        let found = &mut self.found[index];
        if let Some(kind) = loss
            && !std::mem::replace(&mut found.lost, true)
        {
            self.losses.add(kind, sight);
        }
        let shown = &mut found.shown;
        note_job(shown, sight);
        found.needed_bytes = found.needed_bytes.max(sight.needed_bytes);
        shown.removed |= sight.removes;
        if shown.effect == Effect::Kept {
            shown.effect = sight.range.effect;
        }
        if sight.role == Role::Writes {
            widen(shown, sight.range);
        }
    }

    fn first_sight(&mut self, sight: &Sight<'_>, loss: Option<WarningKind>) {
        let range = sight.range;
        if matches!(range.kind, FileKind::Label) {
            return;
        }
        let mut fresh = true;
        if range.kind == FileKind::Regular && self.found.len() >= MOST_FILES {
            let mut hasher = DefaultHasher::new();
            sight.path.hash(&mut hasher);
            fresh = self.others.insert(hasher.finish());
        }
        if let Some(kind) = loss.filter(|_| fresh) {
            self.losses.add(kind, sight);
        }
        if !self.others.is_empty() && range.kind == FileKind::Regular {
            if fresh {
                let directory = sight.path.parent().unwrap_or(Path::new(""));
                let more = sight.needed_bytes.saturating_sub(range.present_bytes.unwrap_or(0));
                let need = self.others_need.entry(directory.to_path_buf()).or_default();
                *need = need.saturating_add(more);
            }
            return;
        }
        let mut shown = TargetPreview {
            path: range.path.clone(),
            kind: range.kind,
            exists: sight.facts.is_some() || range.kind == FileKind::Standard,
            present_bytes: range.present_bytes,
            effect: range.effect,
            removed: sight.removes,
            ..TargetPreview::default()
        };
        note_job(&mut shown, sight);
        if sight.role == Role::Writes {
            widen(&mut shown, range);
        }
        self.by_path.insert(sight.path.to_path_buf(), self.found.len());
        self.found.push(Found {
            path: sight.path.to_path_buf(),
            facts: sight.facts,
            needed_bytes: sight.needed_bytes,
            lost: loss.is_some(),
            shown,
        });
    }

    /// Looks into the targets, warns of what would be lost, and returns all of them with the number
    /// of those that are not described.
    pub(super) fn finish(self, preview: &mut Preview) -> (Vec<TargetPreview>, u64) {
        let users = Users::read();
        let mut places = Places::default();
        let mut shown = Vec::with_capacity(self.found.len());
        for mut found in self.found {
            look_into(&mut found, &users);
            places.add(&mut found);
            preview.warnings.extend(dangers(&found.shown));
            shown.push(found.shown);
        }
        for (directory, more) in &self.others_need {
            places.need(directory, *more);
        }
        preview.warnings.extend(self.losses.warnings());
        preview.warnings.extend(places.warnings());
        (shown, self.others.len() as u64)
    }
}

/// What of a regular file is lost, if anything is.
fn loss(sight: &Sight<'_>) -> Option<WarningKind> {
    let range = sight.range;
    let present = range.present_bytes.filter(|bytes| *bytes > 0)?;
    if range.kind != FileKind::Regular {
        return None;
    }
    match range.effect {
        Effect::Replaced => Some(WarningKind::ReplacesFiles),
        _ if sight.role == Role::Writes && range.offset < present => {
            Some(WarningKind::OverwritesFiles)
        }
        _ => None,
    }
}

fn note_job(shown: &mut TargetPreview, sight: &Sight<'_>) {
    let list = match sight.role {
        Role::Writes => &mut shown.written_by,
        Role::Reads => &mut shown.read_by,
        Role::Refused => &mut shown.refused_to,
    };
    if list.len() < MOST_JOBS && list.last().map(String::as_str) != Some(sight.job) {
        list.push(sight.job.to_owned());
    }
}

/// Adds a range to what is written.
fn widen(shown: &mut TargetPreview, range: &FileRange) {
    let end = range.size_bytes.map(|size| range.offset.saturating_add(size));
    (shown.write_start, shown.write_end) = match shown.write_start {
        None => (Some(range.offset), end),
        Some(start) => {
            let both = shown.write_end.zip(end);
            (Some(start.min(range.offset)), both.map(|(a, b)| a.max(b)))
        }
    };
}

/// Signs of content and uses. Regular files are only looked into if they may lose something.
fn look_into(found: &mut Found, users: &Users) {
    let Some(facts) = &found.facts else { return };
    let shown = &mut found.shown;
    let wanted = match shown.kind {
        FileKind::Block => true,
        FileKind::Regular => shown.present_bytes > Some(0) && !shown.written_by.is_empty(),
        _ => false,
    };
    if !wanted {
        return;
    }
    // Without the right to read it, nothing is known of it.
    let signatures = signature::of_path(&found.path).unwrap_or_default();
    shown.signatures = signatures
        .iter()
        .map(|signature| FoundSignature {
            name: signature.name.to_owned(),
            class: match signature.class {
                Class::FileSystem => "file_system",
                Class::Swap => "swap",
                Class::Partitions => "partitions",
                Class::Member => "member",
                Class::Encrypted => "encrypted",
            },
            offset: signature.offset,
        })
        .collect();
    shown.uses = users.of(&found.path, facts).into_iter().map(found_use).collect();
}

fn found_use(found: Use) -> FoundUse {
    match found {
        Use::Mounted { device, point } => FoundUse {
            how: "mounted",
            device,
            at: Some(point.at),
            file_system: Some(point.file_system),
        },
        Use::Swap { device } => FoundUse { how: "swap", device, at: None, file_system: None },
        Use::Held { by } => FoundUse { how: "held", device: by, at: None, file_system: None },
    }
}

/// What writing to a target destroys beyond the bytes of a file.
fn dangers(target: &TargetPreview) -> Vec<Warning> {
    let Some(job) = target.written_by.first() else { return Vec::new() };
    let path = &target.path;
    let mut warnings = Vec::new();
    if !target.uses.is_empty() {
        let uses: Vec<String> = target.uses.iter().map(|it| it.described(path)).collect();
        let text = format!("'{path}' is in use: {}; the job writes to it", uses.join(", "));
        warnings.push(Warning::of(WarningKind::WritesInUse, Some(job), text));
    }
    if !target.signatures.is_empty() {
        let names: Vec<&str> = target.signatures.iter().map(|it| it.name.as_str()).collect();
        let text = format!("'{path}' holds {}; the job writes to it", names.join(", "));
        warnings.push(Warning::of(WarningKind::WritesSigned, Some(job), text));
    }
    warnings
}

impl FoundUse {
    /// In words, about a target of this path.
    pub fn described(&self, path: &str) -> String {
        let FoundUse { how, device, at, file_system } = self;
        let own = if device == path { String::new() } else { format!("{device} ") };
        match (*how, at) {
            ("mounted", Some(at)) => {
                let kind = file_system.as_deref().unwrap_or("unknown");
                format!("{own}mounted at {at} ({kind})")
            }
            ("swap", _) => format!("{own}used as swap space"),
            _ => format!("held by {device}"),
        }
    }
}

/// The file systems that regular files lie on, and what they have to take.
#[derive(Default)]
struct Places {
    by_directory: HashMap<PathBuf, Option<(DeviceNumber, FileSystem)>>,
    needs: BTreeMap<DeviceNumber, (FileSystem, u64)>,
}

impl Places {
    fn add(&mut self, found: &mut Found) {
        if found.shown.kind != FileKind::Regular {
            return;
        }
        let present = found.shown.present_bytes.unwrap_or(0);
        let more = found.needed_bytes.saturating_sub(present);
        found.shown.on = self.need(found.path.parent().unwrap_or(Path::new("")), more);
    }

    /// Notes that files in a directory take so many bytes more; returns where it lies.
    fn need(&mut self, directory: &Path, more: u64) -> Option<FileSystem> {
        let known = self.by_directory.entry(directory.to_path_buf());
        let (device, place) = known.or_insert_with(|| place_of(directory)).as_ref()?;
        let need = &mut self.needs.entry(*device).or_insert_with(|| (place.clone(), 0)).1;
        *need = need.saturating_add(more);
        Some(place.clone())
    }

    fn warnings(self) -> impl Iterator<Item = Warning> {
        self.needs.into_values().filter(|(place, need)| *need > place.free_bytes).map(
            |(place, need)| {
                let text = format!(
                    "the files need {} more on '{}' ({}), which has {} free",
                    words::short_size(need),
                    place.source,
                    place.kind,
                    words::short_size(place.free_bytes)
                );
                Warning::of(WarningKind::NoSpace, None, text)
            },
        )
    }
}

/// The file system of a directory, or of the next one above it that exists.
fn place_of(directory: &Path) -> Option<(DeviceNumber, FileSystem)> {
    directory.ancestors().find_map(|path| {
        // The last ancestor of a relative path is empty and stands for the current directory.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let facts = file::facts(path).ok()?;
        let fd = file::open_directory(path).ok()?;
        let mount = Mount::of(fd.as_fd())?;
        let free_bytes = file::free_bytes(path).ok()?;
        let place = FileSystem { kind: mount.file_system, source: mount.source, free_bytes };
        Some((facts.on_device, place))
    })
}

/// A path as text: bytes that are not UTF-8 are shown as `\xNN`.
pub(super) fn shown(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn paths_that_are_not_text_are_still_told_apart() {
        let shown = |bytes: &[u8]| shown(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(shown("/a/é b".as_bytes()), "/a/é b");
        assert_eq!(shown(b"/a\xff\xc3/b"), "/a\\xff\\xc3/b");
    }

    #[test]
    fn what_is_written_is_the_hull_of_all_ranges() {
        let range = |offset, size_bytes| FileRange { offset, size_bytes, ..FileRange::default() };
        let mut shown = TargetPreview::default();
        widen(&mut shown, &range(8, Some(4)));
        widen(&mut shown, &range(2, Some(1)));
        assert_eq!((shown.write_start, shown.write_end), (Some(2), Some(12)));
        widen(&mut shown, &range(9, None));
        widen(&mut shown, &range(0, Some(1)));
        assert_eq!((shown.write_start, shown.write_end), (Some(0), None));
    }
}
