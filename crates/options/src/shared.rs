//! Parts of plans that many jobs have in common.
//!
//! Sections inherit most of what they say, so the plans of a large job file differ in few places. A
//! part that is equal in two jobs stands in memory once; whoever changes one gets a copy of their own.

use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value with several owners that is copied when one of them changes it.
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// True if both are the same place in memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: PartialEq> Shared<T> {
    /// Takes the place of `other` if that holds an equal value; true if the two are the same then.
    pub(crate) fn share_with(&mut self, other: &Self) -> bool {
        let equal = self == other;
        if equal {
            self.0 = Arc::clone(&other.0);
        }
        equal
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Shared(Arc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || *self.0 == *other.0
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Shared::from)
    }
}

/// A part of a list that has several owners.
#[derive(Clone, Debug)]
pub struct Part<T> {
    all: Arc<Vec<T>>,
    start: u32,
    end: u32,
}

impl<T> Part<T> {
    /// A part of a list that is still growing: empty until it is [set](Part::set).
    pub(crate) fn unset(range: Range<usize>) -> Self {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Part { all: Arc::default(), start: number(range.start), end: number(range.end) }
    }

    /// A part of this list.
    pub(crate) fn of(all: &Arc<Vec<T>>, range: Range<usize>) -> Self {
        Part { all: Arc::clone(all), ..Part::unset(range) }
    }

    /// Says which list this is a part of.
    pub(crate) fn set(&mut self, all: &Arc<Vec<T>>) {
        self.all = Arc::clone(all);
    }
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Part::unset(0..0)
    }
}

impl<T> Deref for Part<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.all.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl<T: PartialEq> PartialEq for Part<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T> From<Vec<T>> for Part<T> {
    fn from(list: Vec<T>) -> Self {
        let range = 0..list.len();
        Part::of(&Arc::new(list), range)
    }
}

impl<T: Serialize> Serialize for Part<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Part::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_come_to_share_a_place_and_a_change_parts_them() {
        let first: Shared<Vec<u8>> = vec![1].into();
        let mut second: Shared<Vec<u8>> = vec![1].into();
        assert!(first == second && !first.is_same(&second));
        second.share_with(&first);
        assert!(first.is_same(&second));
        second.push(2);
        assert_eq!((first.len(), second.len()), (1, 2));
        second.share_with(&first);
        assert!(!first.is_same(&second), "they differ");
    }

    #[test]
    fn a_part_is_empty_until_its_list_is_there() {
        let mut part: Part<u8> = Part::unset(1..3);
        assert!(part.is_empty());
        part.set(&Arc::new(vec![1, 2, 3, 4]));
        assert_eq!(*part, [2, 3]);
        assert_eq!(part, Part::from(vec![2, 3]));
    }
}
