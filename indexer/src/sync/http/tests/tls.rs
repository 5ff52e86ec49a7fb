use std::{fs, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::support::*;
use crate::sync::http::*;

/// The years in which a certificate is valid.
struct Years(i32, i32);

const VALID: Years = Years(2020, 2090);

fn issuer() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (parameters.not_before, parameters.not_after) =
        (date_time_ymd(2020, 1, 1), date_time_ymd(2090, 1, 1));
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for `name`.
async fn server(
    issuer: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
    Years(first, last): Years,
) -> HttpTestServer {
    let mut parameters = CertificateParams::new([name.to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(first, 1, 1);
    parameters.not_after = date_time_ymd(last, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let handler = |head: &ReceivedHead| match head.path.as_str() {
        "/insecure" => redirect("302 Found", "http://a.test/"),
        _ => respond("200 OK", &[], b"page"),
    };
    HttpTestServer::start_with(Some(TlsAcceptor::from(Arc::new(tls))), Box::new(handler)).await
}

/// A client that trusts an issuer.
fn client(server: &HttpTestServer, issuer: &CertifiedIssuer<'static, KeyPair>) -> TestClient {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ca.pem");
    fs::write(&path, format!("comment\n{}", issuer.pem())).unwrap();
    let config = HttpConfig { ca_file: Some(path), ..config() };
    TestClient::new(TestNetwork::of(server), config)
}

#[tokio::test]
async fn a_certificate_of_a_configured_issuer_must_be_accepted() {
    let issuer = issuer();
    let server = server(&issuer, "a.test", VALID).await;
    let client = client(&server, &issuer);
    let response = client.get("https://a.test/").await.unwrap();
    assert_eq!(fetched(response).body, "page");
    assert_eq!(client.network.connections(), [format!("{A}:443")]);
}

#[tokio::test]
async fn an_invalid_certificate_must_be_a_permanent_error_that_names_the_reason() {
    let issuer = issuer();
    let expired = server(&issuer, "a.test", Years(2020, 2021)).await;
    let error = client(&expired, &issuer).error("https://a.test/").await;
    assert!(matches!(error, HttpError::CertificateExpired { .. }), "{error:?}");
    assert!(error.is_tls() && error.is_permanent());
    let early = server(&issuer, "a.test", Years(2089, 2090)).await;
    let error = client(&early, &issuer).error("https://a.test/").await;
    assert!(matches!(error, HttpError::CertificateNotYetValid { .. }), "{error:?}");
    assert!(error.is_tls() && error.is_permanent());
    let other = server(&issuer, "b.test", VALID).await;
    let error = client(&other, &issuer).error("https://a.test/").await;
    assert!(matches!(error, HttpError::CertificateName { .. }), "{error:?}");
    assert!(error.is_tls() && error.is_permanent());
    let unknown = server(&issuer, "a.test", VALID).await;
    let error = TestClient::new(TestNetwork::of(&unknown), config()).error("https://a.test/").await;
    assert!(matches!(error, HttpError::UnknownIssuer { .. }), "{error:?}");
    assert!(error.is_tls() && error.is_permanent());
    assert!(error.to_string().contains("`ca_file`"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_must_be_a_tls_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = HttpClient::new(config()).unwrap();
    let url: Url = format!("https://127.0.0.1:{port}/").parse().unwrap();
    let policy = Arc::new(SourcePolicy::new(&url).allow_private_addresses());
    let request = HttpRequest::new(url, policy, Arc::default());
    let respond = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let (result, _stream) = futures_util::future::join(client.get(&request), respond).await;
    let error = result.map(|_| ()).unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error:?}");
    assert!(error.is_tls() && error.is_permanent());
}

#[tokio::test]
async fn a_redirect_from_https_to_http_must_be_an_error() {
    let issuer = issuer();
    let server = server(&issuer, "a.test", VALID).await;
    let error = client(&server, &issuer).error("https://a.test/insecure").await;
    assert!(matches!(error, HttpError::InsecureRedirect { .. }), "{error}");
    assert_eq!(server.heads().len(), 1);
}

#[test]
fn an_unusable_file_of_certificates_must_be_an_error_that_names_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ca.pem");
    let create = || {
        let config = HttpConfig { ca_file: Some(path.clone()), ..config() };
        HttpClient::new(config).map(|_| ()).unwrap_err()
    };
    let error = create();
    assert!(matches!(error, HttpConfigError::CaFile { .. }), "{error}");
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    fs::write(&path, "no certificate").unwrap();
    assert!(matches!(create(), HttpConfigError::NoCertificates { .. }));
    fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(create(), HttpConfigError::CaFile { .. }));
}
