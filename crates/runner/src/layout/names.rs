//! What the files of a job are called: names that were given, names that are made, and what is found below
//! a directory.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use fiord_options::plan::FilesPlan;
use fiord_sys::Errno;
use fiord_sys::file::{self, Kind};

use crate::failure::Failure;

/// The paths of a clone, in order.
pub(crate) fn names(
    plan: &FilesPlan,
    job_name: &OsStr,
    clone_number: u32,
) -> Result<Vec<PathBuf>, Failure> {
    let directory = match plan.directories.len() {
        0 => None,
        n => Some(&plan.directories[clone_number as usize % n]),
    };
    if let Some(root) = &plan.opendir {
        let mut found = Vec::new();
        walk(&prefixed(directory, root), &mut found)?;
        return Ok(found);
    }
    if let Some(unsplit) = plan.unsplit.as_ref().filter(|_| plan.names.len() > 1) {
        // A device path may contain colons; what exists is meant.
        let path = prefixed(directory, unsplit);
        if file::facts(&path).is_ok() {
            return Ok(vec![path]);
        }
    }
    if !plan.names.is_empty() {
        return Ok(plan.names.iter().map(|name| prefixed(directory, name)).collect());
    }
    if plan.count == 1 && Path::new(job_name).is_absolute() {
        let path = PathBuf::from(job_name);
        if file::facts(&path).is_ok_and(|facts| facts.kind != Kind::Regular) {
            return Ok(vec![path]);
        }
    }
    let mut names = Vec::new();
    // A list that is too long would end the program.
    names.try_reserve_exact(plan.count as usize).map_err(|_| Failure {
        errno: Errno::NOMEM,
        text: format!("no memory for {} files (nrfiles)", plan.count),
    })?;
    names.extend((0..plan.count).map(|index| {
        let name = expand(&plan.name_format, job_name, clone_number, index);
        prefixed(directory, &name)
    }));
    Ok(names)
}

/// Puts the directory in front of a name; absolute names get it too, as in fio.
fn prefixed(directory: Option<&OsStr>, name: &OsStr) -> PathBuf {
    match directory {
        None => PathBuf::from(name),
        Some(directory) => {
            let mut path = directory.as_bytes().to_vec();
            path.push(b'/');
            path.extend_from_slice(name.as_bytes());
            PathBuf::from(OsString::from_vec(path))
        }
    }
}

/// Expands the variables of `filename_format`.
fn expand(format: &OsStr, job_name: &OsStr, clone_number: u32, index: u32) -> OsString {
    let format = if format.is_empty() { OsStr::new("$jobname.$jobnum.$filenum") } else { format };
    let (clone_number, index) = (clone_number.to_string(), index.to_string());
    let values: [(&[u8], &[u8]); 4] = [
        (b"$jobname", job_name.as_bytes()),
        (b"$jobnum", clone_number.as_bytes()),
        (b"$filenum", index.as_bytes()),
        (b"$clientuid", b""),
    ];
    let mut rest = format.as_bytes();
    let mut name = Vec::new();
    while let [first, others @ ..] = rest {
        let variable = values.iter().find(|(variable, _)| {
            rest.get(..variable.len()).is_some_and(|head| head.eq_ignore_ascii_case(variable))
        });
        match variable {
            Some((variable, value)) => {
                name.extend_from_slice(value);
                rest = &rest[variable.len()..];
            }
            None => {
                name.push(*first);
                rest = others;
            }
        }
    }
    OsString::from_vec(name)
}

/// Collects every regular file below a directory, in the order of the directories, as fio does.
fn walk(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failure = |error: std::io::Error| {
        Failure::new(format!("read the directory '{}'", directory.display()), error.into())
    };
    for entry in std::fs::read_dir(directory).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        let kind = entry.file_type().map_err(failure)?;
        if kind.is_dir() {
            walk(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_variables_are_expanded_without_regard_to_case() {
        let expand = |format: &str, job: &[u8], clone, index| {
            expand(OsStr::new(format), OsStr::from_bytes(job), clone, index)
        };
        assert_eq!(expand("", b"job", 3, 7), "job.3.7");
        assert_eq!(expand("$JobName-$filenum$", b"a$jobnum", 3, 7), "a$jobnum-7$");
        assert_eq!(expand("$clientuid/$nothing", b"j", 0, 0), "/$nothing");
        assert_eq!(expand("", b"\xff", 0, 0), OsStr::from_bytes(b"\xff.0.0"));
    }

    #[test]
    fn directories_are_spread_over_clones() {
        let directories = ["a", "b"].into_iter().collect();
        let names = ["/x"].into_iter().collect();
        let plan = FilesPlan { directories, names, count: 1, ..FilesPlan::default() };
        let names = |clone| super::names(&plan, OsStr::new("j"), clone).unwrap();
        assert_eq!(names(0), [PathBuf::from("a//x")]);
        assert_eq!(names(3), [PathBuf::from("b//x")]);
    }
}
