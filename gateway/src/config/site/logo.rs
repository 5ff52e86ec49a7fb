//! `logo`: the picture before the name of the site.

use std::{fmt, path::Path, sync::Arc};

use federation::bounded_file;

use super::svg;
use crate::config::ConfigError;

/// Maximum number of bytes of the file, which every reader downloads.
const BYTES_MAX: u64 = 256 << 10;
/// Maximum width and height in pixels.
const PIXELS_MAX: f64 = 4_096.0;
/// Maximum ratio of the sides of a logo that is also an icon.
const ICON_RATIO_MAX: f64 = 1.25;
/// The first bytes of a PNG file, up to its width (PNG, sections 5.2 and 11.2.2).
const PNG_START: [u8; 16] = *b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// A picture that was checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    /// Name of the file that is served: `logo.svg` or `logo.png`.
    pub(crate) file_name: &'static str,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// Its content.
    pub(crate) bytes: Arc<[u8]>,
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
}

/// With the digest of the file in place of its content.
impl fmt::Debug for Logo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file_name, media_type, bytes, width, height } = self;
        let digest = blake3::hash(bytes);
        write!(formatter, "Logo({file_name}, {media_type}, {digest}, {width}, {height})")
    }
}

impl Logo {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] if it is not a small picture.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let error = |expected: &str, detail: &str| {
            let actual = format!("{}{detail}", path.display());
            ConfigError::value("site.logo", expected, &actual)
        };
        let bytes = bounded_file::read(path, BYTES_MAX).map_err(|cause| {
            let expected = "an SVG or PNG file of at most 256 KiB that can be read";
            error(expected, &format!(": {cause}"))
        })?;
        let (file_name, media_type, (width, height)) = if let Some(size) = png_size(&bytes) {
            ("logo.png", "image/png", size)
        } else {
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| error("an SVG file in UTF-8, or a PNG file", ""))?;
            let size = svg::size(text).map_err(|svg::SvgError { line, expected }| {
                error(&format!("an SVG or PNG file: {expected}"), &format!(", line {line}"))
            })?;
            ("logo.svg", "image/svg+xml", size)
        };
        let size = whole_pixels(width).zip(whole_pixels(height));
        let (width, height) = size.ok_or_else(|| {
            let expected = "a picture of 1 to 4,096 pixels in both directions";
            error(expected, &format!(": {width} by {height}"))
        })?;
        Ok(Self { file_name, media_type, bytes: bytes.into(), width, height })
    }

    /// Whether it is square enough for the icon of the site.
    pub(crate) fn is_icon(&self) -> bool {
        let ratio = f64::from(self.width) / f64::from(self.height);
        (ICON_RATIO_MAX.recip()..=ICON_RATIO_MAX).contains(&ratio)
    }
}

/// The size in the header of a PNG file; `None` for another file.
fn png_size(bytes: &[u8]) -> Option<svg::PixelSize> {
    let rest = bytes.strip_prefix(&PNG_START)?;
    let (width, rest) = rest.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*width).into(), u32::from_be_bytes(*height).into()))
}

/// A length as a whole number of pixels; `None` if it is none, or too long.
fn whole_pixels(length: f64) -> Option<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 4,096, as checked"
    )]
    (length > 0.0 && length <= PIXELS_MAX).then(|| length.round().max(1.0) as u32)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Logo, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logo.svg");
        fs::write(&path, bytes).unwrap();
        let prefix = format!("{}/", folder.path().display());
        Logo::read(&path).map_err(|error| error.to_string().replace(&prefix, ""))
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        [&PNG_START[..], &width.to_be_bytes(), &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat()
    }

    #[test]
    fn the_content_must_decide_about_type_and_size() {
        let logo = read(&png(300, 100)).unwrap();
        assert_eq!((logo.file_name, logo.width, logo.height), ("logo.png", 300, 100));
        assert!(!logo.is_icon());
        let logo = read(b"<svg viewBox='0 0 31.6 0.2'/>").unwrap();
        assert_eq!((logo.media_type, logo.width, logo.height), ("image/svg+xml", 32, 1));
        assert!(read(include_bytes!("../../../web/icon.svg")).unwrap().is_icon());
    }

    #[test]
    fn another_file_must_be_rejected_with_its_remedy() {
        for (bytes, error) in [
            (
                b"<svg viewBox='0 0 1 1'>\n<script/></svg>".to_vec(),
                "`site.logo` must be an SVG or PNG file: a still picture without scripts; remove \
                 `<script>`, not `logo.svg, line 2`",
            ),
            (
                b"GIF89a\xff".to_vec(),
                "`site.logo` must be an SVG file in UTF-8, or a PNG file, not `logo.svg`",
            ),
            (
                png(5_000, 10),
                "`site.logo` must be a picture of 1 to 4,096 pixels in both directions, not \
                 `logo.svg: 5000 by 10`",
            ),
            (
                png(0, 10),
                "`site.logo` must be a picture of 1 to 4,096 pixels in both directions, not \
                 `logo.svg: 0 by 10`",
            ),
            (
                vec![b' '; 10 << 20],
                "`site.logo` must be an SVG or PNG file of at most 256 KiB that can be read, not \
                 `logo.svg: file exceeds 262144 bytes`",
            ),
        ] {
            assert_eq!(read(&bytes).unwrap_err(), error);
        }
        assert!(read(&png(3, 3)[..20]).is_err());
        let error = Logo::read(Path::new("no/logo.svg")).unwrap_err().to_string();
        assert!(error.contains("`no/logo.svg: No such file"), "{error}");
    }
}
