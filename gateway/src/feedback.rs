//! Whether readers found what they searched for: their votes per type of page and per query, and
//! the queries without hits. Everything is in memory, for one calendar day.
//!
//! Invariants: no address of a client is stored, only a hash with a random key, and both are dropped
//! when the day ends; no query leaves this module unless [`CLIENTS_MIN`] clients sent it on one day;
//! a client counts once. A new day begins with the first page that is requested on it.
//!
//! Must not know: HTTP and pages.

mod client_tally;
mod day;
mod query_text;

use std::{
    mem,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use schema::moment::HOME_ZONE;
use serde::Serialize;

use self::day::FeedbackDay;
use crate::messages::home_day;

/// Minimum number of clients that sent a query on one day before it is shown.
pub(crate) const CLIENTS_MIN: u64 = 5;

/// The type of a page that has the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PageType {
    /// Results for words.
    Search,
    /// All content with some conditions, such as a kind.
    Overview,
    /// A record.
    Item,
}

impl PageType {
    /// All types, in the order of a report.
    pub(crate) const ALL: [Self; 3] = [Self::Search, Self::Overview, Self::Item];

    /// The name in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Overview => "overview",
            Self::Item => "item",
        }
    }
}

/// A page on which a reader votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VotedPage {
    pub(crate) page_type: PageType,
    /// The words of a search.
    pub(crate) words: Option<String>,
    /// The path and query string, in the Dutch form.
    pub(crate) path: String,
}

/// Whether a reader found what they searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vote {
    Yes,
    No,
}

/// Numbers of votes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct VoteCounts {
    pub(crate) yes: u64,
    pub(crate) no: u64,
}

impl VoteCounts {
    fn add(&mut self, vote: Vote) {
        match vote {
            Vote::Yes => self.yes += 1,
            Vote::No => self.no += 1,
        }
    }

    const fn total(self) -> u64 {
        self.yes + self.no
    }
}

/// The counts of a day, without anything that fewer than [`CLIENTS_MIN`] clients sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeedbackReport {
    /// Midnight, or the start of the program.
    pub(crate) since: Timestamp,
    pub(crate) pages: Vec<PageVotes>,
    /// Most votes of `No` first.
    pub(crate) queries: Vec<QueryVotes>,
    /// Most clients first.
    pub(crate) queries_without_hits: Vec<QueryClients>,
}

/// The votes on a type of page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct PageVotes {
    pub(crate) page: PageType,
    #[serde(flatten)]
    pub(crate) votes: VoteCounts,
}

/// The votes on the results of a query; each is of another client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct QueryVotes {
    pub(crate) query: String,
    #[serde(flatten)]
    pub(crate) votes: VoteCounts,
}

/// The number of clients that sent a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct QueryClients {
    pub(crate) query: String,
    pub(crate) clients: u64,
}

/// The reports of today and of the day before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FeedbackReports {
    pub(crate) today: FeedbackReport,
    pub(crate) yesterday: Option<FeedbackReport>,
}

/// The feedback of all readers.
#[derive(Debug)]
pub(crate) struct Feedback {
    days: Mutex<Days>,
}

#[derive(Debug)]
struct Days {
    today: FeedbackDay,
    yesterday: Option<FeedbackReport>,
}

impl Feedback {
    /// Begins to count.
    pub(crate) fn new(now: Timestamp) -> Self {
        let today = FeedbackDay::new(home_day(now), now);
        Self { days: Mutex::new(Days { today, yesterday: None }) }
    }

    /// The feedback of one client; nothing is counted for a client without an address.
    pub(crate) fn of_client(&self, address: Option<IpAddr>, now: Timestamp) -> ClientFeedback<'_> {
        drop(self.days_at(now));
        ClientFeedback { feedback: self, address, now }
    }

    /// What editors may see.
    pub(crate) fn reports(&self, now: Timestamp) -> FeedbackReports {
        let days = self.days_at(now);
        FeedbackReports { today: days.today.report(), yesterday: days.yesterday.clone() }
    }

    /// The days at a time. When a day ends, only its report remains, until the next day ends.
    fn days_at(&self, now: Timestamp) -> MutexGuard<'_, Days> {
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        let date = home_day(now);
        if days.today.date != date {
            let midnight = date.in_tz(HOME_ZONE).map_or(now, |midnight| midnight.timestamp());
            let ended = mem::replace(&mut days.today, FeedbackDay::new(date, midnight));
            let is_yesterday = ended.date.tomorrow().is_ok_and(|next| next == date);
            days.yesterday = is_yesterday.then(|| ended.report());
        }
        days
    }
}

/// The feedback of the client of a request.
#[derive(Clone, Copy)]
pub(crate) struct ClientFeedback<'a> {
    feedback: &'a Feedback,
    address: Option<IpAddr>,
    now: Timestamp,
}

impl ClientFeedback<'_> {
    /// Counts a vote, once per client and page; for a search, once per client and query.
    pub(crate) fn record_vote(self, page: &VotedPage, vote: Vote) {
        let Some(address) = self.address else { return };
        self.feedback.days_at(self.now).today.count_vote(address, page, vote);
    }

    /// Counts a search without hits, once per client and query.
    pub(crate) fn record_empty_search(self, words: &str) {
        let Some(address) = self.address else { return };
        self.feedback.days_at(self.now).today.count_empty_search(address, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(words: &str) -> VotedPage {
        let (words, path) = (Some(words.to_owned()), format!("?q={words}"));
        VotedPage { page_type: PageType::Search, words, path }
    }

    fn vote_of_five(feedback: &Feedback, now: &str) {
        for client in 1..=5 {
            let address = Some(IpAddr::from([192, 0, 2, client]));
            let client = feedback.of_client(address, now.parse().unwrap());
            client.record_vote(&search("brief"), Vote::No);
            client.record_empty_search("brieff");
        }
    }

    #[test]
    fn only_the_report_of_a_day_must_remain_until_the_next_day_ends() {
        let feedback = Feedback::new("2026-03-02T09:00:00+01:00".parse().unwrap());
        let reports = |now: &str| feedback.reports(now.parse().unwrap());
        vote_of_five(&feedback, "2026-03-02T10:00:00+01:00");
        let four = feedback.of_client(
            Some(IpAddr::from([192, 0, 2, 9])),
            "2026-03-02T10:00:00+01:00".parse().unwrap(),
        );
        four.record_vote(&search("geheim"), Vote::Yes);
        let evening = reports("2026-03-02T23:59:59+01:00");
        assert_eq!(evening.today.since, "2026-03-02T08:00:00Z".parse().unwrap());
        assert_eq!(evening.today.queries.len(), 1);
        assert_eq!(evening.yesterday, None);

        let next = reports("2026-03-03T00:00:00+01:00");
        assert_eq!(next.yesterday, Some(evening.today));
        assert_eq!(next.today.since, "2026-03-02T23:00:00Z".parse().unwrap());
        assert_eq!(next.today.queries_without_hits, []);
        // A client of the day before is a new one, and counts again.
        vote_of_five(&feedback, "2026-03-03T10:00:00+01:00");
        assert_eq!(reports("2026-03-03T11:00:00+01:00").today.queries[0].votes.no, 5);
        // Two days later, nothing is left.
        let later = reports("2026-03-05T00:00:00+01:00");
        assert_eq!((later.yesterday, later.today.queries.len()), (None, 0));
    }

    #[test]
    fn clients_of_two_days_must_not_add_up() {
        let feedback = Feedback::new("2026-03-02T09:00:00+01:00".parse().unwrap());
        for (client, now) in [
            (1, "2026-03-02T10:00:00+01:00"),
            (2, "2026-03-02T10:00:00+01:00"),
            (3, "2026-03-02T23:59:59+01:00"),
            (4, "2026-03-03T00:00:00+01:00"),
            (5, "2026-03-03T00:00:01+01:00"),
        ] {
            let address = Some(IpAddr::from([192, 0, 2, client]));
            let client = feedback.of_client(address, now.parse().unwrap());
            client.record_vote(&search("brief"), Vote::No);
        }
        let reports = feedback.reports("2026-03-03T12:00:00+01:00".parse().unwrap());
        assert_eq!(reports.today.queries, []);
        assert_eq!(reports.yesterday.map(|report| report.queries), Some(Vec::new()));
    }

    #[test]
    fn a_client_without_an_address_must_not_count() {
        let now = "2026-03-02T09:00:00+01:00".parse().unwrap();
        let feedback = Feedback::new(now);
        feedback.of_client(None, now).record_vote(&search("brief"), Vote::Yes);
        feedback.of_client(None, now).record_empty_search("brieff");
        let votes = feedback.reports(now).today.pages.into_iter().map(|page| page.votes.total());
        assert_eq!(votes.sum::<u64>(), 0);
    }
}
