//! Colours, and the contrast between two of them.

use std::{fmt, str::FromStr};

/// A colour of sRGB, such as `#0d5480`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// Black.
    pub(super) const BLACK: Self = Self([0; 3]);
    /// White.
    pub(super) const WHITE: Self = Self([u8::MAX; 3]);

    /// The colour `0xrrggbb`.
    pub(super) const fn new(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self([red, green, blue])
    }

    /// The contrast ratio of two colours, from 1 to 21 (WCAG 2.2, *contrast ratio*).
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// From 0 for black to 1 for white (WCAG 2.2, *relative luminance*).
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// This colour with a percentage of another.
    pub(super) fn mixed(self, other: Self, percent: u16) -> Self {
        let mut mixed = self.0;
        for (one, other) in mixed.iter_mut().zip(other.0) {
            let sum = u16::from(*one) * (100 - percent) + u16::from(other) * percent;
            *one = u8::try_from(sum / 100).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }
}

impl FromStr for Colour {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(())?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(());
        }
        u32::from_str_radix(digits, 16).map(Self::new).map_err(|_| ())
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_must_have_six_hexadecimal_digits() {
        assert_eq!("#0D5480".parse::<Colour>().unwrap().to_string(), "#0d5480");
        for text in ["", "#fff", "0d5480", "#0d548g", "#0d54800", "red", "#+d5480", "#é5480", "#"]
        {
            assert!(text.parse::<Colour>().is_err(), "{text}");
        }
    }

    #[test]
    fn contrast_must_be_that_of_wcag() {
        let contrast = |one: &str, other: &str| {
            let ratio = one.parse::<Colour>().unwrap().contrast(other.parse().unwrap());
            format!("{ratio:.2}")
        };
        assert_eq!(contrast("#000000", "#ffffff"), "21.00");
        assert_eq!(contrast("#777777", "#ffffff"), "4.48");
        assert_eq!(contrast("#ffffff", "#767676"), "4.54");
        assert_eq!(contrast("#0d5480", "#0d5480"), "1.00");
    }

    #[test]
    fn a_mixed_colour_must_lie_between_both() {
        let grey = Colour::BLACK.mixed(Colour::WHITE, 50);
        assert_eq!(grey.to_string(), "#7f7f7f");
        assert_eq!(grey.mixed(Colour::WHITE, 100), Colour::WHITE);
        assert_eq!(grey.mixed(Colour::WHITE, 0), grey);
    }
}
