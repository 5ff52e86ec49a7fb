//! GraphQL output types, one file each: newtypes over the records of `schema`.

pub(crate) mod article;
pub(crate) mod audience;
pub(crate) mod catalog;
pub(crate) mod change;
pub(crate) mod community;
pub(crate) mod content;
pub(crate) mod entity;
pub(crate) mod event;
pub(crate) mod hit;
pub(crate) mod mention;
pub(crate) mod moment;
pub(crate) mod node;
pub(crate) mod organisation;
pub(crate) mod person;
pub(crate) mod scalar;
pub(crate) mod search;
pub(crate) mod source;
pub(crate) mod suggestion;
pub(crate) mod theme;
pub(crate) mod toolkit;
pub(crate) mod value_objects;
