//! `wegwijzer init`: finds out what sites offer, and writes a commented configuration that reads it.

mod template;

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use indexer::{
    ingest::Progress as _,
    sync::{Discovery, Offer, SyncConfig, Synchroniser},
};
use jiff::Timestamp;
use tokio::runtime::Runtime;
use url::Url;

use self::template::Template;
use super::{CommandError, output, progress::Console};
use crate::config::{FILE, REQUEST_INTERVAL_MS_DEFAULT, RETRIES_MAX_DEFAULT};

#[derive(Debug, Args)]
pub(super) struct InitArguments {
    /// Addresses of sites, feeds, calendars or JSON endpoints.
    #[arg(required = true, value_name = "URL", value_parser = address)]
    urls: Vec<Url>,
    /// File to write; it must not exist.
    #[arg(long, value_name = "FILE", default_value = FILE)]
    config: PathBuf,
    /// Your e-mail address or page, which the sites see in our requests (default: the first address).
    #[arg(long, value_name = "CONTACT")]
    contact: Option<String>,
    /// Allow addresses in private networks and on this computer.
    #[arg(long)]
    allow_private_addresses: bool,
}

/// An address, with `https` if no scheme is given.
fn address(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("https://{text}"))
    };
    let is_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_public = |url: &Url| url.username().is_empty() && url.password().is_none();
    let url = url.ok().filter(|url| is_web(url) && is_public(url));
    url.ok_or_else(|| {
        "must be like `https://www.example.nl/`, without user name and password".to_owned()
    })
}

/// Inspects every address, prints what was found, and writes the configuration.
pub(super) fn run(arguments: &InitArguments) -> Result<ExitCode, CommandError> {
    if arguments.config.exists() {
        return Err(CommandError::FileExists(arguments.config.clone()));
    }
    let contact = arguments.contact.clone();
    let contact = contact.unwrap_or_else(|| arguments.urls[0].origin().ascii_serialization() + "/");
    let folder = tempfile::tempdir()?;
    let synchroniser = Synchroniser::new(&SyncConfig {
        data: folder.path().to_owned(),
        contact: contact.clone(),
        ca_file: None,
        request_interval: Duration::from_millis(REQUEST_INTERVAL_MS_DEFAULT),
        retries_max: RETRIES_MAX_DEFAULT,
    })?;
    let (runtime, progress) = (Runtime::new()?, Console::new());
    let mut template = Template::new(&contact, arguments.allow_private_addresses);
    for url in &arguments.urls {
        progress.begin(&format!("inspect {url}"), None);
        let now = Timestamp::now();
        let found = synchroniser.discover(url, arguments.allow_private_addresses, now, &progress);
        let found = runtime.block_on(found)?;
        progress.end();
        report(&found)?;
        template.add(&found);
    }
    if template.is_empty() {
        return Err(CommandError::NothingFound);
    }
    write(arguments, &template.finish())?;
    output::text(format_args!(
        "written: {}\nnext: `wegwijzer index` reads the sources, `wegwijzer serve` shows them",
        arguments.config.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Creates the file, which nobody else may have created since.
fn write(arguments: &InitArguments, text: &str) -> Result<(), CommandError> {
    let file = OpenOptions::new().write(true).create_new(true).open(&arguments.config);
    match file {
        Ok(mut file) => Ok(file.write_all(text.as_bytes())?),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(CommandError::FileExists(arguments.config.clone()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Prints what an address offers.
fn report(found: &Discovery) -> Result<(), CommandError> {
    let Discovery { address, title, generator, offers, notes, .. } = found;
    let title = title.as_ref().map(|title| format!(" \"{title}\"")).unwrap_or_default();
    let generator =
        generator.as_ref().map(|name| format!(", made with {name}")).unwrap_or_default();
    output::text(format_args!("{address}{title}{generator}"))?;
    for offer in offers {
        output::text(format_args!("  {}", summary(offer)))?;
    }
    for note in notes {
        output::text(format_args!("  not usable: {note}"))?;
    }
    Ok(())
}

/// One line about an offer.
fn summary(offer: &Offer) -> String {
    match offer {
        Offer::Wordpress { types, .. } => {
            let types: Vec<_> =
                types.iter().map(|(name, count)| format!("{count} {name}")).collect();
            format!("WordPress: {}", types.join(", "))
        }
        Offer::Pleio { groups, items, .. } => {
            format!("Pleio: {groups} groups; {items} articles, wiki pages and questions; events")
        }
        Offer::Website { pages, .. } => format!("sitemap: {pages} pages"),
        Offer::Feed { address, entries, .. } => format!("feed: {entries} entries, `{address}`"),
        Offer::Calendar { address, events } => format!("calendar: {events} events, `{address}`"),
        Offer::Json { list, .. } => {
            let path = if list.items.is_empty() { "the document" } else { &list.items };
            format!("JSON: {} items in `{path}`", list.count)
        }
    }
}
