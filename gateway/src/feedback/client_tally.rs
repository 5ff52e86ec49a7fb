//! Counts clients once, within limits.
//!
//! What exceeds a limit is not counted, and nothing that was counted makes room for it: so one client
//! takes at most [`SUBJECTS_PER_CLIENT_MAX`] of what there is for all, and cannot displace others.

use std::collections::{HashMap, HashSet};

/// Maximum number of clients per day.
pub(super) const CLIENTS_MAX: usize = 10_000;
/// Maximum number of subjects, such as queries, for which one client counts per day.
pub(super) const SUBJECTS_PER_CLIENT_MAX: usize = 50;
/// Maximum number of pairs of a client and a subject per day.
pub(super) const PAIRS_MAX: usize = 50_000;

/// The start of a hash with the key of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeyedHash(pub(super) u64);

/// Which clients count for which subjects. The tables have their final size, so that counting never
/// moves them.
#[derive(Debug)]
pub(super) struct ClientTally {
    /// The number of subjects of each client.
    clients: HashMap<KeyedHash, usize>,
    pairs: HashSet<KeyedHash>,
}

impl ClientTally {
    pub(super) fn new() -> Self {
        let clients = HashMap::with_capacity(CLIENTS_MAX);
        Self { clients, pairs: HashSet::with_capacity(PAIRS_MAX) }
    }

    /// Whether a client now counts for a subject, and did not before.
    pub(super) fn admit(&mut self, client: KeyedHash, pair: KeyedHash) -> bool {
        let subjects = self.clients.get(&client).copied();
        let is_full = match subjects {
            None => self.clients.len() >= CLIENTS_MAX,
            Some(subjects) => subjects >= SUBJECTS_PER_CLIENT_MAX,
        };
        if is_full || self.pairs.len() >= PAIRS_MAX || !self.pairs.insert(pair) {
            return false;
        }
        self.clients.insert(client, subjects.unwrap_or_default() + 1);
        true
    }

    /// Whether a client counted for a subject, and now does no more.
    pub(super) fn withdraw(&mut self, client: KeyedHash, pair: KeyedHash) -> bool {
        let is_removed = self.pairs.remove(&pair);
        if is_removed && let Some(subjects) = self.clients.get_mut(&client) {
            *subjects -= 1;
        }
        is_removed
    }

    /// Whether a client has counted for anything.
    pub(super) fn knows(&self, client: KeyedHash) -> bool {
        self.clients.contains_key(&client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client and a pair of its own.
    fn pair(client: u64, subject: u64) -> (KeyedHash, KeyedHash) {
        (KeyedHash(client), KeyedHash((client << 32) + subject))
    }

    #[test]
    fn a_client_must_count_once_and_within_its_share() {
        let mut tally = ClientTally::new();
        let mut admit = |client, subject| {
            let (client, pair) = pair(client, subject);
            tally.admit(client, pair)
        };
        assert!(admit(1, 0) && !admit(1, 0));
        let counted = (1..1_000).filter(|subject| admit(1, *subject)).count();
        assert_eq!(counted, SUBJECTS_PER_CLIENT_MAX - 1);
        assert!(admit(2, 0), "another client is not affected");
        let (client, first) = pair(1, 0);
        assert!(tally.withdraw(client, first) && !tally.withdraw(client, first));
        let (_, more) = pair(1, 1_000);
        assert!(tally.admit(client, more) && !tally.admit(client, first));
    }

    #[test]
    fn clients_beyond_the_limit_must_not_count_and_the_others_still_do() {
        let mut tally = ClientTally::new();
        for client in 0..CLIENTS_MAX as u64 {
            let (client, pair) = pair(client, 0);
            assert!(tally.admit(client, pair));
        }
        let (client, first) = pair(CLIENTS_MAX as u64, 0);
        assert!(!tally.admit(client, first) && !tally.knows(client));
        let (client, second) = pair(7, 1);
        assert!(tally.admit(client, second) && tally.knows(client));
    }

    #[test]
    fn pairs_beyond_the_limit_must_not_count() {
        let mut tally = ClientTally::new();
        let share = SUBJECTS_PER_CLIENT_MAX as u64;
        let clients = PAIRS_MAX as u64 / share;
        let capacity = (tally.clients.capacity(), tally.pairs.capacity());
        for (client, pair) in
            (0..clients).flat_map(|client| (0..share).map(move |subject| pair(client, subject)))
        {
            assert!(tally.admit(client, pair));
        }
        let (client, more) = pair(clients, 0);
        assert!(!tally.admit(client, more));
        assert_eq!((tally.clients.capacity(), tally.pairs.capacity()), capacity);
    }
}
