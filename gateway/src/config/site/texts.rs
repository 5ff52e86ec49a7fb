//! Texts of the operator for the pages of the site about itself.

use std::{collections::BTreeMap, fs, path::Path};

use federation::bounded_file;
use schema::Language;

use crate::config::ConfigError;

/// Maximum number of bytes of a text.
const TEXT_BYTES_MAX: u64 = 64 << 10;
/// Names of the pages that have a text.
const PAGES: [&str; 4] = ["about", "accessibility", "contact", "privacy"];
const LANGUAGES: [(&str, Language); 2] = [("nl", Language::Nl), ("en", Language::En)];

/// Page and language of a text.
type TextKey = (&'static str, &'static str);

/// The key of a text.
pub(super) fn key(page: &str, language: Language) -> Option<TextKey> {
    let (code, _) = LANGUAGES.iter().find(|(_, one)| *one == language)?;
    let page = PAGES.iter().find(|one| **one == page)?;
    Some((*page, *code))
}

/// Reads the texts of a folder.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<TextKey, String>, ConfigError> {
    let error = |expected: &str, path: &Path| {
        Err(ConfigError::value("site.texts", expected, &path.display().to_string()))
    };
    let Ok(entries) = fs::read_dir(folder) else { return error("a folder with texts", folder) };
    let mut texts = BTreeMap::new();
    for entry in entries {
        let Ok(path) = entry.map(|entry| entry.path()) else {
            return error("a folder that can be read", folder);
        };
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let names = PAGES.iter().flat_map(|page| LANGUAGES.map(|(code, _)| (*page, code)));
        let key = names.into_iter().find(|(page, code)| format!("{page}.{code}") == name);
        let Some(key) = key else {
            return error(
                "names like `about.nl.md` (`about`, `accessibility`, `contact`, `privacy`; `nl`, `en`)",
                &path,
            );
        };
        let text = match bounded_file::read_text(&path, TEXT_BYTES_MAX) {
            Ok(text) => text,
            Err(cause) => {
                let actual = format!("{}: {cause}", path.display());
                let expected = "UTF-8 texts of at most 64 KiB";
                return Err(ConfigError::value("site.texts", expected, &actual));
            }
        };
        let has_title = text.lines().next().is_some_and(|line| {
            line.trim_start_matches('\u{feff}')
                .strip_prefix("# ")
                .is_some_and(|title| !title.trim().is_empty())
        });
        if !has_title {
            return error("texts whose first line is `# Title`", &path);
        }
        texts.insert(key, text);
    }
    Ok(texts)
}
