//! Style sheet, script and icon: compiled in and immutable, each under a name that contains its
//! digest.

/// A static file for browsers.
#[derive(Debug)]
pub(crate) struct Asset {
    /// The file name with the digest, such as `style.0123456789ab.css`.
    pub(crate) hashed: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: &'static [u8],
    name: &'static str,
}

/// All static files for browsers.
#[derive(Debug)]
pub(crate) struct Assets(Vec<Asset>);

impl Assets {
    pub(super) fn new() -> Self {
        let asset = |name: &'static str, content_type, bytes: &'static [u8]| {
            let digest = blake3::hash(bytes).to_hex();
            let (stem, extension) =
                name.split_once('.').expect("every asset name has an extension");
            let hashed = format!("{stem}.{}.{extension}", &digest[..12]);
            Asset { hashed, content_type, bytes, name }
        };
        Self(vec![
            asset("style.css", "text/css; charset=utf-8", include_bytes!("../../web/style.css")),
            asset(
                "search.js",
                "text/javascript; charset=utf-8",
                include_bytes!("../../web/search.js"),
            ),
            asset("embed.css", "text/css; charset=utf-8", include_bytes!("../../web/embed.css")),
            asset("icon.svg", "image/svg+xml", include_bytes!("../../web/icon.svg")),
        ])
    }

    /// The file name with the digest.
    pub(super) fn hashed<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.iter().find(|asset| asset.name == name).map_or(name, |asset| &asset.hashed)
    }

    /// The file with this name and digest.
    pub(crate) fn get(&self, hashed: &str) -> Option<&Asset> {
        self.0.iter().find(|asset| asset.hashed == hashed)
    }
}
