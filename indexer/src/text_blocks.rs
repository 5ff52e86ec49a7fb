//! Blocks of text of a page: the smallest elements that stand on lines of their own.
//!
//! Must not know: sources, and which blocks are content.

use dom_query::NodeRef;
use xxhash_rust::xxh3::xxh3_64;

/// Elements that stand on lines of their own.
const BLOCK_ELEMENTS: [&str; 31] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "ul",
];
/// Parts of tables, which do as well.
const TABLE_ELEMENTS: [&str; 7] = ["table", "thead", "tbody", "tfoot", "tr", "td", "th"];
/// Elements whose text is not shown.
pub(crate) const SILENT_ELEMENTS: [&str; 4] = ["script", "style", "template", "noscript"];

/// Whether an element of this name stands on a line of its own.
pub(crate) fn is_block(name: &str) -> bool {
    BLOCK_ELEMENTS.contains(&name) || TABLE_ELEMENTS.contains(&name)
}

/// A block with its text, in which white space is one space.
pub(crate) struct TextBlock<'a> {
    pub(crate) node: NodeRef<'a>,
    pub(crate) text: String,
}

impl TextBlock<'_> {
    /// Digest of the text.
    pub(crate) fn digest(&self) -> u64 {
        xxh3_64(self.text.as_bytes())
    }
}

/// The blocks within an element that have text, in order. Text beside a block belongs to none.
pub(crate) fn text_blocks<'a>(root: &NodeRef<'a>) -> Vec<TextBlock<'a>> {
    let mut blocks = Vec::new();
    push_blocks(root, &mut blocks);
    blocks
}

/// Appends the blocks within an element; whether there is an element that stands on its own line. The
/// depth is that of the document, which is limited before its tree is built.
fn push_blocks<'a>(element: &NodeRef<'a>, blocks: &mut Vec<TextBlock<'a>>) -> bool {
    let mut has_block = false;
    for child in element.children() {
        let Some(name) = child.node_name() else { continue };
        if SILENT_ELEMENTS.contains(&&*name) {
            continue;
        }
        let is_block = is_block(&name);
        let has_inner = push_blocks(&child, blocks);
        if is_block && !has_inner {
            let text = child.text();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if !text.is_empty() {
                blocks.push(TextBlock { node: child, text });
            }
        }
        has_block |= is_block || has_inner;
    }
    has_block
}

#[cfg(test)]
mod tests {
    use dom_query::Document;

    use super::*;

    #[test]
    fn blocks_must_be_the_smallest_elements_on_their_own_lines() {
        let document = Document::from(
            "<body><div>Los <p>Een <b>twee</b>\n drie</p><ul><li><a href=x>vier</a></li><li> </li></ul>\
             <script>niet</script><table><tr><td>vijf</td></tr></table></div><span>zes</span>",
        );
        let body = document.select("body").nodes()[0];
        let texts: Vec<_> = text_blocks(&body).into_iter().map(|block| block.text).collect();
        assert_eq!(texts, ["Een twee drie", "vier", "vijf"]);
    }
}
