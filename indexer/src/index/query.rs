//! From query text to a scored tantivy query: lexer ► parser ► planner ► scorer.

pub(crate) mod filters;
pub(crate) mod index_term;
mod lexer;
pub(crate) mod matches;
pub(crate) mod parser;
pub(crate) mod planner;
pub(crate) mod proximity;
mod query_words;
pub(crate) mod recency;
pub(crate) mod scorer;
pub(crate) mod spelling;
pub(crate) mod terms;
pub(crate) mod unscored;
pub(crate) mod word_set;
