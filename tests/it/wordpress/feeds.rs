//! The feeds of a site: what they show, and what becomes of it.

use std::collections::BTreeMap;

use super::{Site, index, installation, titles};

fn feed(name: &str, site: &Site, path: &str) -> String {
    format!(
        "[[source]]\nname = \"{name}\"\nkind = \"feed\"\naddress = \"{}{path}\"\n\
         allow_private_addresses = true\n",
        site.address()
    )
}

/// Fails if a title is not that of a public post.
fn assert_titles(found: &BTreeMap<String, String>, public: &BTreeMap<String, String>) {
    // WordPress drops what looks like the start of a tag from the titles in its feeds.
    let mut found = found.iter().filter(|(path, _)| *path != "/tekens/");
    assert!(found.all(|(path, title)| public.get(path) == Some(title)), "{found:?} {public:?}");
}

#[test]
fn entries_of_a_feed_must_be_public_and_remain_until_they_are_gone() {
    let Some(site) = Site::start(12) else { return };
    // The newest posts: one with a password, one that search engines must not show.
    site.php(
        "foreach (['Open' => '', 'Dicht' => 'geheim', 'Verborgen' => ''] as $title => $password) {
            $id = wp_insert_post(['post_title' => $title, 'post_name' => strtolower($title), 'post_content' => '<p>Tekst.</p>', 'post_status' => 'publish', 'post_password' => $password, 'post_author' => 1]);
            if ($title === 'Verborgen') update_post_meta($id, '_noindex', 1); }",
    );
    let only = installation(&feed("blog", &site, "feed/"));
    let run = index(&only);
    let (first, public) = (titles(&only), site.public(&["post"]));
    // Ten entries, of which two are hidden.
    assert!(first.len() >= 7 && first.contains_key("/open/"), "{first:?} {run}");
    assert_titles(&first, &public);
    let again = index(&only);
    assert!(again.contains("(1 requests") && again.contains("nothing changed"), "{again}");

    // The older ones leave the feed, of which one is trashed; another has a new title and address.
    let paths: Vec<_> = first.keys().filter(|path| *path != "/open/").collect();
    let (trashed, renamed) = (paths[0].trim_matches('/'), paths[1].trim_matches('/'));
    site.php(&format!(
        "wp_trash_post(get_page_by_path('{trashed}', OBJECT, 'post')->ID);
         wp_update_post(['ID' => get_page_by_path('open', OBJECT, 'post')->ID, 'post_title' => 'Wijd open', 'post_name' => 'wijd-open']);
         for ($n = 1; $n <= 7; $n++) wp_insert_post(['post_title' => \"Later $n\", 'post_name' => \"later-$n\", 'post_content' => '<p>Tekst.</p>', 'post_status' => 'publish', 'post_author' => 1]);",
    ));
    let run = index(&only);
    let (second, public) = (titles(&only), site.public(&["post"]));
    assert!(!second.contains_key(&format!("/{trashed}/")), "{run}");
    assert!(second.contains_key(&format!("/{renamed}/")), "{run}");
    assert_eq!(
        (second.contains_key("/open/"), second["/wijd-open/"].as_str()),
        (false, "Wijd open")
    );
    assert_eq!(second.keys().filter(|path| path.starts_with("/later-")).count(), 7, "{run}");
    assert_titles(&second, &public);

    // The same posts through three sources are records once.
    let keys = "types = [\"post\"]\nread_pages = false\n";
    let api = super::source("site", &site.address(), keys);
    let all = [api.clone(), feed("blog", &site, "feed/"), feed("atom", &site, "feed/atom/")];
    let (one, three) = (installation(&api), installation(&all.concat()));
    let runs = [index(&one), index(&three)];
    assert_eq!(titles(&one), titles(&three), "{runs:?}");
    assert_eq!(one.view().len(), three.view().len(), "{runs:?}");
}
