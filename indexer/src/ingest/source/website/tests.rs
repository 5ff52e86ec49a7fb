use super::*;

fn read(html: &str) -> Result<Value, SkipOrError> {
    let address = "https://a.example/artikelen/een/".parse().unwrap();
    fields(html.as_bytes(), &address, &HashSet::new()).map(Value::Object)
}

const PARAGRAPH: &str = "<p>De gemeente herschrijft brieven, samen met inwoners, in duidelijke taal. \
    Zo begrijpt iedereen wat er staat, ook wie minder vaak leest.</p>";

#[test]
fn a_page_must_be_an_article_or_an_event() {
    let page = format!("<html lang=nl><h1>Een</h1><main>{}</main>", PARAGRAPH.repeat(6));
    let found = read(&page).unwrap();
    assert_eq!((found.get("kind"), &found["slug"]), (None, &json!("een")));
    let event = format!(
        "<script type='application/ld+json'>{{\"@type\":\"Event\",\"startDate\":\
         \"2026-12-01T10:00:00+01:00\"}}</script>{page}"
    );
    assert_eq!(read(&event).unwrap()["kind"], "event");
}

#[test]
fn a_page_that_lists_others_must_be_omitted() {
    let card = "<article><h2><a href=/a/>Een verhaal over brieven</a></h2><p>Kort.</p></article>";
    let list = format!("<html><h1>Artikelen</h1><main>{}</main>", card.repeat(12));
    assert_eq!(read(&list), Err(SkipOrError::Skip(SkipReason::Listing)));
    // An article that refers to many others.
    let links = "<li><a href=/b/>Nog een verhaal</a></li>".repeat(12);
    let page = format!("<h1>Een</h1><main>{}<ul>{links}</ul></main>", PARAGRAPH.repeat(6));
    assert!(read(&page).is_ok());
}

#[test]
fn a_page_without_text_must_be_rejected() {
    for html in [
        "<html><body><div id=root></div><script src=app.js></script>",
        "<html><frameset cols='20%,80%'><frame src=a.html><frame src=b.html></frameset>",
        "",
    ] {
        let Err(SkipOrError::Error(error)) = read(html) else { panic!("{html}") };
        assert!(error.reason.contains("JavaScript or frames"), "{html}: {}", error.reason);
    }
}
