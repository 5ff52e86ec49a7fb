//! Acceptance tests: real sources, a real generation, the real program.
//!
//! In the order of the data flow:
//! - `architecture`: layers, import cycles, vocabulary and size of the source code
//! - `ingest`: sources in every format, the demo and a real site, to a generation
//! - `rejections`: invalid input and the errors reported for it
//! - `announcements`: entries of an archive that announce an article
//! - `cases`: small sources, after faults of comparable programs
//! - `calendar_sources`: calendars as sources, from files, from a real server and from a faulty one
//! - `content_dates`: dates with and without a time, from every format to every interface
//! - `search_reference`: search compared with a naive scan; facets; cursors
//! - `query_names`, `query_preferences`: names, phrases, numbers and questions; what a query prefers
//! - `query_syntax`: phrases, fields, prefixes, alternatives and exclusions in queries
//! - `highlights_and_explanations`: highlights, explanations, interpretations; limits of a query
//! - `relevance`: search quality on judged collections
//! - `matched_parts`: steps, methods, tips, sessions and other parts as hits
//! - `suggestions`: suggestions compared with a naive scan; related content
//! - `entity_mentions`: names of declared entities in texts, compared with marked texts
//! - `near_duplicates`: near-duplicates compared with a naive scan; passages shared between sources
//! - `time_steps`: when results change; counters of the catalog
//! - `incremental`: incremental builds compared with full builds
//! - `random_edits`: random edits, kills and rollbacks
//! - `crash`: a build killed at every step and at random moments
//! - `current_file`: any content of `CURRENT`, and symbolic links in the data folder
//! - `damage`: a flipped bit in every file; files damaged while they are served
//! - `generation_swap`: two hundred generations under constant load
//! - `graphql_snapshots`: complete GraphQL responses of the demo
//! - `batching`: number of reads per operation
//! - `as_subgraph`: our graph as a subgraph of another supergraph
//! - `composition`: composition of our graph with other subgraphs
//! - `federation`: the router with correct and faulty subgraphs
//! - `validation`: documents, variables and introspection, the same with and without subgraphs
//! - `example_subgraphs`: a supergraph of our graph and the example subgraphs
//! - `http`: `ETag`s, persisted and trusted documents, cross-origin requests
//! - `hostile_content`: queries and texts that could take quadratic time
//! - `limits`: every limit of a request; hostile clients
//! - `unread_responses`: clients that read no responses
//! - `metrics`: `/metrics`, parsed by other programs
//! - `monitoring`: alerts, runbooks, dashboard and `/status`, compared with the metrics
//! - `example_operations`: the example operations, as a frontend sends them
//! - `server`: the program under load and on errors; traces
//! - `shutdown`: SIGTERM at any moment of the start
//! - `upgrade`: restarts under load by a parent that holds the socket; data of other formats
//! - `pages`, `calendar`: HTML pages, feeds and robots
//! - `entity_lists`: overviews of themes and organisations, and cards of records
//! - `feedback`: whether readers found what they searched for
//! - `forgetting`: a person who vanishes from every interface, from builds and from files
//! - `white_label`: name, logo, colours, links, pictures and default language of a site
//! - `partners`: results in pages of partners, and their keys
//! - `performance`: instruction counts of the hot paths, compared with a baseline
//! - `program`: the command line
//! - `proxy`: the recipes for nginx and Caddy, in front of the program
//! - `wordpress`: a real WordPress site, with random edits and a faulty network
//! - `one_record`: one page in several sources, of which some cannot state its kind
//! - `partial_runs`: a website that never can be read completely
//! - `schedule`: sources that are read again while the program runs; hooks
//! - `documents`: verifiable statements of README and manuals

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed; its numbers are small"
)]

mod announcements;
mod architecture;
mod as_subgraph;
mod batching;
mod calendar;
mod calendar_sources;
mod cases;
mod composition;
mod configurator;
mod content_dates;
mod crash;
mod current_file;
mod damage;
mod documents;
mod entity_lists;
mod entity_mentions;
mod example_operations;
mod example_subgraphs;
mod extraction;
mod federation;
mod feedback;
mod feeds;
mod field_relevance;
mod forgetting;
mod generation_swap;
mod graphql_snapshots;
mod highlights_and_explanations;
mod hostile_content;
mod http;
mod incremental;
mod information;
mod ingest;
mod init;
mod limits;
mod match_classes;
mod matched_parts;
mod mcp;
mod metrics;
mod monitoring;
mod near_duplicates;
mod one_record;
mod page_host;
mod pages;
mod partial_runs;
mod partners;
mod performance;
mod pleio;
mod program;
mod proxy;
mod query_names;
mod query_preferences;
mod query_syntax;
mod random_edits;
mod rejections;
mod relevance;
mod rest;
mod schedule;
mod search_reference;
mod server;
mod shutdown;
mod suggestions;
mod support;
mod test_server;
mod time_steps;
mod unread_responses;
mod upgrade;
mod validation;
mod website;
mod white_label;
mod wordpress;
