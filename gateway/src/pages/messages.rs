//! What people read, from the message files; numbers and dates as each language writes them.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use schema::{DatePrecision, EventMoment, Language, event_moment};

/// The languages in which pages are written.
pub(crate) const LANGUAGES: [Language; 2] = [Language::Nl, Language::En];

static DUTCH: LazyLock<Messages> =
    LazyLock::new(|| Messages::parse(Language::Nl, include_str!("../../web/messages/nl.toml")));
static ENGLISH: LazyLock<Messages> =
    LazyLock::new(|| Messages::parse(Language::En, include_str!("../../web/messages/en.toml")));

/// The messages of one language.
#[derive(Debug)]
pub(crate) struct Messages {
    /// Which language.
    pub(crate) language: Language,
    texts: BTreeMap<String, String>,
}

impl Messages {
    /// The messages in `language`; in Dutch where there are none in it.
    pub(crate) fn of(language: Language) -> &'static Self {
        if language == Language::En { &ENGLISH } else { &DUTCH }
    }

    fn parse(language: Language, text: &str) -> Self {
        type File = BTreeMap<String, BTreeMap<String, String>>;
        let file: File =
            toml::from_str(text).expect("message files are valid TOML; a test parses them");
        let flat = file.into_iter().flat_map(|(section, texts)| {
            texts.into_iter().map(move |(key, text)| (format!("{section}.{key}"), text))
        });
        Self { language, texts: flat.collect() }
    }

    /// The code of the language, as HTML writes it.
    pub(crate) fn language_code(&self) -> &'static str {
        language_code(self.language)
    }

    /// A message. A key without one is shown itself, so that it is seen; a test finds it first.
    pub(crate) fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// A message with a text at its place `{name}`.
    pub(crate) fn format(&self, key: &str, name: &str, value: &str) -> String {
        self.format_all(key, &[(name, value)])
    }

    /// A message with texts at its places. A text is not looked through for places itself.
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

    /// The name of a word of a vocabulary.
    pub(crate) fn enum_label(&self, enum_name: &str, variant: &str) -> String {
        self.get(&format!("{enum_name}.{variant}")).to_owned()
    }

    /// A number with its thousands apart.
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

    /// A day, such as `2 maart 2026`.
    pub(crate) fn day(&self, day: Date) -> String {
        EventMoment::day(day, event_moment::HOME_ZONE)
            .map_or_else(|_| day.to_string(), |moment| moment.describe(self.language))
    }

    /// The day of an instant in Amsterdam.
    pub(crate) fn day_of(&self, instant: Timestamp) -> String {
        self.day(home_day(instant))
    }

    /// A moment with its day of the week, and with its zone where that is not Amsterdam's.
    pub(crate) fn moment(&self, moment: &EventMoment) -> String {
        let mut text = moment.describe(self.language);
        let exact = matches!(moment.precision, DatePrecision::Instant | DatePrecision::Day);
        if exact && moment.text.is_none() {
            text = format!("{} {text}", self.weekday(moment.date));
        }
        let zone_suffix = self.zone_suffix(moment);
        if zone_suffix.is_empty() { text } else { format!("{text} {zone_suffix}") }
    }

    /// Where the clock of a moment hangs, in brackets; nothing in Amsterdam and for whole days.
    pub(crate) fn zone_suffix(&self, moment: &EventMoment) -> String {
        if moment.time.is_none() || moment.zone == event_moment::HOME_ZONE {
            return String::new();
        }
        format!("({})", self.format("item.zone", "zone", &city_of_zone(&moment.zone)))
    }

    /// A day with its name, such as `maandag 2 maart 2026`.
    pub(crate) fn weekday_and_day(&self, day: Date) -> String {
        format!("{} {}", self.weekday(day), self.day(day))
    }

    /// The names of the days of a week, from Monday on.
    pub(crate) fn weekdays(&self) -> impl Iterator<Item = String> {
        (1..=7).map(|day| self.enum_label("weekday", &day.to_string()))
    }

    /// From a moment to another; the day only once where it is the same.
    pub(crate) fn span(&self, start: &EventMoment, end: Option<&EventMoment>) -> String {
        let begins = self.moment(start);
        let Some(end) = end else { return begins };
        let until = self.get("item.until");
        match (start.time, end.time) {
            (Some(_), Some(time))
                if start.date == end.date && start.zone == event_moment::HOME_ZONE =>
            {
                format!("{begins} {until} {:02}:{:02}", time.hour(), time.minute())
            }
            (None, None) if start.date == end.date => begins,
            _ => format!("{begins} {until} {}", self.moment(end)),
        }
    }

    fn weekday(&self, day: Date) -> &str {
        let key = format!("weekday.{}", day.weekday().to_monday_one_offset());
        self.texts.get(&key).map_or("", String::as_str)
    }
}

/// The code of a language, as HTML writes it; empty where it is not known.
pub(crate) const fn language_code(language: Language) -> &'static str {
    match language {
        Language::Nl => "nl",
        Language::En => "en",
        Language::Other => "",
    }
}

/// The day of an instant in Amsterdam.
pub(crate) fn home_day(instant: Timestamp) -> Date {
    instant.to_zoned(event_moment::zone(event_moment::HOME_ZONE).unwrap_or(TimeZone::UTC)).date()
}

/// The city of a time zone, such as `Kralendijk`.
fn city_of_zone(zone: &str) -> String {
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use jiff::civil::{date, time};

    use super::*;

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

    #[test]
    fn every_message_that_a_template_or_the_code_references_must_exist() {
        let mut references = 0;
        for folder in ["web/templates", "src/pages"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            for file in fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    continue;
                }
                let text = fs::read_to_string(path).unwrap();
                for call in ["messages.get(\"", ".message(\"", ".format(\"", ".format_all(\""] {
                    for rest in text.split(call).skip(1) {
                        let key = rest.split('"').next().unwrap();
                        if key.is_empty() || key.len() > 40 {
                            continue;
                        }
                        references += 1;
                        assert!(Messages::of(Language::Nl).texts.contains_key(key), "{key}");
                    }
                }
            }
        }
        assert!(references > 50, "{references}");
    }

    #[test]
    fn numbers_and_moments_must_be_written_as_each_language_does() {
        let [dutch, english] = LANGUAGES.map(Messages::of);
        assert_eq!(
            (dutch.number(1_234_567), english.number(999)),
            ("1.234.567".into(), "999".into())
        );
        assert_eq!(english.number(1_000), "1,000");
        let at = |zone, hour| EventMoment::instant(date(2026, 3, 2), time(hour, 0, 0, 0), zone);
        let (two, five) =
            (at(event_moment::HOME_ZONE, 14).unwrap(), at(event_moment::HOME_ZONE, 17).unwrap());
        assert_eq!(dutch.span(&two, Some(&five)), "maandag 2 maart 2026, 14:00 tot 17:00");
        assert_eq!(english.moment(&two), "Monday 2 March 2026, 14:00");
        let island = at("America/Kralendijk", 9).unwrap();
        assert_eq!(dutch.moment(&island), "maandag 2 maart 2026, 09:00 (tijd in Kralendijk)");
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_must_not_be_replaced() {
        let messages = Messages::of(Language::Nl);
        let formatted =
            messages.format_all("search.count_many_words", &[("count", "2"), ("words", "{count}")]);
        assert_eq!(formatted, "Er zijn 2 resultaten voor ‘{count}’.");
    }
}
