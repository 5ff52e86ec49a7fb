//! Where a source is: a file or folder, or a site on the network.

use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use schema::SourceName;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{ConfigError, SourceConfig, SourceKind, api, wordpress};
use crate::sync::{NetworkSource, PageFilter, Protocol, SecretLocation};

/// Where a source is: a file or folder, or a site.
pub(super) fn location(
    config: &SourceConfig,
    folder: &Path,
    name: &SourceName,
) -> Result<(PathBuf, Option<NetworkSource>), ConfigError> {
    let options = wordpress::options(config, name)?;
    api::check_kind(config, name)?;
    let has_path = !config.path.as_os_str().is_empty();
    let protocol = match (config.kind, &config.address) {
        (SourceKind::Wordpress | SourceKind::Feed | SourceKind::Website | SourceKind::Api, _)
            if has_path =>
        {
            return Err(ConfigError::PathOfSite(name.clone()));
        }
        (SourceKind::Feed, _) => Protocol::Feed { read_pages: config.read_pages.unwrap_or(true) },
        (SourceKind::Wordpress, _) => Protocol::Wordpress { types: config.types.clone(), options },
        // An invalid glob is an error elsewhere.
        (SourceKind::Website, _) => Protocol::Website(PageFilter {
            include: super::globs(&config.include, &[], name).unwrap_or_default(),
            exclude: super::globs(&config.exclude, &[], name).unwrap_or_default(),
        }),
        (SourceKind::Api, _) => Protocol::Api(api::options(config, name)?),
        (SourceKind::Icalendar, Some(_)) if has_path => {
            return Err(ConfigError::TwoLocations(name.clone()));
        }
        (SourceKind::Icalendar, Some(_)) => Protocol::Calendar { encoding: encoding(config) },
        (SourceKind::Icalendar, None) if !has_path => {
            return Err(ConfigError::NoLocation(name.clone()));
        }
        (_, Some(_)) => return Err(ConfigError::AddressOfFile(name.clone())),
        (_, None) if !has_path => return Err(ConfigError::NoPath(name.clone())),
        (_, None) => return Ok((path(config, folder, name)?, None)),
    };
    let is_web = |url: &&Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_public = |url: &&Url| url.username().is_empty() && url.password().is_none();
    let Some(address) = config.address.as_ref().filter(is_web).filter(is_public) else {
        return Err(ConfigError::Address(name.clone()));
    };
    let credentials = match (&config.credentials_file, &config.credentials_variable) {
        (None, None) => None,
        (Some(path), None) => Some(SecretLocation::File(folder.join(path))),
        (None, Some(variable)) => Some(SecretLocation::Variable(variable.clone())),
        (Some(_), Some(_)) => return Err(ConfigError::Credentials(name.clone())),
    };
    let settings = match &protocol {
        Protocol::Wordpress { types, options } => format!("{types:?} {}", options.read_pages),
        Protocol::Feed { read_pages } => read_pages.to_string(),
        Protocol::Api(options) => format!("{options:?}"),
        // Pages that are no longer wanted are removed like those that left the sitemap.
        Protocol::Website(_) => String::new(),
        // What was stored can be read with the encoding with which it was checked.
        Protocol::Calendar { encoding } => format!("{:?}", encoding.map(Encoding::name)),
    };
    let digest = xxh3_64(format!("{address} {settings}").as_bytes());
    let network = NetworkSource {
        name: name.clone(),
        address: address.clone(),
        protocol,
        allow_private_addresses: config.allow_private_addresses,
        credentials,
        digest,
    };
    Ok((PathBuf::new(), Some(network)))
}

/// The encoding of a calendar; an unknown one is an error elsewhere.
fn encoding(config: &SourceConfig) -> Option<&'static Encoding> {
    Encoding::for_label(config.encoding.as_ref()?.as_bytes())
}

impl SourceKind {
    /// What the path must be: a folder, a file, or either of them.
    const fn path_kind(self) -> PathKind {
        match self {
            Self::Markdown | Self::Text => PathKind::Folder,
            Self::Icalendar => PathKind::FileOrFolder,
            Self::Jsonlines
            | Self::Csv
            | Self::Wordpress
            | Self::Feed
            | Self::Website
            | Self::Api => PathKind::File,
        }
    }
}

/// What the path of a source must be.
#[derive(Clone, Copy)]
enum PathKind {
    Folder,
    File,
    FileOrFolder,
}

impl PathKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::File => "file",
            Self::FileOrFolder => "file or folder",
        }
    }
}

fn path(config: &SourceConfig, folder: &Path, name: &SourceName) -> Result<PathBuf, ConfigError> {
    let full_path = folder.join(&config.path);
    let missing = |expected| ConfigError::Path {
        source_name: name.clone(),
        expected,
        path: full_path.clone(),
    };
    let kind = config.kind.path_kind();
    let path = full_path.canonicalize().map_err(|_| missing(kind.name()))?;
    let is_expected = match kind {
        PathKind::Folder => path.is_dir(),
        PathKind::File => path.is_file(),
        PathKind::FileOrFolder => path.is_dir() || path.is_file(),
    };
    if is_expected { Ok(path) } else { Err(missing(kind.name())) }
}
