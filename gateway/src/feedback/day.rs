//! The counts of one day.

use std::{cmp::Reverse, collections::HashMap, net::IpAddr};

use jiff::{Timestamp, civil::Date};

use super::{
    CLIENTS_MIN, FeedbackReport, PageType, PageVotes, QueryClients, QueryVotes, Vote, VoteCounts,
    VotedPage,
    client_tally::{CLIENTS_MAX, ClientTally, KeyedHash},
    query_text::countable,
};

/// Maximum number of queries with votes, and of queries without hits; others are not counted.
const QUERIES_MAX: usize = 10_000;
/// Maximum number of queries in each list of a report.
const QUERIES_SHOWN_MAX: usize = 100;

/// The counts of one day. The two sides have limits of their own, so that searches cannot take the
/// room of votes.
#[derive(Debug)]
pub(super) struct FeedbackDay {
    pub(super) date: Date,
    since: Timestamp,
    /// Key of the hashes; nothing else links them to an address.
    key: [u8; 32],
    voters: ClientTally,
    pages: [VoteCounts; PageType::ALL.len()],
    queries: HashMap<String, VoteCounts>,
    searchers: ClientTally,
    /// The last query without hits of each searcher.
    last_searches: HashMap<KeyedHash, LastSearch>,
    /// The number of clients per query.
    empty_queries: HashMap<String, u64>,
}

#[derive(Debug)]
struct LastSearch {
    query: String,
    /// Whether the client did not count for the query before.
    is_new: bool,
}

impl FeedbackDay {
    /// A day with a new key.
    pub(super) fn new(date: Date, since: Timestamp) -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("every operating system that we support has random bytes");
        Self {
            date,
            since,
            key,
            voters: ClientTally::new(),
            pages: Default::default(),
            queries: HashMap::with_capacity(QUERIES_MAX),
            searchers: ClientTally::new(),
            last_searches: HashMap::with_capacity(CLIENTS_MAX),
            empty_queries: HashMap::with_capacity(QUERIES_MAX),
        }
    }

    /// Counts a vote, unless the client voted on the same page or query before.
    pub(super) fn count_vote(&mut self, client: IpAddr, page: &VotedPage, vote: Vote) {
        let query = page.words.as_deref().and_then(countable);
        // All queries that are not countable are one, so that nothing is derived from them.
        let subject = match page.page_type {
            PageType::Search => query.as_deref().unwrap_or_default(),
            PageType::Overview | PageType::Item => &page.path,
        };
        let client = self.client_hash(client);
        let pair = self.pair_hash(client, &format!("{} {subject}", page.page_type.name()));
        if !self.voters.admit(client, pair) {
            return;
        }
        self.pages[page.page_type as usize].add(vote);
        if let Some(query) = query
            && has_room(&self.queries, &query)
        {
            self.queries.entry(query).or_default().add(vote);
        }
    }

    /// Counts a search without hits, unless the client sent the same query before.
    ///
    /// While a reader types, a page is requested for every few letters: of queries of a client that
    /// follow each other and of which one is the beginning of the next, only the longest counts.
    pub(super) fn count_empty_search(&mut self, client: IpAddr, words: &str) {
        let Some(query) = countable(words) else { return };
        let client = self.client_hash(client);
        if let Some(last) = self.last_searches.remove(&client) {
            if last.query.starts_with(&query) {
                self.last_searches.insert(client, last);
                return;
            }
            // What counted before was complete then.
            if last.is_new && query.starts_with(&last.query) {
                self.withdraw_empty_search(client, &last.query);
            }
        }
        let pair = self.pair_hash(client, &query);
        let is_new = has_room(&self.empty_queries, &query) && self.searchers.admit(client, pair);
        if is_new {
            *self.empty_queries.entry(query.clone()).or_default() += 1;
        }
        if self.searchers.knows(client) {
            self.last_searches.insert(client, LastSearch { query, is_new });
        }
    }

    fn withdraw_empty_search(&mut self, client: KeyedHash, query: &str) {
        let pair = self.pair_hash(client, query);
        if self.searchers.withdraw(client, pair)
            && let Some(clients) = self.empty_queries.get_mut(query)
        {
            *clients -= 1;
            if *clients == 0 {
                self.empty_queries.remove(query);
            }
        }
    }

    /// What may be shown.
    pub(super) fn report(&self) -> FeedbackReport {
        let pages = PageType::ALL.into_iter().zip(self.pages);
        let voted = self.queries.iter().filter(|(_, votes)| votes.total() >= CLIENTS_MIN);
        let voted = voted.map(|(query, votes)| QueryVotes { query: query.clone(), votes: *votes });
        let mut queries: Vec<_> = voted.collect();
        queries.sort_unstable_by(|one, other| {
            let order = |entry: &QueryVotes| Reverse((entry.votes.no, entry.votes.yes));
            order(one).cmp(&order(other)).then_with(|| one.query.cmp(&other.query))
        });
        queries.truncate(QUERIES_SHOWN_MAX);
        let empty = self.empty_queries.iter().filter(|(_, clients)| **clients >= CLIENTS_MIN);
        let empty =
            empty.map(|(query, clients)| QueryClients { query: query.clone(), clients: *clients });
        let mut queries_without_hits: Vec<_> = empty.collect();
        queries_without_hits.sort_unstable_by(|one, other| {
            other.clients.cmp(&one.clients).then_with(|| one.query.cmp(&other.query))
        });
        queries_without_hits.truncate(QUERIES_SHOWN_MAX);
        FeedbackReport {
            since: self.since,
            pages: pages.map(|(page, votes)| PageVotes { page, votes }).collect(),
            queries,
            queries_without_hits,
        }
    }

    fn client_hash(&self, address: IpAddr) -> KeyedHash {
        match address {
            IpAddr::V4(address) => self.hash(&address.octets()),
            IpAddr::V6(address) => self.hash(&address.octets()),
        }
    }

    fn pair_hash(&self, client: KeyedHash, subject: &str) -> KeyedHash {
        self.hash(&[&client.0.to_le_bytes(), subject.as_bytes()].concat())
    }

    fn hash(&self, bytes: &[u8]) -> KeyedHash {
        let hash = blake3::keyed_hash(&self.key, bytes);
        let start = hash.as_bytes().first_chunk().expect("a hash has 32 bytes");
        KeyedHash(u64::from_le_bytes(*start))
    }
}

/// Whether a query is counted already, or can be.
fn has_room<T>(queries: &HashMap<String, T>, query: &str) -> bool {
    queries.len() < QUERIES_MAX || queries.contains_key(query)
}

#[cfg(test)]
mod tests {
    use super::{
        super::client_tally::{PAIRS_MAX, SUBJECTS_PER_CLIENT_MAX},
        *,
    };

    fn day() -> FeedbackDay {
        FeedbackDay::new("2026-03-02".parse().unwrap(), "2026-03-02T08:00:00Z".parse().unwrap())
    }

    fn client(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    fn page(page_type: PageType, words: Option<&str>, path: &str) -> VotedPage {
        VotedPage { page_type, words: words.map(str::to_owned), path: path.to_owned() }
    }

    fn search(words: &str) -> VotedPage {
        page(PageType::Search, Some(words), "?q=")
    }

    fn empty(day: &FeedbackDay) -> Vec<(String, u64)> {
        let queries = day.report().queries_without_hits.into_iter();
        queries.map(|entry| (entry.query, entry.clients)).collect()
    }

    #[test]
    fn a_query_must_be_shown_from_five_clients_with_all_their_votes() {
        let mut day = day();
        for number in 1..=4 {
            day.count_vote(client(number), &search("Brief"), Vote::No);
            day.count_empty_search(client(number), "brieff");
        }
        assert_eq!((day.report().queries, empty(&day)), (Vec::new(), Vec::new()));
        day.count_vote(client(5), &search(" brief "), Vote::Yes);
        day.count_empty_search(client(5), "BRIEFF");
        let votes = VoteCounts { yes: 1, no: 4 };
        assert_eq!(day.report().queries, [QueryVotes { query: "brief".to_owned(), votes }]);
        assert_eq!(empty(&day), [("brieff".to_owned(), 5)]);
    }

    #[test]
    fn a_client_must_not_count_twice_for_a_page_or_a_query() {
        let mut day = day();
        let item = page(PageType::Item, None, "article/brief");
        for vote in [Vote::Yes, Vote::No, Vote::No, Vote::No, Vote::No, Vote::No] {
            day.count_vote(client(1), &search("brief"), vote);
            day.count_vote(client(1), &item, vote);
            day.count_empty_search(client(1), "x");
            day.count_empty_search(client(1), "y");
        }
        let report = day.report();
        let once = VoteCounts { yes: 1, no: 0 };
        let votes: Vec<_> = report.pages.iter().map(|page| page.votes).collect();
        assert_eq!(votes, [once, VoteCounts::default(), once]);
        assert_eq!((report.queries.len(), report.queries_without_hits.len()), (0, 0));
        assert_eq!((day.queries["brief"], day.empty_queries["x"]), (once, 1));
        // Another page counts.
        day.count_vote(client(1), &page(PageType::Item, None, "article/ander"), Vote::No);
        day.count_vote(client(1), &page(PageType::Overview, None, "article"), Vote::No);
        let votes: Vec<_> = day.report().pages.iter().map(|page| page.votes.total()).collect();
        assert_eq!(votes, [1, 1, 2]);
    }

    #[test]
    fn a_query_that_may_identify_a_person_must_count_for_its_type_of_page_only() {
        let mut day = day();
        for number in 1..=9 {
            for words in ["jan@example.nl", "0612345678", &"x".repeat(101)] {
                day.count_vote(client(number), &search(words), Vote::No);
                day.count_empty_search(client(number), words);
            }
        }
        assert_eq!(day.report().pages[0].votes.no, 9, "once per client");
        assert!(day.queries.is_empty() && day.empty_queries.is_empty());
        assert!(day.last_searches.is_empty());
    }

    #[test]
    fn only_the_longest_of_queries_that_are_being_typed_must_count() {
        let mut day = day();
        for number in 1..=5 {
            for words in ["zorgk", "zorgka", "zorgkaart", "zorgka", "zorgkaart"] {
                day.count_empty_search(client(number), words);
            }
        }
        assert_eq!(empty(&day), [("zorgkaart".to_owned(), 5)]);
        assert_eq!(day.empty_queries.len(), 1);
        // Typing takes no more of a client's share than its last query.
        for length in 1..=99 {
            day.count_empty_search(client(1), &"y".repeat(length));
        }
        day.count_empty_search(client(1), "nog een");
        assert_eq!(day.empty_queries["nog een"], 1);
        // Nobody withdraws what another client sent.
        day.count_empty_search(client(6), "zorgkaarten");
        assert_eq!(empty(&day), [("zorgkaart".to_owned(), 5)]);
        // Nor what the client itself sent earlier, whatever it types on from there later.
        day.count_empty_search(client(2), "iets anders");
        day.count_empty_search(client(2), "zorgkaart");
        day.count_empty_search(client(2), "zorgkaart oud");
        assert_eq!(empty(&day), [("zorgkaart".to_owned(), 5)]);
    }

    #[test]
    fn a_flood_of_one_client_must_not_displace_the_queries_of_others() {
        let mut day = day();
        for number in 1..=5 {
            day.count_vote(client(number), &search("brief"), Vote::No);
            day.count_empty_search(client(number), "brieff");
        }
        for number in 0..20_000 {
            day.count_vote(client(9), &search(&format!("{number} v")), Vote::No);
            day.count_empty_search(client(9), &format!("{number} e"));
        }
        assert_eq!(day.queries.len(), 1 + SUBJECTS_PER_CLIENT_MAX);
        assert_eq!(day.empty_queries.len(), 1 + SUBJECTS_PER_CLIENT_MAX);
        for number in 11..=15 {
            day.count_vote(client(number), &search("nieuw"), Vote::Yes);
            day.count_empty_search(client(number), "nieuww");
        }
        let report = day.report();
        let queries: Vec<_> = report.queries.iter().map(|entry| entry.query.as_str()).collect();
        assert_eq!(queries, ["brief", "nieuw"]);
        assert_eq!(report.queries_without_hits.len(), 2);
    }

    #[test]
    fn queries_beyond_the_limit_must_not_be_counted_and_searches_not_take_the_room_of_votes() {
        let mut day = day();
        for number in (1..).take(PAIRS_MAX / SUBJECTS_PER_CLIENT_MAX) {
            for query in 0..SUBJECTS_PER_CLIENT_MAX {
                day.count_empty_search(client(number), &format!("{query} {number}"));
            }
        }
        assert_eq!(day.empty_queries.len(), QUERIES_MAX);
        let capacity = HashMap::<String, u64>::with_capacity(QUERIES_MAX).capacity();
        assert_eq!(day.empty_queries.capacity(), capacity);
        for number in 1..=5 {
            day.count_vote(client(number), &search("brief"), Vote::No);
        }
        assert_eq!(day.report().queries.len(), 1);
    }

    #[test]
    fn the_most_important_queries_must_come_first_and_the_lists_end() {
        let mut day = day();
        let votes = |yes, no| VoteCounts { yes, no };
        for (query, counts) in [("a", votes(9, 0)), ("c", votes(0, 5)), ("b", votes(0, 5))] {
            day.queries.insert(query.to_owned(), counts);
        }
        for number in 0..200 {
            day.empty_queries.insert(format!("q{number:03}"), 5 + u64::from(number == 7));
        }
        let report = day.report();
        let queries: Vec<_> = report.queries.iter().map(|entry| entry.query.as_str()).collect();
        assert_eq!(queries, ["b", "c", "a"]);
        assert_eq!(report.queries_without_hits.len(), QUERIES_SHOWN_MAX);
        let first = report.queries_without_hits[..2].iter().map(|entry| entry.query.as_str());
        assert_eq!(first.collect::<Vec<_>>(), ["q007", "q000"]);
    }

    #[test]
    fn hashes_must_depend_on_the_key_of_the_day() {
        let (one, other) = (day(), day());
        assert_ne!(one.client_hash(client(1)), other.client_hash(client(1)));
        assert_eq!(one.client_hash(client(1)), one.client_hash(client(1)));
    }
}
