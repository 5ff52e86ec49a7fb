//! Which blocks of text the pages of a site repeat, such as menus and cookie notices.

use std::collections::BTreeSet;

use dom_query::Document;

use super::{SyncContext, state::StateError};
use crate::{
    html_page::{PageMetadata, decode},
    text_blocks::{TextBlock, text_blocks},
};

/// Limits within which the tree of a page is built.
const ELEMENTS_MAX: usize = 20_000;
const NESTING_MAX: usize = 256;
/// Maximum number of blocks of a page that are compared with those of other pages.
const BLOCKS_MAX: usize = 2_000;
/// Maximum length of the text of a block in reports, in characters.
const TEXT_CHARS_MAX: usize = 120;

/// The digests of the blocks of a page, each once and in order.
pub(super) fn digests(body: &[u8], metadata: &PageMetadata) -> Vec<u64> {
    if metadata.elements > ELEMENTS_MAX || metadata.nesting > NESTING_MAX {
        return Vec::new();
    }
    let document = Document::from(&*decode(body));
    let digests: BTreeSet<_> = blocks(&document).iter().map(TextBlock::digest).collect();
    digests.into_iter().collect()
}

/// The length of the text in the blocks of a page, in bytes; `None` if it is too large to be read.
pub(super) fn text_length(html: &str) -> Option<usize> {
    let metadata = PageMetadata::of(html);
    if metadata.elements > ELEMENTS_MAX || metadata.nesting > NESTING_MAX {
        return None;
    }
    Some(blocks(&Document::from(html)).iter().map(|block| block.text.len()).sum())
}

/// Counts again which blocks the pages of the source repeat.
pub(super) fn learn(context: &SyncContext<'_>) -> Result<(), StateError> {
    let (state, source) = (context.state, context.source);
    state.learn_repeated_blocks(source, |page, digest| {
        let body = state.body(source, page).ok()??;
        let document = Document::from(&*decode(&body));
        let found = blocks(&document).into_iter().find(|block| block.digest() == digest)?;
        Some(found.text.chars().take(TEXT_CHARS_MAX).collect())
    })
}

fn blocks(document: &Document) -> Vec<TextBlock<'_>> {
    let mut blocks = text_blocks(&document.root());
    blocks.truncate(BLOCKS_MAX);
    blocks
}
