//! Names for things: node ids, source names and generation numbers.
//!
//! Invariant: an id holds no name. It is a hash of the source and the key under which a thing was
//! first seen, so a lost identity table gives the same ids again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What an id points at. The order is part of the id's bits: append, never reorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NodeKind {
    /// An [`Article`](crate::Article).
    Article,
    /// A [`Toolkit`](crate::Toolkit).
    Toolkit,
    /// A [`Community`](crate::Community).
    Community,
    /// An [`Event`](crate::Event).
    Event,
    /// A [`Theme`](crate::Theme).
    Theme,
    /// An [`Organisation`](crate::Organisation).
    Organisation,
    /// A [`Person`](crate::Person).
    Person,
    /// An [`Audience`](crate::Audience).
    Audience,
}

impl NodeKind {
    /// Every kind, in the order of its code.
    pub const ALL: [Self; 8] = [
        Self::Article,
        Self::Toolkit,
        Self::Community,
        Self::Event,
        Self::Theme,
        Self::Organisation,
        Self::Person,
        Self::Audience,
    ];

    /// The one letter that opens an id's text.
    pub const fn letter(self) -> char {
        match self {
            Self::Article => 'a',
            Self::Toolkit => 't',
            Self::Community => 'c',
            Self::Event => 'e',
            Self::Theme => 'h',
            Self::Organisation => 'o',
            Self::Person => 'p',
            Self::Audience => 'd',
        }
    }

    /// The word used in configuration, addresses and logs, such as `article`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Toolkit => "toolkit",
            Self::Community => "community",
            Self::Event => "event",
            Self::Theme => "theme",
            Self::Organisation => "organisation",
            Self::Person => "person",
            Self::Audience => "audience",
        }
    }

    /// Whether a search finds this kind itself (the others are what content is about).
    pub const fn is_content(self) -> bool {
        matches!(self, Self::Article | Self::Toolkit | Self::Community | Self::Event)
    }
}

/// The opaque, stable id of one thing: 4 bits of kind and 60 bits of hash.
///
/// ```
/// use schema::{NodeId, NodeKind};
/// let id = NodeId::new(NodeKind::Event, 42);
/// assert_eq!(id.to_string().parse(), Ok(id));
/// assert_eq!(id.kind(), NodeKind::Event);
/// ```
/// Invariant: the kind bits are those of a [`NodeKind`], also where an id is deserialised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct NodeId(u64);

/// Letters and digits that cannot be mistaken for one another (no i, l, o, u).
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const HASH_BITS: u32 = 60;
const HASH_MASK: u64 = (1 << HASH_BITS) - 1;
const HASH_DIGITS: u32 = HASH_BITS / 5;

impl NodeId {
    /// An id of `kind` from the low 60 bits of `hash`.
    pub const fn new(kind: NodeKind, hash: u64) -> Self {
        Self(((kind as u64) << HASH_BITS) | (hash & HASH_MASK))
    }

    /// The id behind a number made by [`NodeId::to_bits`].
    ///
    /// # Errors
    /// [`IdError::Kind`] where the kind bits mean nothing to this program.
    pub fn from_bits(bits: u64) -> Result<Self, IdError> {
        let kind = usize::try_from(bits >> HASH_BITS).unwrap_or(usize::MAX);
        if kind < NodeKind::ALL.len() { Ok(Self(bits)) } else { Err(IdError::Kind) }
    }

    /// The id as one number, ordered by kind and then by hash.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// What this id points at.
    pub fn kind(self) -> NodeKind {
        NodeKind::ALL[usize::try_from(self.0 >> HASH_BITS).expect("four bits fit in a usize")]
    }
}

impl TryFrom<u64> for NodeId {
    type Error = IdError;
    fn try_from(bits: u64) -> Result<Self, IdError> {
        Self::from_bits(bits)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(13);
        text.push(self.kind().letter());
        for position in (0..HASH_DIGITS).rev() {
            let digit = (self.0 >> (position * 5)) & 31;
            text.push(char::from(
                DIGITS[usize::try_from(digit).expect("five bits fit in a usize")],
            ));
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut letters = text.chars();
        let first = letters.next().ok_or(IdError::Length)?;
        let kind = NodeKind::ALL.into_iter().find(|k| k.letter() == first).ok_or(IdError::Kind)?;
        let rest = letters.as_str().as_bytes();
        if rest.len() != HASH_DIGITS as usize {
            return Err(IdError::Length);
        }
        let mut hash = 0;
        for byte in rest {
            let digit = DIGITS.iter().position(|d| d == byte).ok_or(IdError::Letter)?;
            hash = (hash << 5) | digit as u64;
        }
        Ok(Self::new(kind, hash))
    }
}

/// Why a text is not an id or a source name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The first letter is not one of the kinds.
    #[error("invalid id: must begin with one of the letters a, t, c, e, h, o, p, d")]
    Kind,
    /// Too short or too long.
    #[error("invalid id: must have 13 characters")]
    Length,
    /// A character outside the alphabet.
    #[error("invalid id: must consist of lower-case letters (without i, l, o and u) and digits")]
    Letter,
    /// A source name with other characters than allowed.
    #[error("invalid source name, use 1 to 64 lower-case letters, digits and hyphens: `{0}`")]
    SourceName(String),
}

/// The name that a source has in the configuration, such as `blog`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceName(String);

impl SourceName {
    /// A checked source name.
    ///
    /// # Errors
    /// [`IdError::SourceName`] unless it is 1 to 64 of `a-z`, `0-9` and `-`.
    pub fn new(name: &str) -> Result<Self, IdError> {
        let is_valid = (1..=64).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if is_valid { Ok(Self(name.to_owned())) } else { Err(IdError::SourceName(name.to_owned())) }
    }

    /// The reserved name of the source that is the indexer itself: things known only by name.
    pub fn inferred() -> Self {
        Self("~inferred".to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceName {
    type Error = IdError;
    fn try_from(name: String) -> Result<Self, IdError> {
        if name == "~inferred" { Ok(Self::inferred()) } else { Self::new(&name) }
    }
}

impl From<SourceName> for String {
    fn from(name: SourceName) -> Self {
        name.0
    }
}

/// The number of a generation. Numbers only rise; the folder is six digits or more.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct GenerationNumber(pub u64);

impl GenerationNumber {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for GenerationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl FromStr for GenerationNumber {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::{IntoDeserializer, value::Error};

    use super::*;

    #[test]
    fn an_id_with_unknown_kind_bits_must_not_be_deserialised() {
        let deserialise = |bits: u64| {
            let deserializer: serde::de::value::U64Deserializer<Error> = bits.into_deserializer();
            NodeId::deserialize(deserializer)
        };
        let id = NodeId::new(NodeKind::Audience, 7);
        assert_eq!(deserialise(id.to_bits()), Ok(id));
        let error = deserialise(id.to_bits() | 1 << 63).unwrap_err().to_string();
        assert_eq!(error, IdError::Kind.to_string());
    }
}
