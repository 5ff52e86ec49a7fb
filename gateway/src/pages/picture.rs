//! The picture of a record, from a host that the operator allows.

use schema::{Image, Record};
use url::Url;

use super::Site;
use crate::truncation::truncate_at_word;

/// Maximum length of an alternative text in characters.
const ALT_CHARACTERS_MAX: usize = 250;
/// Maximum width and height in pixels that are believed.
const PIXELS_MAX: u32 = 20_000;
/// Maximum ratio of the sides that is believed.
const RATIO_MAX: u32 = 8;

/// A picture at another site.
pub(super) struct Picture {
    pub(super) src: String,
    pub(super) alt: String,
    /// Width and height in pixels, which reserve its space; unknown if the source states none that
    /// are plausible.
    pub(super) size: Option<(u32, u32)>,
}

impl Picture {
    /// The picture of a record; `None` unless it is at an allowed host, by `https`.
    pub(super) fn of(site: &Site, record: &Record) -> Option<Self> {
        let image = record.common()?.image.as_ref().filter(|image| is_allowed(site, &image.url))?;
        Some(Self {
            src: image.url.to_string(),
            alt: truncate_at_word(image.alt.as_deref().unwrap_or_default(), ALT_CHARACTERS_MAX),
            size: plausible_size(image),
        })
    }
}

/// Whether the content security policy of a page lets a browser load a picture.
fn is_allowed(site: &Site, url: &Url) -> bool {
    let host = url.domain().unwrap_or_default();
    url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && site.config.image_hosts.iter().any(|allowed| allowed.covers(host))
}

fn plausible_size(image: &Image) -> Option<(u32, u32)> {
    let (width, height) = image.width.zip(image.height)?;
    let (long, short) = (width.max(height), width.min(height));
    (short > 0 && long <= PIXELS_MAX && long / short < RATIO_MAX).then_some((width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plausible_size_must_reserve_space() {
        let size = |width, height| {
            let url = "https://x.nl/a.png".parse().unwrap();
            plausible_size(&Image { url, alt: None, width, height })
        };
        assert_eq!(size(Some(1_200), Some(630)), Some((1_200, 630)));
        for (width, height) in [
            (None, Some(3)),
            (Some(3), None),
            (Some(0), Some(0)),
            (Some(100_000), Some(1)),
            (Some(1), Some(8)),
            (Some(u32::MAX), Some(u32::MAX)),
        ] {
            assert_eq!(size(width, height), None, "{width:?} {height:?}");
        }
    }
}
