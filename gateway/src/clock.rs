//! The clock that the time of a request is read from.

use jiff::Timestamp;

/// Where `now` comes from.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// The machine.
    #[default]
    System,
    /// An instant that never passes, so that an answer can be repeated.
    Fixed(Timestamp),
}

impl Clock {
    /// The present instant.
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(instant) => instant,
        }
    }
}
