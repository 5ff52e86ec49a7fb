//! The text of a configuration: each source with what was found, and with alternatives as comments.

use std::{collections::BTreeSet, fmt::Write as _};

use indexer::sync::{Discovery, JsonList, NextPage, Offer};
use url::Url;

/// Types of WordPress that are articles on any site.
const WORDPRESS_TYPES: [&str; 2] = ["page", "post"];
/// Types whose objects have no dates in the API.
const EVENT_TYPES: [&str; 3] = ["event", "session", "keynote"];
/// Types that only sites of Gebruiker Centraal have.
const GEBRUIKER_CENTRAAL_TYPES: [&str; 6] =
    ["stap", "methode", "voorbeeld", "brief", "richtlijn", "procestip"];
/// Types whose meaning the preset of Gebruiker Centraal knows.
const PRESET_TYPES: [&str; 18] = [
    "podcast",
    "video_page",
    "event",
    "session",
    "keynote",
    "voorbeeld",
    "brief",
    "beeld",
    "stap",
    "methode",
    "procestip",
    "aanrader",
    "afrader",
    "vaardigheden",
    "tips",
    "richtlijn",
    "doelgroep",
    "speaker",
];

/// A configuration in the making.
pub(super) struct Template {
    text: String,
    names: BTreeSet<String>,
    allow_private_addresses: bool,
}

impl Template {
    pub(super) fn new(contact: &str, allow_private_addresses: bool) -> Self {
        let text = format!(
            "# Written by `wegwijzer init`. `wegwijzer check` verifies this file, and `wegwijzer config\n\
             # reference` explains every key.\n\n\
             # The address at which people reach the search pages; change it before you publish them.\n\
             # public_url = \"https://zoeken.example.nl/\"\n\
             # Where everything is stored.\n\
             data = \"data\"\n\n\
             [sync]\n\
             # The sites see this in our requests. Make it your own e-mail address or page.\n\
             contact = {}\n",
            quoted(contact)
        );
        Self { text, names: BTreeSet::new(), allow_private_addresses }
    }

    /// Whether there is no source yet.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// Adds what an address offers. What is the most complete becomes a source; what is part of it, a
    /// comment. Calendars are always sources: pages rarely have all of their events.
    pub(super) fn add(&mut self, found: &Discovery) {
        let language = language(found);
        let mut has_site = false;
        for offer in &found.offers {
            let is_part = has_site && !matches!(offer, Offer::Calendar { .. });
            let source = self.source(offer, found, language);
            has_site |= !matches!(offer, Offer::Calendar { .. });
            let start =
                if is_part { "\n# Not needed: the source above has its content.\n" } else { "\n" };
            self.text.push_str(start);
            for line in source.lines() {
                let is_comment = line.starts_with('#') || !is_part;
                let _ = writeln!(self.text, "{}{line}", if is_comment { "" } else { "# " });
            }
        }
    }

    /// The table of a source.
    fn source(&mut self, offer: &Offer, found: &Discovery, language: Option<&str>) -> String {
        let (comment, kind, suffix, address) = match offer {
            Offer::Wordpress { address, types } => {
                let types: Vec<_> =
                    types.iter().map(|(name, count)| format!("{count} {name}")).collect();
                let generator = found.generator.as_deref().unwrap_or("WordPress");
                (format!("{generator}: {}.", types.join(", ")), "wordpress", "", address)
            }
            Offer::Pleio { address, groups, items } => (
                format!("Pleio: {groups} groups, {items} other items, and events."),
                "api",
                "",
                address,
            ),
            Offer::Website { address, pages } => {
                (format!("The {pages} pages in the sitemap."), "website", "-pages", address)
            }
            Offer::Feed { address, entries, .. } => {
                (format!("The {entries} latest entries of a feed."), "feed", "-feed", address)
            }
            Offer::Calendar { address, events } => {
                (format!("A calendar with {events} events."), "icalendar", "-calendar", address)
            }
            Offer::Json { address, list } => (
                format!("A list in JSON; items on its first page: {}.", list.count),
                "api",
                "",
                address,
            ),
        };
        let name = self.name(address, suffix);
        let mut text = format!(
            "# {}\n[[source]]\nname = {}\nkind = \"{kind}\"\naddress = {}\n",
            one_line(&comment),
            quoted(&name),
            quoted(address.as_str())
        );
        if self.allow_private_addresses {
            text.push_str("allow_private_addresses = true\n");
        }
        if let Some(language) = language {
            let _ =
                writeln!(text, "# Language of records that state none.\nlanguage = \"{language}\"");
        }
        match offer {
            Offer::Wordpress { types, .. } => {
                push_types(&mut text, types.keys().map(String::as_str));
            }
            Offer::Pleio { .. } => text.push_str("preset = \"pleio\"\n"),
            Offer::Json { list, .. } => push_list(&mut text, list),
            Offer::Website { .. } | Offer::Feed { .. } | Offer::Calendar { .. } => {}
        }
        text
    }

    /// A name that no other source has, from the host.
    fn name(&mut self, address: &Url, suffix: &str) -> String {
        let host = address.domain().unwrap_or("site").trim_start_matches("www.");
        let host = host.rsplit_once('.').map_or(host, |(host, _)| host);
        let allowed = |letter: char| letter.is_ascii_alphanumeric();
        let base: String =
            host.chars().map(|c| if allowed(c) { c.to_ascii_lowercase() } else { '-' }).collect();
        let base =
            format!("{}{suffix}", base.chars().take(40).collect::<String>().trim_matches('-'));
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let mut names = std::iter::once(base.clone()).chain(numbered);
        let name = names.find(|name| !self.names.contains(name)).unwrap_or(base);
        self.names.insert(name.clone());
        name
    }
}

/// The types of a WordPress site: those whose meaning is known.
fn push_types<'a>(text: &mut String, types: impl Iterator<Item = &'a str> + Clone) {
    let is_preset = types.clone().any(|name| GEBRUIKER_CENTRAAL_TYPES.contains(&name));
    let is_known = |name: &str| {
        WORDPRESS_TYPES.contains(&name)
            || (is_preset && PRESET_TYPES.contains(&name) && !EVENT_TYPES.contains(&name))
    };
    if is_preset {
        text.push_str("preset = \"gebruiker-centraal\"\n");
    }
    let (known, other): (Vec<_>, Vec<_>) = types.partition(|name| is_known(name));
    if other.is_empty() {
        return;
    }
    let list =
        |names: &[&str]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    if other.iter().any(|name| EVENT_TYPES.contains(name)) {
        text.push_str(
            "# The API has no dates of events: add the calendar of the site as a source.\n",
        );
    }
    let _ = writeln!(
        text,
        "# Not read, because what they are must be configured (see sources.md): {}.\ntypes = [{}]",
        one_line(&other.join(", ")),
        list(&known)
    );
}

/// Where a list is, and its fields.
fn push_list(text: &mut String, list: &JsonList) {
    let _ = writeln!(text, "key = \"{}\"", list.key);
    if let Some(url) = list.url {
        let _ = writeln!(text, "url = \"{url}\"");
    } else {
        text.push_str(
            "# The address of an item, if it has one.\n# url = \"https://www.example.nl/{slug}\"\n",
        );
    }
    text.push_str("constants = { kind = \"article\" }\n");
    let fields = [("title", list.title), ("body", list.body)];
    let fields = fields.into_iter().filter_map(|(field, name)| Some((field, name?)));
    let fields: Vec<_> = fields.filter(|(field, name)| field != name).collect();
    text.push_str(
        "# Canonical field = field of an item; sources.md lists them.\n[source.fields]\n",
    );
    for (field, name) in fields {
        let _ = writeln!(text, "{field} = \"{name}\"");
    }
    text.push_str("[source.api]\n");
    if !list.items.is_empty() {
        let _ = writeln!(text, "items = {}", quoted(&list.items));
    }
    match list.next {
        Some(NextPage::Header) => text.push_str("paging = \"link\"\n"),
        Some(NextPage::Path(path)) => {
            let _ = writeln!(text, "paging = \"link\"\nnext = \"{path}\"");
        }
        None => text.push_str(
            "# If there are more pages: `page`, `offset`, `cursor` or `link`.\npaging = \"none\"\n",
        ),
    }
}

/// The language of a site, as configured for a source.
fn language(found: &Discovery) -> Option<&'static str> {
    let tag = found.language.as_deref()?.to_lowercase();
    match tag.split(['-', '_']).next()? {
        "nl" => Some("NL"),
        "en" => Some("EN"),
        _ => None,
    }
}

/// A text as a string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text of a site within a comment.
fn one_line(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(300).collect()
}
