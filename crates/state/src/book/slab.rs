//! Items under numbers that are reused: a slab that has reached its size does not allocate.

use std::ops::{Index, IndexMut};

/// The number of no item.
pub const NIL: u32 = u32::MAX;

/// Items and free numbers.
#[derive(Clone, Debug)]
pub struct Slab<T> {
    items: Vec<T>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { items: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Stores an item. Returns its number.
    pub fn insert(&mut self, item: T) -> u32 {
        if let Some(number) = self.free.pop() {
            self.items[number as usize] = item;
            return number;
        }
        let number = u32::try_from(self.items.len()).expect("fewer items than numbers");
        self.items.push(item);
        // Room for every number to become free, so that freeing never allocates.
        if self.free.capacity() < self.items.len() {
            self.free.reserve(self.items.capacity() - self.free.len());
        }
        number
    }

    /// Makes room for items.
    pub fn reserve(&mut self, items: usize) {
        self.items.reserve(items);
        self.free.reserve(self.items.capacity());
    }

    /// Frees a number. Its item stays until the number is used again.
    pub fn free(&mut self, number: u32) {
        self.free.push(number);
    }

    /// Number of items in use.
    pub fn len(&self) -> usize {
        self.items.len() - self.free.len()
    }

    /// Whether no item is in use.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.items.capacity() * size_of::<T>() + self.free.capacity() * size_of::<u32>()
    }
}

impl<T> Index<u32> for Slab<T> {
    type Output = T;

    #[inline]
    fn index(&self, number: u32) -> &T {
        &self.items[number as usize]
    }
}

impl<T> IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, number: u32) -> &mut T {
        &mut self.items[number as usize]
    }
}
