//! Check: compares the configuration of the sources with their content, without a build.

use std::path::Path;

use schema::NodeKind;
use serde_json::{Map, Value, json};

use super::{
    config::{Field, FieldPath, ResolvedSource, SourceConfig},
    normalise::{NormaliseContext, normalise},
    source::{
        self, Fields, KnownInputs, RawRecord, SourceItem, config::resolve_all, flag, survey::Survey,
    },
};
use crate::with_causes;

/// Mismatches between configuration and content, each as a sentence that names the source.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SourceCheck {
    /// Certain mistakes.
    pub errors: Vec<String>,
    /// Possible mistakes.
    pub warnings: Vec<String>,
}

/// Reads and checks all sources of a configuration in `folder`.
pub fn check_sources(configs: &[SourceConfig], folder: &Path) -> SourceCheck {
    let (sources, errors) = resolve_all(configs, folder);
    let errors = errors.iter().map(|error| with_causes(error)).collect();
    let mut all = SourceCheck { errors, warnings: Vec::new() };
    for source in &sources {
        let SourceCheck { errors, warnings } = check_source(source);
        let named = |text: String| format!("source `{}`: {text}", source.name);
        all.errors.extend(errors.into_iter().map(named));
        all.warnings.extend(warnings.into_iter().map(named));
    }
    all
}

fn check_source(source: &ResolvedSource) -> SourceCheck {
    let mut check = SourceCheck { errors: invalid_values(source), warnings: Vec::new() };
    let survey = Survey::default();
    let items = match source::records(source, None, KnownInputs::default(), &survey) {
        Ok(items) => items,
        Err(error) => {
            check.errors.push(with_causes(&error));
            return check;
        }
    };
    let (mut records, mut without_kind) = (0_u64, 0_u64);
    for item in items {
        match item {
            Ok(SourceItem::Record(record)) => {
                records += 1;
                without_kind += u64::from(!record.fields.contains_key(&Field::Kind));
            }
            Ok(_) => {}
            Err(error) => check.errors.push(with_causes(&error)),
        }
    }
    if without_kind > 0 {
        check.errors.push(format!(
            "{without_kind} of {records} records have no `kind`; map the field, or set \
             `constants = {{ kind = \"article\" }}`"
        ));
    }
    let (placeholders, fields) = survey.absent(source);
    check.errors.extend(placeholders);
    if source.path.is_dir() && source::count(source, None).is_ok_and(|files| files == 0) {
        check.errors.push("no file is selected; check `path`, `include` and `exclude`".to_owned());
    }
    check.warnings.extend(survey.unmatched_globs(source));
    check.warnings.extend(fields);
    check.warnings.extend(survey.unread(source));
    check
}

/// Constants and canonical values of `values` that are invalid for every record.
fn invalid_values(source: &ResolvedSource) -> Vec<String> {
    let mapping = &source.mapping;
    let constants = mapping.constants.iter().map(|(target, value)| (*target, value.clone()));
    let translations = mapping.values.iter().flat_map(|(target, map)| {
        let values = map.entries.values().chain(&map.fallback);
        values.map(|value| (*target, json!(value)))
    });
    let errors = constants.chain(translations).filter_map(|(target, value)| {
        let invalid = invalid_value(source, target, &value)?;
        Some(format!("constants or values: {invalid}"))
    });
    errors.collect()
}

/// Why a value is invalid for a field; `None` if it is valid.
fn invalid_value(source: &ResolvedSource, target: FieldPath, value: &Value) -> Option<String> {
    match target.field {
        Field::Draft if flag::parse(value).is_none() => {
            return Some(format!("`draft`: must be `true` or `false`: {value}"));
        }
        // These depend on other fields: a recurrence rule, for example, requires the start of its
        // event.
        Field::Draft | Field::Op | Field::Key | Field::Series => return None,
        _ => {}
    }
    let kind = source.mapping.constants.get(&FieldPath { field: Field::Kind, subfield: None });
    let kinds: Vec<Value> = match kind {
        Some(kind) => vec![kind.clone()],
        None => NodeKind::ALL.map(|kind| json!(kind.as_str())).to_vec(),
    };
    let error = |kind: &Value, value: &Value| {
        let mut fields = Fields::from([
            (Field::Kind, kind.clone()),
            (Field::Title, json!("T")),
            (Field::Start, json!("2000-01-01")),
        ]);
        let value = match target.subfield {
            Some(subfield) => Value::Object(Map::from_iter([(subfield.to_owned(), value.clone())])),
            None => value.clone(),
        };
        fields.insert(target.field, value);
        let raw = RawRecord {
            key: String::new(),
            location: String::new(),
            line: None,
            content_hash: [0; 32],
            fields,
            front_matter: None,
        };
        normalise(&raw, source, &NormaliseContext::default()).err()
    };
    // Only kinds that reject an invalid value use the field.
    let reading = kinds.iter().filter(|kind| error(kind, &json!("?")).is_some());
    let errors: Vec<_> = reading.map(|kind| error(kind, value)).collect();
    if errors.iter().any(Option::is_none) { None } else { errors.into_iter().flatten().next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors and warnings of a source `s` with these files.
    fn checked(config: &str, files: &[(&str, &[u8])]) -> SourceCheck {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let config = toml::from_str(&format!("name = \"s\"\n{config}")).unwrap();
        let mut check = check_sources(&[config], folder.path());
        let texts = check.errors.iter_mut().chain(&mut check.warnings);
        texts.for_each(|text| *text = text.replace("source `s`: ", ""));
        check
    }

    const TABLE: &str = "kind = \"csv\"\npath = \"a.csv\"\n";

    #[test]
    fn every_mistake_in_a_configuration_must_be_reported_at_once() {
        let config = format!(
            "{TABLE}pattern = '{{a}}{{b}}'\ndelimiter = 'é'\nurl = 'https://{{'\n\
             [fields]\ntitel = 'naam'\n[constants]\nknd = 'event'"
        );
        let check = checked(&config, &[("b.csv", b"id\n1\n")]);
        assert_eq!(check.errors.len(), 6, "{:?}", check.errors);
    }

    #[test]
    fn a_source_without_a_kind_must_be_reported() {
        let check = checked(TABLE, &[("a.csv", b"id;title;kind\n1;A;\n2;B;article\n")]);
        assert_eq!(
            check.errors,
            ["1 of 2 records have no `kind`; map the field, or set \
              `constants = { kind = \"article\" }`"]
        );
    }

    #[test]
    fn values_that_do_not_exist_must_be_reported() {
        let config = format!(
            "{TABLE}[constants]\nkind = 'article'\nform = 'BROCHURE'\nlanguage = 'nl'\n\
             [values.draft]\na = 'misschien'\nb = 'ja'\n[values.form]\nx = 'BLOG'\ny = 'FOLDER'"
        );
        let errors = checked(&config, &[("a.csv", b"id\n1\n")]).errors;
        for (error, value) in errors.iter().zip(["BROCHURE", "FOLDER", "misschien"]) {
            assert!(error.contains(value), "{value}: {errors:?}");
        }
        assert_eq!(errors.len(), 3, "{errors:?}");
        let config = format!("{TABLE}[values.form]\nx = 'BLOG'\ny = 'SCAN'\nz = 'ONZIN'");
        let errors = checked(&config, &[("a.csv", b"id;kind\n1;article\n")]).errors;
        assert!(errors.len() == 1 && errors[0].contains("ONZIN"), "{errors:?}");
    }

    #[test]
    fn what_is_not_read_and_what_is_not_there_must_be_reported() {
        let config = "kind = \"markdown\"\npath = \".\"\nexclude = ['oud/**']\n\
                      include = ['**/*.md', '*.mdx']\npattern = '{year}/{slug}.md'\n\
                      url = 'https://x.nl/{jaar}/{slug}'\nconstants = { kind = 'article' }\n\
                      fields = { summary = 'samenvatting', lead = 'inleiding' }";
        let page = b"---\ntitle: T\ninleiding: I\nafdeling: A\n---\n".as_slice();
        let check = checked(config, &[("2024/a.md", page), ("b.md", page), ("c.docx", b"x")]);
        assert_eq!(
            check.errors,
            ["`url`: neither `pattern` nor any record has the placeholder: `jaar`"]
        );
        assert_eq!(
            check.warnings,
            [
                "glob matches no file: `*.mdx`",
                "glob matches no file: `oud/**`",
                "`summary`: no record has the field `samenvatting`",
                "field is not mapped: `afdeling`",
                "`include` does not select files with extension `docx`: 1",
                "`pattern` does not match: `b.md`",
            ]
        );
        let config = format!(
            "{TABLE}constants = {{ kind = 'article' }}\n[values.form]\nWeblog = 'BLOG'\n\
             Verslag = 'REPORT'\n'*' = 'PAGE'\n[values.draft]\nja = 'true'"
        );
        let table = b"id;title;form\n1;T;weblog\n2;T;anders\n";
        let check = checked(&config, &[("a.csv", table)]);
        assert_eq!(
            check.warnings,
            ["`form`: no record has the value `verslag`", "`draft`: no record has the value `ja`"]
        );
        let nothing = checked("kind = \"markdown\"\npath = \".\"", &[("c.docx", b"x")]);
        assert_eq!(nothing.errors, ["no file is selected; check `path`, `include` and `exclude`"]);
    }
    #[test]
    fn a_calendar_must_be_checked_like_any_other_source() {
        let config = "kind = \"icalendar\"\npath = \"a.ics\"\nfields = { price = 'x-cost' }";
        let file = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:T\nDTSTART:20261119\n\
            CATEGORIES:a\nX-LEVEL:b\nEND:VEVENT\nEND:VCALENDAR\n";
        let check = checked(config, &[("a.ics", file)]);
        assert_eq!(check.errors, [""; 0]);
        assert_eq!(
            check.warnings,
            [
                "`price`: no record has the field `x-cost`",
                "field is not mapped: `categories`",
                "field is not mapped: `x-level`",
            ]
        );
        let half = checked(config, &[("a.ics", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n".as_slice())]);
        assert!(half.errors[0].contains("file is incomplete"), "{:?}", half.errors);
        let zones = format!("{config}\ntime_zone = 'Hier'\ntime_zones = {{ x = 'Daar' }}");
        let zones = checked(&zones, &[("a.ics", file)]);
        assert!(zones.errors[0].contains("unknown time zone"), "{:?}", zones.errors);
        let folder = checked("kind = \"icalendar\"\npath = \".\"", &[("a.txt", b"x".as_slice())]);
        assert_eq!(folder.errors, ["no file is selected; check `path`, `include` and `exclude`"]);
    }
}
