//! A Pleio site as a source, by a stand-in: groups, what they publish, and events.

mod site;

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use gateway::config::{Config, Overrides};
use jiff::{Timestamp, ToSpan};
use schema::Record;

use self::site::{Blog, Content, Entity, Event, Group, Inquiry, News, PleioSite, User, Wiki};
use crate::{
    init::published,
    support::{Installation, everything, runtime},
    test_server::Server,
};

const CREATED: &str = "2026-10-01T09:00:00+02:00";

fn group(guid: &str, name: &str) -> Group {
    Group {
        guid: guid.to_owned(),
        name: name.to_owned(),
        url: format!("/groups/view/{guid}/{}", name.to_lowercase()),
        description: format!("In {name} delen vakgenoten hun ervaring."),
        member_count: 12,
        ..Group::default()
    }
}

fn blog(number: u32) -> Entity {
    let text = format!("De gemeente testte brief {number} met inwoners.");
    let rich = serde_json::json!({
        "type": "doc",
        "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": text }] }],
    });
    Entity::Blog(Blog {
        guid: format!("b{number}"),
        title: format!("Verhaal {number}"),
        rich_description: rich.to_string(),
        url: format!("/blog/view/b{number}/verhaal-{number}"),
        // Imported at once: nothing decides on their order.
        time_created: CREATED.to_owned(),
        time_published: CREATED.to_owned(),
        time_updated: CREATED.to_owned(),
        access_id: 2,
        tags: vec!["brieven".to_owned()],
        group: Some(group("g1", "Brieven")),
        owner: User { guid: "u1".to_owned(), name: "Sanne Visser".to_owned() },
        ..Blog::default()
    })
}

fn wiki(guid: &str, access_id: i32) -> Entity {
    Entity::Wiki(Wiki {
        guid: guid.to_owned(),
        title: format!("Handleiding {guid}"),
        rich_description: "<p>Zo schrijf je een brief.</p>".to_owned(),
        url: format!("/wiki/view/{guid}/handleiding"),
        time_created: CREATED.to_owned(),
        access_id,
        ..Wiki::default()
    })
}

fn event(guid: &str, days: i64) -> Event {
    let start = Timestamp::now().checked_add((24 * days).hours()).expect("a time");
    let start =
        start.round(jiff::Unit::Second).expect("a time").in_tz("Europe/Amsterdam").expect("a zone");
    Event {
        guid: guid.to_owned(),
        title: format!("Bijeenkomst {guid}"),
        rich_description: "Samen oefenen.".to_owned(),
        url: format!("/events/view/{guid}/bijeenkomst"),
        time_created: CREATED.to_owned(),
        access_id: 2,
        start_date: Some(start.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
        location: "Stadhuis".to_owned(),
        ..Event::default()
    }
}

/// Two groups and a hidden one, 60 blogs, the other kinds, an event with a part, and one every week.
fn content() -> Content {
    let mut entities: Vec<_> = (1..=60).map(blog).collect();
    entities.push(Entity::News(News {
        guid: "n1".to_owned(),
        title: "Nieuwe richtlijn".to_owned(),
        rich_description: "De richtlijn is af.".to_owned(),
        url: "/news/view/n1/nieuwe-richtlijn".to_owned(),
        time_created: CREATED.to_owned(),
        time_published: CREATED.to_owned(),
        access_id: 2,
        ..News::default()
    }));
    entities.extend([wiki("w1", 2), wiki("w2", 2), wiki("w3", 1)]);
    entities.push(Entity::Inquiry(Inquiry {
        guid: "q1".to_owned(),
        title: "Wie testte formulieren?".to_owned(),
        rich_description: "Wij zoeken ervaring.".to_owned(),
        url: "/questions/view/q1/wie".to_owned(),
        time_created: CREATED.to_owned(),
        access_id: 2,
        ..Inquiry::default()
    }));
    let part = Entity::Event(event("e2", 31));
    entities.push(Entity::Event(Event { children: vec![part], ..event("e1", 30) }));
    entities.push(Entity::Event(event("later", 900)));
    let closed = Group { is_closed: true, ..group("g2", "Formulieren") };
    let hidden = Group { is_hidden: true, ..group("g3", "Verborgen") };
    let start = Timestamp::now().checked_add(36.hours()).expect("a time");
    let weekly = Event {
        start_date: Some(
            start
                .round(jiff::Unit::Second)
                .expect("a time")
                .in_tz("Europe/Amsterdam")
                .expect("a zone")
                .to_string(),
        ),
        ..event("weekly", 0)
    };
    Content {
        groups: vec![group("g1", "Brieven"), closed, hidden],
        entities,
        weekly: Some(weekly),
        ..Content::default()
    }
}

fn installation(site: &PleioSite) -> Installation {
    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\nretries_max = 0\n\
         [[source]]\nname = \"pleio\"\nkind = \"api\"\npreset = \"pleio\"\n\
         address = \"http://127.0.0.1:{}/\"\nallow_private_addresses = true\nlanguage = \"NL\"\n",
        site.port
    );
    fs::write(installation.config(), config).expect("a file");
    installation
}

fn index(installation: &Installation) -> String {
    let output = installation.output(&["index"]);
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// All content by its title, with its kind.
fn records(installation: &Installation) -> BTreeMap<String, Record> {
    let page = runtime().block_on(installation.snapshot().search(everything())).expect("records");
    let hits = page.hits.into_iter();
    hits.map(|hit| (hit.record.name().to_owned(), hit.record.as_ref().clone())).collect()
}

#[test]
fn init_must_recognise_a_pleio_site() {
    let site = PleioSite::start(content());
    let found = published(&[&format!("http://127.0.0.1:{}/", site.port)]);
    assert!(found.config.contains("preset = \"pleio\""), "{}", found.config);
    assert!(found.printed.contains("Pleio: 2 groups; "), "{}", found.printed);
    assert!(records(&found.installation).contains_key("Bijeenkomst e2"));
}

#[test]
fn a_pleio_site_must_become_its_public_content_and_be_followed() {
    let site = PleioSite::start(content());
    let installation = installation(&site);
    let run = index(&installation);
    let found = records(&installation);
    let count = |is_kind: fn(&Record) -> bool| found.values().filter(|one| is_kind(one)).count();
    // Blogs, news, two of three wikis, and a question; not the wiki for members.
    assert_eq!(
        count(|one| matches!(one, Record::Article(_))),
        60 + 1 + 2 + 1,
        "{run} {:?}",
        found.keys()
    );
    assert!(!found.contains_key("Handleiding w3"));
    assert_eq!(count(|one| matches!(one, Record::Community(_))), 2, "{:?}", found.keys());
    assert!(found.contains_key("Bijeenkomst e1") && found.contains_key("Bijeenkomst e2"), "{run}");
    assert!(!found.contains_key("Bijeenkomst later"), "{run}");
    let story = found["Verhaal 1"].common().expect("content");
    assert!(story.url.path().starts_with("/blog/view/b1/"), "{}", story.url);
    let text = installation.view().into_iter().collect::<Vec<_>>().join("\n");
    assert!(text.contains("De gemeente testte brief 60 met inwoners"), "{text}");
    let sessions = site.content().sessions;
    assert!(sessions == 1, "{sessions} sessions");
    let requests = site.content().requests.join("\n");
    for word in ["__schema", "members", "email", "incrementViewCount"] {
        assert!(!requests.contains(word), "{word}");
    }
    let again = index(&installation);
    assert!(again.contains(" 0 changed, 0 removed, 0 missing"), "{again}");
    let verify = installation.output(&["verify", "--upstream"]);
    let text = String::from_utf8_lossy(&verify.stdout).into_owned();
    assert!(verify.status.success() && text.contains("0 missing, 0 extra, 0 stale"), "{text}");

    // One gets another title and address, one is removed, one is no longer public.
    let id = found["Verhaal 2"].id();
    {
        let mut content = site.content();
        for entity in &mut content.entities {
            if let Entity::Blog(blog) = entity
                && blog.guid == "b2"
            {
                blog.title = "Anders".to_owned();
                blog.url = "/blog/view/b2/anders".to_owned();
            }
        }
        content.entities.retain(|one| !["b3", "w2"].contains(&one.identifier()));
    }
    let run = index(&installation);
    let found = records(&installation);
    assert!(run.contains(" 1 changed, 2 removed, 0 missing"), "{run}");
    assert_eq!(found["Anders"].id(), id);
    assert!(!found.contains_key("Verhaal 2") && !found.contains_key("Verhaal 3"));
    assert!(!found.contains_key("Handleiding w2"));

    // A site that is closed shows a login page.
    site.content().is_closed = true;
    let run = index(&installation);
    assert!(run.contains("not fetched") && run.contains("check the credentials"), "{run}");
    assert_eq!(records(&installation).len(), found.len());
}

#[test]
fn what_is_no_longer_public_must_disappear_although_no_run_is_complete() {
    let site = PleioSite::start(content());
    let installation = installation(&site);
    index(&installation);
    {
        let mut content = site.content();
        content.failing = Some("event");
        for entity in &mut content.entities {
            match entity {
                Entity::Wiki(wiki) if wiki.guid == "w1" => wiki.access_id = 1,
                _ => {}
            }
        }
        content.entities.retain(|one| one.identifier() != "b3");
    }
    let run = index(&installation);
    let found = records(&installation);
    assert!(run.contains("partly fetched"), "{run}");
    assert!(!found.contains_key("Handleiding w1"), "{run} {:?}", found.keys());
    // Only its absence speaks against the other one, and nothing against events.
    assert!(found.contains_key("Verhaal 3") && found.contains_key("Bijeenkomst e1"), "{run}");
    // It is public again.
    for entity in &mut site.content().entities {
        match entity {
            Entity::Wiki(wiki) if wiki.guid == "w1" => wiki.access_id = 2,
            _ => {}
        }
    }
    let run = index(&installation);
    assert!(records(&installation).contains_key("Handleiding w1"), "{run}");
}

#[test]
fn a_site_that_is_a_source_must_also_add_live_fields() {
    let site = PleioSite::start(content());
    let installation = installation(&site);
    index(&installation);
    // The site does not allow introspection.
    let folder = tempfile::tempdir().expect("a folder");
    let schema = "type Query { entity(guid: String!): Entity } interface Entity { guid: String! }
        type Event implements Entity { guid: String! maxAttendees: String }";
    fs::write(folder.path().join("site.graphql"), schema).expect("a file");
    let mapping = format!(
        "[[subgraph]]\nname = 'site'\nurl = 'http://127.0.0.1:{}/graphql'\nsdl = 'site.graphql'\n\
         [[subgraph.entity]]\ntype = 'Event'\nextends = 'Event'\n\
         fields = {{ liveMaxAttendees = 'maxAttendees' }}\nkey = 'guid'\n\
         key_from = 'sources.remoteKey'\nkey_where = {{ source = 'pleio' }}\n\
         lookup = 'query($key: String!) {{ entity(guid: $key) }}'\n",
        site.port
    );
    let file = folder.path().join("wegwijzer.toml");
    fs::write(&file, mapping).expect("a file");
    let mapped = Config::load(Some(&file), &Overrides::default()).expect("a configuration");
    let server = Server::with(&installation, |config| config.subgraphs = mapped.subgraphs);
    for entity in &mut site.content().entities {
        if let Entity::Event(event) = entity
            && event.guid == "e1"
        {
            event.max_attendees = Some("30".to_owned());
        }
    }
    let query = "{ events(first: 20) { nodes { title liveMaxAttendees } } }";
    let until = Instant::now() + Duration::from_secs(30);
    let response = loop {
        let response = server.query(query);
        if response.get("errors").is_none() || Instant::now() > until {
            break response;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let events = response["data"]["events"]["nodes"].as_array().expect("events").iter();
    let found: BTreeMap<_, _> = events
        .map(|event| (event["title"].as_str().unwrap_or_default(), &event["liveMaxAttendees"]))
        .collect();
    assert_eq!(*found["Bijeenkomst e1"], "30", "{response}");
    assert!(found["Bijeenkomst e2"].is_null(), "{response}");
}
