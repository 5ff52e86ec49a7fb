//! A website of which some pages are never there: its runs are partial, and what it withdraws disappears
//! nevertheless.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
};

use poem::{
    EndpointExt as _, Response, Server, handler,
    http::StatusCode,
    listener::{Acceptor as _, Listener as _, TcpListener},
    web::Data,
};

use crate::support::{Installation, everything, runtime};

type Pages = Arc<Mutex<BTreeMap<String, (StatusCode, String)>>>;

#[handler]
fn serve_page(Data(pages): Data<&Pages>, request: &poem::Request) -> Response {
    let pages = pages.lock().unwrap();
    let page = pages.get(request.uri().path());
    let (status, body) = page.cloned().unwrap_or((StatusCode::NOT_FOUND, String::new()));
    let media_type = if body.starts_with("<?xml") { "application/xml" } else { "text/html" };
    Response::builder().status(status).content_type(media_type).body(body)
}

fn article(title: &str, head: &str) -> (StatusCode, String) {
    let text = format!("<p>De gemeente herschrijft met inwoners haar brieven: {title}.</p>");
    let html = format!("<html lang=nl>{head}<title>{title}</title><main><h1>{title}</h1>{text}");
    (StatusCode::OK, html)
}

#[test]
fn what_a_website_withdraws_must_disappear_although_no_run_is_complete() {
    let names = ["een", "twee", "drie", "vier", "vijf"];
    let path = |name: &str| format!("/{name}/");
    let runtime = runtime();
    let acceptor =
        runtime.block_on(TcpListener::bind("127.0.0.1:0").into_acceptor()).expect("a port");
    let bound = acceptor.local_addr();
    let port = bound.first().and_then(|one| one.as_socket_addr()).expect("an address").port();
    let location = |name| format!("<url><loc>http://127.0.0.1:{port}/{name}/</loc></url>");
    let locations: Vec<_> = names.iter().chain(&["stuk"]).map(location).collect();
    let sitemap = format!(
        "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\
         {}</urlset>",
        locations.concat()
    );
    let pages = Pages::default();
    let set = |name: &str, page: (StatusCode, String)| {
        drop(pages.lock().unwrap().insert(path(name), page));
    };
    pages.lock().unwrap().insert("/sitemap.xml".to_owned(), (StatusCode::OK, sitemap));
    for name in names {
        set(name, article(name, ""));
    }
    set("stuk", article("stuk", ""));
    runtime.spawn(Server::new_with_acceptor(acceptor).run(serve_page.data(Arc::clone(&pages))));

    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 0\nretries_max = 0\n\
         [[source]]\nname = \"web\"\nkind = \"website\"\naddress = \"http://127.0.0.1:{port}/\"\n\
         allow_private_addresses = true\nlanguage = \"NL\"\n"
    );
    fs::write(installation.config(), config).expect("a file");
    let index = || {
        let output = installation.output(&["index", "--allow-removals"]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let found = runtime.block_on(installation.snapshot().search(everything())).expect("hits");
        let mut titles: Vec<_> =
            found.hits.iter().map(|hit| hit.record.name().to_owned()).collect();
        titles.sort();
        (titles.join(" "), text)
    };
    let (found, run) = index();
    assert_eq!(found, "drie een stuk twee vier vijf", "{run}");

    // From now on, no run is complete.
    set("stuk", (StatusCode::INTERNAL_SERVER_ERROR, String::new()));
    set("een", (StatusCode::NOT_FOUND, String::new()));
    set("twee", article("twee", "<meta name=robots content=noindex>"));
    let moved = "<meta http-equiv=refresh content='0;url=/vijf/'><link rel=canonical href=/vijf/>";
    set("drie", article("drie", moved));
    set("vier", (StatusCode::UNAUTHORIZED, String::new()));
    let (found, run) = index();
    assert!(run.contains("partly fetched"), "{run}");
    // A page that asks for a password may be in the way of a firewall, and an error proves nothing.
    assert_eq!(found, "stuk vier vijf", "{run}");

    set("twee", article("twee", ""));
    let (found, run) = index();
    assert_eq!(found, "stuk twee vier vijf", "{run}");
}
