//! Normalised names: "Community’s  CX", "community's cx" and "COMMUNITYS CX" become one key.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::NodeKind;

/// Normalises a name: lower case, no accents, no apostrophes, single spaces.
///
/// ```
/// assert_eq!(schema::normalisation::name("  Community’s   Één "), "communitys een");
/// assert_eq!(schema::normalisation::name("Søren Łódź Straße Æsop"), "soren lodz strasse aesop");
/// ```
pub fn name(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut push = |letter: char| {
        if letter.is_whitespace() || letter.is_control() {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else if !is_apostrophe(letter) {
            letter.to_lowercase().for_each(|letter| push_folded(&mut folded, letter));
        }
    };
    if text.is_ascii() {
        text.chars().for_each(push);
    } else {
        text.nfkd().filter(|letter| !is_mark(*letter)).for_each(&mut push);
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Appends a lower-case letter, without the stroke or ligature that Unicode does not decompose.
fn push_folded(folded: &mut String, letter: char) {
    let plain = match letter {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ŋ' => "n",
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'þ' => "th",
        _ => return folded.push(letter),
    };
    folded.push_str(plain);
}

/// Whether [`name`] removes a character and joins the text on either side of it.
///
/// ```
/// assert!("'’\u{301}".chars().all(schema::normalisation::is_stripped));
/// ```
pub fn is_stripped(letter: char) -> bool {
    is_apostrophe(letter) || is_mark(letter)
}

/// Whether a character is a combining mark. Most are ASCII, which needs no table.
pub fn is_mark(letter: char) -> bool {
    !letter.is_ascii() && is_combining_mark(letter)
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '‘' | '‛' | '`' | '´' | 'ʼ' | 'ʻ' | 'ʹ' | '′' | '＇')
}

/// A URL slug: words of ASCII letters and digits joined by hyphens, less than 80 bytes.
///
/// ```
/// assert_eq!(schema::normalisation::slug("Wat is één overheid?"), "wat-is-een-overheid");
/// ```
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for word in name(text).split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()) {
        if slug.len() + word.len() >= 80 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}

/// The page of a record as a key, whatever address the site has.
///
/// ```
/// assert_eq!(schema::normalisation::page(schema::NodeKind::Article, "brief"), "/article/brief");
/// ```
pub fn page(kind: NodeKind, slug: &str) -> String {
    format!("/{}/{slug}", kind.as_str())
}

/// Normalises a URL to a key: without scheme, tracking parameters and trailing slash, so that all
/// spellings of one page's address become one key. The fragment stays, because entries of one page
/// differ in nothing else.
///
/// ```
/// let url = |text: &str| schema::normalisation::url(&text.parse().unwrap());
/// assert_eq!(url("http://Www.Example.nl/a/?utm_source=x#"), url("https://www.example.nl/a"));
/// assert_ne!(url("https://www.example.nl/a#1"), url("https://www.example.nl/a#2"));
/// ```
pub fn url(url: &url::Url) -> String {
    let mut key = url.host_str().unwrap_or_default().to_owned();
    if let Some(port) = url.port() {
        key.push(':');
        key.push_str(&port.to_string());
    }
    key.push_str(url.path().trim_end_matches('/'));
    let mut separator = '?';
    for parameter in url.query().unwrap_or_default().split('&') {
        if !parameter.is_empty() && !parameter.starts_with("utm_") {
            key.push(separator);
            key.push_str(parameter);
            separator = '&';
        }
    }
    if let Some(fragment) = url.fragment().filter(|fragment| !fragment.is_empty()) {
        key.push('#');
        key.push_str(fragment);
    }
    key
}

/// The page that a URL leads to, without the fragment that names a place on it.
pub fn without_fragment(url: &url::Url) -> url::Url {
    let mut page = url.clone();
    page.set_fragment(None);
    page
}
