use std::{io::Write as _, sync::Arc};

use flate2::{Compression, write::GzEncoder};
use jiff::ToSpan;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const HTML: [&str; 1] = ["content-type: text/html; charset=UTF-8"];
const LOGIN_PAGE: &str = "<!doctype html><title>Inloggen</title><form></form>";

/// A site of 250 posts that was read, after which three posts were deleted.
async fn read_site() -> (FakeSite, TestSource) {
    let site = FakeSite::with_posts(250);
    let source = TestSource::of(&site);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [250, 250, 0]));
    for id in [3, 150, 249] {
        site.content().objects.get_mut("post").unwrap().remove(&id);
    }
    (site, source)
}

/// Fails unless runs have an outcome and leave everything stored; then the site recovers.
async fn assert_preserved_until_recovery(
    (site, source): (FakeSite, TestSource),
    (completeness, reason): (Completeness, &str),
) {
    for _ in 0..3 {
        let run = source.run().await;
        assert_eq!((run.completeness, run.removed), (completeness, 0), "{:?}", run.notes);
        assert!(run.notes.join("\n").contains(reason), "{:?}", run.notes);
        assert_eq!(source.keys().len(), 250);
    }
    site.content().replacement = None;
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [247, 0, 3]));
}

#[tokio::test]
async fn an_error_on_the_third_page_must_leave_everything_stored() {
    let (site, source) = read_site().await;
    site.replace(|target| {
        let is_third = target.contains("/post?") && target.contains("&page=3");
        is_third.then(|| FakeReply::page(500, &HTML, "Er is een kritieke fout"))
    });
    assert_preserved_until_recovery((site, source), (Completeness::Failed, "500")).await;
}

#[tokio::test]
async fn html_instead_of_json_must_leave_everything_stored() {
    let (site, source) = read_site().await;
    site.replace(|target| {
        target.contains("/post?").then(|| FakeReply::page(200, &HTML, "<p>PHP Warning</p>[]"))
    });
    let reason = "not the REST API of WordPress; check `address`";
    assert_preserved_until_recovery((site, source), (Completeness::Failed, reason)).await;
}

#[tokio::test]
async fn a_login_page_must_leave_everything_stored() {
    let (site, source) = read_site().await;
    site.replace(|_| Some(FakeReply::page(200, &HTML, LOGIN_PAGE)));
    let reason = "not the REST API of WordPress; check `address`";
    assert_preserved_until_recovery((site, source), (Completeness::Failed, reason)).await;
}

#[tokio::test]
async fn a_total_that_changes_while_paging_must_make_the_run_partial() {
    let (site, source) = read_site().await;
    let count = std::sync::atomic::AtomicUsize::new(0);
    site.replace(move |target| {
        if !target.contains("/post?") || !target.contains("_fields=") {
            return None;
        }
        let total = 240 + count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let total = format!("x-wp-total: {total}");
        Some(FakeReply::page(200, &[&total, "x-wp-totalpages: 3"], "[]"))
    });
    let reason = "the list of `post` changed while it was read";
    assert_preserved_until_recovery((site, source), (Completeness::Partial, reason)).await;
}

#[tokio::test]
async fn a_decompression_bomb_must_leave_everything_stored() {
    let (site, source) = read_site().await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..256 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    site.replace(move |target| {
        let headers = ["content-encoding: gzip", "content-type: application/json"];
        target.contains("/post?").then(|| FakeReply::page(200, &headers, bomb.clone()))
    });
    assert_preserved_until_recovery((site, source), (Completeness::Failed, "exceeds")).await;
}

#[tokio::test]
async fn an_endless_body_must_leave_everything_stored() {
    let (site, source) = read_site().await;
    site.replace(|target| target.contains("/post?").then_some(FakeReply::Endless));
    assert_preserved_until_recovery((site, source), (Completeness::Failed, "exceeds")).await;
}

#[tokio::test]
async fn a_redirect_loop_must_leave_everything_stored() {
    let (site, source) = read_site().await;
    site.replace(|target| {
        let location = format!("location: {target}");
        target.contains("/post?").then(|| FakeReply::page(302, &[&location], ""))
    });
    assert_preserved_until_recovery((site, source), (Completeness::Failed, "redirect")).await;
}

#[tokio::test]
async fn a_site_that_moved_must_be_reported_with_its_new_host() {
    let (site, source) = read_site().await;
    let port = site.port;
    site.replace(move |target| {
        // The other host has the same content.
        let location = format!("location: http://localhost:{port}/nieuw{target}");
        target.starts_with("/wp-json").then(|| FakeReply::page(301, &[&location], ""))
    });
    let run = source.run().await;
    assert_eq!((run.completeness, run.removed), (Completeness::Failed, 0), "{:?}", run.notes);
    let reason = "the site moved; set `address` of the source to the new host: `localhost`";
    assert!(run.notes[0].contains(reason), "{:?}", run.notes);
    assert_eq!(source.keys().len(), 250);
}

#[tokio::test]
async fn a_host_that_is_gone_for_a_week_must_leave_everything_stored() {
    let (site, mut source) = read_site().await;
    site.set_up(false);
    for _ in 0..7 {
        source.now = source.now.checked_add(24.hours()).unwrap();
        let run = source.run().await;
        assert_eq!((run.completeness, run.removed), (Completeness::Failed, 0));
        assert_eq!((run.at, source.keys().len()), (source.now.as_second(), 250));
    }
    site.set_up(true);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [247, 0, 3]));
}

#[tokio::test]
async fn content_that_was_replaced_behind_an_address_must_be_read_as_it_is() {
    let (site, source) = read_site().await;
    // The same ids with other content.
    let other = (1..=250).map(|id| (id, object("post", id, "Anders", "2026-02-01T00:00:00")));
    site.content().objects.insert("post".to_owned(), other.collect());
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [250, 250, 0]));
    // Another site: what is gone is confirmed, fifty objects in a run; the thresholds of the build
    // decide whether so many removals are published.
    let other = (1_001..=1_010).map(|id| (id, object("post", id, "Nieuw", "2026-03-01T00:00:00")));
    site.content().objects.insert("post".to_owned(), other.collect());
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Complete, [10, 10, 50]));
    assert_eq!(run.missing, 200);
    assert_eq!(source.run().await.removed, 200);
    assert_eq!(source.keys().len(), 10);
}

#[tokio::test]
async fn an_expired_certificate_must_leave_everything_stored() {
    let mut issuer = CertificateParams::new(Vec::new()).unwrap();
    issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(issuer, KeyPair::generate().unwrap()).unwrap();
    let mut parameters = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(2020, 1, 1);
    parameters.not_after = date_time_ymd(2021, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let (_site, mut source) = read_site().await;
    source.ca_file = Some(source.folder.path().join("ca.pem"));
    std::fs::write(source.folder.path().join("ca.pem"), issuer.pem()).unwrap();
    source.source.address = format!("https://127.0.0.1:{port}/").parse().unwrap();
    let run = source.run().await;
    assert_eq!((run.completeness, run.removed), (Completeness::Failed, 0));
    assert!(run.notes[0].contains("expired"), "{:?}", run.notes);
    assert_eq!(source.keys().len(), 250);
}
