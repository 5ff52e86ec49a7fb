//! A source with its state, for complete runs over a [`super::fake_site::FakeSite`].

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use jiff::Timestamp;
use schema::SourceName;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    Completeness, NetworkSource, Protocol, Scope, SourceRun, SyncConfig, Synchroniser,
    state::SyncState, state_path,
};
use crate::progress::NoProgress;

pub(in crate::sync) struct TestSource {
    pub(in crate::sync) folder: TempDir,
    pub(in crate::sync) source: NetworkSource,
    pub(in crate::sync) ca_file: Option<PathBuf>,
    /// Our clock.
    pub(in crate::sync) now: Timestamp,
}

impl TestSource {
    pub(in crate::sync) fn with_protocol(address: &str, protocol: Protocol) -> Self {
        let source = NetworkSource {
            name: SourceName::new("site").unwrap(),
            address: address.parse().unwrap(),
            protocol,
            allow_private_addresses: true,
            credentials: None,
            digest: 1,
        };
        Self { folder: TempDir::new().unwrap(), source, ca_file: None, now: Timestamp::now() }
    }

    pub(in crate::sync) async fn run(&self) -> SourceRun {
        self.run_of(&Scope::All).await
    }

    pub(in crate::sync) async fn run_of(&self, scope: &Scope) -> SourceRun {
        let config = SyncConfig {
            data: self.folder.path().to_owned(),
            contact: "test@example.nl".to_owned(),
            ca_file: self.ca_file.clone(),
            request_interval: Duration::ZERO,
            retries_max: 0,
        };
        let synchroniser = Synchroniser::new(&config).unwrap();
        synchroniser.run(&self.source, scope, self.now, &NoProgress).await.unwrap()
    }

    /// The keys that are stored.
    pub(in crate::sync) fn keys(&self) -> BTreeSet<String> {
        let entries = self.state().entries(&self.source.name).unwrap();
        entries.into_iter().map(|(key, _)| key).collect()
    }

    /// The JSON that is stored under a key.
    pub(in crate::sync) fn body(&self, key: &str) -> Value {
        let body = self.state().body(&self.source.name, key).unwrap().unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    pub(in crate::sync) fn state(&self) -> SyncState {
        SyncState::open(&state_path(self.folder.path())).unwrap()
    }
}

/// The outcome of a run, and its counts of resources present, changed and removed.
pub(in crate::sync) fn outcome(run: &SourceRun) -> (Completeness, [u64; 3]) {
    (run.completeness, [run.present, run.changed, run.removed])
}
