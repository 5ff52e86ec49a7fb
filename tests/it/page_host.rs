//! A host of pages that a test sets.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use poem::{
    EndpointExt as _, Response, Server, handler,
    http::StatusCode,
    listener::{Acceptor as _, Listener as _, TcpListener},
    web::Data,
};

use crate::support::runtime;

type Pages = Arc<Mutex<BTreeMap<String, (StatusCode, String)>>>;

#[handler]
fn serve_page(Data(pages): Data<&Pages>, request: &poem::Request) -> Response {
    let pages = pages.lock().unwrap();
    let page = pages.get(request.uri().path());
    let (status, body) = page.cloned().unwrap_or((StatusCode::NOT_FOUND, String::new()));
    let media_type = if body.starts_with("<?xml") { "application/xml" } else { "text/html" };
    Response::builder().status(status).content_type(media_type).body(body)
}

/// A running host. A path without a page is not found.
pub(crate) struct PageHost {
    port: u16,
    pages: Pages,
    _runtime: tokio::runtime::Runtime,
}

impl PageHost {
    pub(crate) fn start() -> Self {
        let (runtime, pages) = (runtime(), Pages::default());
        let acceptor =
            runtime.block_on(TcpListener::bind("127.0.0.1:0").into_acceptor()).expect("a port");
        let bound = acceptor.local_addr();
        let port = bound.first().and_then(|one| one.as_socket_addr()).expect("an address").port();
        runtime.spawn(Server::new_with_acceptor(acceptor).run(serve_page.data(Arc::clone(&pages))));
        Self { port, pages, _runtime: runtime }
    }

    /// The address of a path, which begins with a slash.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn set(&self, path: &str, body: &str) {
        self.set_response(path, StatusCode::OK, body);
    }

    pub(crate) fn set_response(&self, path: &str, status: StatusCode, body: &str) {
        self.pages.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }
}
