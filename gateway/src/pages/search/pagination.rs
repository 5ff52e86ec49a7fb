//! Pagination of a search page: numbered links, and links to the previous and next page.

use super::{
    super::{PageContext, search_href},
    PAGE_SIZE,
};
use crate::search_params::{PAGE_MAX, SearchParams};

/// Number of linked pages on either side of the current one.
const PAGES_EACH_SIDE: usize = 2;

/// The position of a page of hits, and links to other pages.
pub(super) struct PaginationView {
    /// "Page 2 of 7"; empty if there is only one page.
    pub(super) page_of: String,
    pub(super) pages: Vec<PageLink>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    /// Whether there are hits beyond the last page that can be shown.
    pub(super) reached_page_limit: bool,
}

/// A numbered page. The current page has no link, and neither has a gap, whose number is 0.
pub(super) struct PageLink {
    pub(super) number: usize,
    pub(super) href: Option<String>,
}

impl PaginationView {
    pub(super) fn new(
        context: PageContext<'_>,
        parameters: &SearchParams,
        total: u64,
        has_next: bool,
    ) -> Self {
        let messages = context.messages;
        let current = parameters.page;
        let last =
            usize::try_from(total).unwrap_or(usize::MAX).div_ceil(PAGE_SIZE).clamp(1, PAGE_MAX);
        let href = |number| search_href(context, &parameters.with_page(number));
        let (page, pages) = (messages.number(current as u64), messages.number(last as u64));
        let values = [("page", page.as_str()), ("pages", pages.as_str())];
        Self {
            page_of: if last > 1 {
                messages.format_all("search.page_of", &values)
            } else {
                String::new()
            },
            pages: pages_around(current, last, href),
            previous: (current > 1 && last > 1).then(|| href((current - 1).min(last))),
            next: (current < last).then(|| href(current + 1)),
            reached_page_limit: current == PAGE_MAX && has_next,
        }
    }
}

/// Links to the first page, the last page and the pages around `current`.
fn pages_around(current: usize, last: usize, href: impl Fn(usize) -> String) -> Vec<PageLink> {
    let is_linked = |number: &usize| {
        *number == 1 || *number == last || number.abs_diff(current) <= PAGES_EACH_SIDE
    };
    let mut links = Vec::new();
    let mut previous = 0;
    for number in (1..=last).filter(is_linked) {
        if number > previous + 1 {
            links.push(PageLink { number: 0, href: None });
        }
        let href = (number != current).then(|| href(number));
        links.push(PageLink { number, href });
        previous = number;
    }
    if last > 1 { links } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_pages_must_hold_the_first_the_last_and_those_around() {
        let shown = |current, last| {
            let links = pages_around(current, last, |number| number.to_string());
            links.iter().map(|link| link.number.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(1, 1), "");
        assert_eq!(shown(1, 3), "1 2 3");
        assert_eq!(shown(25, 50), "1 0 23 24 25 26 27 0 50");
    }
}
