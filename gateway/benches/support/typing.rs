//! Search as you type: the cost of each letter, with the requests that the script of the pages
//! sends.

use std::{net::SocketAddr, time::Instant};

use url::form_urlencoded::byte_serialize;

use crate::{
    installation::Installation,
    loopback::Client,
    measure::{Samples, Table, Timing},
};

/// Number of queries, of one to three words.
const QUERIES: usize = 90;
/// Later pages that are requested.
const LATER_PAGES: [usize; 3] = [2, 10, 50];

/// Types queries letter by letter. Each letter requests the page of results and the suggestions;
/// the next letter waits for both.
pub(crate) fn measure(
    installation: &Installation,
    address: SocketAddr,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut client = Client::connect(address)?;
    let (mut pages, mut suggestions, mut both) =
        (Samples::default(), Samples::default(), Samples::default());
    let mut later: Vec<_> = LATER_PAGES.iter().map(|_| Samples::default()).collect();
    let (mut letters, mut bytes, mut largest) = (0, 0, 0);
    let has_three_words = |query: &&String| query.split_whitespace().count() <= 3;
    for query in installation.queries.iter().filter(has_three_words).take(QUERIES) {
        for (start, letter) in query.char_indices() {
            let end = start + letter.len_utf8();
            if letter == ' ' {
                continue;
            }
            let typed: String = byte_serialize(&query.as_bytes()[..end]).collect();
            let (began, page) = (Instant::now(), timed(&mut client, &format!("/?q={typed}"))?);
            pages.add(page.0);
            letters += 1;
            bytes += page.1;
            largest = largest.max(page.1);
            if start > 0 {
                suggestions.add(timed(&mut client, &format!("/suggest?q={typed}"))?.0);
            }
            both.add(Timing { wall: began.elapsed(), ..Timing::default() });
        }
        let typed: String = byte_serialize(query.as_bytes()).collect();
        for (page, samples) in LATER_PAGES.iter().zip(&mut later) {
            samples.add(timed(&mut client, &format!("/?q={typed}&page={page}"))?.0);
        }
    }
    table.head("search as you type, per letter (server cpu not included)");
    let mean = bytes / letters.max(1);
    let note = format!("{letters} letters; mean {mean} bytes compressed, maximum {largest}");
    table.row("the page of results", &pages, &pages, &note);
    table.row("suggestions", &suggestions, &pages, "");
    table.row("both, sequentially", &both, &pages, "aim: p99 below 50 ms");
    for (page, samples) in LATER_PAGES.iter().zip(&later) {
        table.row(&format!("page {page} of a complete query"), samples, &pages, "");
    }
    Ok(())
}

/// Response time and size in bytes of a path.
fn timed(client: &mut Client, path: &str) -> anyhow::Result<(Timing, usize)> {
    let began = Instant::now();
    let length = client.get_page(path)?;
    Ok((Timing { wall: began.elapsed(), ..Timing::default() }, length))
}
