//! Entries of an archive that announce an article, and texts that must stay apart.

use std::collections::BTreeMap;

use schema::Origin;
use serde_json::{Value, json};

use crate::support::{Installation, everything, runtime};

const LEAD: &str = "Aan het loket begint alles opnieuw. Noor van Dijk, coördinator van het \
    klantcontact, vertelt hoe de brieven korter werden.";
const ANNOUNCEMENT: &str = "Waarom worden brieven korter? Noor van Dijk, coördinator van het \
    klantcontact, vertelt hoe dat ging en wat zij er zelf van leerde.";

/// A text of a number of words that starts with a lead.
fn full_text(lead: &str, subject: &str) -> String {
    let sentence = format!("Dit is een zin over {subject} en over alles wat daarbij komt kijken. ");
    format!("{lead} {}", sentence.repeat(20))
}

fn article(key: &str, fields: &Value) -> Value {
    let mut record = json!({ "key": key, "kind": "article", "form": "PAGE" });
    record.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
    record
}

/// The articles, and the entries of an archive in another source.
fn installation(items: &[Value], archive: &[Value]) -> Installation {
    let installation = Installation::empty();
    let lines = |records: &[Value]| records.iter().map(Value::to_string).collect::<Vec<_>>();
    installation.write_lines(&lines(items));
    installation.write_lines_to("more.jsonl", &lines(archive));
    installation
}

/// The keys of the source records of each article, with their origin, by title or key.
fn merged(installation: &Installation) -> Vec<BTreeMap<String, Origin>> {
    let snapshot = installation.snapshot();
    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    let ids: Vec<_> = page.hits.iter().map(|hit| hit.record.id()).collect();
    let provenance = runtime().block_on(snapshot.provenance(&ids)).expect("provenance");
    let keys = |sources: &Vec<schema::Provenance>| {
        sources.iter().map(|source| (source.record.remote_key.clone(), source.origin)).collect()
    };
    let mut merged: Vec<BTreeMap<_, _>> = provenance.iter().map(keys).collect();
    merged.sort();
    merged
}

fn groups(expected: &[&[&str]]) -> Vec<BTreeMap<String, Origin>> {
    let origin = |key: &str| if key.starts_with('a') { Origin::Inferred } else { Origin::Declared };
    let group = |keys: &&[&str]| {
        let single = keys.len() == 1;
        let origin = |key: &str| if single { Origin::Declared } else { origin(key) };
        keys.iter().map(|key| ((*key).to_owned(), origin(key))).collect()
    };
    let mut groups: Vec<_> = expected.iter().map(group).collect();
    groups.sort();
    groups
}

#[test]
fn an_announcement_must_meet_the_one_article_with_its_opening() {
    let text = |lead: &str| json!({ "title": "Brieven", "body": full_text(lead, "brieven") });
    let short = json!({ "title": "Kort", "body": ANNOUNCEMENT });
    let other = json!({ "title": "Anders", "body": full_text("Over formulieren.", "formulieren") });
    let installation = installation(
        &[article("t1", &text(LEAD)), article("t2", &other)],
        &[
            article("a1", &short),
            // The same person, in other words.
            article("a2", &json!({ "title": "Noor", "body": "Noor van Dijk schreef een boek." })),
        ],
    );
    installation.build();
    assert_eq!(merged(&installation), groups(&[&["t1", "a1"], &["t2"], &["a2"]]));
    // The announcement adds nothing to what the text has.
    let snapshot = installation.snapshot();
    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    let record = page.hits.iter().map(|hit| &hit.record).find(|r| r.name() == "Brieven");
    let record = record.expect("the title of the text");
    let body = runtime().block_on(snapshot.bodies(&[record.id()])).expect("a body").remove(0);
    assert!(body.expect("a text").text.starts_with("Aan het loket"));
}

#[test]
fn an_announcement_that_two_texts_could_own_must_stay_apart() {
    let text = |subject: &str| json!({ "title": subject, "body": full_text(LEAD, subject) });
    let two = [article("t1", &text("brieven")), article("t2", &text("formulieren"))];
    let announcement = [article("a1", &json!({ "title": "Kort", "body": ANNOUNCEMENT }))];
    let installation = installation(&two, &announcement);
    installation.build();
    assert_eq!(merged(&installation), groups(&[&["t1"], &["t2"], &["a1"]]));
    // Once the other text is about something else, the announcement belongs to the first.
    let other = json!({ "title": "formulieren", "body": full_text("Iets anders.", "formulieren") });
    installation.write_lines(&[two[0].to_string(), article("t2", &other).to_string()]);
    installation.build();
    assert_eq!(merged(&installation), groups(&[&["t1", "a1"], &["t2"]]));
    installation.write_lines(&two.each_ref().map(ToString::to_string));
    installation.build();
    let incremental = merged(&installation);
    installation.build_full();
    assert_eq!(incremental, merged(&installation));
    assert_eq!(incremental, groups(&[&["t1"], &["t2"], &["a1"]]));
}

#[test]
fn what_has_its_own_page_or_text_must_never_be_an_announcement() {
    let text = article("t1", &json!({ "title": "Brieven", "body": full_text(LEAD, "brieven") }));
    for own in [
        json!({ "title": "Kort", "body": ANNOUNCEMENT, "url": "https://x.example/kort" }),
        json!({ "title": "Lang", "body": full_text(ANNOUNCEMENT, "iets anders") }),
        json!({ "title": "Geen naam", "body": ANNOUNCEMENT.replace("Noor van Dijk", "zij") }),
    ] {
        let installation = installation(std::slice::from_ref(&text), &[article("a1", &own)]);
        installation.build();
        assert_eq!(merged(&installation), groups(&[&["t1"], &["a1"]]), "{own}");
    }
    // An event is not announced by an article.
    let event = json!({ "key": "t1", "kind": "event", "form": "WEBINAR", "title": "Brieven",
        "start": "2026-03-04", "body": full_text(LEAD, "brieven") });
    let announcement = article("a1", &json!({ "title": "Kort", "body": ANNOUNCEMENT }));
    let installation = installation(&[event], &[announcement]);
    installation.build();
    assert_eq!(merged(&installation), groups(&[&["t1"], &["a1"]]));
}

#[test]
fn the_same_title_and_person_must_identify_an_article_that_has_a_text() {
    let title = "Waarom brieven korter werden";
    let text = json!({ "title": title, "body": full_text("Zo ging het.", "brieven"),
        "people": ["Noor van Dijk"] });
    let listed = |people: &[&str]| json!({ "title": title, "people": people });
    let archive =
        [article("a1", &listed(&["Noor van Dijk"])), article("a2", &listed(&["Ben Staal"]))];
    let installation = installation(&[article("t1", &text)], &archive);
    installation.build();
    assert_eq!(merged(&installation), groups(&[&["t1", "a1"], &["a2"]]));
}

#[test]
fn an_announcement_must_outlive_its_article_and_meet_it_again() {
    let text = article("t1", &json!({ "title": "Brieven", "body": full_text(LEAD, "brieven") }));
    let other = article("t2", &json!({ "title": "Anders", "body": "Iets anders." }));
    let installation = installation(
        &[text.clone(), other.clone()],
        &[article("a1", &json!({ "title": "Kort", "body": ANNOUNCEMENT }))],
    );
    installation.build();
    let together = groups(&[&["t1", "a1"], &["t2"]]);
    assert_eq!(merged(&installation), together);
    installation.write_lines(&[other.to_string()]);
    installation.build();
    assert_eq!(merged(&installation), groups(&[&["a1"], &["t2"]]));
    installation.write_lines(&[text.to_string(), other.to_string()]);
    installation.build();
    assert_eq!(merged(&installation), together);
}

#[test]
fn short_articles_with_their_own_subject_must_stay_apart() {
    let sentence = "Dit artikel stond eerder in de nieuwsbrief van Gebruiker Centraal en is hier \
        met toestemming geplaatst.";
    let text =
        article("t1", &json!({ "title": "Brieven", "body": full_text(sentence, "brieven") }));
    let own = |key: &str, subject: &str| {
        let body = format!(
            "{sentence} {subject} kost vanaf maandag twee euro, meldt de afdeling \
            parkeren, en wie bezwaar maakt belt een ander loket of schrijft zelf."
        );
        article(key, &json!({ "title": subject, "body": body }))
    };
    let installation = installation(&[text], &[own("a1", "Fietsen")]);
    installation.build();
    assert_eq!(merged(&installation), groups(&[&["t1"], &["a1"]]));
    // Two entries of one list are two articles, whatever they share with a third.
    let short = |key: &str| {
        let body = "Ben Staal geeft antwoord op de vraag van de week over brieven.";
        article(
            key,
            &json!({ "title": "Vraag van de week", "people": ["Ben Staal"], "body": body }),
        )
    };
    let long = json!({ "title": "Vraag van de week", "people": ["Ben Staal"],
        "body": full_text("Ben Staal geeft antwoord op de vraag van de week.", "brieven") });
    installation.write_lines(&[article("t1", &long).to_string()]);
    installation.write_lines_to("more.jsonl", &[short("a1"), short("a2")].map(|q| q.to_string()));
    installation.build();
    assert_eq!(merged(&installation), groups(&[&["t1"], &["a1"], &["a2"]]));
}

#[test]
fn the_configuration_must_decide_whose_an_announcement_is() {
    let text = |key: &str, lead: &str| {
        article(key, &json!({ "title": key, "body": full_text(lead, "brieven") }))
    };
    let items = [text("t1", LEAD), text("t2", "Iets anders.")];
    let announcement = [article("a1", &json!({ "title": "Kort", "body": ANNOUNCEMENT }))];
    let installation = installation(&items, &announcement);
    let config = std::fs::read_to_string(installation.config()).expect("a configuration");
    let config = format!("aliases = [[\"more:a1\", \"lines:t2\"]]\n{config}");
    std::fs::write(installation.config(), config).expect("writable");
    installation.build();
    let origins = [("a1".to_owned(), Origin::Declared), ("t2".to_owned(), Origin::Declared)];
    let mut expected = groups(&[&["t1"]]);
    expected.push(BTreeMap::from(origins));
    expected.sort();
    assert_eq!(merged(&installation), expected);
}
