//! Pages: hostile sources, conditional requests, and markup for browsers and robots.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    support::{Installation, repository},
    test_server::{Reply, Server},
};

/// Attributes that load a resource.
const LOADING: [&str; 4] =
    [" src=\"", "<link rel=\"stylesheet\" href=\"", "srcset=\"", "action=\""];

/// The paths of all pages in the sitemap.
fn sitemap_paths(server: &Server) -> Vec<String> {
    let map = server.get("/sitemap.xml").body;
    let addresses = map.split("<loc>").skip(1).filter_map(|rest| rest.split("</loc>").next());
    addresses.map(|address| address.replace("http://127.0.0.1:8080", "")).collect()
}

/// Checks that apply to every page, regardless of the source.
fn assert_harmless(path: &str, page: &Reply) {
    assert!(!page.head.contains("set-cookie"), "{path}: {}", page.head);
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
    for attribute in LOADING {
        for rest in page.body.split(attribute).skip(1) {
            let address = rest.split('"').next().expect("it ends");
            assert!(address.starts_with('/') && !address.starts_with("//"), "{path}: {address}");
        }
    }
    for harm in [
        "<img",
        "<iframe",
        "<style",
        "<svg onload",
        "<script>",
        " onclick=",
        " onerror=alert(1)>",
        " style=",
        "\"javascript:",
        "<input name=q>",
    ] {
        let found = page.body.find(harm);
        assert_eq!(
            found,
            None,
            "{path} has {harm}: {:?}",
            found.map(|at| page.body.get(at..at + 200))
        );
    }
    let scripts = page.body.matches("<script").count();
    let ours = page.body.matches("<script type=\"module\" src=\"/assets/").count();
    let data = page.body.matches("<script type=\"application/ld+json\">").count();
    assert_eq!(scripts, ours + data, "{path}");
    assert_eq!(page.body.matches("</script>").count(), scripts, "{path}");
}

fn json_ld(page: &Reply) -> Option<Value> {
    let rest = page.body.split_once("<script type=\"application/ld+json\">")?.1;
    Some(serde_json::from_str(rest.split("</script>").next()?).expect("it is JSON"))
}

#[test]
fn a_hostile_source_must_be_harmless_on_every_page() {
    let installation = Installation::of("fixtures/hostile.toml");
    installation.build();
    let server = Server::of(&installation);
    let mut paths = sitemap_paths(&server);
    assert!(paths.len() > 16, "{paths:?}");
    let search = server.get("/?q=gevaar");
    let named = search.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let about =
        named.filter(|href| href.starts_with("/theme/") || href.starts_with("/organisation/"));
    paths.extend(about.map(str::to_owned));
    assert!(paths.iter().any(|path| path.starts_with("/theme/")), "{paths:?}");
    let payload = "%3Cscript%3Ealert(1)%3C/script%3E%22%0D%0Aset-cookie:%20a=b";
    for path in [
        "/?q=gevaar",
        "/?q=gevaar&facet=theme",
        "/status",
        "/graphiql",
        "/nowhere/%3Cscript%3E",
        "/calendar/%3Cscript%3E",
        "/en/article/nothing",
    ] {
        paths.push(path.to_owned());
    }
    paths.extend((1..=12).map(|month| format!("/calendar/2026-{month:02}")));
    for parameter in ["q", "theme", "kind", "page", "from", "sort", "organisation", "facet"] {
        paths.push(format!("/?{parameter}={payload}"));
    }
    let mut in_calendar = 0;
    for path in &paths {
        let page = server.request(&format!("GET {path} HTTP/1.1\r\naccept: text/html"), "");
        assert!([200, 400, 404].contains(&page.status), "{path}: {page:?}");
        assert_harmless(path, &page);
        in_calendar += page.body.matches("<ol class=\"times\"><li").count();
        if let Some(about) = json_ld(&page) {
            assert!(about["@type"].is_string(), "{about}");
        }
    }
    assert!(in_calendar > 0, "no hostile event in the calendar");
}

#[test]
fn every_page_of_the_demo_must_exist_and_describe_itself_to_machines() {
    let (_installation, server) = Server::demo();
    let (mut described, mut elsewhere) = (0, 0);
    for path in sitemap_paths(&server) {
        let page = server.get(&path);
        assert_eq!(page.status, 200, "{path}");
        elsewhere += usize::from(page.body.contains("<h2 id=\"elsewhere\">"));
        assert_harmless(&path, &page);
        assert!(page.body.contains("rel=\"canonical\""), "{path}");
        assert!(!page.body.contains("field."), "{path} has a field without a name");
        described += usize::from(json_ld(&page).is_some());
    }
    assert!(described > 200, "{described}");
    assert!(elsewhere > 2, "shared passages are shown on {elsewhere} pages");
}

#[test]
fn an_unchanged_page_must_not_be_sent_again_and_head_must_get_no_body() {
    let (_installation, server) = Server::demo();
    for path in ["/", "/en/?q=brief", "/article"] {
        let first = server.get(path);
        let etag = first.header("etag").expect("an ETag").to_owned();
        assert_eq!(first.header("vary"), Some("accept-encoding"));
        let again = server.request(&format!("GET {path} HTTP/1.1\r\nif-none-match: {etag}"), "");
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        let head = server.request(&format!("HEAD {path} HTTP/1.1"), "");
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("etag"), Some(etag.as_str()));
    }
    assert_ne!(server.get("/").header("etag"), server.get("/en/").header("etag"));
    assert_eq!(server.get("/status").header("etag"), None);
    let page = server.get("/").body;
    let style = page.split("href=\"").find(|rest| rest.starts_with("/assets/style."));
    let style = style.and_then(|rest| rest.split('"').next()).expect("a style sheet");
    let style = server.get(style);
    assert_eq!(style.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(server.get("/robots.txt").body.contains("Sitemap: http://127.0.0.1:8080/sitemap.xml"));
}

#[test]
fn invalid_url_parameters_must_be_reported_and_ignored() {
    let (_installation, server) = Server::demo();
    let page = server.get("/?theme=nonsense&q=brief&page=99");
    assert_eq!(page.status, 400);
    assert!(page.body.contains("theme=nonsense, page=99"), "{}", page.body);
    assert!(page.body.contains("resultaten voor ‘brief’"));
    assert_eq!(page.header("etag"), None);
    let empty = server.get("/?q=brief&page=50");
    assert_eq!(empty.status, 200);
}

#[test]
fn a_search_page_must_be_small_and_show_a_full_facet_on_request() {
    let (_installation, server) = Server::demo();
    for path in ["/?q=brief", "/en/?q=plain+language", "/article", "/event", "/?q=de+het+een"] {
        let page = server.get(path).body;
        assert!(page.len() < 30_000, "{path} has {} bytes", page.len());
    }
    // Wider matches have enough organisations.
    let page = server.get("/?q=brief&wider=true").body;
    let options = |page: &str| page.matches("name=\"organisation\"").count();
    let facet_link =
        page.split("class=\"whole\" href=\"").find(|rest| rest.contains("facet=organisation"));
    let facet_link =
        facet_link.and_then(|rest| rest.split('"').next()).expect("a link to the full facet");
    assert!(facet_link.ends_with("#facet-organisation"), "{facet_link}");
    let facet_link = facet_link.replace("&#38;", "&");
    let chosen = format!("{}&organisation={}", facet_link.split('#').next().unwrap(), "onzin");
    let full = server.get(facet_link.split('#').next().unwrap()).body;
    assert!(options(&full) > 20 && options(&page) == 6, "{} {}", options(&full), options(&page));
    assert_eq!(server.get(&chosen).status, 400);
    // A selected value is always listed, however long the facet is.
    let values = full.split("name=\"organisation\" value=\"").skip(1);
    let last = values.last().and_then(|rest| rest.split('"').next()).unwrap();
    let chosen = server.get(&format!("/?q=brief&wider=true&organisation={last}")).body;
    assert!(chosen.contains(&format!("value=\"{last}\" checked")), "{chosen}");
}

#[test]
fn organisations_with_experience_must_be_listed_with_a_sentence_about_them() {
    let (_installation, server) = Server::demo();
    let page = server.get("/?q=begrijpelijke+taal").body;
    let theme = page.split("href=\"").find(|rest| rest.starts_with("/theme/begrijpelijke-taal"));
    let theme = theme.and_then(|rest| rest.split('"').next()).expect("a theme");
    let page = server.get(theme).body;
    let who = page.split_once("Organisaties binnen dit thema").expect("groups").1;
    let groups: Vec<_> = who.split("<section class=\"group\">").skip(1).collect();
    assert!(groups.len() > 2, "{who}");
    let mut naming = 0;
    for group in groups {
        let name = group.split("<bdi>").nth(1).and_then(|rest| rest.split("</bdi>").next());
        let name = name.expect("a name").to_lowercase();
        for mention in group.split("<p><bdi>").skip(1) {
            let sentence = mention.split("</p>").next().expect("a sentence");
            let sentence = sentence.replace("<mark>", "").replace("</mark>", "").to_lowercase();
            assert!(sentence.contains(&name), "{name}: {sentence}");
            naming += 1;
        }
        assert!(
            group.contains("&#38;organisation=o") || group.contains("&organisation=o"),
            "{group}"
        );
    }
    assert!(naming > 0, "no sentence names its organisation: {who}");
}

#[test]
fn the_name_of_a_person_must_link_to_all_content_with_them() {
    let (_installation, server) = Server::demo();
    let item = server.get("/community/community-cx").body;
    let link = item.split("<a href=\"").find(|rest| rest.contains("<bdi>Noor Vandersteen</bdi>"));
    let link = link.and_then(|rest| rest.split('"').next()).expect("a link");
    assert!(link.starts_with("/?person=p"), "{link}");
    let found = server.get(link);
    let query = "query Q($id: ID!) { search(filter: { people: [$id] }) { totalCount } }";
    let id = link.trim_start_matches("/?person=");
    let total =
        server.query_with(query, &serde_json::json!({ "id": id }))["data"]["search"]["totalCount"]
            .clone();
    assert!(total.as_u64() > Some(3), "{total}");
    assert!(found.body.contains(&format!("Er zijn {total} resultaten.")), "{}", found.body);
    assert!(found.body.contains("aria-label=\"Filter wissen: Noor Vandersteen\""));
}

#[test]
fn security_txt_must_be_served_if_a_contact_is_configured() {
    const PATH: &str = "/.well-known/security.txt";
    let installation = Installation::small();
    installation.build();
    let without = Server::of(&installation).get(PATH);
    assert_eq!(
        (without.status, without.header("content-type")),
        (404, Some("text/plain; charset=utf-8"))
    );
    assert!(without.body.contains("[security]\n    contact = "), "{}", without.body);
    let server = Server::with(&installation, |config| {
        config.security_contacts = vec!["https://www.example.nl/melden".parse().expect("a page")];
    });
    let with = server.get(PATH);
    assert_eq!(
        (with.status, with.header("content-type")),
        (200, Some("text/plain; charset=utf-8"))
    );
    assert_eq!(
        with.body,
        "Contact: https://www.example.nl/melden\nExpires: 2026-05-31T00:00:00Z\n\
         Preferred-Languages: nl, en\nCanonical: http://127.0.0.1:8080/.well-known/security.txt\n"
    );
}

#[test]
fn graphiql_must_be_the_only_page_that_may_write_styles_and_must_report_how_to_build_it() {
    let installation = Installation::small();
    installation.build();
    let server = Server::of(&installation);
    for (path, text) in
        [("/graphiql", "nog niet geïnstalleerd"), ("/en/graphiql", "has not been installed")]
    {
        let page = server.get(path);
        assert_eq!(page.status, 404, "{path}");
        assert_harmless(path, &page);
        assert!(page.body.contains(text), "{}", page.body);
        assert!(page.body.contains("npm --prefix gateway/graphiql run build"), "{}", page.body);
    }
    let folder = installation.path().join("built");
    std::fs::create_dir(&folder).expect("a folder");
    installation.write("built/graphiql.js", "export {};");
    installation.write("built/secret.toml", "no");
    let server = Server::with(&installation, |config| config.graphql.graphiql_dir = Some(folder));
    let page = server.get("/graphiql");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe-eval"), "{policy}");
    assert!(policy.contains("style-src 'self' 'unsafe-inline'"), "{policy}");
    assert!(page.body.contains("data-graphql=\"/graphql\""), "{}", page.body);
    assert_eq!(server.get("/en/graphiql").status, 308);
    let script = server.get("/graphiql/graphiql.js");
    assert_eq!((script.status, script.body.as_str()), (200, "export {};"));
    let etag = script.header("etag").expect("an ETag");
    let head = format!("GET /graphiql/graphiql.js HTTP/1.1\r\nif-none-match: {etag}");
    assert_eq!(server.request(&head, "").status, 304);
    for path in [
        "/graphiql/secret.toml",
        "/graphiql/..%2fwegwijzer.toml",
        "/graphiql/../wegwijzer.toml",
        "/graphiql/absent.js",
        "/graphiql/",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    for path in
        sitemap_paths(&server).iter().map(String::as_str).chain(["/status", "/nowhere", "/?q=x"])
    {
        let page = server.request(&format!("GET {path} HTTP/1.1\r\naccept: text/html"), "");
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
    }
}

/// The folder of the browser checks, which need Node with the packages of its lockfile, and Chromium;
/// `None` if they cannot run here.
pub(crate) fn browser_checks() -> Option<PathBuf> {
    let folder = repository().join("tests/browser");
    let browser = env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let missing = if !Path::new(&browser).exists() {
        Some("no browser found; install chromium or set `CHROMIUM`")
    } else if !folder.join("node_modules").is_dir() {
        Some("run `npm ci` in tests/browser first")
    } else {
        None
    };
    if let Some(missing) = missing {
        assert!(env::var_os("REQUIRE_BROWSER").is_none(), "{missing}");
        // Not `eprintln!`: the test harness would capture the line.
        let _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("skipped: tests/browser: {missing}\n"),
        );
        return None;
    }
    Some(folder)
}

#[test]
fn pages_must_pass_the_browser_checks() {
    let Some(folder) = browser_checks() else { return };
    let output = Command::new("node")
        .arg("audit.mjs")
        .current_dir(folder)
        .env("WEGWIJZER", crate::support::program())
        .output()
        .expect("node runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let failures = printed.lines().filter(|line| !line.starts_with("ok ")).collect::<Vec<_>>();
    assert!(output.status.success(), "{}", failures.join("\n"));
}

#[test]
fn a_lead_with_which_the_text_begins_must_be_shown_once() {
    let installation = Installation::empty();
    let record = |key: &str, lead: &str| {
        format!(
            r#"{{"key":"{key}","kind":"article","form":"BLOG","title":"{key}","url":"https://x.nl/{key}",
               "lead":"{lead}","body":"<h2>De proefzin</h2><p>begint hier. Daarna meer.</p>"}}"#
        )
        .replace('\n', " ")
    };
    installation.write_lines(&[
        record("gelijk", "De proefzin begint hier."),
        record("kort", "De proefzin begint…"),
        record("anders", "De proefzin begint ergens anders."),
    ]);
    installation.build();
    let server = Server::of(&installation);
    let mut with_lead = 0;
    for path in sitemap_paths(&server).iter().filter(|path| path.contains("article/")) {
        let page = server.get(path).body;
        assert!(page.contains("Daarna meer."), "{path}: {page}");
        let has_lead = page.contains("<p class=\"lead\"");
        assert_eq!(has_lead, page.contains("ergens anders"), "{path}: {page}");
        with_lead += usize::from(has_lead);
    }
    // One page, in Dutch and in English.
    assert_eq!(with_lead, 2);
}

#[test]
fn a_sitemap_with_too_many_urls_must_be_an_index_of_all_of_them() {
    let installation = Installation::empty();
    let line = |number: usize| {
        format!(
            r#"{{"key":"{number}","kind":"article","title":"Bericht {number}","url":"https://x.nl/{number}","published_at":"2026-01-01"}}"#
        )
    };
    installation.write_lines(&(0..25_000).map(line).collect::<Vec<_>>());
    installation.build();
    let server = Server::of(&installation);
    let index = server.get("/sitemap.xml");
    assert!(index.body.contains("<sitemapindex "), "{index:?}");
    let parts = sitemap_paths(&server);
    assert_eq!(parts, ["/sitemap.xml?part=1", "/sitemap.xml?part=2"]);
    let mut urls = std::collections::BTreeSet::new();
    for part in &parts {
        let reply = server.get(part);
        assert!(reply.body.len() < 50 << 20, "{}", reply.body.len());
        let found: Vec<_> =
            reply.body.split("<loc>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
        assert!(found.len() <= 50_000, "{}", found.len());
        urls.extend(found.into_iter().map(str::to_owned));
        let etag = reply.header("etag").expect("an ETag").to_owned();
        let head = format!("GET {part} HTTP/1.1\r\nif-none-match: {etag}");
        assert_eq!(server.request(&head, "").status, 304, "{part}");
    }
    // Start, calendar, seven lists and four pages about the site, in two languages.
    assert_eq!(urls.len(), 2 * (25_000 + 13));
    for part in ["0", "3", "x", "-1"] {
        assert_eq!(server.get(&format!("/sitemap.xml?part={part}")).status, 404, "{part}");
    }
}

#[test]
fn a_record_without_an_address_must_not_name_us_as_its_source() {
    let installation = Installation::empty();
    installation.write_lines(&[
        r#"{"key":"1","kind":"article","title":"Bericht zonder adres","body":"Een brief."}"#,
        r#"{"key":"2","kind":"article","title":"Bericht met adres","url":"https://x.nl/2","body":"Een brief."}"#,
    ]);
    installation.build();
    let server = Server::of(&installation);
    let results = server.get("/?q=brief").body;
    assert_eq!(results.matches("<li>x.nl</li>").count(), 1, "{results}");
    assert!(!results.contains("<li>127.0.0.1"), "{results}");
    let page = |slug: &str| server.get(&format!("/article/{slug}")).body;
    let original = "class=\"on\"";
    assert!(page("bericht-met-adres").contains(original));
    let own = page("bericht-zonder-adres");
    assert!(!own.contains(original) && !own.contains("<small>127.0.0.1"), "{own}");
}
