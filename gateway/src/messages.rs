//! Texts for readers, from the message files, and locale-specific formatting of numbers and dates.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use schema::{DatePrecision, Language, Moment, moment};

/// The languages of the pages.
pub(crate) const LANGUAGES: [Language; 2] = [Language::Nl, Language::En];

/// Name of a site that has none of its own.
pub(crate) const SITE_NAME_DEFAULT: &str = "Wegwijzer";
/// Placeholder for the name of the site, in messages and in texts of pages.
pub(crate) const NAME_PLACEHOLDER: &str = "{site}";

static DUTCH: LazyLock<Messages> =
    LazyLock::new(|| Messages::named(Language::Nl, SITE_NAME_DEFAULT));
static ENGLISH: LazyLock<Messages> =
    LazyLock::new(|| Messages::named(Language::En, SITE_NAME_DEFAULT));

/// The messages of one language.
#[derive(Debug)]
pub(crate) struct Messages {
    pub(crate) language: Language,
    texts: BTreeMap<String, String>,
}

impl Messages {
    /// The messages in `language`, for texts without the name of the site; in Dutch if there are none.
    pub(crate) fn of(language: Language) -> &'static Self {
        if language == Language::En { &ENGLISH } else { &DUTCH }
    }

    /// The messages in `language` of a site with this name, which has no braces.
    pub(crate) fn named(language: Language, name: &str) -> Self {
        let text = match language {
            Language::En => include_str!("../web/messages/en.toml"),
            Language::Nl | Language::Other => include_str!("../web/messages/nl.toml"),
        };
        let file: BTreeMap<String, BTreeMap<String, String>> =
            toml::from_str(text).expect("message files are valid TOML; a test parses them");
        let flat = file.into_iter().flat_map(|(section, texts)| {
            texts.into_iter().map(move |(key, text)| {
                (format!("{section}.{key}"), text.replace(NAME_PLACEHOLDER, name))
            })
        });
        Self { language, texts: flat.collect() }
    }

    /// The language code for HTML.
    pub(crate) fn language_code(&self) -> &'static str {
        language_code(self.language)
    }

    /// The message for a key. A missing key is returned itself, so that it is noticed; a test
    /// reports it first.
    pub(crate) fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// A message with a value for its placeholder `{name}`.
    pub(crate) fn format(&self, key: &str, name: &str, value: &str) -> String {
        self.format_all(key, &[(name, value)])
    }

    /// A message with values for its placeholders. Placeholders within a value are not replaced.
    pub(crate) fn format_all(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut formatted = String::new();
        let mut rest = self.get(key);
        while let Some((before, after)) = rest.split_once('{') {
            formatted.push_str(before);
            let Some((name, after)) = after.split_once('}') else { break };
            let value = values.iter().find(|(placeholder, _)| *placeholder == name);
            formatted.push_str(value.map_or("", |(_, value)| value));
            rest = after;
        }
        formatted.push_str(rest);
        formatted
    }

    /// The label of an enum value.
    pub(crate) fn enum_label(&self, enum_name: &str, variant: &str) -> String {
        self.get(&format!("{enum_name}.{variant}")).to_owned()
    }

    /// A number with thousands separators.
    pub(crate) fn number(&self, number: u64) -> String {
        let separator = if self.language == Language::En { ',' } else { '.' };
        let digits = number.to_string();
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    }

    /// A date, such as `2 maart 2026`.
    pub(crate) fn day(&self, day: Date) -> String {
        Moment::day(day, moment::HOME_ZONE)
            .map_or_else(|_| day.to_string(), |moment| moment.describe(self.language))
    }

    /// The date of an instant in Amsterdam.
    pub(crate) fn day_of(&self, instant: Timestamp) -> String {
        self.day(home_day(instant))
    }

    /// The date and the time of an instant in Amsterdam, such as `2 maart 2026, 14.00 uur`.
    pub(crate) fn minute_of(&self, instant: Timestamp) -> String {
        let zone = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
        let time = self.times(instant.to_zoned(zone).time(), None);
        format!("{}, {time}", self.day_of(instant))
    }

    /// A moment with its weekday, and with its time zone if that is not Amsterdam's.
    pub(crate) fn moment(&self, moment: &Moment) -> String {
        let mut text = moment.describe(self.language);
        let exact = matches!(moment.precision, DatePrecision::Instant | DatePrecision::Day);
        if exact && moment.text.is_none() {
            text = format!("{} {text}", self.weekday(moment.date));
        }
        self.with_zone(text, moment)
    }

    /// A text, followed by the time zone of its moment if that is not Amsterdam's.
    fn with_zone(&self, text: String, moment: &Moment) -> String {
        let zone_suffix = self.zone_suffix(moment);
        if zone_suffix.is_empty() { text } else { format!("{text} {zone_suffix}") }
    }

    /// A time of day or the times of a period within a day: `14.00 uur`, `14.00 tot 17.00 uur`.
    pub(crate) fn times(&self, begin: Time, end: Option<Time>) -> String {
        let begin = moment::clock(begin, self.language);
        match end.map(|end| moment::clock(end, self.language)) {
            Some(end) => self.format_all("item.times", &[("begin", &begin), ("end", &end)]),
            None => self.format("item.time", "time", &begin),
        }
    }

    /// The city of a moment's time zone, in brackets; empty for Amsterdam and for whole days.
    pub(crate) fn zone_suffix(&self, moment: &Moment) -> String {
        if moment.time.is_none() || moment.zone == moment::HOME_ZONE {
            return String::new();
        }
        format!("({})", self.format("item.zone", "zone", &city_of_zone(&moment.zone)))
    }

    /// A date with its weekday, such as `maandag 2 maart 2026`.
    pub(crate) fn weekday_and_day(&self, day: Date) -> String {
        format!("{} {}", self.weekday(day), self.day(day))
    }

    /// The names of the weekdays, from Monday.
    pub(crate) fn weekdays(&self) -> impl Iterator<Item = String> {
        (1..=7).map(|day| self.enum_label("weekday", &day.to_string()))
    }

    /// A period from start to end; the date appears once if both are on the same day.
    pub(crate) fn span(&self, start: &Moment, end: Option<&Moment>) -> String {
        let begins = self.moment(start);
        let Some(end) = end else { return begins };
        match (start.time, end.time) {
            (Some(from), Some(_)) if start.date == end.date && start.zone == end.zone => {
                let day = self.weekday_and_day(start.date);
                let times = format!("{day}, {}", self.times(from, end.time));
                self.with_zone(times, start)
            }
            (None, None) if start.date == end.date => begins,
            // An end date without a time is included in the period; an end time is exclusive.
            (_, None) => format!("{begins} {} {}", self.get("item.through"), self.moment(end)),
            _ => format!("{begins} {} {}", self.get("item.until"), self.moment(end)),
        }
    }

    fn weekday(&self, day: Date) -> &str {
        let key = format!("weekday.{}", day.weekday().to_monday_one_offset());
        self.texts.get(&key).map_or("", String::as_str)
    }
}

/// The language code for HTML; empty if the language is unknown.
pub(crate) const fn language_code(language: Language) -> &'static str {
    match language {
        Language::Nl => "nl",
        Language::En => "en",
        Language::Other => "",
    }
}

/// The date of an instant in Amsterdam.
pub(crate) fn home_day(instant: Timestamp) -> Date {
    instant.to_zoned(moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC)).date()
}

/// The city of a time zone, such as `Kralendijk`.
fn city_of_zone(zone: &str) -> String {
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use jiff::civil::{date, time};
    use schema::{
        Access, ArticleForm, Attendance, CommunityForm, EventForm, EventPhase, EventStatus,
        GovernmentLayer, Kind, Maturity, OrganisationKind, PartKind, Perspective, SearchField,
        SearchSort, ToolkitForm,
    };

    use super::*;
    use crate::feedback::PageType;

    #[test]
    fn both_languages_must_have_the_same_messages_with_the_same_placeholders() {
        let [dutch, english] = LANGUAGES.map(Messages::of);
        let keys = |messages: &Messages| messages.texts.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(dutch), keys(english));
        let placeholders = |text: &str| {
            let mut placeholders: Vec<_> =
                text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
            placeholders.sort_unstable();
            placeholders.join(" ")
        };
        for (key, text) in &dutch.texts {
            assert_eq!(placeholders(text), placeholders(english.get(key)), "{key}");
            assert!(!text.is_empty() && !english.get(key).is_empty(), "{key}");
        }
    }

    /// The contents of all templates and sources below a folder.
    fn texts_below(folder: &Path, texts: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if path.is_dir() {
                texts_below(&path, texts);
            } else if matches!(extension, Some("rs" | "html")) {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }

    /// Quoted strings in templates and code that have the form of a key.
    fn referenced_keys() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let own = include_str!("messages.rs").split("#[cfg(test)]").next().unwrap_or_default();
        let mut texts = vec![
            own.to_owned(),
            include_str!("explanation_text.rs").to_owned(),
            include_str!("alerts.rs").to_owned(),
        ];
        texts_below(&root.join("web/templates"), &mut texts);
        texts_below(&root.join("src/pages"), &mut texts);
        let is_word = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let sections: BTreeSet<_> =
            DUTCH.texts.keys().filter_map(|key| key.split('.').next()).collect();
        let is_key = |text: &&str| {
            text.split_once('.').is_some_and(|(section, name)| {
                sections.contains(section) && is_word(name) && !matches!(name, "html" | "js")
            })
        };
        texts.iter().flat_map(|text| text.split('"')).filter(is_key).map(str::to_owned).collect()
    }

    /// Every key that [`Messages::enum_label`] derives from a vocabulary.
    fn enum_keys() -> BTreeSet<String> {
        fn keys<T: Copy>(section: &str, all: &[T], name: fn(T) -> &'static str) -> Vec<String> {
            all.iter().map(|value| format!("{section}.{}", name(*value))).collect()
        }
        let keys = [
            keys("kind", Kind::ALL, Kind::name),
            keys("kinds", Kind::ALL, Kind::name),
            keys("kinds_intro", Kind::ALL, Kind::name),
            keys("form", ArticleForm::ALL, ArticleForm::name),
            keys("form", ToolkitForm::ALL, ToolkitForm::name),
            keys("form", CommunityForm::ALL, CommunityForm::name),
            keys("form", EventForm::ALL, EventForm::name),
            keys("layer", GovernmentLayer::ALL, GovernmentLayer::name),
            keys("language", Language::ALL, Language::name),
            keys("attendance", Attendance::ALL, Attendance::name),
            keys("phase", EventPhase::ALL, EventPhase::name),
            keys("sort", SearchSort::ALL, SearchSort::name),
            keys("event_status", EventStatus::ALL, EventStatus::name),
            keys("access", Access::ALL, Access::name),
            keys("maturity", Maturity::ALL, Maturity::name),
            keys("organisation_kind", OrganisationKind::ALL, OrganisationKind::name),
            keys("part", PartKind::ALL, PartKind::name),
            keys("perspective", Perspective::ALL, Perspective::name),
            keys("search_field", SearchField::ALL, SearchField::name),
            keys("feedback_page", &PageType::ALL, PageType::name),
            keys("feedback_back", &PageType::ALL, PageType::name),
        ];
        keys.into_iter().flatten().chain((1..=7).map(|day| format!("weekday.{day}"))).collect()
    }

    #[test]
    fn every_message_that_templates_code_or_vocabularies_reference_must_exist() {
        let referenced = referenced_keys();
        assert!(referenced.len() > 100, "{}", referenced.len());
        let keys = referenced.into_iter().chain(enum_keys());
        let missing: Vec<_> = keys.filter(|key| !DUTCH.texts.contains_key(key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_message_must_be_used() {
        // Keys with these prefixes are composed at run time.
        const COMPOSED: [&str; 4] = ["facet.", "field.", "error.", "search.count_"];
        let (referenced, enums) = (referenced_keys(), enum_keys());
        let is_unused = |key: &&String| {
            !referenced.contains(*key)
                && !enums.contains(*key)
                && !COMPOSED.iter().any(|prefix| key.starts_with(prefix))
        };
        let unused: Vec<_> = DUTCH.texts.keys().filter(is_unused).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn numbers_and_moments_must_be_written_as_each_language_does() {
        let [dutch, english] = LANGUAGES.map(Messages::of);
        assert_eq!(
            (dutch.number(1_234_567), english.number(999)),
            ("1.234.567".into(), "999".into())
        );
        assert_eq!(english.number(1_000), "1,000");
        let at = |zone, hour| Moment::instant(date(2026, 3, 2), time(hour, 0, 0, 0), zone);
        let (two, five) = (at(moment::HOME_ZONE, 14).unwrap(), at(moment::HOME_ZONE, 17).unwrap());
        assert_eq!(dutch.span(&two, Some(&five)), "maandag 2 maart 2026, 14.00 tot 17.00 uur");
        assert_eq!(dutch.moment(&two), "maandag 2 maart 2026, 14.00 uur");
        assert_eq!(english.moment(&two), "Monday 2 March 2026, 14:00");
        assert_eq!(english.span(&two, Some(&five)), "Monday 2 March 2026, 14:00 to 17:00");
        let next_day = Moment { date: date(2026, 3, 3), ..five.clone() };
        assert_eq!(
            dutch.span(&two, Some(&next_day)),
            "maandag 2 maart 2026, 14.00 uur tot dinsdag 3 maart 2026, 17.00 uur"
        );
        let [first, last] = [date(2026, 3, 30), date(2026, 4, 2)]
            .map(|day| Moment::day(day, moment::HOME_ZONE).unwrap());
        assert_eq!(
            dutch.span(&first, Some(&last)),
            "maandag 30 maart 2026 tot en met donderdag 2 april 2026"
        );
        let [nine, noon] = [9, 12].map(|hour| at("America/Kralendijk", hour).unwrap());
        assert_eq!(dutch.moment(&nine), "maandag 2 maart 2026, 9.00 uur (tijd in Kralendijk)");
        assert_eq!(
            english.span(&nine, Some(&noon)),
            "Monday 2 March 2026, 09:00 to 12:00 (Kralendijk time)"
        );
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_must_not_be_replaced() {
        let messages = Messages::of(Language::Nl);
        let formatted =
            messages.format_all("search.count_many_words", &[("count", "2"), ("words", "{count}")]);
        assert_eq!(formatted, "Er zijn 2 resultaten voor ‘{count}’.");
    }
}
