//! The pages of the site about itself: built-in texts, texts of the operator, and mistakes in them.

use std::fs;

use crate::{support::Installation, test_server::Server};

fn configure(installation: &Installation, lines: &str) {
    let config = fs::read_to_string(installation.config()).expect("a file");
    fs::write(installation.config(), format!("{config}\n[site]\n{lines}\n")).expect("a file");
}

#[test]
fn the_site_must_describe_itself_in_both_languages() {
    let (_installation, server) = Server::demo();
    for (path, title, text) in [
        ("/about", "Over Wegwijzer", "href=\"/status\""),
        ("/en/about", "About Wegwijzer", "href=\"/en/status\""),
        ("/contact", "Contact", "Een community voorstellen"),
        ("/privacy", "Privacy", "plaatst geen cookies"),
        ("/en/accessibility", "Accessibility", "WCAG 2.2"),
    ] {
        let page = server.get(path);
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains(&format!("<h1>{title}</h1>")), "{path}: {}", page.body);
        assert!(page.body.contains(text), "{path}: {}", page.body);
        let url = format!("property=\"og:url\" content=\"http://127.0.0.1:8080{path}\"");
        assert!(page.body.contains(&url), "{path}: {}", page.body);
    }
    // Every page leads to them.
    let home = server.get("/").body;
    for path in ["/about", "/contact", "/accessibility", "/privacy"] {
        assert!(home.contains(&format!("<li><a href=\"{path}\">")), "{home}");
    }
    let list = server.get("/article").body;
    let item = list.split("<h3><a href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let item = server.get(item.expect("an article")).body;
    assert!(item.contains("<meta property=\"og:type\" content=\"article\">"), "{item}");
    // A page that search engines do not index has no preview.
    assert!(!server.get("/?q=brief").body.contains("og:title"));
}

#[test]
fn the_operator_must_be_able_to_replace_texts_and_state_an_address() {
    let installation = Installation::small();
    let folder = installation.config().parent().expect("a folder").join("teksten");
    fs::create_dir(&folder).expect("a folder");
    let text = "# Bij ons\n\nWij zijn <script>alert(1)</script> het.\n\n[Meer](page:contact)\n";
    fs::write(folder.join("about.nl.md"), text).expect("a file");
    configure(
        &installation,
        "operator = \"Stichting <b>Voorbeeld</b>\"\ncontact = [\"mailto:team@voorbeeld.nl\", \"https://voorbeeld.nl/contact\"]\n\
         accessibility_statement = \"https://voorbeeld.nl/verklaring\"\ntexts = \"teksten\"",
    );
    installation.build();
    let server = Server::of(&installation);
    // A browser that has another text gets this one.
    let etag = |server: &Server| server.get("/about").header("etag").expect("an ETag").to_owned();
    let other = Server::with(&installation, |config| config.site.texts.clear());
    assert_ne!(etag(&server), etag(&other));
    let about = server.get("/about").body;
    assert!(about.contains("<h1>Bij ons</h1>") && about.contains("&lt;script&gt;"), "{about}");
    assert!(about.contains("<a href=\"/contact\">Meer</a>"), "{about}");
    assert!(about.contains("Stichting &#60;b&#62;Voorbeeld"), "{about}");
    assert!(server.get("/en/about").body.contains("<h1>About Wegwijzer</h1>"));
    for path in ["/contact", "/privacy", "/en/accessibility"] {
        let page = server.get(path).body;
        assert!(
            page.contains("<a href=\"mailto:team@voorbeeld.nl\">team@voorbeeld.nl</a>"),
            "{page}"
        );
    }
    assert!(server.get("/accessibility").body.contains("https://voorbeeld.nl/verklaring"));
}

#[test]
fn a_mistake_in_the_site_must_be_reported_with_its_remedy() {
    for (lines, file, text) in [
        ("operator = \"\"", None, "site.operator"),
        ("contact = [\"http://x.nl/\"]", None, "site.contact"),
        ("contact = [\"mailto:x\"]", None, "site.contact"),
        ("accessibility_statement = \"verklaring\"", None, "site.accessibility_statement"),
        ("texts = \"nergens\"", None, "a folder with texts"),
        (
            "texts = \"teksten\"",
            Some(("over.nl.md", "# Over\n".to_owned())),
            "names like `about.nl.md`",
        ),
        (
            "texts = \"teksten\"",
            Some(("about.de.md", "# Over\n".to_owned())),
            "names like `about.nl.md`",
        ),
        (
            "texts = \"teksten\"",
            Some(("about.nl.md", "Over\n".to_owned())),
            "whose first line is `# Title`",
        ),
        (
            "texts = \"teksten\"",
            Some(("about.nl.md", String::new())),
            "whose first line is `# Title`",
        ),
        (
            "texts = \"teksten\"",
            Some(("about.nl.md", format!("# Over\n{}", "x".repeat(70_000)))),
            "at most 64 KiB",
        ),
        ("text = \"teksten\"", None, "texts"),
    ] {
        let installation = Installation::small();
        if let Some((name, content)) = file {
            let folder = installation.config().parent().expect("a folder").join("teksten");
            fs::create_dir(&folder).expect("a folder");
            fs::write(folder.join(name), content).expect("a file");
        }
        configure(&installation, lines);
        let checked = installation.output(&["check"]);
        let printed = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(!checked.status.success() && printed.contains(text), "{lines}: {printed}");
    }
}
