//! Reports of the administrative commands, as text and as JSON.

use std::fmt;

use jiff::Timestamp;
use schema::{GenerationNumber, SourceName};
use serde::{Deserialize, Serialize};

use super::forgetting::RecordsFound;
use crate::{
    generation::{RecordCounts, SourceState},
    ingest::Rejection,
    suppression::SuppressedName,
};

/// State of a data folder.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The current generation.
    pub current: Option<GenerationNumber>,
    /// Build time of the current generation.
    pub built_at: Option<Timestamp>,
    /// The generations on disk, oldest first.
    pub retained: Vec<GenerationNumber>,
    /// Generation at whose content publishing is on hold.
    pub held_at: Option<GenerationNumber>,
    /// Number of records of each kind.
    pub counts: Option<RecordCounts>,
    /// The state of each source.
    pub sources: Vec<SourceState>,
    /// The entries of the suppression list.
    pub forgotten: Vec<SuppressedName>,
    /// Damage of the current generation, or of the suppression list.
    pub damage: Option<String>,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(current) = self.current else {
            let nothing = "no generation yet; build one with `wegwijzer index`";
            return writeln!(f, "{}", self.damage.as_deref().unwrap_or(nothing));
        };
        write!(f, "generation {current}")?;
        if let Some(built_at) = self.built_at {
            write!(f, ", built {built_at}")?;
        }
        writeln!(f)?;
        if let Some(damage) = &self.damage {
            writeln!(f, "{damage}")?;
        }
        if let Some(held_at) = self.held_at {
            writeln!(
                f,
                "publishing is on hold with the content of generation {held_at}; run `wegwijzer resume` to lift the hold"
            )?;
        }
        if let Some(c) = &self.counts {
            writeln!(
                f,
                "{} articles, {} toolkits, {} communities, {} events; {} themes, {} organisations, {} people, {} audiences",
                c.articles,
                c.toolkits,
                c.communities,
                c.events,
                c.themes,
                c.organisations,
                c.people,
                c.audiences
            )?;
        }
        for source in &self.sources {
            writeln!(
                f,
                "source `{}`: {} records, {} rejected, read {}",
                source.name, source.records, source.rejected, source.read_at
            )?;
        }
        for name in &self.forgotten {
            write!(f, "forgotten since {}: {}: {}", name.at, name.digest, RecordsFound(name))?;
        }
        let retained: Vec<_> = self.retained.iter().map(ToString::to_string).collect();
        writeln!(f, "retained generations: {}", retained.join(", "))
    }
}

/// The last run of `wegwijzer index`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LastRun {
    /// When it began.
    pub at: Timestamp,
    /// What it reported.
    pub last_run: RunReport,
}

/// What a run reported of rejections.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunReport {
    /// The sources that were read.
    pub sources: Vec<RunSource>,
    /// The first rejections of each source.
    pub rejections: Vec<Rejection>,
}

/// Number of rejections of a source.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunSource {
    /// Name of the source.
    pub name: SourceName,
    /// Number of rejections, also of those that are not listed.
    pub rejected: u64,
}

impl fmt::Display for LastRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for source in &self.last_run.sources {
            writeln!(
                f,
                "source `{}`: {} rejected, read {}",
                source.name, source.rejected, self.at
            )?;
        }
        for Rejection { source, location, reason, .. } in &self.last_run.rejections {
            writeln!(f, "rejected: {source}, {location}: {reason}")?;
        }
        Ok(())
    }
}

/// Result of comparing all generations with their manifests.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The current generation.
    pub current: Option<GenerationNumber>,
    /// Intact generations.
    pub intact: Vec<GenerationNumber>,
    /// One message per damaged generation.
    pub integrity_errors: Vec<String>,
}

impl Verification {
    /// Whether no generation is damaged.
    pub fn is_intact(&self) -> bool {
        self.integrity_errors.is_empty()
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for number in &self.intact {
            let note = if self.current == Some(*number) { " (current)" } else { "" };
            writeln!(f, "generation {number}{note}: intact")?;
        }
        for damage in &self.integrity_errors {
            writeln!(f, "{damage}")?;
        }
        Ok(())
    }
}

/// Result of `wegwijzer resume`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ResumeReport {
    /// Whether publishing was on hold.
    pub was_held: bool,
}

impl fmt::Display for ResumeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.was_held {
            writeln!(f, "resumed; the next `wegwijzer index` publishes again")
        } else {
            writeln!(f, "publishing was not on hold")
        }
    }
}

/// Result of a garbage collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GcReport {
    /// Removed generations.
    pub removed: Vec<GenerationNumber>,
    /// The compacted generation, if compaction was necessary.
    pub compacted: Option<GenerationNumber>,
}

impl fmt::Display for GcReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let removed: Vec<_> = self.removed.iter().map(ToString::to_string).collect();
        if removed.is_empty() {
            writeln!(f, "no generations to remove")?;
        } else {
            writeln!(f, "removed: {}", removed.join(", "))?;
        }
        match self.compacted {
            Some(number) => writeln!(f, "index compacted in generation {number}"),
            None => writeln!(f, "index is already compact"),
        }
    }
}
