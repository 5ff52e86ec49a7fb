//! The clock that the time of a request is read from.

use jiff::Timestamp;

/// Where `now` comes from.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    /// The machine.
    #[default]
    System,
    /// A fixed instant, so that a response can be repeated.
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
