//! Visibility: whether the source itself publishes a record, by the conventions of site generators
//! and content management systems.
//!
//! The flags `draft`, `unlisted` and `published` must be readable: a record that may be a draft is
//! never published. Other names also have other meanings, so that only clear values of theirs hide
//! a record. A field that the configuration reads or translates has the meaning given there.

use std::{path::Path, sync::LazyLock};

use regex::Regex;
use serde_json::{Map, Value};

use super::{
    ParseError, SkipOrError, SkipReason,
    field::{Field, FieldPath},
    flag,
    mapping::Mapping,
    template::{is_missing, written_form},
};

/// The meaning of a field about visibility.
#[derive(Debug, Clone, Copy)]
enum Meaning {
    /// A flag that hides a record, and that must be readable.
    Unlisted,
    /// A flag that publishes a record, or the date of its publication; it must be readable.
    Published,
    /// Another flag that hides a record if it is set.
    Hides,
    /// Another flag that hides a record if it is not set.
    Shows,
    /// The state of a record in its workflow.
    State,
}

const FIELDS: [(&str, Meaning); 15] = [
    ("unlisted", Meaning::Unlisted),
    ("published", Meaning::Published),
    ("hidden", Meaning::Hides),
    ("private", Meaning::Hides),
    ("concept", Meaning::Hides),
    ("unpublished", Meaning::Hides),
    ("publish", Meaning::Shows),
    ("public", Meaning::Shows),
    ("visible", Meaning::Shows),
    ("status", Meaning::State),
    ("state", Meaning::State),
    ("post_status", Meaning::State),
    ("visibility", Meaning::State),
    ("workflow_state", Meaning::State),
    ("publication_status", Meaning::State),
];
/// States in which a record is not public.
const HIDDEN_STATES: [&str; 21] = [
    "draft",
    "drafts",
    "auto-draft",
    "concept",
    "pending",
    "review",
    "in review",
    "in_review",
    "future",
    "private",
    "privé",
    "prive",
    "hidden",
    "verborgen",
    "unlisted",
    "unpublished",
    "ongepubliceerd",
    "trash",
    "trashed",
    "prullenbak",
    "inherit",
];
/// Folder of unpublished pages.
const DRAFTS_FOLDER: &str = "_drafts";

/// Digits that only a date has.
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\d{4}|\d{1,2}[-/. ]\w+[-/. ]\d{2}")
        .expect("constant regex is valid, covered by tests")
});

/// Skips a record that its source does not publish.
///
/// `line_of` gives the line of a field, for errors.
pub(super) fn check(
    raw_fields: &Map<String, Value>,
    mapping: &Mapping,
    line_of: impl Fn(&str) -> u64,
) -> Result<(), SkipOrError> {
    let unreadable =
        |name: &str, value: &Value, expected| unreadable(name, value, line_of(name), expected);
    for (name, value) in raw_fields.iter().filter(|(_, value)| !is_missing(value)) {
        let Some(meaning) = meaning(name) else { continue };
        if mapping.reads(name) || translates(mapping, name) {
            continue;
        }
        let (flag, text) = (flag::parse(value), written_form(value));
        let is_hidden = match meaning {
            Meaning::Unlisted => {
                flag.ok_or_else(|| unreadable(name, value, "`true` or `false`"))?
            }
            Meaning::Published
                if flag.is_none() && text.as_ref().is_some_and(|text| DATE.is_match(text)) =>
            {
                false
            }
            Meaning::Published => {
                !flag.ok_or_else(|| unreadable(name, value, "`true`, `false` or a date"))?
            }
            Meaning::Hides => flag == Some(true),
            Meaning::Shows => flag == Some(false),
            // A scheduled event takes place as planned.
            Meaning::State => text.is_some_and(|state| {
                let state = state.trim().to_lowercase();
                HIDDEN_STATES.contains(&state.as_str())
                    || (state == "scheduled" && !name.eq_ignore_ascii_case(Field::Status.name()))
            }),
        };
        if is_hidden {
            return Err(SkipOrError::Skip(SkipReason::Draft));
        }
    }
    Ok(())
}

/// Skips a record whose canonical flag `draft` is set. An invalid flag is an error, so that a
/// possible draft is not published.
pub(super) fn check_draft(
    flag: Option<&Value>,
    line_of: impl Fn(&str) -> u64,
) -> Result<(), SkipOrError> {
    let name = Field::Draft.name();
    let Some(value) = flag.filter(|value| !is_missing(value)) else { return Ok(()) };
    match flag::parse(value) {
        Some(true) => Err(SkipOrError::Skip(SkipReason::Draft)),
        Some(false) => Ok(()),
        None => Err(unreadable(name, value, line_of(name), "`true` or `false`")),
    }
}

/// Whether a page is in a folder for drafts.
pub(super) fn is_in_drafts_folder(file: &str) -> bool {
    let folders = Path::new(file).parent().into_iter().flat_map(Path::components);
    folders.into_iter().any(|folder| folder.as_os_str().eq_ignore_ascii_case(DRAFTS_FOLDER))
}

/// Whether `check` interprets every value of a field.
pub(super) fn reads(name: &str) -> bool {
    matches!(meaning(name), Some(Meaning::Unlisted | Meaning::Published))
}

fn meaning(name: &str) -> Option<Meaning> {
    let field = FIELDS.iter().find(|(field, _)| name.eq_ignore_ascii_case(field));
    field.map(|(_, meaning)| *meaning)
}

fn translates(mapping: &Mapping, name: &str) -> bool {
    FieldPath::from_name(name).is_some_and(|field| mapping.values.contains_key(&field))
}

fn unreadable(name: &str, value: &Value, line: u64, expected: &str) -> SkipOrError {
    let written = written_form(value).unwrap_or_else(|| value.to_string());
    let reason = format!("`{name}`: must be {expected}: `{written}`");
    SkipOrError::Error(ParseError { line, reason })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ingest::source::mapping::ValueMap;

    fn checked(fields: &Value, mapping: &Mapping) -> &'static str {
        match check(fields.as_object().unwrap(), mapping, |_| 1) {
            Ok(()) => "public",
            Err(SkipOrError::Skip(_)) => "hidden",
            Err(SkipOrError::Error(_)) => "rejected",
        }
    }

    #[test]
    fn a_record_that_its_source_hides_must_not_be_published() {
        for (fields, expected) in [
            (json!({ "published": false }), "hidden"),
            (json!({ "Published": "nee" }), "hidden"),
            (json!({ "published": 0 }), "hidden"),
            (json!({ "published": true }), "public"),
            (json!({ "published": "2026-03-12" }), "public"),
            (json!({ "published": "" }), "public"),
            (json!({ "published": "draft" }), "rejected"),
            (json!({ "published": [false] }), "rejected"),
            (json!({ "UNLISTED": "ja" }), "hidden"),
            (json!({ "unlisted": "misschien" }), "rejected"),
            (json!({ "hidden": true }), "hidden"),
            (json!({ "private": "x" }), "hidden"),
            (json!({ "private": "sector" }), "public"),
            (json!({ "publish": "false" }), "hidden"),
            (json!({ "public": "burgers" }), "public"),
            (json!({ "Status": "Draft" }), "hidden"),
            (json!({ "status": "concept" }), "hidden"),
            (json!({ "post_status": "trash" }), "hidden"),
            (json!({ "visibility": "private" }), "hidden"),
            (json!({ "status": "publish" }), "public"),
            (json!({ "status": "scheduled" }), "public"),
            (json!({ "post_status": "scheduled" }), "hidden"),
            (json!({ "status": "afgerond" }), "public"),
        ] {
            assert_eq!(checked(&fields, &Mapping::default()), expected, "{fields}");
        }
    }

    #[test]
    fn a_field_that_the_configuration_reads_must_have_the_meaning_given_there() {
        let fields = json!({ "published": "draft", "status": "concept" });
        let table = [("concept".to_owned(), "scheduled".to_owned())];
        let mapping = Mapping {
            fields: [(
                "lead".parse().unwrap(),
                crate::ingest::source::template::Template::new("published").unwrap(),
            )]
            .into(),
            values: [("status".parse().unwrap(), ValueMap::new(&table.into()))].into(),
            ..Mapping::default()
        };
        assert_eq!(checked(&fields, &mapping), "public");
    }

    #[test]
    fn the_folder_for_drafts_must_be_recognised() {
        for (file, expected) in [
            ("_drafts/a.md", true),
            ("blog/_Drafts/a.md", true),
            ("_drafts.md", false),
            ("drafts/a.md", false),
        ] {
            assert_eq!(is_in_drafts_folder(file), expected, "{file}");
        }
    }
}
