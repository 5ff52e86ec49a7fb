//! What commands answer, for machines (`Serialize`) and for people (`Display`).

use std::fmt;

use jiff::Timestamp;
use schema::{GenerationNumber, SourceName};
use serde::Serialize;

use super::Rejection;
use crate::catalog::{Counts, SourceState};

/// What a build brought.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether something was published.
    pub outcome: Outcome,
    /// What reading each source brought.
    pub sources: Vec<SourceReport>,
    /// What could not be used, and why.
    pub rejections: Vec<Rejection>,
    /// Names of communities and events that are mentioned and not known.
    pub unresolved: Vec<Unresolved>,
    /// How many of each kind there are now.
    pub counts: Counts,
    /// Things new or different.
    pub upserted: u64,
    /// Things gone.
    pub removed: u64,
}

/// Whether something was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "generation")]
pub enum Outcome {
    /// A new generation is current.
    Published(GenerationNumber),
    /// Nothing changed; this one stays current.
    Unchanged(GenerationNumber),
    /// Nothing was to be published.
    DryRun,
}

/// What reading one source brought, in records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    /// Which source.
    pub name: SourceName,
    /// Never seen before.
    pub new: u64,
    /// Different from before.
    pub changed: u64,
    /// As before.
    pub unchanged: u64,
    /// No longer there.
    pub removed: u64,
    /// Not usable.
    pub rejected: u64,
    /// Not meant to be found: drafts and pages that only list others.
    pub skipped: u64,
}

impl SourceReport {
    pub(crate) fn new(name: SourceName) -> Self {
        Self { name, new: 0, changed: 0, unchanged: 0, removed: 0, rejected: 0, skipped: 0 }
    }

    /// Records that the source offered.
    pub fn seen(&self) -> u64 {
        self.new + self.changed + self.unchanged + self.rejected
    }

    /// Records that there were before.
    pub fn before(&self) -> u64 {
        self.changed + self.unchanged + self.removed
    }
}

/// A name that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unresolved {
    /// What kind of thing it should lead to, such as `community`.
    pub kind: &'static str,
    /// The name, folded.
    pub name: String,
    /// How many records mention it.
    pub mentions: u64,
}

/// What there is in a data folder.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The current generation.
    pub current: Option<GenerationNumber>,
    /// When it was built.
    pub built_at: Option<Timestamp>,
    /// The generations on disk, oldest first.
    pub kept: Vec<GenerationNumber>,
    /// The generation whose content publishing is held at.
    pub held_at: Option<GenerationNumber>,
    /// How many of each kind.
    pub counts: Option<Counts>,
    /// The state of each source.
    pub sources: Vec<SourceState>,
    /// What is wrong with the current generation.
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
                "publishing is held at the content of generation {held_at}; `wegwijzer release` lifts it"
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
        let kept: Vec<_> = self.kept.iter().map(ToString::to_string).collect();
        writeln!(f, "kept: {}", kept.join(", "))
    }
}

/// Whether every generation is what it was when it was built.
#[derive(Debug, Clone, Serialize)]
pub struct Verification {
    /// The current generation.
    pub current: Option<GenerationNumber>,
    /// Generations that are sound.
    pub sound: Vec<GenerationNumber>,
    /// What is wrong, a sentence a generation.
    pub damages: Vec<String>,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty()
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for number in &self.sound {
            let note = if self.current == Some(*number) { " (current)" } else { "" };
            writeln!(f, "generation {number}{note}: sound")?;
        }
        for damage in &self.damages {
            writeln!(f, "{damage}")?;
        }
        Ok(())
    }
}

/// Whether a hold was lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Released {
    /// Whether there was one.
    pub was_held: bool,
}

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.was_held {
            writeln!(f, "released; the next `wegwijzer index` publishes again")
        } else {
            writeln!(f, "publishing was not held")
        }
    }
}

/// What was cleared away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Generations removed.
    pub removed: Vec<GenerationNumber>,
    /// The generation in which the index was made compact, where that was worth it.
    pub compacted: Option<GenerationNumber>,
}

impl fmt::Display for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let removed: Vec<_> = self.removed.iter().map(ToString::to_string).collect();
        if removed.is_empty() {
            writeln!(f, "no generation to remove")?;
        } else {
            writeln!(f, "removed: {}", removed.join(", "))?;
        }
        match self.compacted {
            Some(number) => writeln!(f, "the index was made compact in generation {number}"),
            None => writeln!(f, "the index is compact"),
        }
    }
}
