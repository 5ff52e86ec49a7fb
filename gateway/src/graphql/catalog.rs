//! `Catalog`: what the knowledge base holds and where it came from.

use std::sync::Arc;

use async_graphql::Object;
use indexer::catalog::{Counts, Snapshot, SourceState};

use super::scalar::DateTime;

/// The generation that answers.
pub(super) struct Catalog(pub(super) Arc<Snapshot>);

/// What the knowledge base holds at this moment, and where it came from.
#[Object]
impl Catalog {
    /// Number of the generation that answers; numbers only rise.
    async fn generation(&self) -> u64 {
        self.0.generation().0
    }

    /// When it was built.
    async fn built_at(&self) -> DateTime {
        DateTime(self.0.built_at())
    }

    /// How much there is of each kind.
    async fn counts(&self) -> CatalogCounts<'_> {
        CatalogCounts(self.0.counts())
    }

    /// The sources that it was built from.
    async fn sources(&self) -> Vec<Source<'_>> {
        self.0.sources().iter().map(Source).collect()
    }

    /// Name and version of the program that answers, such as `wegwijzer 0.1.0`.
    async fn program(&self) -> &str {
        crate::PROGRAM
    }
}

/// Borrows the counts.
struct CatalogCounts<'a>(&'a Counts);

/// How much there is of each kind.
#[Object]
impl CatalogCounts<'_> {
    /// Number of articles.
    async fn articles(&self) -> u64 {
        self.0.articles
    }

    /// Number of toolkits.
    async fn toolkits(&self) -> u64 {
        self.0.toolkits
    }

    /// Number of communities.
    async fn communities(&self) -> u64 {
        self.0.communities
    }

    /// Number of events; a series is one.
    async fn events(&self) -> u64 {
        self.0.events
    }

    /// Number of themes.
    async fn themes(&self) -> u64 {
        self.0.themes
    }

    /// Number of organisations.
    async fn organisations(&self) -> u64 {
        self.0.organisations
    }

    /// Number of people.
    async fn people(&self) -> u64 {
        self.0.people
    }

    /// Number of audiences.
    async fn audiences(&self) -> u64 {
        self.0.audiences
    }
}

/// Borrows the state of a source.
struct Source<'a>(&'a SourceState);

/// A source of the knowledge base.
#[Object]
impl Source<'_> {
    /// Its name in the configuration, such as `blog`.
    async fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// How many of its records the generation holds.
    async fn records(&self) -> u64 {
        self.0.records
    }

    /// How many of its records could not be read.
    async fn rejected(&self) -> u64 {
        self.0.rejected
    }

    /// When it was read last.
    async fn read_at(&self) -> DateTime {
        DateTime(self.0.read_at)
    }
}
