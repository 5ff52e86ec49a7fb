//! Style sheets, scripts and icon: compiled in, with the colours and the logo of the site; immutable,
//! each under a name that contains its digest.

use std::borrow::Cow;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha384};

use crate::{
    config::{Config, SiteColours, SiteConfig},
    messages::language_code,
};

/// A static file for browsers.
#[derive(Debug)]
pub(crate) struct Asset {
    /// The file name with the digest, such as `style.0123456789ab.css`.
    pub(crate) hashed: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Cow<'static, [u8]>,
    name: &'static str,
}

/// All static files for browsers.
#[derive(Debug)]
pub(crate) struct Assets(Vec<Asset>);

impl Asset {
    /// The digest by which pages of other sites verify the file (Subresource Integrity).
    pub(super) fn integrity(&self) -> String {
        format!("sha384-{}", BASE64_STANDARD.encode(Sha384::digest(&self.bytes)))
    }
}

impl Assets {
    /// The files of the site of a configuration.
    pub(super) fn new(config: &Config) -> Self {
        let site = &config.site;
        let of_bytes = |name: &'static str, content_type, bytes: Cow<'static, [u8]>| {
            let digest = blake3::hash(&bytes).to_hex();
            let (stem, extension) =
                name.split_once('.').expect("every asset name has an extension");
            let hashed = format!("{stem}.{}.{extension}", &digest[..12]);
            Asset { hashed, content_type, bytes, name }
        };
        let asset = |name, content_type, bytes: &'static [u8]| {
            of_bytes(name, content_type, Cow::Borrowed(bytes))
        };
        let elements = elements(config).into_bytes();
        let mut assets = vec![
            of_bytes("style.css", "text/css; charset=utf-8", style(site).into()),
            asset(
                "search.js",
                "text/javascript; charset=utf-8",
                include_bytes!("../../web/search.js"),
            ),
            asset(
                "configurator.js",
                "text/javascript; charset=utf-8",
                include_bytes!("../../web/configurator.js"),
            ),
            asset("embed.css", "text/css; charset=utf-8", include_bytes!("../../web/embed.css")),
            of_bytes("wegwijzer.js", "text/javascript; charset=utf-8", elements.into()),
            asset(
                "wegwijzer.d.ts",
                "text/plain; charset=utf-8",
                include_bytes!("../../web/wegwijzer.d.ts"),
            ),
            asset("icon.svg", "image/svg+xml", include_bytes!("../../web/icon.svg")),
        ];
        let logo = site.logo.as_ref();
        assets.extend(
            logo.map(|logo| of_bytes(logo.file_name, logo.media_type, logo.bytes.to_vec().into())),
        );
        Self(assets)
    }

    /// The file name with the digest.
    pub(super) fn hashed<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.iter().find(|asset| asset.name == name).map_or(name, |asset| &asset.hashed)
    }

    /// The file with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Asset> {
        self.0.iter().find(|asset| asset.name == name)
    }

    /// The file with this name and digest.
    pub(crate) fn get(&self, hashed: &str) -> Option<&Asset> {
        self.0.iter().find(|asset| asset.hashed == hashed)
    }
}

/// The style sheet of the pages, with the colours of the site.
fn style(site: &SiteConfig) -> Vec<u8> {
    let colours = site.colours.as_ref().map(SiteColours::rules).unwrap_or_default();
    [include_bytes!("../../web/style.css"), colours.as_bytes()].concat()
}

/// The module with the elements, which contains the address of the service, its default language and
/// its style sheet.
fn elements(config: &Config) -> String {
    let style = include_str!("../../web/embed.css");
    let lines = style.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    let text = |text: &str| serde_json::to_string(text).expect("a text serialises to JSON");
    include_str!("../../web/wegwijzer.js")
        .replacen("\"__BASE__\"", &text(config.public_url.as_str()), 1)
        .replacen("\"__LANGUAGE__\"", &text(language_code(config.site.default_language)), 1)
        .replacen("\"__STYLE__\"", &text(&lines), 1)
}
