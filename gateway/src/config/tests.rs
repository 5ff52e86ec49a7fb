//! Tests of the exact texts of configuration errors.

use std::{fs, path::Path};

use super::*;

/// The configuration in `text`, or its error text; the file is called `wegwijzer.toml`.
fn read(text: &str, overrides: &Overrides) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    fs::write(&path, text).unwrap();
    let folder_prefix = format!("{}/", folder.path().display());
    Config::load(Some(&path), overrides)
        .map_err(|error| error.to_string().replace(&folder_prefix, ""))
}

#[test]
fn an_error_must_name_the_location_the_value_and_the_remedy() {
    for (text, error) in [
        (
            "\n\nlisen = '127.0.0.1:80'",
            "wegwijzer.toml, line 3: unknown key `lisen`, did you mean `listen`?",
        ),
        (
            "[limits]\npage_size = 3",
            "wegwijzer.toml, line 2: unknown key `page_size`, did you mean `page_size_max`?",
        ),
        ("[log]\nqqq = 1", "wegwijzer.toml, line 2: unknown key `qqq`"),
        (
            "public_url = 'ftp://x'",
            "`public_url` must be an `http` or `https` URL without query and fragment, such as \
             `https://zoek.example.nl/`, not `ftp://x`",
        ),
        (
            "listen = '8080'",
            "`listen` must be an address and a port, such as `127.0.0.1:8080` or `[::]:8080`, not \
             `8080`",
        ),
        (
            "trusted_proxies = ['10.0.0.0/8', '10.0.0.0/40']",
            "`trusted_proxies` must be networks such as `10.0.0.0/8` or `::1`, not `10.0.0.0/40`",
        ),
        ("demo_date = '2 maart'", "`demo_date` must be a date such as `2026-03-02`, not `2 maart`"),
        ("[limits]\ndepth_max = 0", "`limits.depth_max` must be 1 to 32, not `0`"),
        (
            "[limits]\nremovals_percent = 120.0",
            "`limits.removals_percent` must be a percentage from 0 to 100, not `120`",
        ),
        (
            "[security]\ncontact = ['http://x.example/']",
            "`security.contact` must be like `https://www.example.nl/melden` or \
             `mailto:melden@example.nl`, not `http://x.example/`",
        ),
        (
            "[security]\ncontact = ['mailto:nobody']",
            "`security.contact` must be like `https://www.example.nl/melden` or \
             `mailto:melden@example.nl`, not `mailto:nobody`",
        ),
        (
            "[authentication]\njwks = 'http://login.example/'\nissuer = 'i'\naudience = 'a'",
            "`authentication.jwks` must be an `https` URL, an `http` URL on this machine \
             (`localhost`, `127.0.0.1`, `[::1]`), or an `http` URL in a private network with \
             `allow_private_addresses = true`, since plain `http` can be read in transit, such as \
             `https://partner.example.nl/graphql`, not `http://login.example/`",
        ),
        (
            "[authentication]\njwks = 'keys.json'\nissuer = ' '\naudience = 'a'",
            "`authentication.issuer` must be the value in the tokens, such as \
             `https://login.example.nl/`, not ` `",
        ),
        ("[log]\nfilter = 'a=b=c'", "`log.filter` must be like `info,indexer=debug`, not `a=b=c`"),
    ] {
        assert_eq!(read(text, &Overrides::default()).unwrap_err(), error, "{text}");
    }
    let type_error = read("listen = 8080", &Overrides::default()).unwrap_err();
    assert_eq!(type_error, "wegwijzer.toml, line 1: `listen` must be a string, not an integer");
}

#[test]
fn a_missing_file_must_be_reported_with_remedies() {
    let error = Config::load(Some(Path::new("no/such.toml")), &Overrides::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "configuration file not found; create one, specify one with `--config`, or try `--demo`: \
         `no/such.toml`"
    );
}

#[test]
fn an_empty_file_must_give_the_defaults() {
    let config = read("", &Overrides::default()).unwrap();
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data, config.folder.join("data"));
    assert_eq!(config.limits, Limits::default());
    assert!(matches!(config.resolve_sources(), Err(ConfigError::NoSources)));
}

#[test]
fn the_environment_must_override_the_file_and_flags_the_environment() {
    let text = "listen = '127.0.0.1:1'\ndata = 'a'\n[log]\nfilter = 'warn'";
    let environment = Overrides {
        listen: Some("127.0.0.1:2".to_owned()),
        log: Some("error".to_owned()),
        ..Overrides::default()
    };
    let flags = Overrides { listen: Some("127.0.0.1:3".to_owned()), ..Overrides::default() };
    let config = read(text, &flags.over(environment)).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:3");
    assert_eq!(config.log.filter, "error");
    assert!(config.data.ends_with("a"));
    assert_eq!(config.public_url.as_str(), "http://127.0.0.1:3/");
}

#[test]
fn a_day_must_be_read_as_a_date_of_toml_and_as_a_text() {
    for text in ["demo_date = 2026-03-02", "demo_date = '2026-03-02'"] {
        let config = read(text, &Overrides::default()).unwrap();
        assert_eq!(config.demo_date.map(|day| day.to_string()).as_deref(), Some("2026-03-02"));
    }
}

#[test]
fn every_mistake_in_the_keys_of_a_file_must_be_reported_with_its_line() {
    let text = "lisen = '127.0.0.1:80'\n\
                trusted_proxies = ['10.0.0.0/8', 7]\n\
                demo_date = 2026-03-02\n\
                [limits]\n\
                depth_max = '8'\n\
                page_size = 3\n\
                [log]\n\
                format = 'xml'\n\
                slow_ms = -1\n\
                [telemetry]\n\
                sample_percent = 1\n\
                [[subgraph]]\n\
                name = 'a'\n\
                headers = [{ forwad = 'x' }]\n\
                [[source]]\n\
                name = 's'\n\
                kind = 'cvs'\n\
                path = 'a.csv'\n\
                language = 'FR'\n\
                constants = { kind = 7, form = ['a'] }\n\
                values.form = { x = 1 }\n\
                url = true\n";
    let error = read(text, &Overrides::default()).unwrap_err();
    let errors: Vec<_> =
        error.lines().map(|line| line.replace("wegwijzer.toml, line ", "")).collect();
    assert_eq!(
        errors,
        [
            "1: unknown key `lisen`, did you mean `listen`?",
            "2: `trusted_proxies` must be a string, not an integer",
            "5: `limits.depth_max` must be an integer, not a string",
            "6: unknown key `page_size`, did you mean `page_size_max`?",
            "8: `log.format` must be one of `text`, `json`, not `xml`",
            "12: missing key `subgraph.url`",
            "14: unknown key `forwad`, did you mean `forward`?",
            "17: `source.kind` must be one of `markdown`, `jsonlines`, `csv`, `text`, `icalendar`, `wordpress`, `feed`, `website`, `api`, not `cvs`",
            "21: `source.values.form.x` must be a string, not an integer",
            "22: `source.url` must be a string, not a boolean",
        ]
    );
}

#[test]
fn rules_that_the_schema_lacks_must_be_reported_with_the_mistakes() {
    let text =
        "[[source]]\nname = 's'\nkind = 'csv'\npath = 'a'\nlanguage = 'FR'\n[telemetry]\nqqq = 1";
    let error = read(text, &Overrides::default()).unwrap_err();
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(lines.len(), 2, "{error}");
    assert!(lines[0].starts_with("wegwijzer.toml, line 5: ") && lines[0].contains("FR"), "{error}");
    assert_eq!(lines[1], "wegwijzer.toml, line 7: unknown key `qqq`");
    let twice = read("listen = 'a'\nlisten = 'b'\nqqq = 1", &Overrides::default()).unwrap_err();
    assert!(twice.starts_with("wegwijzer.toml, line 2: ") && !twice.contains("qqq"), "{twice}");
}
