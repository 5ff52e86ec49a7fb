//! Credentials of a source. They are read from a file or an environment variable, and never shown.

use std::{ffi::OsString, fmt, io, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::header::HeaderValue;

use crate::regular_file;

/// Maximum length of a file with credentials, in bytes.
const SECRET_BYTES_MAX: u64 = 8 << 10;

/// Where an operator stores credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretLocation {
    /// Path of a file.
    File(PathBuf),
    /// Name of an environment variable.
    Variable(String),
}

impl fmt::Display for SecretLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file `{}`", path.display()),
            Self::Variable(name) => write!(f, "environment variable `{name}`"),
        }
    }
}

/// The value of `Authorization`, which is never shown.
#[derive(Clone)]
pub(crate) struct Credentials(HeaderValue);

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The file cannot be read, or the variable is not UTF-8.
    #[error("cannot read credentials from {location}")]
    Unreadable {
        /// Where they should be.
        location: SecretLocation,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The variable does not exist.
    #[error("credentials are not set: {location}")]
    NotSet {
        /// Where they should be.
        location: SecretLocation,
    },
    /// They consist of white space.
    #[error("credentials are empty: {location}")]
    Empty {
        /// Where they should be.
        location: SecretLocation,
    },
    /// They are neither `user:password` nor a bearer token.
    #[error(
        "credentials must be `user:password`, or a token of letters, digits and -._~+/=, on one \
         line: {location}"
    )]
    Malformed {
        /// Where they are.
        location: SecretLocation,
    },
}

impl SecretLocation {
    /// Reads a secret, without the white space around it.
    ///
    /// # Errors
    /// If nothing can be read. The error names the location and never contains what was read.
    pub fn read(&self) -> Result<String, CredentialsError> {
        let location = || self.clone();
        let unreadable = |cause| CredentialsError::Unreadable { location: location(), cause };
        let invalid = || unreadable(io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"));
        let text = match self {
            Self::File(path) => {
                let bytes = regular_file::read(path, SECRET_BYTES_MAX).map_err(unreadable)?;
                String::from_utf8(bytes).map_err(|_| invalid())?
            }
            Self::Variable(name) => variable(name)
                .ok_or_else(|| CredentialsError::NotSet { location: location() })?
                .into_string()
                .map_err(|_| invalid())?,
        };
        match text.trim() {
            "" => Err(CredentialsError::Empty { location: location() }),
            secret => Ok(secret.to_owned()),
        }
    }
}

impl Credentials {
    /// Reads `user:password` or a bearer token; white space around it is ignored. A bearer token
    /// cannot contain a colon (RFC 6750, section 2.1), so that the two cannot be confused.
    ///
    /// # Errors
    /// If nothing can be read, or what is read is neither of the two. The error names the location
    /// and never contains what was read.
    pub(crate) fn load(location: &SecretLocation) -> Result<Self, CredentialsError> {
        Self::parse(&location.read()?, location)
    }

    fn parse(text: &str, location: &SecretLocation) -> Result<Self, CredentialsError> {
        let location = || location.clone();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let value = if text.contains(':') && !text.contains(char::is_control) {
            format!("Basic {}", STANDARD.encode(text))
        } else if text.bytes().all(is_token) {
            format!("Bearer {text}")
        } else {
            return Err(CredentialsError::Malformed { location: location() });
        };
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| CredentialsError::Malformed { location: location() })?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// The value of `Authorization`, marked as sensitive.
    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// The value of an environment variable. A name that the system does not accept has none.
fn variable(name: &str) -> Option<OsString> {
    if name.is_empty() || name.contains(['=', '\0']) { None } else { std::env::var_os(name) }
}

#[cfg(test)]
mod unit_tests {
    use std::fs;

    use super::*;

    #[test]
    fn credentials_must_be_read_from_a_file_or_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            Credentials::load(&SecretLocation::File(path.clone()))
        };
        let header = |text: &str| read(text).unwrap().header().to_str().unwrap().to_owned();
        assert_eq!(header(" jan:geheim woord\n"), "Basic amFuOmdlaGVpbSB3b29yZA==");
        assert_eq!(header("abc.DEF-1~+/=\r\n"), "Bearer abc.DEF-1~+/=");
        let variable = SecretLocation::Variable("PATH".into());
        let expected = Credentials::parse(std::env::var("PATH").unwrap().trim(), &variable);
        let found = Credentials::load(&variable);
        assert_eq!(found.unwrap().header(), expected.unwrap().header());
        for malformed in ["two words", "jan:a\nb", "sl\u{fc}ssel"] {
            let error = read(malformed).unwrap_err();
            assert!(matches!(error, CredentialsError::Malformed { .. }), "{error}");
            assert!(!format!("{error} {error:?}").contains(malformed), "{error:?}");
        }
    }

    #[test]
    fn an_error_must_name_the_file_or_the_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let file = SecretLocation::File(path.clone());
        let load = |location: &SecretLocation| Credentials::load(location).unwrap_err();
        assert!(load(&file).to_string().contains(path.to_str().unwrap()));
        fs::write(&path, " \n").unwrap();
        let error = load(&file);
        assert!(matches!(error, CredentialsError::Empty { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        fs::write(&path, [0xff]).unwrap();
        assert!(matches!(load(&file), CredentialsError::Unreadable { .. }));
        fs::write(&path, "a".repeat(9_000)).unwrap();
        assert!(matches!(load(&file), CredentialsError::Unreadable { .. }));
        for name in ["WEGWIJZER_ABSENT", "", "a=b", "a\0b"] {
            let error = load(&SecretLocation::Variable(name.into()));
            assert!(matches!(error, CredentialsError::NotSet { .. }), "{error}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn credentials_must_never_be_shown() {
        let location = SecretLocation::Variable("X".into());
        let credentials = Credentials::parse("jan:geheim", &location).unwrap();
        let shown = format!("{credentials} {credentials:?} {:?}", credentials.header());
        assert!(!shown.contains("geheim") && !shown.contains("amFu"), "{shown}");
    }
}
