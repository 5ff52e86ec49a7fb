//! Where a source is: a file or folder, or a site on the network.

use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use schema::SourceName;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{ConfigError, SourceConfig, SourceKind, path, wordpress};
use crate::sync::{NetworkSource, Protocol, SecretLocation};

/// Where a source is: a file or folder, or a site.
pub(super) fn location(
    config: &SourceConfig,
    folder: &Path,
    name: &SourceName,
) -> Result<(PathBuf, Option<NetworkSource>), ConfigError> {
    let options = wordpress::options(config, name)?;
    let has_path = !config.path.as_os_str().is_empty();
    let protocol = match (config.kind, &config.address) {
        (SourceKind::Wordpress, _) if has_path => {
            return Err(ConfigError::PathOfSite(name.clone()));
        }
        (SourceKind::Wordpress, _) => Protocol::Wordpress { types: config.types.clone(), options },
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
