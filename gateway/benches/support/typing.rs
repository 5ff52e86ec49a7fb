//! Somebody types: what each letter costs, asked for as the script of the pages does.

use std::{net::SocketAddr, time::Instant};

use url::form_urlencoded::byte_serialize;

use crate::{
    installation::Installation,
    loopback::Client,
    measure::{Samples, Table, Timing},
    words::SplitMix64,
};

/// So many questions are typed, of one to three words.
const QUERIES: usize = 90;
/// Pages that are turned to after the first.
const LATER_PAGES: [usize; 3] = [2, 10, 50];

/// Types questions letter by letter. A letter asks for the page of results and for suggestions, and
/// then for nothing until both are there.
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
    for query in queries(installation) {
        for end in 1..=query.len() {
            if query[..end].ends_with(' ') {
                continue;
            }
            let typed: String = byte_serialize(&query.as_bytes()[..end]).collect();
            let (began, page) = (Instant::now(), timed(&mut client, &format!("/?q={typed}"))?);
            pages.add(page.0);
            letters += 1;
            bytes += page.1;
            largest = largest.max(page.1);
            if end > 1 {
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

/// How long an address takes, and how many bytes it gives.
fn timed(client: &mut Client, path: &str) -> anyhow::Result<(Timing, usize)> {
    let began = Instant::now();
    let length = client.get_page(path)?;
    Ok((Timing { wall: began.elapsed(), ..Timing::default() }, length))
}

/// Words as often as people use them in texts, but for the commonest.
fn queries(installation: &Installation) -> Vec<String> {
    let mut rng = SplitMix64(11);
    let query = |number: usize| {
        let words = (0..=number % 3)
            .map(|_| installation.vocabulary.sample_content_word(&mut rng).to_owned());
        words.collect::<Vec<_>>().join(" ")
    };
    (0..QUERIES).map(query).collect()
}
