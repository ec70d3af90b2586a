//! Sorted keys: a tree of 64 ways over the bits of the key.
//!
//! A node has a bit for each child; the next key up or down is found by counting zeros. A key of `b` bits costs at most
//! `b / 6 + 1` steps whatever the number of keys: five for the price of a coin at 500 dollars. Nodes come from a slab
//! and return to it, so a ladder that has reached its size does not allocate. Unlike a balanced tree it never rotates,
//! and neighbouring prices share a node.

use super::slab::{NIL, Slab};

/// Bits of the key that one node distinguishes.
const BITS: u32 = 6;
const WAYS: usize = 1 << BITS;
const MASK: u64 = WAYS as u64 - 1;
/// Most nodes on the path to a key.
const DEEPEST: usize = 64_usize.div_ceil(BITS as usize);

#[derive(Clone, Debug)]
struct Node {
    present: u64,
    children: [u32; WAYS],
}

const EMPTY: Node = Node { present: 0, children: [NIL; WAYS] };

/// A map from keys to numbers, in the order of the keys.
#[derive(Clone, Debug)]
pub struct Ladder {
    nodes: Slab<Node>,
    root: u32,
    /// Nodes on the path from the root to a value; 0 while the tree is empty.
    height: u32,
}

impl Default for Ladder {
    fn default() -> Self {
        Self { nodes: Slab::default(), root: NIL, height: 0 }
    }
}

/// Index of a key's child in the node at a height, counted from 1 at the bottom.
#[inline]
fn way(key: u64, height: u32) -> usize {
    ((key >> ((height - 1) * BITS)) & MASK) as usize
}

impl Ladder {
    /// The number under a key.
    #[inline]
    pub fn get(&self, key: u64) -> Option<u32> {
        if self.root == NIL || !self.reaches(key) {
            return None;
        }
        let mut at = self.root;
        for height in (1..=self.height).rev() {
            let node = &self.nodes[at];
            let way = way(key, height);
            if node.present & (1 << way) == 0 {
                return None;
            }
            at = node.children[way];
        }
        Some(at)
    }

    /// The slot of the number under a key. The key is inserted with [`NIL`] when it is missing.
    pub fn place(&mut self, key: u64) -> &mut u32 {
        if self.root == NIL {
            (self.root, self.height) = (self.nodes.insert(EMPTY), 1);
        }
        while !self.reaches(key) {
            // One more level on top: the old tree is below its first way.
            if self.nodes[self.root].present != 0 {
                let mut top = EMPTY;
                (top.present, top.children[0]) = (1, self.root);
                self.root = self.nodes.insert(top);
            }
            self.height += 1;
        }
        let mut at = self.root;
        for height in (2..=self.height).rev() {
            let way = way(key, height);
            if self.nodes[at].present & (1 << way) == 0 {
                let child = self.nodes.insert(EMPTY);
                let node = &mut self.nodes[at];
                node.present |= 1 << way;
                node.children[way] = child;
            }
            at = self.nodes[at].children[way];
        }
        let node = &mut self.nodes[at];
        let way = way(key, 1);
        if node.present & (1 << way) == 0 {
            node.present |= 1 << way;
            node.children[way] = NIL;
        }
        &mut node.children[way]
    }

    /// Makes room for nodes.
    pub fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
    }

    /// Removes a key that is in the tree.
    pub fn remove(&mut self, key: u64) {
        let mut path = [NIL; DEEPEST];
        let mut at = self.root;
        for height in (1..=self.height).rev() {
            path[height as usize - 1] = at;
            at = self.nodes[at].children[way(key, height)];
        }
        for height in 1..=self.height {
            let number = path[height as usize - 1];
            let node = &mut self.nodes[number];
            node.present &= !(1 << way(key, height));
            // The root stays, so that a book that empties and fills again keeps its height.
            if node.present != 0 || number == self.root {
                return;
            }
            self.nodes.free(number);
        }
    }

    /// The lowest key with its number.
    #[inline]
    pub fn first(&self) -> Option<(u64, u32)> {
        self.at_or_above(0)
    }

    /// The highest key with its number.
    #[inline]
    pub fn last(&self) -> Option<(u64, u32)> {
        self.at_or_below(u64::MAX)
    }

    /// The lowest key that is not below `key`.
    pub fn at_or_above(&self, key: u64) -> Option<(u64, u32)> {
        if !self.reaches(key) {
            return None;
        }
        self.find(key, |present, way| present & (u64::MAX << way), u64::trailing_zeros)
    }

    /// The highest key that is not above `key`.
    pub fn at_or_below(&self, key: u64) -> Option<(u64, u32)> {
        let key = if self.reaches(key) { key } else { (1 << (self.height * BITS)) - 1 };
        self.find(key, |present, way| present & (u64::MAX >> (WAYS - 1 - way)), |set| 63 - set.leading_zeros())
    }

    /// Follows a key to the end of its path, then turns to the nearest way on the wanted side: `from` keeps the ways
    /// from one on, `nearest` chooses among ways.
    #[inline]
    fn find(&self, key: u64, from: impl Fn(u64, usize) -> u64, nearest: impl Fn(u64) -> u32) -> Option<(u64, u32)> {
        let mut path = [NIL; DEEPEST];
        let mut at = self.root;
        if at == NIL {
            return None;
        }
        let mut height = self.height;
        // Down along the key.
        loop {
            path[height as usize - 1] = at;
            let node = &self.nodes[at];
            let way = way(key, height);
            if node.present & (1 << way) == 0 {
                break;
            }
            at = node.children[way];
            if height == 1 {
                return Some((key, at));
            }
            height -= 1;
        }
        // Up to the first node that has a way on the wanted side beside the key's own.
        loop {
            let node = &self.nodes[path[height as usize - 1]];
            let own = way(key, height);
            let set = from(node.present, own) & !(1 << own);
            if set != 0 {
                return Some(self.descend(key, height, nearest(set), &nearest, path[height as usize - 1]));
            }
            if height == self.height {
                return None;
            }
            height += 1;
        }
    }

    /// From a way of a node down along the nearest ways.
    #[inline]
    fn descend(
        &self,
        key: u64,
        mut height: u32,
        mut way: u32,
        nearest: &impl Fn(u64) -> u32,
        mut at: u32,
    ) -> (u64, u32) {
        // The bits of the key above this node stay.
        let above = height * BITS;
        let mut found = if above >= 64 { 0 } else { key >> above << above };
        loop {
            found |= u64::from(way) << ((height - 1) * BITS);
            at = self.nodes[at].children[way as usize];
            if height == 1 {
                return (found, at);
            }
            height -= 1;
            way = nearest(self.nodes[at].present);
        }
    }

    /// Whether the tree is high enough for a key.
    #[inline]
    fn reaches(&self, key: u64) -> bool {
        let bits = self.height * BITS;
        bits >= 64 || key >> bits == 0
    }

    /// Bytes on the heap.
    pub fn bytes(&self) -> usize {
        self.nodes.bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn equals_a_sorted_map() {
        let mut state = 7u64;
        let mut random = move |end: u64| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 20) % end
        };
        for bits in [4, 12, 30, 44, 64] {
            let (mut ladder, mut truth) = (Ladder::default(), BTreeMap::new());
            let spread =
                move |key: u64| if bits == 64 { key.wrapping_mul(0x9e37_79b9_7f4a_7c15) } else { key % (1 << bits) };
            assert_eq!((ladder.get(0), ladder.first(), ladder.last()), (None, None, None));
            for step in 0..20_000u32 {
                let key = spread(random(1 << 43));
                match truth.entry(key) {
                    std::collections::btree_map::Entry::Occupied(_) => {}
                    std::collections::btree_map::Entry::Vacant(entry) => {
                        *ladder.place(key) = step;
                        entry.insert(step);
                    }
                }
                // Once the tree has some keys, about as many are removed as inserted.
                if step > 300
                    && let Some((&key, _)) = truth.range(spread(random(1 << 43))..).next()
                {
                    ladder.remove(key);
                    truth.remove(&key);
                }
                let asked = spread(random(1 << 43));
                assert_eq!(ladder.get(asked), truth.get(&asked).copied());
                let pair = |(key, number): (&u64, &u32)| (*key, *number);
                assert_eq!(ladder.at_or_above(asked), truth.range(asked..).next().map(pair), "{bits} {step} {asked}");
                assert_eq!(ladder.at_or_below(asked), truth.range(..=asked).next_back().map(pair), "{bits} {step}");
                assert_eq!(ladder.first(), truth.iter().next().map(pair));
                assert_eq!(ladder.last(), truth.iter().next_back().map(pair));
            }
        }
    }
}
