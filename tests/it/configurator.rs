//! The configurator and its preview, and the page with the usage of partners.

use std::fs;

use crate::{
    partners::{EVENTS_KEY, EXPIRED_KEY, KEY, get, is_problem, serve},
    support::Installation,
    test_server::Server,
};

#[test]
fn a_preview_must_be_on_another_site() {
    let (_installation, server) = serve();
    let reply = get(&server, "/embed/preview?view=results&kind=event&first=2", &[]);
    let policy = reply.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("sandbox allow-scripts allow-popups"), "{policy}");
    assert!(!policy.contains("allow-same-origin") && policy.contains("frame-ancestors 'self'"));
    assert!(reply.body.contains("query=\"kind=event&#38;first=2\" no-field"), "{}", reply.body);
    let (_, key) = reply.body.split_once("api-key=\"").expect("a key");
    let (key, _) = key.split_once('"').expect("a key");
    let target = format!("/embed/search?kind=event&key={key}");
    let of = |origin: &str| get(&server, &target, &[&format!("origin: {origin}")]);
    let null = of("null");
    assert_eq!((null.status, null.header("access-control-allow-origin")), (200, Some("null")));
    assert_eq!(of("https://portaal.example").status, 403);
    for (target, text) in
        [("/embed/preview?view=boek", "view"), ("/embed/preview?kind=boek", "kind")]
    {
        let reply = get(&server, target, &[]);
        assert!(
            reply.status == 400 && is_problem(&reply) && reply.body.contains(text),
            "{reply:?}"
        );
    }
    // Nobody else has the name under which it is counted.
    let installation = Installation::small();
    let config = fs::read_to_string(installation.config()).expect("a file");
    let partner = "[[partner]]\nname = \"preview\"\nkeys = [\"wk_0123456789abcdef\"]\n";
    fs::write(installation.config(), format!("{config}\n{partner}")).expect("a file");
    let output = installation.output(&["check"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && text.contains("partner.name"), "{text}");
}

#[test]
fn the_configurator_must_apply_the_filter_of_a_key() {
    let (_installation, server) = serve();
    let code = |query: &str| get(&server, &format!("/embed?{query}"), &[]).body;
    let events = code(&format!("address=%3Fq%3Dbrief&partner_key={EVENTS_KEY}"));
    // The server adds the conditions of the key; other code states them.
    assert!(events.contains("query=&#34;q=brief&#34;&#62;"), "{events}");
    assert!(events.contains("&#34;EVENT&#34;") && events.contains("2026-01-01"), "{events}");
    assert!(events.contains("/embed/preview?view=search&#38;q=brief&#38;kind=event"), "{events}");
    for (query, text) in [
        (format!("address=kind%3Darticle&partner_key={EVENTS_KEY}"), "vindt u dit niet"),
        (format!("address=kind%3Darticle&partner_key={EXPIRED_KEY}"), "niet meer geldig"),
        ("address=kind%3Darticle&partner_key=wk_unknown_unknown".to_owned(), "niet bekend"),
        ("address=https%3A%2F%2Fwww.example.nl%2F%3Fq%3Da".to_owned(), "van een andere site"),
    ] {
        let page = code(&query);
        assert!(page.contains(text) && !page.contains("class=\"code\""), "{query} {page}");
    }
    // What is pasted is text.
    let hostile =
        code("address=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&partner_key=%22onfocus%3D1");
    assert!(!hostile.contains("<script>alert") && !hostile.contains("\"onfocus=1\""), "{hostile}");
}

#[test]
fn usage_must_be_shown_to_operators_only() {
    let (installation, server) = serve();
    assert_eq!(get(&server, "/status/partners", &[]).status, 404);
    drop(server);
    let config = fs::read_to_string(installation.config()).expect("a file");
    let config =
        config.replacen("[[source]]", "[security]\noperator_token_file = \"token\"\n[[source]]", 1);
    fs::write(installation.config(), config).expect("a file");
    let server = Server::of(&installation);
    let basic = |token: &str| {
        let encoded =
            base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("x:{token}"));
        format!("authorization: Basic {encoded}")
    };
    let token = "geheim-van-de-beheerder";
    for (written, headers, status) in [
        ("", vec![basic("")], 401),
        ("kort", vec![basic("kort")], 401),
        (token, vec![], 401),
        (token, vec![basic("geheim")], 401),
        (token, vec!["authorization: Basic ???".to_owned()], 401),
        (token, vec![format!("authorization: Digest {token}")], 401),
        (token, vec![basic(token)], 200),
        (token, vec![format!("authorization: Bearer {token}")], 200),
    ] {
        installation.write("token", &format!("{written}\n"));
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let reply = get(&server, "/status/partners", &headers);
        assert_eq!(reply.status, status, "{written} {headers:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let challenge = reply.header("www-authenticate").is_some();
        assert_eq!((challenge, is_problem(&reply)), (status == 401, status == 401));
    }
    for query in ["q=klantreis", "q=qqqqzzzz", "q=klantreis&kind=event", "kind=boek"] {
        get(&server, &format!("/embed/search?{query}&key={KEY}"), &[]);
    }
    get(&server, "/embed/search", &[&format!("x-api-key: {KEY}"), "origin: https://x.example"]);
    let page = get(&server, "/en/status/partners", &[&basic(token)]).body;
    let row = "<th scope=\"row\">portaal</th><td>4</td><td>1</td><td>3</td><td>33%</td>";
    assert!(page.contains(row) && !page.contains("qqqqzzzz"), "{page}");
}
