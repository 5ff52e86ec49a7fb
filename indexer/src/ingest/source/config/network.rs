//! Where a source is: a file or folder, or a site on the network.

use std::path::{Path, PathBuf};

use schema::SourceName;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::{ConfigError, SourceConfig, SourceKind, path, wordpress};
use crate::sync::{NetworkSource, SecretLocation};

/// Where a source is: a file or folder, or a site.
pub(super) fn location(
    config: &SourceConfig,
    folder: &Path,
    name: &SourceName,
) -> Result<(PathBuf, Option<NetworkSource>), ConfigError> {
    let wordpress = wordpress::options(config, name)?;
    if config.kind != SourceKind::Wordpress {
        if config.address.is_some() {
            return Err(ConfigError::AddressOfFile(name.clone()));
        }
        if config.path.as_os_str().is_empty() {
            return Err(ConfigError::NoPath(name.clone()));
        }
        return Ok((path(config, folder, name)?, None));
    }
    if !config.path.as_os_str().is_empty() {
        return Err(ConfigError::PathOfSite(name.clone()));
    }
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
    let fetched = format!("{address} {:?} {}", config.types, wordpress.read_pages);
    let digest = xxh3_64(fetched.as_bytes());
    let network = NetworkSource {
        name: name.clone(),
        address: address.clone(),
        types: config.types.clone(),
        wordpress,
        allow_private_addresses: config.allow_private_addresses,
        credentials,
        digest,
    };
    Ok((PathBuf::new(), Some(network)))
}
