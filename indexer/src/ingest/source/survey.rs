//! Survey: what a source contains and how the configuration uses it, recorded while it is read.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Map, Value};

use super::{
    config::ResolvedSource,
    field::{Field, FieldPath},
    template::{PathCaptures, Template, alternatives, lookup},
    visibility,
};

/// Maximum number of field names and of files that a survey lists.
pub(crate) const SURVEY_NAMES_MAX: usize = 200;

/// Non-canonical fields that are read without being mapped.
const OTHER_FIELDS: [&str; 2] = ["id", "op"];

/// Observations about a source.
#[derive(Debug, Default)]
pub(crate) struct Survey(RefCell<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Number of records whose fields were read.
    records: u64,
    /// Names of source fields, up to [`SURVEY_NAMES_MAX`].
    fields: BTreeSet<String>,
    /// Names of path captures.
    captures: BTreeSet<String>,
    /// Placeholders and mapped fields that had a value in at least one record.
    used: BTreeSet<String>,
    /// Entries of `values` that matched at least one value, by field.
    translated: BTreeMap<FieldPath, BTreeSet<String>>,
    /// Files that do not match the pattern of the source, up to [`SURVEY_NAMES_MAX`].
    outside_pattern: Vec<String>,
    /// Configured globs that match at least one file.
    matched_globs: BTreeSet<String>,
    /// Number of files in the folder that match neither `include` nor `exclude`, by extension.
    not_included: BTreeMap<String, u64>,
}

impl Survey {
    pub(super) fn record(
        &self,
        source: &ResolvedSource,
        raw_fields: &Map<String, Value>,
        captures: &PathCaptures,
    ) {
        let seen = &mut *self.0.borrow_mut();
        seen.records += 1;
        for name in raw_fields.keys() {
            if seen.fields.len() < SURVEY_NAMES_MAX && !seen.fields.contains(name) {
                seen.fields.insert(name.clone());
            }
        }
        for name in captures.keys() {
            if !seen.captures.contains(name) {
                seen.captures.insert(name.clone());
            }
        }
        for name in mapped_names(source) {
            if !seen.used.contains(name) && lookup(name, raw_fields).is_some() {
                seen.used.insert(name.to_owned());
            }
        }
    }

    /// Records that an entry of the `values` of a field matched.
    pub(super) fn translated(&self, target: FieldPath, entry: &str) {
        let entries = &mut self.0.borrow_mut().translated;
        let entries = entries.entry(target).or_default();
        if !entries.contains(entry) {
            entries.insert(entry.to_owned());
        }
    }

    pub(super) fn outside_pattern(&self, file: &str) {
        let files = &mut self.0.borrow_mut().outside_pattern;
        if files.len() < SURVEY_NAMES_MAX {
            files.push(file.to_owned());
        }
    }

    /// Counts a file for the globs that match it.
    pub(super) fn file(&self, source: &ResolvedSource, path: &Path) {
        let seen = &mut *self.0.borrow_mut();
        let sets =
            [(&source.include, &source.globs.include), (&source.exclude, &source.globs.exclude)];
        for (set, globs) in sets {
            if globs.iter().all(|glob| seen.matched_globs.contains(glob)) {
                continue;
            }
            let matched = set.matches(path).into_iter().filter_map(|index| globs.get(index));
            seen.matched_globs.extend(matched.cloned());
        }
    }

    /// Configured globs that match no file.
    pub(crate) fn unmatched_globs(&self, source: &ResolvedSource) -> Vec<String> {
        let seen = self.0.borrow();
        let globs = source.globs.include.iter().chain(&source.globs.exclude);
        globs
            .filter(|glob| !seen.matched_globs.contains(*glob))
            .map(|glob| format!("glob matches no file: `{glob}`"))
            .collect()
    }

    pub(super) fn not_included(&self, extension: &str) {
        *self.0.borrow_mut().not_included.entry(extension.to_owned()).or_default() += 1;
    }

    /// Unread input, as sentences for the operator.
    pub(crate) fn unread(&self, source: &ResolvedSource) -> Vec<String> {
        let seen = self.0.borrow();
        let is_read = |name: &str| {
            FieldPath::from_name(name).is_some()
                || name.eq_ignore_ascii_case(Field::Draft.name())
                || OTHER_FIELDS.contains(&name)
                || visibility::reads(name)
                || mapped_names(source)
                    .any(|mapped| mapped == name || mapped.starts_with(&format!("{name}.")))
        };
        let fields = seen.fields.iter().filter(|name| !name.is_empty() && !is_read(name));
        let mut notes: Vec<_> =
            fields.map(|name| format!("field is not mapped: `{name}`")).collect();
        notes.extend(seen.not_included.iter().map(|(extension, files)| {
            format!("`include` does not select files with extension `{extension}`: {files}")
        }));
        notes.extend(
            seen.outside_pattern.iter().map(|file| format!("`pattern` does not match: `{file}`")),
        );
        notes
    }

    /// The placeholders of templates, and the mapped fields and values, that are absent from all
    /// records.
    pub(crate) fn absent(&self, source: &ResolvedSource) -> (Vec<String>, Vec<String>) {
        let seen = self.0.borrow();
        let in_pattern = |name: &str| source.pattern.as_ref().is_some_and(|p| p.has_name(name));
        let is_known = |name: &str| {
            seen.used.contains(name) || seen.captures.contains(name) || in_pattern(name)
        };
        let (mut placeholders, mut fields) = (Vec::new(), Vec::new());
        for (target, template) in source.mapping.fields.iter().filter(|_| seen.records > 0) {
            for names in template.placeholders().filter(|names| !alternatives(names).any(is_known))
            {
                if template.bare_name().is_some() {
                    fields.push(format!("`{target}`: no record has the field `{names}`"));
                } else {
                    placeholders.push(format!(
                        "`{target}`: neither `pattern` nor any record has the placeholder: `{names}`"
                    ));
                }
            }
        }
        for (target, values) in source.mapping.values.iter().filter(|_| seen.records > 0) {
            let matched = seen.translated.get(target);
            let is_absent = |value: &&String| !matched.is_some_and(|all| all.contains(*value));
            let absent = values.entries.keys().filter(is_absent);
            fields.extend(
                absent.map(|value| format!("`{target}`: no record has the value `{value}`")),
            );
        }
        (placeholders, fields)
    }
}

/// The names of source fields that the mapping reads.
fn mapped_names(source: &ResolvedSource) -> impl Iterator<Item = &str> {
    let templates = source.mapping.fields.values();
    templates.flat_map(Template::placeholders).flat_map(alternatives)
}
