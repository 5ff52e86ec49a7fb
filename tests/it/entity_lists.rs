//! The overviews of themes, organisations and audiences, and the cards of records.

use crate::{support::Installation, test_server::Server};

/// A theme for each number, with as many articles as its number modulo three.
fn themes(count: usize) -> Installation {
    let installation = Installation::empty();
    let line = |number: usize| {
        let articles = (0..number % 3).map(move |article| {
            format!(
                r#"{{"key":"{number}-{article}","kind":"article","title":"Bericht {number} {article}","url":"https://x.nl/{number}/{article}","themes":["thema {number:03}"]}}"#
            )
        });
        let theme = format!(r#"{{"key":"t{number}","kind":"theme","title":"thema {number:03}"}}"#);
        articles.chain([theme]).collect::<Vec<_>>()
    };
    installation.write_lines(&(1..=count).flat_map(line).collect::<Vec<_>>());
    installation.build();
    installation
}

fn names(page: &str) -> Vec<&str> {
    let rows = page.split("<li><a href=\"/theme/").skip(1);
    rows.filter_map(|row| row.split("<bdi>").nth(1)?.split('<').next()).collect()
}

#[test]
fn every_theme_must_be_in_one_page_of_the_overview_with_its_number_of_results() {
    let installation = themes(251);
    let server = Server::of(&installation);
    let mut listed = Vec::new();
    for page in 1..=3 {
        let path = if page == 1 { "/theme".to_owned() } else { format!("/theme?page={page}") };
        let reply = server.get(&path);
        assert_eq!(reply.status, 200, "{path}");
        let body = reply.body;
        assert_eq!(body.contains("rel=\"prev\""), page > 1, "{path}");
        assert_eq!(body.contains("rel=\"next\""), page < 3, "{path}");
        let title =
            if page == 1 { "<title>Thema’s |".to_owned() } else { format!(", pagina {page} |") };
        assert!(body.contains(&title), "{path}: {body}");
        for row in body.split("<li><a href=\"/theme/").skip(1) {
            let name = row.split("<bdi>").nth(1).and_then(|rest| rest.split('<').next());
            let name = name.expect("a name").to_owned();
            let number: usize = name.trim_start_matches("thema ").parse().expect("a number");
            let count = ["Geen resultaten", "1 resultaat", "2 resultaten"][number % 3];
            assert!(row.split("</li>").next().is_some_and(|row| row.contains(count)), "{row}");
            listed.push(name);
        }
    }
    let expected: Vec<_> = (1..=251).map(|number| format!("thema {number:03}")).collect();
    assert_eq!(listed, expected);
    for path in ["/theme?page=4", "/theme?page=0", "/theme?page=x", "/theme?q=zzz&page=2"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.get(&format!("/theme?q={}", "x".repeat(201))).status, 404);
    assert_eq!(server.get("/person").status, 404);
}

#[test]
fn an_overview_must_be_searched_by_name_in_both_languages() {
    let installation = themes(40);
    let server = Server::of(&installation);
    let found = server.get("/theme?q=thema+02").body;
    assert_eq!(names(&found).len(), 10);
    assert!(found.contains("content=\"noindex"), "{found}");
    let none = server.get("/en/theme?q=zzz").body;
    assert!(none.contains("No names match your search."), "{none}");
    assert!(none.contains("<a href=\"/en/theme\">Show all</a>"), "{none}");
    assert!(none.contains("<title>Themes: zzz |"), "{none}");
    let etag = |path: &str| server.get(path).header("etag").expect("an ETag").to_owned();
    assert_ne!(etag("/theme"), etag("/theme?q=thema+02"));
    // An address with a parameter that means nothing here is the same page.
    assert_eq!(etag("/theme"), etag("/theme?utm_source=x&page=1"));
}

#[test]
fn a_card_must_show_dates_and_extents_as_they_are_known() {
    let installation = Installation::empty();
    let event = |key: &str, start: &str| {
        format!(
            r#"{{"key":"{key}","kind":"event","title":"Sessie {key}","url":"https://x.nl/{key}","start":"{start}"}}"#
        )
    };
    let community = |key: &str, members: &str| {
        format!(
            r#"{{"key":"{key}","kind":"community","title":"Kring {key}","url":"https://x.nl/{key}","member_count":{members}}}"#
        )
    };
    installation.write_lines(&[
        event("dag", "2027-03-09"),
        event("maand", "maart 2027"),
        event("jaar", "2027"),
        event("seizoen", "zomer 2027"),
        community("nul", "0"),
        community("een", "1"),
        community("twee", "2"),
        r#"{"key":"stap","kind":"toolkit","title":"Kaart","url":"https://x.nl/stap","steps":[{"title":"Begin"}]}"#.to_owned(),
    ]);
    installation.build();
    let server = Server::of(&installation);
    let events = server.get("/?kind=event").body;
    for tile in ["<b>9</b>mrt</p>", "<b>mrt</b>2027</p>", "<b>2027</b></p>"] {
        assert!(events.contains(tile), "{tile}: {events}");
    }
    assert_eq!(events.matches("<b>2027</b></p>").count(), 2);
    assert!(server.get("/en/?kind=event").body.contains("<b>9</b>Mar</p>"));
    let communities = server.get("/?kind=community").body;
    assert!(communities.contains("<li>1 lid</li>") && communities.contains("<li>2 leden</li>"));
    assert!(!communities.contains("0 leden"), "{communities}");
    assert!(server.get("/?kind=toolkit").body.contains("<li>1 stap</li>"));
    // Without themes, the overview does not speak of a search.
    assert!(server.get("/theme").body.contains("Aantal: 0"));
}
