//! Health of the sources that are synchronised: what their last runs found, and when the next ones
//! start. Stored in `sources.json` in the data folder, so that a server shows the runs of another
//! process as well.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use jiff::Timestamp;
use regex::Regex;
use schema::SourceName;
use serde::{Deserialize, Serialize};

use crate::{
    generation::write_atomically,
    regular_file,
    sync::{Completeness, SourceRun},
};

/// File of the health, in the data folder.
const HEALTH_FILE: &str = "sources.json";
/// Maximum length of that file in bytes.
const HEALTH_BYTES_MAX: u64 = 1 << 20;

/// Health of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceHealth {
    /// The last run; none before the first.
    pub last_run: Option<SourceRun>,
    /// The start of the last complete run, in seconds since 1970.
    pub completed_at: Option<i64>,
    /// The start of the next run, in seconds since 1970; none if nothing is scheduled.
    pub next_run_at: Option<i64>,
    /// Why what was fetched last is not published, with the remedy.
    pub publication_error: Option<String>,
}

/// Health by source.
pub type HealthBySource = BTreeMap<SourceName, SourceHealth>;

/// State of a source, from its health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthState {
    /// The last run was complete, and its result is published.
    Healthy,
    /// The last run was partial: what it could not read remains as it was.
    Partial,
    /// The last run failed, or its result cannot be published: the content remains as it was.
    Failed,
}

impl SourceHealth {
    /// Records a run.
    pub fn record(&mut self, run: &SourceRun) {
        if run.completeness == Completeness::Complete {
            self.completed_at = Some(run.at);
        }
        let notes = run.notes.iter().map(|note| shareable(note)).collect();
        self.last_run = Some(SourceRun { notes, ..run.clone() });
    }

    /// The state; none before the first run.
    pub fn state(&self) -> Option<HealthState> {
        let run = self.last_run.as_ref()?;
        Some(match run.completeness {
            _ if self.publication_error.is_some() => HealthState::Failed,
            Completeness::Complete => HealthState::Healthy,
            Completeness::Partial => HealthState::Partial,
            Completeness::Failed => HealthState::Failed,
        })
    }

    /// The one sentence that an operator needs: the error with its remedy. None for a healthy source.
    pub fn error(&self) -> Option<&str> {
        if let Some(error) = &self.publication_error {
            return Some(error);
        }
        let run = self.last_run.as_ref()?;
        let note = (run.completeness != Completeness::Complete).then(|| run.notes.first())?;
        note.map(String::as_str)
    }
}

/// An error as anybody may read it: an address can contain a secret, and a path tells about the
/// machine, so only the host and the name of a file remain. The log has the whole.
pub(crate) fn shareable(error: &str) -> String {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s`/@]*@)?([^\s`/?#]+)[^\s`]*")
            .expect("constant regex is valid, covered by tests")
    });
    static PATH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"`/(?:[^`/]*/)*([^`/]*)`").expect("constant regex is valid, covered by tests")
    });
    let error = ADDRESS.replace_all(error, "$1$2/");
    PATH.replace_all(&error, "`$1`").into_owned()
}

/// Converts seconds since 1970.
pub fn time_of(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

/// The file of the health.
pub(crate) fn path(data: &Path) -> PathBuf {
    data.join(HEALTH_FILE)
}

/// Reads the health of all sources; empty if nothing was synchronised yet, or if the file is damaged,
/// since the next run writes it again.
pub fn read(data: &Path) -> HealthBySource {
    let bytes = regular_file::read(&path(data), HEALTH_BYTES_MAX).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Writes the health of all sources.
///
/// # Errors
/// The error of the file system.
pub fn write(data: &Path, health: &HealthBySource) -> io::Result<()> {
    std::fs::create_dir_all(data)?;
    let bytes = serde_json::to_vec(health).map_err(io::Error::other)?;
    write_atomically(&path(data), &bytes).map_err(io::Error::other)
}

/// Records runs, such as those of one command.
///
/// # Errors
/// The error of the file system.
pub fn record(data: &Path, runs: &[(SourceName, SourceRun)]) -> io::Result<()> {
    let mut health = read(data);
    for (name, run) in runs {
        health.entry(name.clone()).or_default().record(run);
    }
    write(data, &health)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(completeness: Completeness, at: i64, notes: &[&str]) -> SourceRun {
        SourceRun {
            completeness,
            at,
            duration_ms: 1,
            present: 2,
            changed: 1,
            removed: 0,
            missing: 0,
            confirms_absences: false,
            requests: 3,
            bytes: 4,
            notes: notes.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_failure_must_not_hide_the_last_complete_run() {
        let mut health = SourceHealth::default();
        assert_eq!((health.state(), health.error()), (None, None));
        health.record(&run(Completeness::Complete, 10, &["type without pages: `a`"]));
        assert_eq!((health.state(), health.error()), (Some(HealthState::Healthy), None));
        health.record(&run(Completeness::Failed, 20, &["host not found"]));
        assert_eq!(health.state(), Some(HealthState::Failed));
        assert_eq!((health.error(), health.completed_at), (Some("host not found"), Some(10)));
        health.record(&run(Completeness::Partial, 30, &["page 3 failed"]));
        assert_eq!(health.state(), Some(HealthState::Partial));
        health.record(&run(Completeness::Complete, 40, &[]));
        health.publication_error = Some("too many removals".to_owned());
        assert_eq!(health.state(), Some(HealthState::Failed));
        assert_eq!((health.error(), health.completed_at), (Some("too many removals"), Some(40)));
    }

    #[test]
    fn an_error_must_be_stored_without_secrets() {
        for (error, expected) in [
            (
                "cannot connect; check that the host is up and that no firewall blocks it: `https://a:b@agenda.example:8443/private-0123/basic.ics?key=x`",
                "cannot connect; check that the host is up and that no firewall blocks it: `https://agenda.example:8443/`",
            ),
            (
                "at https://www.example.nl/feed/, status 500",
                "at https://www.example.nl/ status 500",
            ),
            (
                "cannot read credentials from file `/etc/secrets/site`",
                "cannot read credentials from file `site`",
            ),
            ("check `types` of the source: `post/12`", "check `types` of the source: `post/12`"),
        ] {
            let mut health = SourceHealth::default();
            health.record(&run(Completeness::Failed, 1, &[error]));
            assert_eq!(health.error(), Some(expected));
        }
    }

    #[test]
    fn a_damaged_file_must_be_replaced_by_the_next_run() {
        let data = tempfile::tempdir().unwrap();
        assert!(read(data.path()).is_empty());
        std::fs::write(data.path().join(HEALTH_FILE), "{\"a\":").unwrap();
        assert!(read(data.path()).is_empty());
        let name = SourceName::new("site").unwrap();
        record(data.path(), &[(name.clone(), run(Completeness::Complete, 1, &[]))]).unwrap();
        assert_eq!(read(data.path())[&name].completed_at, Some(1));
    }
}
