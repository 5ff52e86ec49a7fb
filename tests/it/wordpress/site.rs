//! A WordPress site in a temporary folder.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Write as _,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
    sync::{Mutex, PoisonError},
};

use tempfile::TempDir;

use crate::support::{Rng, shared};

/// Prints the address and title of each object of some types that anybody may find.
const PUBLIC: &str = r#"
foreach (get_posts(['post_type' => $types, 'post_status' => 'publish', 'has_password' => false, 'numberposts' => -1, 'suppress_filters' => true]) as $post) {
    if (get_post_meta($post->ID, '_noindex', true)) { continue; }
    $title = preg_replace('#</?[a-zA-Z][^>]*>#', '', get_the_title($post));
    $title = html_entity_decode($title, ENT_QUOTES | ENT_HTML5);
    echo 'PUBLIC ', json_encode([parse_url(get_permalink($post), PHP_URL_PATH), $title]), "\n";
}
"#;

pub(crate) struct Site {
    folder: TempDir,
    script: PathBuf,
    pub(crate) port: u16,
}

impl Site {
    /// Starts a site with this number of ordinary posts and every awkward one; `None` if it cannot
    /// run here.
    pub(crate) fn start(posts: u64) -> Option<Self> {
        let is_required = std::env::var_os("REQUIRE_UPSTREAMS").is_some();
        let is_installed = ["php", "mariadbd"].iter().all(|program| {
            let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
            found.is_ok_and(|found| found.status.success())
        });
        let script = shared("upstreams").map(|folder| folder.join("wordpress.sh"));
        let Some(script) = script.filter(|_| is_installed || is_required) else {
            let line =
                b"skipped: no WordPress here; install PHP and MariaDB, or set REQUIRE_UPSTREAMS\n";
            std::io::stderr().write_all(line).expect("stderr");
            assert!(!is_required, "REQUIRE_UPSTREAMS is set");
            return None;
        };
        // The path of a socket is short.
        let folder = tempfile::Builder::new().prefix("wp").tempdir().expect("a temporary folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let site = Self { folder, script, port };
        site.install_and_serve();
        site.run(&["seed"], &[&posts.to_string()]);
        Some(site)
    }

    /// Installs WordPress and its database and serves them: one site at a time, since both download
    /// packages; a second attempt continues where a download or the database failed.
    fn install_and_serve(&self) {
        static INSTALLATION: Mutex<()> = Mutex::new(());
        let _guard = INSTALLATION.lock().unwrap_or_else(PoisonError::into_inner);
        let port = self.port.to_string();
        if let Err(failure) = self.try_run(&["start"], &[&port]) {
            let line = format!("WordPress did not start; second attempt: {failure}\n");
            std::io::stderr().write_all(line.as_bytes()).expect("stderr");
            self.run(&["stop"], &[]);
            // What an interrupted installation left behind is not used again.
            let _ = fs::remove_dir_all(self.folder.path().join("data"));
            let _ = fs::remove_file(self.folder.path().join("port"));
            self.run(&["start"], &[&port]);
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    fn run(&self, verb: &[&str], arguments: &[&str]) -> String {
        self.try_run(verb, arguments).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Runs the script; a failure has what it printed and the end of its logs.
    fn try_run(&self, verb: &[&str], arguments: &[&str]) -> Result<String, String> {
        let Output { status, stdout, stderr } = Command::new("bash")
            .arg(&self.script)
            .args(verb)
            .arg(self.folder.path())
            .args(arguments)
            .output()
            .expect("bash runs");
        let text = String::from_utf8_lossy(&stdout).into_owned();
        if status.success() {
            return Ok(text);
        }
        let mut failure = format!("{verb:?}: {status}: {text}{}", String::from_utf8_lossy(&stderr));
        for name in ["db-install.log", "db.log", "web.log"] {
            let log = fs::read(self.folder.path().join(name)).unwrap_or_default();
            let end = &log[log.len().saturating_sub(2_000)..];
            let _ = write!(failure, "\n{name}: {}", String::from_utf8_lossy(end));
        }
        Err(failure)
    }

    /// Writes a must-use plugin, which WordPress runs in each request.
    pub(crate) fn write_plugin(&self, name: &str, code: &str) {
        let folder = self.folder.path().join("site/wp-content/mu-plugins");
        fs::write(folder.join(name), code).expect("a file");
    }

    /// Stops the site, so that nothing listens on its port.
    pub(crate) fn stop(&self) {
        self.run(&["stop"], &[]);
    }

    /// Runs PHP within WordPress.
    pub(crate) fn php(&self, code: &str) -> String {
        let file = self.folder.path().join("edit.php");
        fs::write(&file, format!("<?php\nkses_remove_filters();\n{code}\n")).expect("a file");
        self.run(&["php"], &[file.to_str().expect("a path in UTF-8")])
    }

    /// The titles of all public objects of some types, by the path of their address.
    pub(crate) fn public(&self, types: &[&str]) -> BTreeMap<String, String> {
        let printed = self.php(&format!("$types = {types:?};\n{PUBLIC}"));
        let lines = printed.lines().filter_map(|line| line.strip_prefix("PUBLIC "));
        lines.map(|line| serde_json::from_str::<(String, String)>(line).expect("JSON")).collect()
    }

    /// Makes random edits: new, changed, renamed, trashed, restored, deleted, hidden and shown posts.
    pub(crate) fn edit(&self, random: &mut Rng, count: u64) {
        let mut code = String::from(
            "global $wpdb; function one($status) { global $wpdb, $pick; $ids = $wpdb->get_col($wpdb->prepare(\"SELECT ID FROM $wpdb->posts WHERE post_type = 'post' AND post_status = %s ORDER BY ID\", $status)); return $ids ? (int) $ids[$pick % count($ids)] : 0; }\n",
        );
        for _ in 0..count {
            let (pick, number) = (random.below(1_000), random.below(1_000_000));
            let edit = match random.below(9) {
                0 => format!("wp_insert_post(['post_title' => 'Nieuw verhaal {number}', 'post_content' => '<p>Tekst van verhaal {number} over brieven.</p>', 'post_status' => 'publish', 'post_author' => 1]);"),
                1 => format!("$id = one('publish'); if ($id) wp_update_post(['ID' => $id, 'post_title' => 'Gewijzigd {number}']);"),
                2 => format!("$id = one('publish'); if ($id) wp_update_post(['ID' => $id, 'post_name' => 'hernoemd-{number}']);"),
                3 => "$id = one('publish'); if ($id) wp_trash_post($id);".to_owned(),
                4 => "$id = one('trash'); if ($id) { wp_untrash_post($id); wp_publish_post($id); }".to_owned(),
                5 => "$id = one('publish'); if ($id) wp_delete_post($id, true);".to_owned(),
                6 => "$id = one('publish'); if ($id) wp_update_post(['ID' => $id, 'post_password' => 'geheim']);".to_owned(),
                7 => "$id = one('publish'); if ($id) wp_update_post(['ID' => $id, 'post_status' => 'draft']);".to_owned(),
                _ => "$id = one('draft'); if ($id) wp_publish_post($id);".to_owned(),
            };
            writeln!(code, "$pick = {pick}; {edit}").expect("a text");
        }
        self.php(&code);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = Command::new("bash").arg(&self.script).arg("stop").arg(self.folder.path()).output();
    }
}
