//! Rules about files and devices, by their names alone.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use fiord_base::{DATA, Quantity};

use super::Job;
use super::MOST_NAMES;
use crate::diagnostic::{Code, Diagnostic};
use crate::names::Names;

pub(super) fn look(job: &mut Job<'_, '_>) {
    count_of_named_files(job);
    more_open_than_files(job);
    choice_of_one_file(job);
    format_of_named_files(job);
    size_zero(job);
    size_above_files(job);
    if job.uses_paths() {
        overwrites_device(job);
        no_size_for_new_file(job);
        colon_in_path(job);
        comma_in_paths(job);
        shell_syntax_in_path(job);
        directory_before_absolute_path(job);
        unaligned_direct(job);
    }
}

impl Job<'_, '_> {
    /// The names of targets with their directory in front; a job without `filename` that is named after
    /// a device uses that.
    fn paths(&self) -> Vec<Vec<u8>> {
        let files = &self.plan.files;
        if files.names.is_empty() && files.opendir.is_none() && self.plan.name.starts_with('/') {
            return vec![self.plan.name.clone().into_bytes()];
        }
        let directory = files.directories.first();
        let path = |name: &OsStr| match directory {
            Some(directory) => [directory.as_bytes(), b"/", name.as_bytes()].concat(),
            None => name.as_bytes().to_vec(),
        };
        files.names.iter().take(MOST_NAMES).map(path).collect()
    }

    /// True if the targets hold no data (`/dev/null` and the like).
    pub(super) fn only_pseudo_targets(&self) -> bool {
        let paths = self.paths();
        !paths.is_empty() && paths.iter().all(|path| is_pseudo(path))
    }
}

fn is_pseudo(path: &[u8]) -> bool {
    matches!(path, b"-" | b"/dev/null" | b"/dev/zero" | b"/dev/full" | b"/dev/stdout")
}

/// A path below `/dev` that is likely a device.
fn is_device(path: &[u8]) -> bool {
    let Some(name) = path.strip_prefix(b"/dev/") else { return false };
    let no_device: [&[u8]; 6] = [b"shm/", b"fd/", b"pts/", b"hugepages/", b"mqueue/", b"std"];
    !name.is_empty() && !is_pseudo(path) && !no_device.iter().any(|prefix| name.starts_with(prefix))
}

fn overwrites_device(job: &mut Job<'_, '_>) {
    let rw = job.plan.pattern.rw;
    if !(rw.write || rw.trim) || job.is_on("verify_only") {
        return;
    }
    let paths = job.paths();
    let devices: Vec<_> = paths.iter().filter(|path| is_device(path)).collect();
    let Some(first) = devices.first() else { return };
    let name = String::from_utf8_lossy(first);
    let others = match devices.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let what = if rw.write { "overwritten" } else { "trimmed" };
    let job_name = &job.plan.name;
    let text = format!("job `{job_name}` destroys what is on {name}{others}");
    job.trap(
        "filename",
        Diagnostic::warning(text)
            .code(Code::OVERWRITES_DEVICE)
            .label(format!("it will be {what}"))
            .help("look twice at the name; `--allow=FD0701` says that it is meant"),
    );
}

fn no_size_for_new_file(job: &mut Job<'_, '_>) {
    let (files, region) = (&job.plan.files, &job.plan.region);
    let made = files.names.is_empty() && files.opendir.is_none() && files.allow_create;
    let sized = region.size.is_some() || files.file_size.is_some() || region.fill_device;
    let device = job.plan.name.starts_with('/');
    if made && !sized && !device && !job.replays() && job.setting("size").is_none() {
        job.trap(
            "size",
            Diagnostic::warning(format!(
                "job `{}` does not say how large its files are",
                job.plan.name
            ))
            .code(Code::NO_SIZE_FOR_NEW_FILE)
            .label("it runs only if they exist from before")
            .help("add `size`"),
        );
    }
}

fn size_zero(job: &mut Job<'_, '_>) {
    if matches!(job.value("size"), Some(crate::value::Value::Quantity(Quantity::Bytes(0)))) {
        job.trap(
            "size",
            Diagnostic::warning("`size=0` is all of the file or device")
                .code(Code::SIZE_ZERO)
                .label("as if no size were given")
                .help("write the size, or delete it"),
        );
    }
}

fn size_above_files(job: &mut Job<'_, '_>) {
    let files = &job.plan.files;
    let (Some(Quantity::Bytes(size)), Some((_, largest))) = (job.plan.region.size, files.file_size)
    else {
        return;
    };
    let total = largest.saturating_mul(u64::from(files.count));
    if files.opendir.is_none() && size > total {
        job.trap(
            "size",
            Diagnostic::warning("the size is larger than all files together")
                .code(Code::SIZE_ABOVE_FILES)
                .label(format!("{} files of {largest} bytes hold {total} bytes", files.count))
                .help("raise `filesize` or `nrfiles`, or use `io_size`"),
        );
    }
}

/// A name that is no absolute path behind one that is: the pieces of one name.
fn colon_in_path(job: &mut Job<'_, '_>) {
    let names = &job.plan.files.names;
    let mut rest = names.iter().take(MOST_NAMES).map(OsStr::as_bytes);
    let Some(first) = rest.next() else { return };
    let drive = first.len() == 1 && names[1].as_bytes().starts_with(b"\\");
    let pieces = first.starts_with(b"/") && rest.any(|name| !name.starts_with(b"/"));
    if drive || pieces {
        job.trap(
            "filename",
            Diagnostic::warning(format!(
                "the name is split at colons into {} targets",
                names.len()
            ))
            .code(Code::COLON_IN_PATH)
            .label("the later ones are no paths")
            .help("write `\\:` for a colon that belongs to the name"),
        );
    }
}

fn comma_in_paths(job: &mut Job<'_, '_>) {
    for (option, names) in named(job) {
        if names
            .iter()
            .take(MOST_NAMES)
            .any(|name| name.as_bytes().windows(2).any(|pair| pair == b",/"))
        {
            job.trap(
                option,
                Diagnostic::warning("names are separated by `:`, not by `,`")
                    .code(Code::COMMA_IN_PATHS)
                    .label("this is a single name")
                    .help("write `:` between the names"),
            );
        }
    }
}

fn shell_syntax_in_path(job: &mut Job<'_, '_>) {
    for (option, names) in named(job) {
        if names.iter().take(MOST_NAMES).any(|name| needs_a_shell(name.as_bytes())) {
            job.trap(
                option,
                Diagnostic::warning("only a shell understands this name")
                    .code(Code::SHELL_SYNTAX_IN_PATH)
                    .label("it is taken as it stands")
                    .help("write the path in full; in job files `${NAME}` is replaced"),
            );
        }
    }
}

fn needs_a_shell(name: &[u8]) -> bool {
    let variable =
        |pair: &[u8]| pair[0] == b'$' && (pair[1].is_ascii_alphabetic() || pair[1] == b'{');
    name.starts_with(b"~") || name.contains(&b'*') || name.windows(2).any(variable)
}

/// The options with lists of paths.
fn named<'a>(job: &Job<'a, '_>) -> [(&'static str, &'a Names); 2] {
    let files = &job.plan.files;
    [("filename", &files.names), ("directory", &files.directories)]
}

fn directory_before_absolute_path(job: &mut Job<'_, '_>) {
    let files = &job.plan.files;
    let Some(directory) = files.directories.first() else { return };
    let Some(name) =
        files.names.iter().take(MOST_NAMES).find(|name| name.as_bytes().starts_with(b"/"))
    else {
        return;
    };
    let text = format!("the target is {}/{}", directory.display(), name.display());
    job.trap(
        "directory",
        Diagnostic::warning(text)
            .code(Code::DIRECTORY_BEFORE_ABSOLUTE_PATH)
            .label("the directory is put in front of absolute paths, too")
            .help("delete `directory`, or write names relative to it"),
    );
}

fn unaligned_direct(job: &mut Job<'_, '_>) {
    const SECTOR: u64 = 512;
    let (blocks, rw) = (&job.plan.blocks, job.plan.pattern.rw);
    if !job.plan.files.direct || job.engine() == "mmap" || job.replays() {
        return;
    }
    let used = DATA.into_iter().filter(|direction| rw.has(*direction));
    let mut sizes = used.flat_map(|d| {
        let split = blocks.split[d].iter().map(|(size, _)| *size);
        split.chain([blocks.min[d], blocks.max[d]])
    });
    let uneven = sizes.find(|size| size % SECTOR != 0);
    let option = ["bssplit", "bsrange", "bs"].into_iter().find(|name| job.setting(name).is_some());
    if let (Some(size), Some(option)) = (uneven, option) {
        job.trap(
            option,
            Diagnostic::warning(format!("direct I/O in requests of {size} bytes"))
                .code(Code::UNALIGNED_DIRECT)
                .label("not a multiple of a sector, which has 512 bytes or more")
                .help("use multiples of 512 or 4096, or `direct=0`"),
        );
    }
    let mut aligns = DATA.into_iter().filter(|d| rw.random && rw.has(*d)).map(|d| blocks.align[d]);
    let align = aligns.find(|align| align % SECTOR != 0).filter(|_| job.setting("ba").is_some());
    let offset = match job.plan.region.offset {
        Quantity::Bytes(offset) => Some(offset),
        _ => None,
    };
    let off = u64::from(job.plan.memory.align_offset_bytes);
    for (option, bytes, what) in [
        ("offset", offset, "at offset"),
        ("ba", align, "at multiples of"),
        ("iomem_align", Some(off), "with buffers off their pages by"),
    ] {
        if let Some(bytes) = bytes.filter(|bytes| bytes % SECTOR != 0) {
            job.trap(
                option,
                Diagnostic::warning(format!("direct I/O {what} {bytes}"))
                    .code(Code::UNALIGNED_DIRECT)
                    .label("not a multiple of a sector, which has 512 bytes or more")
                    .help("use a multiple of 512 or 4096, or `direct=0`"),
            );
        }
    }
}

fn count_of_named_files(job: &mut Job<'_, '_>) {
    let names = job.plan.files.names.len() as u64;
    if names > 0 && job.number("nrfiles").is_some_and(|count| count != names) {
        job.idle(
            "nrfiles",
            Diagnostic::warning("`nrfiles` has no effect beside `filename`")
                .code(Code::COUNT_OF_NAMED_FILES)
                .label(format!("the number of names counts: {names}")),
        );
    }
}

fn more_open_than_files(job: &mut Job<'_, '_>) {
    let files = &job.plan.files;
    let above = job.number("openfiles").is_some_and(|open| open > u64::from(files.count));
    if above && files.opendir.is_none() {
        let label = format!("the job has {} files", files.count);
        job.idle(
            "openfiles",
            Diagnostic::warning("`openfiles` is above the number of files")
                .code(Code::MORE_OPEN_THAN_FILES)
                .label(label),
        );
    }
}

fn choice_of_one_file(job: &mut Job<'_, '_>) {
    let files = &job.plan.files;
    if files.count == 1 && files.opendir.is_none() && job.is_changed("file_service_type") {
        job.idle(
            "file_service_type",
            Diagnostic::warning("`file_service_type` has no effect with a single file")
                .code(Code::CHOICE_OF_ONE_FILE)
                .help("raise `nrfiles`, or delete it"),
        );
    }
}

fn format_of_named_files(job: &mut Job<'_, '_>) {
    let files = &job.plan.files;
    let named = match (files.names.is_empty(), files.opendir.is_some()) {
        (false, _) => "filename",
        (true, true) => "opendir",
        (true, false) => return,
    };
    if job.is_changed("filename_format") {
        job.idle(
            "filename_format",
            Diagnostic::warning(format!("`filename_format` has no effect beside `{named}`"))
                .code(Code::FORMAT_OF_NAMED_FILES)
                .label("no names are made up"),
        );
    }
}
