//! From query text to scored documents: lexer ► parser ► planner ► scan.

pub(crate) mod filters;
pub(crate) mod index_term;
mod lexer;
pub(crate) mod matches;
pub(crate) mod parser;
pub(crate) mod planner;
mod postings;
pub(crate) mod proximity;
mod query_words;
pub(crate) mod recency;
pub(crate) mod scan;
mod score_bounds;
pub(crate) mod scorer;
pub(crate) mod spelling;
pub(crate) mod terms;
pub(crate) mod unscored;
pub(crate) mod window;
pub(crate) mod word_set;
