//! Our elements in pages of a real WordPress, as the manual for partners describes.

use std::{fs, net::TcpListener, process::Command};

use serde_json::Value;

use super::Site;
use crate::{
    pages::browser_checks,
    support::{Installation, repository},
    test_server::Server,
};

const KEY: &str = "wk_0123456789abcdef";

#[test]
fn elements_must_work_in_pages_of_wordpress() {
    let Some(checks) = browser_checks() else { return };
    let Some(site) = Site::start(1) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = listener.local_addr().expect("an address");
    drop(listener);
    let service = format!("http://{listen}/");
    let installation = Installation::small();
    let config = fs::read_to_string(installation.config()).expect("a file");
    let origin = site.address();
    let origin = origin.trim_end_matches('/');
    let partner =
        format!("[[partner]]\nname = \"wp\"\nkeys = [\"{KEY}\"]\norigins = [\"{origin}\"]\n");
    fs::write(installation.config(), format!("{config}\n{partner}")).expect("a file");
    installation.build();
    let _server = Server::with(&installation, |config| {
        config.listen = listen;
        config.public_url = service.parse().expect("a URL");
    });
    // For editors: the plugin of the manual.
    let manual = repository().join("gateway/docs/partners.md");
    let manual = fs::read_to_string(manual).expect("a file");
    let (_, plugin) = manual.split_once("```php\n").expect("a plugin");
    let (plugin, _) = plugin.split_once("```").expect("a plugin");
    assert!(plugin.contains("http://127.0.0.1:8080/") && plugin.contains(KEY));
    site.write_plugin("wegwijzer.php", &plugin.replace("http://127.0.0.1:8080/", &service));
    let html = format!(
        "<script type=\"module\" src=\"{service}embed/v1/wegwijzer.js\"></script>\n\
         <wegwijzer-search api-key=\"{KEY}\" query=\"first=3\"><a href=\"{service}\">Zoek</a></wegwijzer-search>"
    );
    let addresses = site.php(&format!(
        r#"
        $html = '<!-- wp:html -->{html}<!-- /wp:html -->';
        $shortcode = '<!-- wp:shortcode -->[wegwijzer query="kind=event&amp;first=1"]<!-- /wp:shortcode -->';
        $editor = wp_insert_user(['user_login' => 'redactie', 'user_pass' => 'x', 'role' => 'editor']);
        foreach ([[1, $html], [$editor, $html . $shortcode]] as [$user, $content]) {{
            wp_set_current_user($user);
            $page = ['post_type' => 'page', 'post_title' => 'Kennis', 'post_status' => 'publish'];
            $id = wp_insert_post(wp_slash($page + ['post_content' => $content]));
            echo 'PAGE ', get_permalink($id), "\n";
        }}
        "#
    ));
    let addresses: Vec<_> =
        addresses.lines().filter_map(|line| line.strip_prefix("PAGE ")).collect();
    assert_eq!(addresses.len(), 2);
    let output = Command::new("node").arg("site.mjs").args(addresses).current_dir(checks).output();
    let output = output.expect("node runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let seen = printed.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let seen: Vec<_> = seen.collect();
    // What an editor writes as HTML is removed, except for the shortcode.
    for (seen, items) in seen.iter().zip([3, 1]) {
        assert_eq!(seen["errors"].as_array().map(Vec::len), Some(0), "{printed}");
        assert_eq!(seen["elements"], 1, "{printed}");
        assert_eq!(seen["items"], items, "{printed}");
    }
    assert_eq!(seen.len(), 2, "{printed} {}", String::from_utf8_lossy(&output.stderr));
}
