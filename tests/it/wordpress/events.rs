//! What happens on a site between two runs, one after the other.

use std::collections::BTreeMap;

use super::{ALL_TYPES, Site, assert_public, counted, index, records, titles};
use crate::support::Installation;

/// What happens, in PHP; and the addresses that it adds and removes, in order.
struct SiteEvent {
    name: &'static str,
    code: &'static str,
    added: &'static [&'static str],
    removed: &'static [&'static str],
}

const FIND: &str =
    "function find($slug, $type = 'post') { return get_page_by_path($slug, OBJECT, $type)->ID; }\n";

const EVENTS: [SiteEvent; 2] = [
    SiteEvent {
        name: "published without a change of their own, protected, deleted, trashed, marked",
        // Publishing a scheduled post does not change the time of its last change.
        code: "global $wpdb; $id = find('gepland');
            $wpdb->update($wpdb->posts, ['post_date' => '2026-01-01 10:00:00', 'post_date_gmt' => '2026-01-01 09:00:00'], ['ID' => $id]);
            clean_post_cache($id); wp_publish_post($id);
            wp_update_post(['ID' => find('klassiek'), 'post_password' => 'geheim']);
            wp_delete_post(find('bewerkt'), true);
            $id = find('meer-bladen'); wp_trash_post($id); wp_untrash_post($id);
            $id = find('shortcodes'); update_post_meta($id, '_noindex', 1); wp_update_post(['ID' => $id]);
            wp_delete_post(find('voorbeeld-1', 'voorbeeld'), true);",
        added: &["/gepland/"],
        removed: &["/bewerkt/", "/klassiek/", "/meer-bladen/", "/shortcodes/", "/voorbeeld/voorbeeld-1/"],
    },
    SiteEvent {
        // The address of a removed page can lead to another whose slug begins with its own.
        name: "pages of the hidden type that are trashed, marked and new",
        code: "wp_trash_post(find('stap-12', 'stap')); update_post_meta(find('stap-2', 'stap'), '_noindex', 1);
            wp_insert_post(['post_type' => 'stap', 'post_title' => 'Stap 13', 'post_name' => 'stap-13', 'post_content' => '<p>Tekst van de stap.</p>', 'post_status' => 'publish']);
            wp_update_post(['ID' => find('stap-3', 'stap'), 'post_title' => 'Stap drie']);",
        added: &["/stap/stap-13/"],
        removed: &["/stap/stap-12/", "/stap/stap-2/"],
    },
];

/// Each event must be in the catalog after one run.
pub(super) fn must_be_followed(site: &Site, installation: &Installation) {
    for SiteEvent { name, code, added, removed } in EVENTS {
        let before = titles(installation);
        site.php(&format!("{FIND}{code}"));
        let run = index(installation);
        let after = titles(installation);
        let only_in = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
            one.keys().filter(|path| !other.contains_key(*path)).cloned().collect::<Vec<_>>()
        };
        assert_eq!(only_in(&after, &before), added, "{name}: {run}");
        assert_eq!(only_in(&before, &after), removed, "{name}: {run}");
        assert_public(installation, site, &ALL_TYPES, name);
    }
    assert_eq!(titles(installation)["/stap/stap-3/"], "Stap drie");
    names_must_be_followed(site, installation);
}

/// A renamed term or author changes the posts that have it, though they did not change themselves;
/// the record of a landing page follows the name of its term.
fn names_must_be_followed(site: &Site, installation: &Installation) {
    site.php(
        "$term = get_term_by('slug', 'blog', 'category'); wp_update_term($term->term_id, 'category', ['name' => 'Weblog']);
         $term = get_term_by('slug', 'community-cx', 'community'); wp_update_term($term->term_id, 'community', ['name' => 'Community Klantervaring']);
         $user = get_user_by('email', 'anouk-de-vries@example.org'); wp_update_user(['ID' => $user->ID, 'display_name' => 'Anouk Jansen']);",
    );
    let renamed = index(installation);
    assert!(counted(&renamed, "changed") > 3, "{renamed}");
    let records = records(installation);
    let community = &records["/communitys/community-cx/"];
    assert_eq!(community.name(), "Community Klantervaring");
    let refers = records.values().filter_map(|record| record.common());
    assert!(refers.filter(|common| common.communities.contains(&community.id())).count() > 3);
}
