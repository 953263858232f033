//! Text and lists of names that many jobs inherit: made once, then only pointed at.

use std::ffi::{OsStr, OsString};
use std::ops::{Deref, Index};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that somebody typed, mostly a path; a copy costs nothing.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(Arc<OsStr>);

impl Text {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Default for Text {
    fn default() -> Self {
        OsStr::new("").into()
    }
}

impl Deref for Text {
    type Target = OsStr;

    fn deref(&self) -> &OsStr {
        &self.0
    }
}

impl AsRef<OsStr> for Text {
    fn as_ref(&self) -> &OsStr {
        &self.0
    }
}

impl AsRef<Path> for Text {
    fn as_ref(&self) -> &Path {
        Path::new(&*self.0)
    }
}

impl From<&OsStr> for Text {
    fn from(text: &OsStr) -> Self {
        Text(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        OsStr::new(text).into()
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        OsStr::from_bytes(bytes).into()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        OsString::deserialize(deserializer).map(|text| text.as_os_str().into())
    }
}

/// A list of names that others may have been put before. Lists with the same beginning share it.
#[derive(Clone, Default)]
pub struct Names(Option<Arc<List>>);

/// What one setting adds.
struct List {
    before: Names,
    /// The names one after the other, without what parts them.
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<u32>,
    /// How many names there are with those before.
    len: usize,
    /// What was typed.
    typed: Option<Text>,
}

impl List {
    fn name(&self, index: usize) -> Option<&OsStr> {
        let start = index.checked_sub(1).map_or(Some(0), |last| self.ends.get(last).copied())?;
        let name = self.bytes.get(start as usize..*self.ends.get(index)? as usize)?;
        Some(OsStr::from_bytes(name))
    }
}

/// A chain of a hundred thousand lists must not be freed by as many nested calls.
impl Drop for List {
    fn drop(&mut self) {
        let mut next = self.before.0.take();
        while let Some(mut list) = next.and_then(Arc::into_inner) {
            next = list.before.0.take();
        }
    }
}

impl Names {
    /// Splits at colons; `\:` is a colon, and empty names are none.
    pub fn split(typed: &[u8]) -> Self {
        let mut list = Names::list(Some(typed.into()));
        let mut bytes = typed.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' if bytes.peek() == Some(&b':') => {
                    bytes.next();
                    list.bytes.push(b':');
                }
                b':' => list.end_name(),
                _ => list.bytes.push(byte),
            }
        }
        list.end_name();
        list.into()
    }

    fn list(typed: Option<Text>) -> List {
        List { before: Names::default(), bytes: Vec::new(), ends: Vec::new(), len: 0, typed }
    }

    /// These names behind those.
    #[must_use]
    pub fn after(mut self, before: &Names) -> Self {
        match self.0.as_mut().and_then(Arc::get_mut) {
            Some(list) if list.before.is_empty() => {
                list.before = before.clone();
                list.len += before.len();
                self
            }
            _ => before.iter().chain(self.iter()).collect(),
        }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |list| list.len)
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text that all of them were typed in; `None` if they came one by one.
    pub fn typed(&self) -> Option<&Text> {
        self.0.as_ref().filter(|list| list.before.is_empty())?.typed.as_ref()
    }

    /// The name at this place.
    pub fn get(&self, index: usize) -> Option<&OsStr> {
        let mut list = self.0.as_ref()?;
        while index < list.before.len() {
            list = list.before.0.as_ref()?;
        }
        list.name(index - list.before.len())
    }

    /// The first name.
    pub fn first(&self) -> Option<&OsStr> {
        self.get(0)
    }

    /// All names in order.
    pub fn iter(&self) -> impl Iterator<Item = &OsStr> {
        let mut lists = Vec::new();
        let mut names = self;
        while let Some(list) = &names.0 {
            lists.push(list);
            names = &list.before;
        }
        lists.reverse();
        lists.into_iter().flat_map(|list| (0..list.ends.len()).filter_map(|at| list.name(at)))
    }
}

impl List {
    fn end_name(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        if end > start {
            self.ends.push(end);
            self.len += 1;
        }
    }
}

impl From<List> for Names {
    fn from(mut list: List) -> Self {
        if list.ends.is_empty() {
            return Names::default();
        }
        list.bytes.shrink_to_fit();
        list.ends.shrink_to_fit();
        Names(Some(Arc::new(list)))
    }
}

impl<T: AsRef<OsStr>> FromIterator<T> for Names {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let mut list = Names::list(None);
        for name in names {
            list.bytes.extend_from_slice(name.as_ref().as_bytes());
            list.end_name();
        }
        list.into()
    }
}

impl Index<usize> for Names {
    type Output = OsStr;

    fn index(&self, index: usize) -> &OsStr {
        self.get(index).unwrap_or_default()
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        let (mut one, mut two) = (self, other);
        loop {
            match (&one.0, &two.0) {
                (None, None) => return true,
                (Some(a), Some(b)) if Arc::ptr_eq(a, b) => return true,
                (Some(a), Some(b)) if a.len != b.len => return false,
                (Some(a), Some(b)) if a.ends.len() == b.ends.len() => {
                    if a.ends != b.ends || a.bytes != b.bytes {
                        return false;
                    }
                    (one, two) = (&a.before, &b.before);
                }
                _ => return one.iter().eq(two.iter()),
            }
        }
    }
}

impl Eq for Names {}

impl std::hash::Hash for Names {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        for name in self.iter() {
            name.hash(state);
        }
    }
}

impl<const N: usize> PartialEq<[&str; N]> for Names {
    fn eq(&self, other: &[&str; N]) -> bool {
        self.iter().eq(other.iter().map(OsStr::new))
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The form in which workers get their orders wants to know the length before.
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for name in self.iter() {
            list.serialize_element(name)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<OsString>::deserialize(deserializer)?;
        Ok(names.into_iter().collect())
    }
}

impl From<OsString> for Text {
    fn from(text: OsString) -> Self {
        text.as_os_str().into()
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        OsString::from_vec(bytes).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_and_added_without_copies() {
        let first = Names::split(b":/a:b\\:c::\\");
        assert_eq!(first, ["/a", "b:c", "\\"]);
        assert_eq!(first.typed().unwrap(), ":/a:b\\:c::\\");
        let both = Names::split(b"d:e").after(&first);
        assert_eq!(both, ["/a", "b:c", "\\", "d", "e"]);
        assert_eq!((both.len(), both.typed()), (5, None));
        assert_eq!([both.first().unwrap(), &both[3], &both[9]], ["/a", "d", ""]);
        assert_eq!(both.iter().collect::<Names>(), both, "whatever the pieces");
        assert_ne!(both, Names::split(b"e:d").after(&first));
        assert!(Names::split(b"::").is_empty() && Names::default() == Names::split(b""));
    }

    #[test]
    fn long_chains_are_freed() {
        let mut names = Names::default();
        for _ in 0..500_000 {
            names = Names::split(b"a").after(&names);
        }
        assert_eq!((names.len(), names.iter().count()), (500_000, 500_000));
    }
}
