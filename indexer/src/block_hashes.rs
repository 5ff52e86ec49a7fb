//! Hashes of the blocks of a file, by which a block can be verified without reading the others.
//!
//! They are subtrees of the BLAKE3 digest of the file, so they are genuine if the digest that
//! follows from them is.

use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root,
};

/// Size in bytes of a block. A power of two, so that each but the last is a complete subtree.
pub(crate) const BLOCK_BYTES: usize = 64 << 10;

/// The hashes of all blocks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockHashes(Vec<ChainingValue>);

impl BlockHashes {
    /// Takes one hash per block; of a file of a single block, its digest.
    pub(crate) fn new(hashes: Vec<ChainingValue>) -> Self {
        Self(hashes)
    }

    /// The hashes as they are stored: one after the other. `None` if the last one is incomplete.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks();
        (rest.is_empty() && !hashes.is_empty()).then(|| Self(hashes.to_vec()))
    }

    /// As [`from_bytes`](Self::from_bytes) reads them.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_flattened()
    }

    /// Number of blocks.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Digest of the file.
    pub(crate) fn file_digest(&self) -> blake3::Hash {
        match &*self.0 {
            [whole_file] => blake3::Hash::from_bytes(*whole_file),
            hashes => {
                let (left, right) = hashes.split_at(left_blocks(hashes));
                merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash)
            }
        }
    }

    /// Whether the block at this index has this content.
    pub(crate) fn matches(&self, index: usize, content: &[u8]) -> bool {
        let is_genuine = |hash: &_| *hash == block_hash(index, content, self.0.len());
        content.len() <= BLOCK_BYTES && self.0.get(index).is_some_and(is_genuine)
    }
}

/// The hash of a block of a file of `blocks` blocks.
pub(crate) fn block_hash(index: usize, content: &[u8], blocks: usize) -> ChainingValue {
    if blocks == 1 {
        return *blake3::hash(content).as_bytes();
    }
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset((index * BLOCK_BYTES) as u64);
    hasher.update(content).finalize_non_root()
}

fn subtree(hashes: &[ChainingValue]) -> ChainingValue {
    let [hash] = hashes else {
        let (left, right) = hashes.split_at(left_blocks(hashes));
        return merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash);
    };
    *hash
}

/// Number of blocks in the left subtree: the largest power of two below that of all blocks.
fn left_blocks(hashes: &[ChainingValue]) -> usize {
    hashes.len().next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_file_must_follow_from_its_blocks() {
        for length in [0, 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 9 * BLOCK_BYTES + 7] {
            let content: Vec<u8> = (0..=250).cycle().take(length).collect();
            let mut blocks: Vec<_> = content.chunks(BLOCK_BYTES).collect();
            if blocks.is_empty() {
                blocks.push(&[]);
            }
            let count = blocks.len();
            let hashes = blocks.iter().enumerate().map(|(n, block)| block_hash(n, block, count));
            let hashes = BlockHashes::new(hashes.collect());
            assert_eq!(hashes.file_digest(), blake3::hash(&content), "{length} bytes");
            assert_eq!(BlockHashes::from_bytes(hashes.as_bytes()).unwrap(), hashes);
            for (index, block) in blocks.iter().enumerate() {
                assert!(hashes.matches(index, block), "{length} bytes, block {index}");
                let mut damaged = block.to_vec();
                damaged.push(0);
                assert!(!hashes.matches(index, &damaged), "{length} bytes, block {index}");
            }
            assert!(!hashes.matches(count, &[]));
        }
        assert!(BlockHashes::from_bytes(&[0; 33]).is_none());
        assert!(BlockHashes::from_bytes(&[]).is_none());
    }
}
