//! Sources that are read again while the program runs: hooks, intervals and their health.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Write as _},
    net::SocketAddr,
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use crate::{
    support::Installation,
    test_server::{Reply, exchange},
    wordpress::site::Site,
};

const SECRET: &str = "a secret of this test";
/// Maximum time from a hook to its result: on a machine without other work, it is at most five
/// seconds; without the hook, it would be 15 minutes.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(15);

/// A process that is killed when dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program, serving.
struct Running {
    _process: Killed,
    address: SocketAddr,
}

impl Running {
    /// Starts `serve` on a free port.
    fn serve(installation: &Installation) -> Self {
        let mut command = installation.program(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("SCHEDULE_SECRET", SECRET).stderr(Stdio::piped()).stdout(Stdio::null());
        let mut process = command.spawn().expect("the program starts");
        let lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("listening") {
                    let address = rest.split_once("127.0.0.1:").map(|(_, rest)| rest.to_owned());
                    let _ = sender.send(address);
                }
            }
        });
        let rest = receiver.recv_timeout(Duration::from_secs(20)).expect("it listens");
        let digits: String =
            rest.expect("an address").chars().take_while(char::is_ascii_digit).collect();
        let port: u16 = digits.parse().expect("a port");
        Self { _process: Killed(process), address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    fn get(&self, path: &str) -> Reply {
        exchange(self.address, &format!("GET {path} HTTP/1.1"), b"")
    }

    fn query(&self, query: &str) -> Value {
        let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json";
        exchange(self.address, head, json!({ "query": query }).to_string().as_bytes()).json()
    }

    /// Number of results for words.
    fn found(&self, words: &str) -> u64 {
        let response =
            self.query(&format!("{{ search(query: \"\\\"{words}\\\"\") {{ totalCount }} }}"));
        response["data"]["search"]["totalCount"].as_u64().unwrap_or_default()
    }

    /// Sends a hook with a signature.
    fn hook(&self, source: &str, body: &str, secret: &str) -> u16 {
        let key = EncodingKey::from_secret(secret.as_bytes());
        let signature = crypto::sign(body.as_bytes(), &key, Algorithm::HS256).expect("a signature");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        let mut hex = String::new();
        for byte in signature {
            write!(hex, "{byte:02x}").expect("a text");
        }
        let head = format!("POST /hooks/{source} HTTP/1.1\r\nx-hub-signature-256: sha256={hex}");
        exchange(self.address, &head, body.as_bytes()).status
    }

    /// The field `sync` of a source in the catalog.
    fn sync(&self, source: &str) -> Value {
        let response = self.query("{ catalog { sources { name sync { state lastRunAt completedAt nextRunAt present error } } } }");
        let sources = response["data"]["catalog"]["sources"].as_array().cloned();
        let mut sources = sources.unwrap_or_default().into_iter();
        sources.find(|one| one["name"] == source).map_or(Value::Null, |one| one["sync"].clone())
    }
}

/// Waits until something holds; the time that it took.
fn wait_for(what: &str, within: Duration, holds: impl Fn() -> bool) -> Duration {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < within, "not within {within:?}: {what}");
        thread::sleep(Duration::from_millis(50));
    }
    started.elapsed()
}

fn line(key: &str, title: &str) -> String {
    json!({
        "key": key, "kind": "article", "title": title, "body": "Tekst.", "form": "BLOG",
        "url": format!("https://items.example/{key}"),
    })
    .to_string()
}

#[test]
fn a_signed_hook_must_publish_what_changed_in_files() {
    let installation = Installation::empty();
    let config = "[[source]]\nname = \"lines\"\nkind = \"jsonlines\"\npath = \"lines.jsonl\"\n\
                  language = \"NL\"\nhook_secret_variable = \"SCHEDULE_SECRET\"\n\
                  [[source]]\nname = \"more\"\nkind = \"jsonlines\"\npath = \"more.jsonl\"\n\
                  language = \"NL\"\n";
    fs::write(installation.config(), config).expect("a file");
    installation.write_lines(&[line("a", "Eerste verhaal")]);
    assert!(installation.output(&["index"]).status.success());
    let program = Running::serve(&installation);
    installation.write_lines(&[line("a", "Eerste verhaal"), line("b", "Tweede verhaal")]);

    assert_eq!(program.hook("lines", "{}", "another secret of this test"), 401);
    assert_eq!(program.hook("more", "{}", SECRET), 404);
    assert_eq!(program.hook("unknown", "{}", SECRET), 404);
    assert_eq!(exchange(program.address, "POST /hooks/lines HTTP/1.1", b"{}").status, 401);
    assert_eq!(program.get("/hooks/lines").status, 405);
    assert_eq!(program.found("Tweede verhaal"), 0);

    assert_eq!(program.hook("lines", r#"{"ref":"refs/heads/main"}"#, SECRET), 202);
    wait_for("the second line", FOLLOWED_WITHIN, || program.found("Tweede verhaal") == 1);
    assert_eq!(program.found("Eerste verhaal"), 1);
}

#[test]
fn a_secret_that_cannot_be_used_must_stop_the_start() {
    let installation = Installation::empty();
    let config = |key: &str| {
        format!(
            "[[source]]\nname = \"lines\"\nkind = \"jsonlines\"\npath = \"lines.jsonl\"\n{key}\n"
        )
    };
    installation.write("short", "fifteen letters\n");
    for (key, reason) in [
        ("hook_secret_file = \"none\"", "no secret for hooks"),
        ("hook_secret_file = \"short\"", "shorter than 16 characters"),
        ("hook_secret_variable = \"NOT_SET_HERE\"", "environment variable `NOT_SET_HERE`"),
        ("refresh = \"5s\"", "`refresh` must be a duration"),
    ] {
        fs::write(installation.config(), config(key)).expect("a file");
        let output = installation.output(&["serve", "--listen", "127.0.0.1:0"]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(reason), "{key}: {text}");
        assert!(!text.contains("fifteen letters"), "{text}");
    }
}

#[test]
fn an_interval_must_publish_what_changed_in_files() {
    let installation = Installation::empty();
    let config = "[[source]]\nname = \"lines\"\nkind = \"jsonlines\"\npath = \"lines.jsonl\"\n\
                  language = \"NL\"\nrefresh = \"10s\"\n";
    fs::write(installation.config(), config).expect("a file");
    installation.write_lines(&[line("a", "Eerste verhaal")]);
    let mut watching =
        Killed(installation.program(&["index", "--watch"]).spawn().expect("the program starts"));
    let is_current = |number: u64| {
        let text = fs::read_to_string(installation.data().join("CURRENT")).unwrap_or_default();
        text.trim().parse() == Ok(number)
    };
    wait_for("the first generation", Duration::from_mins(1), || is_current(1));
    // In one step, since a run may read the file at any moment.
    let lines = [line("a", "Eerste verhaal"), line("b", "Tweede verhaal")];
    installation.write_lines_to("next.jsonl", &lines);
    let next = installation.path().join("next.jsonl");
    fs::rename(next, installation.path().join("lines.jsonl")).expect("renamed");
    wait_for("the second generation", Duration::from_mins(1), || is_current(2));
    assert!(watching.0.try_wait().expect("a child").is_none(), "it ended");
    drop(watching);
    assert_eq!(installation.view().iter().filter(|text| text.contains("verhaal")).count(), 2);
}

/// Installs our plugin in a site, which then reports its changes to the program.
fn install_plugin(site: &Site, program: &Running) {
    let plugin = crate::support::repository().join("gateway/docs/wordpress/wegwijzer-hook.php");
    let plugin = fs::read_to_string(plugin).expect("our plugin");
    let settings = format!(
        "<?php\ndefine('WEGWIJZER_HOOK_URL', 'http://{}/hooks/site');\n\
         define('WEGWIJZER_HOOK_SECRET', '{SECRET}');\n",
        program.address
    );
    site.write_plugin("a-settings.php", &settings);
    site.write_plugin("wegwijzer-hook.php", &plugin);
}

/// Compares what is published with its hosts: whether it is equal, and what was printed.
fn verified(installation: &Installation) -> (bool, String) {
    let mut command = installation.program(&["verify", "--upstream"]);
    let output = command.arg("--config").arg(installation.config()).output().expect("it runs");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

#[test]
fn a_site_must_be_followed_within_seconds_of_its_hook() {
    let Some(site) = Site::start(30) else { return };
    let installation = Installation::empty();
    let config = format!(
        "[sync]\ncontact = \"beheer@example.nl\"\nrequest_interval_ms = 50\nretries_max = 0\n\
         [[source]]\nname = \"site\"\nkind = \"wordpress\"\naddress = \"{}\"\n\
         types = [\"post\", \"page\"]\nallow_private_addresses = true\nlanguage = \"NL\"\n\
         hook_secret_variable = \"SCHEDULE_SECRET\"\n",
        site.address()
    );
    fs::write(installation.config(), config).expect("a file");
    // Nothing was indexed before: the server fetches and publishes by itself.
    let program = Running::serve(&installation);
    wait_for("the first generation", Duration::from_mins(2), || {
        program.get("/health/ready").status == 200
    });
    wait_for("a healthy source", FOLLOWED_WITHIN, || program.sync("site")["state"] == "HEALTHY");
    let sync = program.sync("site");
    assert_eq!(sync["error"], Value::Null);
    assert_eq!(sync["present"], json!(site.public(&["post", "page"]).len()), "{sync}");
    assert!(sync["nextRunAt"].is_string() && sync["completedAt"] == sync["lastRunAt"], "{sync}");

    // What is published is compared with the site, which the server does not follow yet.
    assert_eq!(
        verified(&installation),
        (true, format!("site: {} equal, 0 missing, 0 extra, 0 stale, 0 rejected", sync["present"]))
    );
    site.php("wp_insert_post(['post_title' => 'Nog niet gemeld', 'post_content' => '<p>Nieuws.</p>', 'post_status' => 'publish', 'post_author' => 1]); $post = get_page_by_path('tekens', OBJECT, 'post'); wp_update_post(['ID' => $post->ID, 'post_content' => '<p>Anders.</p>']); wp_trash_post(get_page_by_path('klassiek', OBJECT, 'post')->ID);");
    let (is_equal, text) = verified(&installation);
    assert!(!is_equal && text.contains(" 1 missing, 1 extra, 1 stale, 0 rejected"), "{text}");
    assert!(text.contains("\n  missing: post/"), "{text}");

    install_plugin(&site, &program);
    site.php("echo wp_insert_post(['post_title' => 'Zojuist verschenen bericht', 'post_content' => '<p>Nieuws.</p>', 'post_status' => 'publish', 'post_author' => 1]);");
    let new = wait_for("a new post", FOLLOWED_WITHIN, || {
        program.found("Zojuist verschenen bericht") == 1
    });
    site.php("$id = get_page_by_title('Zojuist verschenen bericht', OBJECT, 'post')->ID; wp_update_post(['ID' => $id, 'post_title' => 'Daarna gewijzigd bericht']);");
    let changed = wait_for("a changed post", FOLLOWED_WITHIN, || {
        program.found("Daarna gewijzigd bericht") == 1
    });
    site.php("wp_trash_post(get_page_by_title('Daarna gewijzigd bericht', OBJECT, 'post')->ID);");
    let removed = wait_for("a removed post", FOLLOWED_WITHIN, || {
        program.found("Daarna gewijzigd bericht") == 0
    });
    let line = format!("followed within: new {new:?}, changed {changed:?}, removed {removed:?}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr");

    // The host stops: its content remains, and the reason is shown.
    site.stop();
    let (is_equal, text) = verified(&installation);
    assert!(!is_equal && text.starts_with("site: not compared: cannot connect"), "{text}");
    assert_eq!(program.hook("site", "{}", SECRET), 202);
    wait_for("a failed run", Duration::from_mins(1), || program.sync("site")["state"] == "FAILED");
    let sync = program.sync("site");
    assert!(sync["error"].as_str().is_some_and(|error| error.contains("127.0.0.1")), "{sync}");
    assert_ne!(sync["completedAt"], sync["lastRunAt"], "{sync}");
    assert!(
        program.found("zomertijd") + program.found("tekens") > 0 || program.found("verhaal") > 0
    );
    let page = program.get("/status").body;
    assert!(page.contains("Niet opgehaald") && page.contains("Laatst volledig"), "{page}");
    let metrics = program.get("/metrics").body;
    assert!(metrics.contains("wegwijzer_source_failed{source=\"site\"} 1"), "{metrics}");
}
