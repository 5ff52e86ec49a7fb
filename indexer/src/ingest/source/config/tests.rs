use super::*;
use crate::sync::Protocol;

/// The resolved source `s`, or the error text.
fn resolve(config: &str) -> Result<ResolvedSource, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), "id\n").unwrap();
    let config: SourceConfig =
        toml::from_str(&format!("name = \"s\"\n{config}")).map_err(|e| e.to_string())?;
    let sources = resolve_sources(&[config], folder.path());
    sources.map(|mut sources| sources.remove(0)).map_err(|error| crate::with_causes(&error))
}

fn table(config: &str) -> Result<ResolvedSource, String> {
    resolve(&format!("kind = \"csv\"\npath = \"a.csv\"\n{config}"))
}

#[test]
fn every_mistake_must_name_the_source_and_the_remedy() {
    for (config, reason) in [
        ("include = ['a{']", "source `s`: invalid glob: `a{`"),
        ("pattern = '{a}{b}'", "source `s`: placeholders must be separated by text: `{a}{b}`"),
        (
            "url = 'https://{'",
            "source `s`: unbalanced braces; write placeholders as {slug}: \
             `https://{`",
        ),
        ("[fields]\ntitel = 'naam'", "source `s`: unknown field; did you mean `title`?: `titel`"),
        ("[constants]\nknd = 'event'", "source `s`: unknown field; did you mean `kind`?: `knd`"),
        (
            "[values.'place.town']\na = 'b'",
            "source `s`: unknown field; did you mean `place.city`?: `place.town`",
        ),
        (
            "encoding = 'latijn'",
            "source `s`: unknown encoding; use a label such as `windows-1252`: `latijn`",
        ),
        (
            "[constants]\ntitle = 1.10",
            "source `s`: a decimal number loses its spelling; write the constant in quotation marks: `title`",
        ),
        ("delimiter = 'é'", "source `s`: the delimiter must be one ASCII character: `é`"),
    ] {
        assert_eq!(table(config).unwrap_err(), reason);
    }
    let missing = resolve("kind = \"csv\"\npath = \"b.csv\"").unwrap_err();
    assert!(missing.starts_with("source `s`: file not found: `"), "{missing}");
    let file = resolve("kind = \"text\"\npath = \"a.csv\"").unwrap_err();
    assert!(file.starts_with("source `s`: folder not found: `"), "{file}");
    assert!(resolve("kind = \"csv\"\npath = \"a.csv\"\nfoo = 1").unwrap_err().contains("foo"));
}

#[test]
fn two_sources_must_not_have_one_name() {
    let config: SourceConfig =
        toml::from_str("name = \"s\"\nkind = \"text\"\npath = \".\"").unwrap();
    let error = resolve_sources(&[config.clone(), config], &std::env::temp_dir()).unwrap_err();
    assert_eq!(error.to_string(), "duplicate source name: `s`");
}

#[test]
fn a_source_must_have_another_digest_when_anything_in_it_changes() {
    let digest = |config: &str| table(config).unwrap().digest;
    let plain = digest("");
    assert_eq!(plain, digest(""));
    for config in ["trust = 1", "language = 'nl'", "[constants]\nkind = 'event'", "separator = '/'"]
    {
        assert_ne!(plain, digest(config), "{config}");
    }
}

#[test]
fn constants_must_preserve_their_type() {
    let source = table("language = 'EN'\n[constants]\nthemes = ['a']\nfounded = 2019").unwrap();
    let constant = |name: &str| source.mapping.constants[&name.parse().unwrap()].clone();
    assert_eq!(constant("themes"), serde_json::json!(["a"]));
    assert_eq!(constant("founded"), serde_json::json!(2019));
    assert_eq!(source.language, Some(Language::En));
}

#[test]
fn a_source_must_know_the_files_of_others_in_its_folder() {
    let source = |name: &str, include: &str, path: &str| {
        let text =
            format!("name = '{name}'\nkind = 'text'\npath = '{path}'\ninclude = ['{include}']");
        toml::from_str::<SourceConfig>(&text).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("other")).unwrap();
    let configs =
        [source("a", "1*.txt", "."), source("b", "2*.txt", "."), source("c", "*", "other")];
    let sources = resolve_sources(&configs, folder.path()).unwrap();
    let others = |index: usize, path: &str| {
        sources[index].other_includes.iter().any(|include| include.is_match(path))
    };
    assert!(others(0, "2.txt") && !others(0, "1.txt") && !others(0, "3.txt"));
    assert!(others(1, "1.txt") && !others(2, "1.txt"));
}

#[test]
fn a_source_must_be_a_path_or_a_site() {
    let site = "kind = \"wordpress\"\naddress = \"https://www.example.nl/\"";
    let network = resolve(site).unwrap().network.expect("a site");
    assert_eq!(network.address.as_str(), "https://www.example.nl/");
    assert!(!network.allow_private_addresses && network.credentials.is_none());
    let address = "source `s`: `address` must be an `http` or `https` URL without user name";
    for (config, reason) in [
        ("kind = \"csv\"".to_owned(), "source `s`: missing key `path`"),
        (
            "kind = \"csv\"\npath = \"a.csv\"\naddress = \"https://www.example.nl/\"".to_owned(),
            "source `s`: `address` is for sources over the network; use `path`",
        ),
        (format!("{site}\npath = \"a.csv\""), "source `s`: `path` is for files; use `address`"),
        ("kind = \"wordpress\"".to_owned(), address),
        ("kind = \"wordpress\"\naddress = \"ftp://www.example.nl/\"".to_owned(), address),
        ("kind = \"wordpress\"\naddress = \"https://a:b@example.nl/\"".to_owned(), address),
        (
            format!("{site}\ncredentials_file = \"a\"\ncredentials_variable = \"B\""),
            "source `s`: use either `credentials_file` or `credentials_variable`",
        ),
    ] {
        let error = resolve(&config).unwrap_err();
        assert!(error.starts_with(reason), "{error}");
    }
}

#[test]
fn a_calendar_must_be_a_path_or_an_address() {
    let calendar = "kind = \"icalendar\"\n";
    let by_address = format!("{calendar}address = \"https://www.example.nl/agenda.ics\"");
    let network = resolve(&by_address).unwrap().network.expect("an address");
    assert!(matches!(network.protocol, Protocol::Calendar { encoding: None }));
    let latin = resolve(&format!("{by_address}\nencoding = \"windows-1252\"")).unwrap();
    assert_ne!(latin.network.expect("an address").digest, network.digest);
    assert!(resolve(&format!("{calendar}path = \"a.csv\"")).unwrap().network.is_none());
    for (config, reason) in [
        (calendar.to_owned(), "source `s`: missing key `address` or `path`"),
        (format!("{by_address}\npath = \"a.csv\""), "source `s`: use either `address` or `path`"),
        (
            format!("{calendar}address = \"webcal://www.example.nl/agenda.ics\""),
            "source `s`: `address` must be an `http` or `https` URL",
        ),
        (
            format!("{by_address}\ncredentials_file = \"a\"\ncredentials_variable = \"B\""),
            "source `s`: use either `credentials_file` or `credentials_variable`",
        ),
    ] {
        let error = resolve(&config).unwrap_err();
        assert!(error.starts_with(reason), "{error}");
    }
}

#[test]
fn the_keys_of_wordpress_must_be_checked() {
    let site = "kind = \"wordpress\"\naddress = \"https://www.example.nl/\"\n";
    let join = "taxonomy = \"community\"\ntype = \"page\"\nkind = \"community\"\n";
    let network = |config: &str| resolve(&format!("{site}{config}")).map(|s| s.network.unwrap());
    let options =
        network(&format!("preset = \"gebruiker-centraal\"\n[[join]]\n{join}by = \"name\""));
    let Protocol::Wordpress { options, .. } = options.unwrap().protocol else { panic!("a site") };
    assert!(options.read_pages && options.preset.is_some());
    assert_eq!((options.joins.len(), options.joins[0].by), (1, crate::sync::JoinBy::Name));
    let digest = |config: &str| network(config).unwrap().digest;
    assert_ne!(digest("read_pages = false"), digest(""));
    assert_eq!(digest(&format!("[[join]]\n{join}")), digest(""));
    let invalid = "source `s`: invalid `";
    for (config, reason) in [
        (format!("[[join]]\n{}", join.replace("\"page", "\"Page")), "type` in `[[source.join]]`"),
        (format!("types = [\"post\"]\n[[join]]\n{join}"), "type` in `[[source.join]]`"),
        (format!("[[join]]\n{}", join.replace("\"community", "\"a b")), "taxonomy`"),
        (format!("[[join]]\n{}", join.replace("kind = \"c", "kind = \"C")), "kind`"),
        (format!("[[join]]\n{join}[[join]]\n{join}"), "taxonomy`"),
    ] {
        let error = network(&config).unwrap_err();
        assert!(error.starts_with(&format!("{invalid}{reason}")), "{error}");
    }
    for config in ["preset = \"x\"", "[[join]]\ntaxonomy = \"a\"", "[[join]]\nby = \"title\""] {
        assert!(network(config).is_err(), "{config}");
    }
    assert_eq!(
        table("read_pages = true").unwrap_err(),
        "source `s`: `read_pages` is for kind `wordpress`"
    );
}
