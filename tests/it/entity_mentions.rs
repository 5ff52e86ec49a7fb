//! Mentions of declared entities: found in texts, compared with texts that a person has marked.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::Write as _,
};

use indexer::catalog::Snapshot;
use schema::{NodeId, NodeKind, Page, Record};
use serde_json::{Value, json};

use crate::{
    support::{Installation, everything, repository, runtime, shared},
    test_server::Server,
};

/// Minimum share of the mentions found that are marked.
const PRECISION_MIN: f64 = 0.97;
/// Minimum share of the marked mentions that are found.
const RECALL_MIN: f64 = 0.80;

fn lines(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(repository().join("fixtures/mentions").join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An installation with the declared entities and texts: title, lead and Markdown.
fn installation(texts: &[(String, String)]) -> Installation {
    let installation = Installation::empty();
    let config = fs::read_to_string(installation.config()).unwrap_or_default();
    let entities: Vec<String> = lines("entities.jsonl").iter().map(ToString::to_string).collect();
    installation.write("entities.jsonl", &(entities.join("\n") + "\n"));
    fs::create_dir(installation.path().join("texts")).unwrap();
    for (name, text) in texts {
        installation.write(&format!("texts/{name}"), text);
    }
    let sources = "\n[[source]]\nname = \"entities\"\nkind = \"jsonlines\"\npath = \"entities.jsonl\"\n\
                   \n[[source]]\nname = \"texts\"\nkind = \"markdown\"\npath = \"texts\"\n\
                   [source.constants]\nkind = \"article\"\n\
                   \n[[source]]\nname = \"plain\"\nkind = \"text\"\npath = \"texts\"\n\
                   [source.constants]\nkind = \"article\"\n";
    fs::write(installation.config(), config + sources).unwrap();
    installation
}

/// A file name for a text of the corpus: seeds are plain texts, the others Markdown.
fn file_name(number: usize, file: &str) -> String {
    let is_plain = file.starts_with("seeds/");
    format!("text{number:02}.{}", if is_plain { "txt" } else { "md" })
}

/// The ids of the records of a source by their key.
fn ids_by_key(snapshot: &Snapshot, source: &str) -> BTreeMap<String, NodeId> {
    let mut ids = Vec::new();
    let all = runtime().block_on(snapshot.search(everything())).unwrap();
    ids.extend(all.hits.iter().map(|hit| hit.record.id()));
    for kind in NodeKind::ALL.into_iter().filter(|kind| !kind.is_content()) {
        let page = snapshot.list_by_name(kind, String::new(), Page::first(5_000));
        let page = runtime().block_on(page).unwrap();
        ids.extend(page.entries.iter().map(|(record, _)| record.id()));
    }
    let provenance = runtime().block_on(snapshot.provenance(&ids)).unwrap();
    let keys = ids.iter().zip(provenance).flat_map(|(id, records)| {
        let own = records.into_iter().filter(|one| one.record.source.as_str() == source);
        own.map(|one| (one.record.remote_key, *id)).collect::<Vec<_>>()
    });
    keys.collect()
}

fn names_of(snapshot: &Snapshot, ids: &[NodeId]) -> Vec<String> {
    let records = runtime().block_on(snapshot.get_many(ids)).unwrap();
    records.iter().flatten().map(|record| record.name().to_owned()).collect()
}

#[test]
fn mentions_must_agree_with_texts_that_a_person_has_marked() {
    let Some(corpus) = shared("corpus") else { return };
    let marked = lines("marked.jsonl");
    let mut texts = Vec::new();
    for (number, one) in marked.iter().enumerate() {
        let file = one["file"].as_str().unwrap();
        let text = fs::read_to_string(corpus.join(file)).unwrap();
        texts.push((file_name(number, file), text));
    }
    let installation = installation(&texts);
    installation.build();
    let snapshot = installation.snapshot();
    let entities = ids_by_key(&snapshot, "entities");
    let mut articles = ids_by_key(&snapshot, "texts");
    articles.append(&mut ids_by_key(&snapshot, "plain"));
    let kinds: BTreeMap<String, String> = lines("entities.jsonl")
        .iter()
        .map(|one| {
            (one["key"].as_str().unwrap().to_owned(), one["kind"].as_str().unwrap().to_owned())
        })
        .collect();
    let (mut right, mut unmarked, mut missed) = (0_u32, Vec::new(), Vec::new());
    for (number, one) in marked.iter().enumerate() {
        let id = articles[&file_name(number, one["file"].as_str().unwrap())];
        let mentions = runtime().block_on(snapshot.entity_mentions(&[id])).unwrap().remove(0);
        let found: BTreeSet<NodeId> = mentions.iter().map(|mention| mention.entity).collect();
        // Themes are not looked for: their names are ordinary words.
        let keys = one["mentions"].as_array().unwrap().iter().map(|key| key.as_str().unwrap());
        let keys: Vec<_> = keys.filter(|key| kinds[*key] != "theme").collect();
        let expected: BTreeSet<NodeId> = keys.iter().map(|key| entities[*key]).collect();
        right += u32::try_from(found.intersection(&expected).count()).unwrap();
        let file = &one["file"];
        for id in found.difference(&expected) {
            unmarked.push(format!("{file} {:?}", names_of(&snapshot, &[*id])));
        }
        for id in expected.difference(&found) {
            missed.push(format!("{file} {:?}", names_of(&snapshot, &[*id])));
        }
    }
    let share = |others: usize| {
        let others = u32::try_from(others).unwrap();
        f64::from(right) / f64::from(right + others)
    };
    let (precision, recall) = (share(unmarked.len()), share(missed.len()));
    let mut report = format!(
        "mentions in {} texts: {right} right, {} wrong, {} missed: precision {precision:.3}, recall {recall:.3}\n",
        marked.len(),
        unmarked.len(),
        missed.len()
    );
    for line in &unmarked {
        let _ = writeln!(report, "wrong {line}");
    }
    for line in &missed {
        let _ = writeln!(report, "missed {line}");
    }
    // Not `println!`: the test harness would capture it.
    let _ = std::io::stderr().write_all(report.as_bytes());
    assert!(precision >= PRECISION_MIN && recall >= RECALL_MIN, "{report}");
}

/// Interviewees and quotes as `kind file name`.
fn people_and_quotes(
    file: &str,
    interviewees: &[String],
    quotes: &[(String, String)],
) -> BTreeSet<String> {
    let start = |text: &str| text.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
    let quotes = quotes.iter().map(|(name, text)| format!("quote {file} {name}: {}", start(text)));
    interviewees.iter().map(|name| format!("interviewee {file} {name}")).chain(quotes).collect()
}

#[test]
fn interviewees_and_quotes_must_agree_with_texts_that_a_person_has_marked() {
    let Some(corpus) = shared("corpus") else { return };
    let marked = lines("interviews.jsonl");
    let texts = marked.iter().enumerate().map(|(number, one)| {
        let file = one["file"].as_str().unwrap();
        (file_name(number, file), fs::read_to_string(corpus.join(file)).unwrap())
    });
    let installation = installation(&texts.collect::<Vec<_>>());
    installation.build();
    let snapshot = installation.snapshot();
    let mut articles = ids_by_key(&snapshot, "texts");
    articles.append(&mut ids_by_key(&snapshot, "plain"));
    let (mut expected, mut found) = (BTreeSet::new(), BTreeSet::new());
    for (number, one) in marked.iter().enumerate() {
        let file = one["file"].as_str().unwrap();
        let id = articles[&file_name(number, file)];
        let record = runtime().block_on(snapshot.get_many(&[id])).unwrap().remove(0).unwrap();
        let Record::Article(article) = &*record else { panic!("an article") };
        let name = |ids: &[NodeId]| names_of(&snapshot, ids);
        let quotes = article
            .quotes
            .iter()
            .map(|quote| (name(quote.person.as_slice()).concat(), quote.text.clone()));
        let quotes: Vec<_> = quotes.collect();
        found.append(&mut people_and_quotes(file, &name(&article.interviewees), &quotes));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let people: Vec<_> = one["interviewees"].as_array().unwrap().iter().map(text).collect();
        let quotes = one["quotes"].as_array().unwrap().iter();
        let quotes: Vec<_> =
            quotes.map(|quote| (text(&quote["speaker"]), text(&quote["start"]))).collect();
        expected.append(&mut people_and_quotes(file, &people, &quotes));
    }
    let right = found.intersection(&expected).count();
    let mut report = format!(
        "interviewees and quotes: {right} right of {} found and {} marked\n",
        found.len(),
        expected.len()
    );
    for line in found.difference(&expected) {
        let _ = writeln!(report, "wrong {line}");
    }
    for line in expected.difference(&found) {
        let _ = writeln!(report, "missed {line}");
    }
    // Not `println!`: the test harness would capture it.
    let _ = std::io::stderr().write_all(report.as_bytes());
    let seed = |line: &&String| line.contains("seeds/001");
    assert_eq!(
        found.iter().filter(seed).collect::<Vec<_>>(),
        expected.iter().filter(seed).collect::<Vec<_>>(),
        "{report}"
    );
    assert!(right * 100 >= found.len() * 90, "{report}");
}

/// A small installation: two communities, three organisations and a text.
fn small() -> Installation {
    let installation = Installation::empty();
    let config = fs::read_to_string(installation.config()).unwrap_or_default();
    let sources = "\n[[source]]\nname = \"all\"\nkind = \"jsonlines\"\npath = \"all.jsonl\"\n";
    fs::write(installation.config(), config + sources).unwrap();
    installation
}

fn article(key: &str, body: &str) -> Value {
    json!({ "key": key, "kind": "article", "title": format!("Artikel {key}"), "body": body })
}

fn organisation(key: &str, title: &str, abbreviations: &[&str]) -> Value {
    json!({ "key": key, "kind": "organisation", "title": title, "abbreviations": abbreviations })
}

fn write(installation: &Installation, records: &[Value]) {
    installation
        .write_lines_to("all.jsonl", &records.iter().map(Value::to_string).collect::<Vec<_>>());
}

#[test]
fn mentions_must_follow_changes_of_texts_and_of_names() {
    let installation = small();
    let text = article("a", "<p>Eerst iets. De Kamer van Koophandel (KVK) doet mee. Slot.</p>");
    // The first generation has no declared names at all.
    write(&installation, std::slice::from_ref(&text));
    installation.build();
    let mentions = |installation: &Installation| {
        let snapshot = installation.snapshot();
        let id = ids_by_key(&snapshot, "all")["a"];
        let mentions = runtime().block_on(snapshot.entity_mentions(&[id])).unwrap().remove(0);
        let ids: Vec<_> = mentions.iter().map(|mention| mention.entity).collect();
        names_of(&snapshot, &ids)
    };
    assert_eq!(mentions(&installation), [""; 0]);
    // A new name is found in a text that did not change.
    let kvk = organisation("kvk", "Kamer van Koophandel", &["KVK"]);
    write(&installation, &[text.clone(), organisation("o", "Gemeente Duinstad", &[]), kvk.clone()]);
    installation.build();
    assert_eq!(mentions(&installation), ["Kamer van Koophandel"]);
    // A name that a second entity gets denotes neither; the full name still does.
    let other = organisation("kvk2", "Koninklijke Vereniging Kust", &["KVK"]);
    write(&installation, &[article("a", "<p>De KVK doet mee.</p>"), kvk.clone(), other]);
    installation.build();
    assert_eq!(mentions(&installation), [""; 0]);
    write(&installation, &[article("a", "<p>De KVK doet mee.</p>"), kvk]);
    installation.build();
    assert_eq!(mentions(&installation), ["Kamer van Koophandel"]);
    write(&installation, &[article("a", "<p>De KVK doet mee.</p>")]);
    installation.build();
    assert_eq!(mentions(&installation), [""; 0]);
}

#[test]
fn a_mention_must_be_served_with_its_sentence_in_both_directions() {
    let installation = small();
    write(
        &installation,
        &[
            article(
                "a",
                "<p>Eerst iets. In 2019 begon de gemeente Rotterdam met KVK’s hulp. Slot.</p>",
            ),
            organisation("r", "Gemeente Rotterdam", &[]),
            organisation("kvk", "Kamer van Koophandel", &["KVK"]),
        ],
    );
    installation.build();
    let server = Server::of(&installation);
    let response = server.query(
        "{ articles { nodes { organisations { name } mentions { origin sentence entity {
             __typename ... on Organisation { name mentionedIn { title } counts { total } } } } } } }",
    );
    let sentence = "In 2019 begon de gemeente Rotterdam met KVK’s hulp.";
    let entity = |name: &str| {
        json!({
            "origin": "INFERRED", "sentence": sentence,
            "entity": {
                "__typename": "Organisation", "name": name,
                "mentionedIn": [{ "title": "Artikel a" }], "counts": { "total": 0 },
            },
        })
    };
    assert_eq!(
        response["data"]["articles"]["nodes"][0],
        json!({
            "organisations": [],
            "mentions": [entity("Gemeente Rotterdam"), entity("Kamer van Koophandel")],
        })
    );
}

#[test]
fn a_record_must_not_mention_itself() {
    let installation = small();
    let toolkit = json!({
        "key": "t", "kind": "toolkit", "title": "Klantreis Kaart", "body": "<p>De Klantreis Kaart helpt.</p>",
    });
    write(&installation, &[toolkit, article("a", "<p>Wij gebruiken de Klantreis Kaart.</p>")]);
    installation.build();
    let snapshot = installation.snapshot();
    let ids = ids_by_key(&snapshot, "all");
    let mentions = runtime().block_on(snapshot.entity_mentions(&[ids["t"], ids["a"]])).unwrap();
    assert_eq!((mentions[0].len(), mentions[1].len()), (0, 1));
    let record = runtime().block_on(snapshot.get_many(&[mentions[1][0].entity])).unwrap().remove(0);
    assert!(matches!(record.as_deref(), Some(Record::Toolkit(_))));
}
