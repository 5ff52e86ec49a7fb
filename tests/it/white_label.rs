//! A site with a name, a logo, colours, links, pictures and a default language of its own; and mistakes
//! in these settings.

use std::fs;

use crate::{
    support::{Installation, repository},
    test_server::Server,
};

const LOGO: &str =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 120 40\"><path d=\"M0 0h9\"/></svg>";

/// A small installation with lines in `[site]`.
fn configured(lines: &str) -> Installation {
    let installation = Installation::small();
    let config = fs::read_to_string(installation.config()).expect("a file");
    installation.write("wegwijzer.toml", &format!("{config}\n[site]\n{lines}\n"));
    installation
}

fn served(lines: &str) -> (Installation, Server) {
    let installation = configured(lines);
    installation.build();
    let server = Server::of(&installation);
    (installation, server)
}

/// What stands between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).map(|(_, rest)| rest);
    let found = rest.and_then(|rest| rest.split_once(end)).map(|(found, _)| found);
    found.unwrap_or_else(|| panic!("{start} … {end}: {text}"))
}

#[test]
fn the_name_of_the_site_must_be_in_all_that_readers_see() {
    let (installation, server) = served("name = \"Zoek & <b>Vind</b>\"");
    let name = "Zoek &#38; &#60;b&#62;Vind&#60;/b&#62;";
    let home = server.get("/").body;
    for part in [
        &format!(" | {name}</title>"),
        &format!("property=\"og:site_name\" content=\"{name}\""),
        &format!("</svg><span>{name}</span>"),
        &format!("title=\"{name}\" href=\"/opensearch.xml\""),
        &format!("<p>{name} verzamelt openbare kennis"),
        &format!("<a href=\"/about\">Over {name}</a>"),
    ] {
        assert!(home.contains(part), "{part}: {home}");
    }
    for path in [
        "/?q=brief",
        "/article",
        "/calendar",
        "/about",
        "/en/about",
        "/contact",
        "/accessibility",
        "/privacy",
        "/status",
        "/embed",
        "/en/embed",
        "/embed/fragment?q=brief",
        "/embed/frame",
        "/article/nergens",
        "/search.atom",
        "/search.json",
        "/opensearch.xml",
    ] {
        let page = server.get(path).body;
        assert!(!page.contains("Wegwijzer") && !page.contains("{site}"), "{path}: {page}");
        assert!(path.contains(".json") || !page.contains("<b>Vind"), "{path}: {page}");
    }
    let atom = server.get("/search.atom").body;
    assert!(atom.contains("<title>Zoek &#38; &#60;b&#62;Vind"), "{atom}");
    assert!(server.get("/search.json").body.contains("\"title\":\"Zoek & <b>Vind</b>\""));
    let opensearch = server.get("/opensearch.xml").body;
    // At most sixteen characters.
    assert!(
        opensearch.contains("<ShortName>Zoek &amp; &lt;b&gt;Vind&lt;/</ShortName>"),
        "{opensearch}"
    );
    // In Markdown, a name is no markup.
    assert!(server.get("/about").body.contains(&format!("<h1>Over {name}</h1>")));
    assert!(server.get("/about").body.contains("<p>Zoek &amp; &lt;b&gt;Vind&lt;/b&gt; brengt"));
    // A browser that has a page with another name gets this one.
    let etag = |server: &Server| server.get("/").header("etag").expect("an ETag").to_owned();
    let other = Server::with(&installation, |config| "Anders".clone_into(&mut config.site.name));
    assert_ne!(etag(&server), etag(&other));
}

#[test]
fn a_logo_must_take_the_place_of_the_sign() {
    let installation = configured("logo = \"logo.svg\"");
    installation.write("logo.svg", LOGO);
    installation.build();
    let server = Server::of(&installation);
    let home = server.get("/").body;
    let header = between(&home, "<a class=\"brand\"", "</a>");
    let url = between(header, "<img src=\"", "\"").to_owned();
    assert!(url.starts_with("/assets/logo.") && !header.contains("<svg"), "{header}");
    assert!(header.contains("width=\"120\" height=\"40\" alt=\"\"><span>Wegwijzer"), "{header}");
    // It is not square.
    assert!(between(&home, "rel=\"icon\" href=\"", "\"").starts_with("/assets/icon."), "{home}");
    let logo = server.get(&url);
    assert_eq!((logo.status, logo.body.as_str()), (200, LOGO));
    for (header, value) in [
        ("content-type", "image/svg+xml"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "public, max-age=31536000, immutable"),
    ] {
        assert_eq!(logo.header(header), Some(value), "{logo:?}");
    }
    installation.write("logo.svg", &LOGO.replace("0 0 120 40", "0 0 40 40"));
    let other = Server::of(&installation);
    let page = other.get("/").body;
    let icon = between(&page, "rel=\"icon\" href=\"", "\"");
    assert!(icon.starts_with("/assets/logo.") && icon != url, "{icon}");
    assert!(other.get("/opensearch.xml").body.contains(icon));
    assert_ne!(server.get("/").header("etag"), other.get("/").header("etag"));
}

#[test]
fn a_site_without_settings_must_be_as_it_was() {
    let (_installation, server) = served("");
    let home = server.get("/");
    assert!(home.body.contains("<path class=\"sign-post\"") && !home.body.contains("<img"));
    let policy = home.header("content-security-policy").expect("a policy");
    assert!(policy.contains("img-src 'self';"), "{policy}");
    let style = between(&home.body, "<link rel=\"stylesheet\" href=\"", "\"");
    let file = fs::read_to_string(repository().join("gateway/web/style.css")).expect("a file");
    assert_eq!(server.get(style).body, file);
    assert!(server.get("/privacy").body.contains("Uw browser haalt niets op van andere sites."));
}

#[test]
fn colours_must_be_part_of_the_style_sheet() {
    let (_installation, server) = served(
        "colours.light = { header = \"#ffffff\", header_text = \"#003366\", accent = \"#0b6e4f\" }\n\
         colours.dark = { accent = \"#ffd700\" }",
    );
    let home = server.get("/").body;
    let style = server.get(between(&home, "<link rel=\"stylesheet\" href=\"", "\"")).body;
    for declaration in ["--wegwijzer-deep: #ffffff;", "--nl-button-background-color: #ffd700;"] {
        assert!(style.contains(declaration), "{declaration}");
    }
    let (_other, other) = served("");
    let of_other = other.get("/").body;
    assert_ne!(
        between(&home, "<link rel=\"stylesheet\" href=\"", "\""),
        between(&of_other, "<link rel=\"stylesheet\" href=\"", "\"")
    );
}

#[test]
fn links_of_the_operator_must_be_in_the_footer_of_every_page() {
    let (_installation, server) = served(
        "footer_links = [\n{ text = \"Voorwaarden\", text_en = \"Terms\", url = \"/voorwaarden\" },\n\
         { text = \"Ons <team>\", url = \"https://team.example.nl/?a=1&b=2\" },\n]",
    );
    for path in ["/", "/about", "/?q=brief", "/article/nergens"] {
        let page = server.get(path).body;
        let footer = between(&page, "<footer", "</footer>");
        assert!(footer.contains("<li><a href=\"/voorwaarden\">Voorwaarden</a></li>"), "{footer}");
        assert!(
            footer.contains("href=\"https://team.example.nl/?a=1&#38;b=2\">Ons &#60;team&#62;</a>"),
            "{footer}"
        );
    }
    assert!(server.get("/en").body.contains("<li><a href=\"/voorwaarden\">Terms</a></li>"));
}

const PICTURES: [&str; 6] = [
    r#"{"key":"a","kind":"article","form":"BLOG","title":"Bord aan de muur","url":"https://items.example/a","image":{"url":"https://www.foto.example/a.png?x=1&y=2","alt":"Een \"bord\"","width":1200,"height":630}}"#,
    r#"{"key":"b","kind":"article","form":"BLOG","title":"Bord elders","url":"https://items.example/b","image":{"url":"https://elders.example/b.png","alt":"Elders"}}"#,
    r#"{"key":"c","kind":"article","form":"BLOG","title":"Bord zonder slot","url":"https://items.example/c","image":{"url":"http://www.foto.example/c.png"}}"#,
    r#"{"key":"d","kind":"article","form":"BLOG","title":"Bord op een poort","url":"https://items.example/d","image":{"url":"https://www.foto.example:8443/d.png"}}"#,
    r#"{"key":"e","kind":"article","form":"BLOG","title":"Bord te breed","url":"https://items.example/e","image":{"url":"https://cdn.foto.example/e.png","width":100000,"height":1}}"#,
    r#"{"key":"f","kind":"article","form":"BLOG","title":"Bord zonder foto","url":"https://items.example/f"}"#,
];

#[test]
fn pictures_must_come_only_from_the_hosts_that_the_operator_names() {
    let installation = configured("image_hosts = [\"www.foto.example\", \"*.foto.example\"]");
    installation.write_lines(&PICTURES);
    installation.build();
    let server = Server::of(&installation);
    let search = server.get("/?q=bord");
    let policy = search.header("content-security-policy").expect("a policy");
    assert!(
        policy.contains("img-src 'self' https://www.foto.example https://*.foto.example; "),
        "{policy}"
    );
    let embed = server.get("/embed");
    assert!(embed.header("content-security-policy").is_some_and(|policy| {
        policy.contains("https://www.foto.example") && policy.ends_with("; frame-src 'self'")
    }));
    let pictures: Vec<_> = search.body.match_indices("<img ").collect();
    assert_eq!(pictures.len(), 2, "{}", search.body);
    let attributes = "loading=\"lazy\" decoding=\"async\" referrerpolicy=\"no-referrer\">";
    for picture in [
        "<img class=\"thumb\" src=\"https://www.foto.example/a.png?x=1&#38;y=2\" alt=\"\" width=\"1200\" height=\"630\" ",
        // What a source states about its size is not always true.
        "<img class=\"thumb\" src=\"https://cdn.foto.example/e.png\" alt=\"\" ",
    ] {
        assert!(search.body.contains(&format!("{picture}{attributes}")), "{}", search.body);
    }
    let path = |title: &str| {
        let (before, _) = search.body.split_once(title).expect("a title");
        let (_, link) = before.rsplit_once("<h3><a href=\"").expect("a link");
        link.split('"').next().expect("an address").to_owned()
    };
    // Words are highlighted, so that titles are searched for by their other words.
    let item = server.get(&path(" aan de muur")).body;
    let (above, below) = item.split_once("<img class=\"picture\"").expect("a picture");
    assert!(above.contains("<h1><bdi>Bord aan de muur</bdi></h1>"), "{item}");
    assert!(below.contains("alt=\"Een &#34;bord&#34;\" width=\"1200\" height=\"630\""), "{item}");
    for title in [" elders", " zonder slot", " op een poort", " zonder foto"] {
        let item = server.get(&path(title)).body;
        assert!(!item.contains("class=\"picture\""), "{title}: {item}");
    }
    // Pages of partners get none, nor do their readers send requests.
    for path in ["/embed/fragment?q=bord", "/embed/frame?q=bord", "/embed/search?q=bord"] {
        let embedded = server.get(path);
        assert!(!embedded.body.contains("<img"), "{path}: {}", embedded.body);
        assert!(!embedded.head.contains("foto.example"), "{path}: {}", embedded.head);
    }
    let privacy = server.get("/privacy").body;
    assert!(
        privacy.contains("van andere sites: www.foto.example, *.foto.example. Die"),
        "{privacy}"
    );
    assert!(server.get("/en/privacy").body.contains("from other sites: www.foto.example"));
    // Without hosts, there are neither pictures nor another page.
    let without = Server::with(&installation, |config| config.site.image_hosts.clear());
    let page = without.get("/?q=bord");
    assert!(!page.body.contains("<img") && !page.head.contains("foto.example"), "{page:?}");
}

#[test]
fn pages_without_a_prefix_must_be_in_the_default_language() {
    let (_installation, server) = served("default_language = \"en\"");
    for (path, language, text) in [
        ("/", "en", "<a class=\"brand\" href=\"/\">"),
        ("/about", "en", "<h1>About Wegwijzer</h1>"),
        ("/nl", "nl", "<a class=\"brand\" href=\"/nl/\">"),
        ("/nl/about", "nl", "<h1>Over Wegwijzer</h1>"),
        ("/nl/", "nl", "action=\"/nl/\" method=\"get\" data-suggest=\"/suggest\""),
        ("/?q=brief", "en", "href=\"/nl/?q=brief\""),
        ("/nl/?q=brief", "nl", "hreflang=\"en\" href=\"/?q=brief\""),
        ("/nl/calendar", "nl", "hreflang=\"en\" href=\"/calendar"),
        ("/nl/embed", "nl", "action=\"/nl/embed\""),
        ("/nl/nergens", "nl", "Pagina niet gevonden"),
        ("/article/nowhere", "en", "Page not found"),
        ("/embed/frame", "en", "All results on"),
        ("/nl/embed/frame", "nl", "Alle resultaten op"),
    ] {
        let page = server.get(path).body;
        assert!(page.contains(&format!("<html lang=\"{language}\">")), "{path}: {page}");
        assert!(page.contains(text), "{path}: {text}: {page}");
    }
    let home = server.get("/nl/").body;
    let host = "http://127.0.0.1:8080";
    for part in [
        format!("<link rel=\"canonical\" href=\"{host}/nl/\">"),
        format!("hreflang=\"nl\" href=\"{host}/nl/\">"),
        format!("hreflang=\"en\" href=\"{host}/\">"),
        "href=\"/opensearch.xml\"".to_owned(),
        "href=\"/assets/style.".to_owned(),
    ] {
        assert!(home.contains(&part), "{part}: {home}");
    }
    for (path, part) in [
        ("/sitemap.xml", format!("<loc>{host}/nl/about</loc>")),
        ("/sitemap.xml", format!("<loc>{host}/about</loc>")),
        ("/opensearch.xml", "<Language>en</Language>".to_owned()),
        ("/opensearch.xml", format!("template=\"{host}/?q={{searchTerms}}\"")),
        ("/search.atom", "xml:lang=\"en\"".to_owned()),
        ("/nl/search.atom", "xml:lang=\"nl\"".to_owned()),
        ("/nl/search.json", "\"language\":\"nl\"".to_owned()),
        ("/embed/v1/wegwijzer.js", "const LANGUAGE = \"en\";".to_owned()),
    ] {
        let file = server.get(path).body;
        assert!(file.contains(&part), "{path}: {part}: {file}");
        assert!(!file.contains("/en/"), "{path}: {file}");
    }
}

#[test]
fn the_prefix_of_the_default_language_must_lead_to_the_page_without_it() {
    let host = "http://127.0.0.1:8080";
    let (_installation, server) = served("default_language = \"en\"");
    for (path, location) in [
        ("/en", format!("{host}/")),
        ("/en/", format!("{host}/")),
        ("/en/about", format!("{host}/about")),
        ("/en/?q=a%20b&kind=event", format!("{host}/?q=a%20b&kind=event")),
        ("/en/search.atom?q=a", format!("{host}/search.atom?q=a")),
        ("/en//evil.example/", format!("{host}//evil.example/")),
    ] {
        let moved = server.get(path);
        assert_eq!(
            (moved.status, moved.header("location")),
            (308, Some(location.as_str())),
            "{path}"
        );
    }
    let (_installation, dutch) = served("");
    assert_eq!(dutch.get("/nl/about").header("location"), Some(&*format!("{host}/about")));
    assert_eq!(dutch.get("/en/about").status, 200);
    // Not every path that begins with these letters.
    assert_eq!(dutch.get("/nls").status, 404);
}

#[test]
fn a_long_text_must_be_shown_and_one_beyond_the_limit_rejected() {
    let words = |count: usize| format!("# Titel\n\n{}\n", "langer ".repeat(count));
    let installation = configured("texts = \"teksten\"");
    fs::create_dir(installation.path().join("teksten")).expect("a folder");
    installation.write("teksten/about.nl.md", &words(9_000));
    installation.build();
    let about = Server::of(&installation).get("/about");
    assert_eq!(about.status, 200);
    assert_eq!(between(&about.body, "<main", "</main>").matches("langer").count(), 9_000);
    assert!(between(&about.body, "name=\"description\" content=\"", "\"").len() < 250);
    installation.write("teksten/about.nl.md", &words(10_000));
    let checked = installation.output(&["check"]);
    let printed = String::from_utf8_lossy(&checked.stderr);
    assert!(printed.contains("about.nl.md: file exceeds 65536 bytes"), "{printed}");
}

#[test]
fn a_mistake_in_a_setting_must_be_reported_with_its_remedy() {
    let ten_megabytes = " ".repeat(10 << 20);
    let script = LOGO.replace("<path", "\n<script>alert(1)</script><path");
    let links = "{ text = \"a\", url = \"/a\" },".repeat(11);
    for (lines, logo, text) in [
        ("logo = \"logo.svg\"", None, "logo.svg: No such file"),
        ("logo = \"logo.svg\"", Some(ten_megabytes.as_str()), "at most 256 KiB"),
        ("logo = \"logo.svg\"", Some("een tekst"), "one element `svg`"),
        ("logo = \"logo.svg\"", Some(&script), "remove `<script>`, not"),
        ("logo = \"logo.svg\"", Some(&script), "logo.svg, line 2`"),
        ("logo = \".\"", None, "not a regular file"),
        ("name = \"\"", None, "`site.name` must be a text of 1 to 60 characters"),
        (&format!("name = \"{}\"", "n".repeat(300)), None, "`site.name` must be"),
        ("name = \"a\\nb\"", None, "without control characters"),
        ("colours.light.link = \"#9ccdf0\"", None, "the nearest that has it is `#"),
        ("colours.light.link = \"blue\"", None, "a colour such as `#0d5480`, not `blue`"),
        ("colours.link = \"#000000\"", None, "unknown key `link`"),
        ("default_language = \"de\"", None, "one of `nl`, `en`"),
        (
            "footer_links = [{ text = \"x\", url = \"javascript:alert(1)\" }]",
            None,
            "an `https` URL",
        ),
        ("footer_links = [{ text = \"\", url = \"/\" }]", None, "`site.footer_links.text` must be"),
        ("footer_links = [{ url = \"/\" }]", None, "missing key `site.footer_links.text`"),
        (&format!("footer_links = [{links}]"), None, "at most 10 entries, not `11`"),
        ("image_hosts = [\"https://x.nl\"]", None, "`site.image_hosts` must be host names"),
        ("image_hosts = [\"*\"]", None, "`site.image_hosts` must be host names"),
    ] {
        let installation = configured(lines);
        if let Some(logo) = logo {
            installation.write("logo.svg", logo);
        }
        let checked = installation.output(&["check"]);
        let printed = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(!checked.status.success() && printed.contains(text), "{lines}: {printed}");
        assert!(printed.len() < 2_000, "{printed}");
    }
}
