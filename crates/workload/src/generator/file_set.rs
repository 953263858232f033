//! A set of files, one bit each: small enough to stay in the nearest cache where there are tens of
//! thousands of files, of which few are open.

/// Some of the files of a job.
#[derive(Clone, Debug)]
pub(super) struct FileSet {
    words: Vec<u64>,
    files: u32,
}

impl FileSet {
    /// None of so many files.
    pub(super) fn none(files: u32) -> FileSet {
        FileSet { words: vec![0; (files as usize).div_ceil(64)], files }
    }

    /// All of so many files.
    pub(super) fn all(files: u32) -> FileSet {
        let mut set = FileSet::none(files);
        set.fill();
        set
    }

    /// Puts all files in.
    pub(super) fn fill(&mut self) {
        self.words.fill(u64::MAX);
        let used = self.files % 64;
        if used != 0
            && let Some(last) = self.words.last_mut()
        {
            *last = (1 << used) - 1;
        }
    }

    #[inline]
    pub(super) fn contains(&self, file: u32) -> bool {
        let word = self.words.get(file as usize / 64).copied().unwrap_or(0);
        word >> (file % 64) & 1 != 0
    }

    pub(super) fn insert(&mut self, file: u32) {
        if let Some(word) = self.words.get_mut(file as usize / 64) {
            *word |= 1 << (file % 64);
        }
    }

    pub(super) fn remove(&mut self, file: u32) {
        if let Some(word) = self.words.get_mut(file as usize / 64) {
            *word &= !(1 << (file % 64));
        }
    }

    /// The first file from this one on, and after the last one from the first on.
    #[inline]
    pub(super) fn first_from(&self, file: u32) -> Option<u32> {
        let at = file as usize / 64;
        let rest = self.words.get(at).copied().unwrap_or(0) >> (file % 64);
        if rest != 0 {
            return Some(file + rest.trailing_zeros());
        }
        let some = |index: &usize| self.words.get(*index).is_some_and(|word| *word != 0);
        let index = (at + 1..self.words.len()).chain(0..=at).find(some)?;
        Some(index as u32 * 64 + self.words.get(index)?.trailing_zeros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_scan_finds() {
        for files in [1, 63, 64, 65, 200] {
            let mut set = FileSet::none(files);
            assert_eq!(set.first_from(0), None);
            let mut random = fiord_base::random::Taus88::new(files);
            for _ in 0..400 {
                let file = random.between(0, files - 1);
                if random.between(0, 2) == 0 {
                    set.insert(file)
                } else {
                    set.remove(file)
                }
                let from = random.between(0, files - 1);
                let scanned = (from..files).chain(0..from).find(|file| set.contains(*file));
                assert_eq!(set.first_from(from), scanned, "{files} files from {from}");
            }
            set.fill();
            assert!((0..files).all(|file| set.contains(file)) && !set.contains(files));
            assert_eq!(FileSet::all(files).words, set.words);
        }
    }
}
