//! A website of which some pages are never there: its runs are partial, and what it withdraws disappears
//! nevertheless.

use std::fs;

use poem::http::StatusCode;

use crate::{
    page_host::PageHost,
    support::{Installation, everything, runtime},
};

fn article(title: &str, head: &str) -> String {
    let text = format!("<p>De gemeente herschrijft met inwoners haar brieven: {title}.</p>");
    format!("<html lang=nl>{head}<title>{title}</title><main><h1>{title}</h1>{text}")
}

#[test]
fn what_a_website_withdraws_must_disappear_although_no_run_is_complete() {
    let host = PageHost::start();
    let names = ["een", "twee", "drie", "vier", "vijf", "stuk"];
    let location =
        |name: &&str| format!("<url><loc>{}</loc></url>", host.address(&format!("/{name}/")));
    let locations: Vec<_> = names.iter().map(location).collect();
    let sitemap = format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
         {}</urlset>",
        locations.concat()
    );
    host.set("/sitemap.xml", &sitemap);
    for name in names {
        host.set(&format!("/{name}/"), &article(name, ""));
    }
    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\nretries_max = 0\n\
         [[source]]\nname = \"web\"\nkind = \"website\"\naddress = \"{}\"\n\
         allow_private_addresses = true\nlanguage = \"NL\"\n",
        host.address("/")
    );
    fs::write(installation.config(), config).expect("a file");
    let index = || {
        let output = installation.output(&["index", "--allow-removals"]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let found = runtime().block_on(installation.snapshot().search(everything())).expect("hits");
        let mut titles: Vec<_> =
            found.hits.iter().map(|hit| hit.record.name().to_owned()).collect();
        titles.sort();
        (titles.join(" "), text)
    };
    let (found, run) = index();
    assert_eq!(found, "drie een stuk twee vier vijf", "{run}");

    // From now on, no run is complete.
    host.set_response("/stuk/", StatusCode::INTERNAL_SERVER_ERROR, "");
    host.set_response("/een/", StatusCode::NOT_FOUND, "");
    host.set("/twee/", &article("twee", "<meta name=robots content=noindex>"));
    let moved = "<meta http-equiv=refresh content='0;url=/vijf/'><link rel=canonical href=/vijf/>";
    host.set("/drie/", &article("drie", moved));
    host.set_response("/vier/", StatusCode::UNAUTHORIZED, "");
    let (found, run) = index();
    assert!(run.contains("partly fetched"), "{run}");
    // A page that needs a password may be behind a firewall, and an error proves nothing.
    assert_eq!(found, "stuk vier vijf", "{run}");

    host.set("/twee/", &article("twee", ""));
    let (found, run) = index();
    assert_eq!(found, "stuk twee vier vijf", "{run}");
}

#[test]
fn an_entry_that_gets_another_identifier_must_stay_one_record() {
    let host = PageHost::start();
    let feed = |identifier: &str| {
        format!(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Nieuws</title>\
             <link>{}</link><description>x</description><item><title>Brief</title>\
             <guid isPermaLink=\"false\">{identifier}</guid><link>{}</link>\
             <description>Wij lezen samen brieven.</description></item></channel></rss>",
            host.address("/"),
            host.address("/brief/")
        )
    };
    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\n\
         [[source]]\nname = \"feed\"\nkind = \"feed\"\naddress = \"{}\"\nread_pages = false\n\
         allow_private_addresses = true\nlanguage = \"NL\"\n",
        host.address("/feed.xml")
    );
    fs::write(installation.config(), config).expect("a file");
    for identifier in ["een", "twee", "drie", "vier"] {
        host.set("/feed.xml", &feed(identifier));
        let output = installation.output(&["index", "--allow-removals"]);
        let run = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(installation.view().len(), 1, "{identifier}: {run} {:?}", installation.view());
    }
}
