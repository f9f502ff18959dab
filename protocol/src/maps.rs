//! Maps and sets that stay in order. Where workspaces are large and programs may be (relay, staff),
//! they are the standard library's trees, by the feature `fast`. The participant's page has the
//! sorted lists below instead: a tree is compiled anew for each pair of types, and twenty of them
//! are a third of that page.

#[cfg(feature = "fast")]
pub use std::collections::{BTreeMap as Map, BTreeSet as Set};

#[cfg(not(feature = "fast"))]
pub use self::lists::{Map, Set};

#[cfg(any(test, not(feature = "fast")))]
mod lists {
    use std::ops::{Index, RangeInclusive};

    /// A map as a sorted list. Inserting costs as much as the list is long.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Map<K, V> {
        items: Vec<(K, V)>,
    }

    impl<K, V> Default for Map<K, V> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<K, V> Map<K, V> {
        /// An empty map.
        #[must_use]
        pub const fn new() -> Self {
            Self { items: Vec::new() }
        }
        /// How many there are.
        #[must_use]
        pub const fn len(&self) -> usize {
            self.items.len()
        }
        /// Whether there are none.
        #[must_use]
        pub const fn is_empty(&self) -> bool {
            self.items.is_empty()
        }
        /// All, in order.
        pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
            self.items.iter().map(|(key, value)| (key, value))
        }
        /// All keys, in order.
        pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
            self.items.iter().map(|(key, _)| key)
        }
        /// All values, by their keys' order.
        pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
            self.items.iter().map(|(_, value)| value)
        }
        /// All values, to be changed.
        pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut V> {
            self.items.iter_mut().map(|(_, value)| value)
        }
        /// All, with values to be changed.
        pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
            self.items.iter_mut().map(|(key, value)| (&*key, value))
        }
        /// Keeps what `keep` says.
        pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
            self.items.retain_mut(|(key, value)| keep(key, value));
        }
        /// All values, by their keys' order.
        pub fn into_values(self) -> impl Iterator<Item = V> {
            self.items.into_iter().map(|(_, value)| value)
        }
    }

    impl<K: Ord, V> Map<K, V> {
        fn place(&self, key: &K) -> Result<usize, usize> {
            self.items.binary_search_by(|(known, _)| known.cmp(key))
        }
        /// A value.
        #[must_use]
        pub fn get(&self, key: &K) -> Option<&V> {
            let place = self.place(key).ok()?;
            self.items.get(place).map(|(_, value)| value)
        }
        /// A value, to be changed.
        pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
            let place = self.place(key).ok()?;
            self.items.get_mut(place).map(|(_, value)| value)
        }
        /// Whether there is a value.
        #[must_use]
        pub fn contains_key(&self, key: &K) -> bool {
            self.place(key).is_ok()
        }
        /// Puts a value in; gives the one that was there.
        pub fn insert(&mut self, key: K, value: V) -> Option<V> {
            match self.place(&key) {
                Ok(place) => Some(std::mem::replace(&mut self.items[place].1, value)),
                Err(place) => {
                    self.items.insert(place, (key, value));
                    None
                }
            }
        }
        /// Takes a value out.
        pub fn remove(&mut self, key: &K) -> Option<V> {
            let place = self.place(key).ok()?;
            Some(self.items.remove(place).1)
        }
        /// The value of a key, put in where there is none.
        pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
            Entry { map: self, key }
        }
        /// All between two keys, both included.
        pub fn range(
            &self,
            range: RangeInclusive<K>,
        ) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
            let from = self.place(range.start()).unwrap_or_else(|place| place);
            let to = match self.place(range.end()) {
                Ok(place) => place + 1,
                Err(place) => place,
            };
            let items = self.items.get(from..to).unwrap_or_default();
            items.iter().map(|(key, value)| (key, value))
        }
    }

    /// A key's place in a map.
    #[derive(Debug)]
    pub struct Entry<'a, K, V> {
        map: &'a mut Map<K, V>,
        key: K,
    }

    impl<'a, K: Ord, V> Entry<'a, K, V> {
        /// The value, made where there is none.
        pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
            let place = match self.map.place(&self.key) {
                Ok(place) => place,
                Err(place) => {
                    self.map.items.insert(place, (self.key, make()));
                    place
                }
            };
            &mut self.map.items[place].1
        }
        /// The value, this one where there is none.
        pub fn or_insert(self, value: V) -> &'a mut V {
            self.or_insert_with(|| value)
        }
        /// The value, the default where there is none.
        pub fn or_default(self) -> &'a mut V
        where
            V: Default,
        {
            self.or_insert_with(V::default)
        }
    }

    impl<K: Ord, V> Index<&K> for Map<K, V> {
        type Output = V;
        #[expect(clippy::expect_used, reason = "as the standard library's")]
        fn index(&self, key: &K) -> &V {
            self.get(key).expect("no such key")
        }
    }

    impl<K: Ord, V> FromIterator<(K, V)> for Map<K, V> {
        fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
            let mut map = Self::new();
            map.extend(items);
            map
        }
    }

    impl<K: Ord, V> Extend<(K, V)> for Map<K, V> {
        fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, items: I) {
            for (key, value) in items {
                self.insert(key, value);
            }
        }
    }

    impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Map<K, V> {
        fn from(items: [(K, V); N]) -> Self {
            items.into_iter().collect()
        }
    }

    impl<'a, K, V> IntoIterator for &'a Map<K, V> {
        type Item = (&'a K, &'a V);
        type IntoIter = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> Self::Item>;
        fn into_iter(self) -> Self::IntoIter {
            self.items.iter().map(|(key, value)| (key, value))
        }
    }

    type Changing<'a, K, V> = fn(&'a mut (K, V)) -> (&'a K, &'a mut V);

    impl<'a, K, V> IntoIterator for &'a mut Map<K, V> {
        type Item = (&'a K, &'a mut V);
        type IntoIter = std::iter::Map<std::slice::IterMut<'a, (K, V)>, Changing<'a, K, V>>;
        fn into_iter(self) -> Self::IntoIter {
            self.items.iter_mut().map(|(key, value)| (&*key, value))
        }
    }

    /// A set as a sorted list.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Set<K> {
        items: Vec<K>,
    }

    impl<K> Default for Set<K> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<K> Set<K> {
        /// An empty set.
        #[must_use]
        pub const fn new() -> Self {
            Self { items: Vec::new() }
        }
        /// How many there are.
        #[must_use]
        pub const fn len(&self) -> usize {
            self.items.len()
        }
        /// Whether there are none.
        #[must_use]
        pub const fn is_empty(&self) -> bool {
            self.items.is_empty()
        }
        /// All, in order.
        pub fn iter(&self) -> std::slice::Iter<'_, K> {
            self.items.iter()
        }
    }

    impl<K: Ord> Set<K> {
        /// Whether it is in.
        #[must_use]
        pub fn contains(&self, key: &K) -> bool {
            self.items.binary_search(key).is_ok()
        }
        /// Puts it in; says whether it is new.
        pub fn insert(&mut self, key: K) -> bool {
            match self.items.binary_search(&key) {
                Ok(_) => false,
                Err(place) => {
                    self.items.insert(place, key);
                    true
                }
            }
        }
        /// Takes it out; says whether it was in.
        pub fn remove(&mut self, key: &K) -> bool {
            let place = self.items.binary_search(key);
            place.map(|place| self.items.remove(place)).is_ok()
        }
        /// What is in this one and not in the other.
        pub fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a K> {
            self.items.iter().filter(|key| !other.contains(key))
        }
        /// Whether everything is in the other.
        #[must_use]
        pub fn is_subset(&self, other: &Self) -> bool {
            self.items.iter().all(|key| other.contains(key))
        }
    }

    impl<K: Ord> FromIterator<K> for Set<K> {
        fn from_iter<I: IntoIterator<Item = K>>(items: I) -> Self {
            let mut set = Self::new();
            set.extend(items);
            set
        }
    }

    impl<K: Ord> Extend<K> for Set<K> {
        fn extend<I: IntoIterator<Item = K>>(&mut self, items: I) {
            for key in items {
                self.insert(key);
            }
        }
    }

    impl<K: Ord, const N: usize> From<[K; N]> for Set<K> {
        fn from(items: [K; N]) -> Self {
            items.into_iter().collect()
        }
    }

    impl<K> IntoIterator for Set<K> {
        type Item = K;
        type IntoIter = std::vec::IntoIter<K>;
        fn into_iter(self) -> Self::IntoIter {
            self.items.into_iter()
        }
    }

    impl<'a, K> IntoIterator for &'a Set<K> {
        type Item = &'a K;
        type IntoIter = std::slice::Iter<'a, K>;
        fn into_iter(self) -> Self::IntoIter {
            self.items.iter()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::lists::{Map, Set};

    proptest! {
        #[test]
        fn a_sorted_list_says_what_a_tree_says(
            acts in prop::collection::vec((0_u8..5, 0_u8..20, any::<u16>()), 0..60),
        ) {
            let (mut map, mut tree) = (Map::new(), BTreeMap::new());
            let (mut set, mut branch) = (Set::new(), BTreeSet::new());
            for (act, key, value) in acts {
                match act {
                    0 => prop_assert_eq!(map.insert(key, value), tree.insert(key, value)),
                    1 => prop_assert_eq!(map.remove(&key), tree.remove(&key)),
                    2 => {
                        *map.entry(key).or_default() += 1;
                        *tree.entry(key).or_default() += 1;
                    }
                    3 => prop_assert_eq!(set.insert(key), branch.insert(key)),
                    _ => prop_assert_eq!(set.remove(&key), branch.remove(&key)),
                }
                prop_assert_eq!(map.get(&key), tree.get(&key));
                prop_assert_eq!(set.contains(&key), branch.contains(&key));
                prop_assert!(map.iter().eq(tree.iter()) && set.iter().eq(branch.iter()));
                prop_assert!(map.range(3..=key.max(3)).eq(tree.range(3..=key.max(3))));
            }
            let keys: Set<u8> = map.keys().copied().collect();
            let same: BTreeSet<u8> = tree.keys().copied().collect();
            prop_assert!(keys.difference(&set).eq(same.difference(&branch)));
            prop_assert_eq!(keys.is_subset(&set), same.is_subset(&branch));
            map.retain(|key, _| key % 2 == 0);
            tree.retain(|key, _| key % 2 == 0);
            prop_assert!(map.values().eq(tree.values()));
        }
    }
}
