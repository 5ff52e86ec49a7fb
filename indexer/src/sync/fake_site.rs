//! A site on the loopback interface with the REST API, the sitemap and the pages of WordPress, whose
//! responses can be replaced.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

/// What a site holds.
#[derive(Default)]
pub(in crate::sync) struct FakeContent {
    /// Objects by type and id. The path of a collection is the name of its type.
    pub(in crate::sync) objects: BTreeMap<String, BTreeMap<u64, Value>>,
    /// Terms by taxonomy.
    pub(in crate::sync) terms: BTreeMap<String, Vec<Value>>,
    /// Pages by path; the others have an ordinary page if an object has their address.
    pub(in crate::sync) pages: BTreeMap<String, FakePage>,
    /// Seconds by which the clock of the host is ahead.
    pub(in crate::sync) clock_ahead: i64,
    /// Replaces responses, by path and query.
    pub(in crate::sync) replacement: Option<Replacement>,
    /// Number of requests.
    pub(in crate::sync) requests: Vec<String>,
}

type Replacement = Box<dyn Fn(&str) -> Option<FakeReply> + Send>;

pub(in crate::sync) struct FakePage {
    pub(in crate::sync) status: u16,
    pub(in crate::sync) body: String,
}

/// A response.
pub(in crate::sync) enum FakeReply {
    Full {
        status: u16,
        headers: Vec<String>,
        body: Vec<u8>,
    },
    /// A body without end.
    Endless,
}

impl FakeReply {
    pub(in crate::sync) fn json(body: &Value) -> Self {
        Self::page(200, &["content-type: application/json"], body.to_string())
    }

    pub(in crate::sync) fn page(status: u16, headers: &[&str], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|header| (*header).to_owned()).collect();
        Self::Full { status, headers, body: body.into() }
    }
}

/// A post with an address on the site.
pub(in crate::sync) fn post(id: u64, title: &str) -> Value {
    object("post", id, title, "2026-01-01T00:00:00")
}

pub(in crate::sync) fn object(kind: &str, id: u64, title: &str, modified_at: &str) -> Value {
    json!({
        "id": id, "type": kind, "status": "publish", "link": format!("/{kind}-{id}/"),
        "slug": title.to_lowercase().replace(' ', "-"), "modified_gmt": modified_at,
        "title": { "rendered": title }, "content": { "rendered": "<p>Tekst.</p>" },
    })
}

pub(in crate::sync) struct FakeSite {
    pub(in crate::sync) port: u16,
    content: Arc<Mutex<FakeContent>>,
    is_up: Arc<AtomicBool>,
}

impl FakeSite {
    pub(in crate::sync) fn start(content: FakeContent) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (content, is_up) = (Arc::new(Mutex::new(content)), Arc::new(AtomicBool::new(true)));
        let (shared, accepting) = (Arc::clone(&content), Arc::clone(&is_up));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                if accepting.load(Ordering::SeqCst) {
                    thread::spawn(move || serve(client, port, &shared));
                }
            }
        });
        Self { port, content, is_up }
    }

    /// A site with this number of posts.
    pub(in crate::sync) fn with_posts(count: u64) -> Self {
        let site = Self::start(FakeContent::default());
        let posts = (1..=count).map(|id| (id, post(id, &format!("Verhaal {id}"))));
        site.content().objects.insert("post".to_owned(), posts.collect());
        site
    }

    /// The address of a path.
    pub(in crate::sync) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(in crate::sync) fn content(&self) -> MutexGuard<'_, FakeContent> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces responses.
    pub(in crate::sync) fn replace(
        &self,
        with: impl Fn(&str) -> Option<FakeReply> + Send + 'static,
    ) {
        self.content().replacement = Some(Box::new(with));
    }

    /// Closes every connection without a response, or no longer.
    pub(in crate::sync) fn set_up(&self, is_up: bool) {
        self.is_up.store(is_up, Ordering::SeqCst);
    }

    pub(in crate::sync) fn put(&self, object: Value) {
        let (kind, id) =
            (object["type"].as_str().unwrap().to_owned(), object["id"].as_u64().unwrap());
        self.content().objects.entry(kind).or_default().insert(id, object);
    }
}

fn serve(mut client: TcpStream, port: u16, content: &Mutex<FakeContent>) {
    let _ = client.set_read_timeout(Some(Duration::from_secs(10)));
    let Some(target) = read_target(&mut client) else { return };
    let mut content = content.lock().unwrap_or_else(PoisonError::into_inner);
    content.requests.push(target.clone());
    let reply = content.replacement.as_ref().and_then(|replace| replace(&target));
    let reply = reply.unwrap_or_else(|| content.respond(&target, port));
    let now = SystemTime::now() + Duration::from_secs(content.clock_ahead.try_into().unwrap());
    drop(content);
    let date = httpdate::fmt_http_date(now);
    match reply {
        FakeReply::Full { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} X\r\ndate: {date}\r\nconnection: close\r\n");
            for header in headers {
                write!(head, "{header}\r\n").unwrap();
            }
            write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
            let _ = client.write_all(&[head.into_bytes(), body].concat());
        }
        FakeReply::Endless => {
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[");
            while client.write_all(&[b' '; 8_192]).is_ok() {}
        }
    }
}

fn read_target(client: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()?.split(' ').nth(1).map(str::to_owned)
}

impl FakeContent {
    fn respond(&self, target: &str, port: u16) -> FakeReply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if let Some(page) = self.pages.get(path) {
            let html = ["content-type: text/html; charset=UTF-8"];
            return FakeReply::page(page.status, &html, page.body.clone());
        }
        let Some(resource) = path.strip_prefix("/wp-json/wp/v2/") else {
            let all = self.objects.values().flat_map(BTreeMap::values);
            let exists = all.into_iter().any(|object| object["link"] == path);
            let status = if exists { 200 } else { 404 };
            return FakeReply::page(status, &["content-type: text/html"], "<html><p>Pagina</p>");
        };
        let named = |name: &String| (name.clone(), json!({ "slug": name, "rest_base": name }));
        match resource.split_once('/') {
            None if resource == "types" => {
                let taxonomies: Vec<_> = self.terms.keys().collect();
                let of_type = |name: &String| {
                    let value =
                        json!({ "slug": name, "rest_base": name, "taxonomies": taxonomies });
                    (name.clone(), value)
                };
                FakeReply::json(&self.objects.keys().map(of_type).collect())
            }
            None if resource == "taxonomies" => {
                FakeReply::json(&self.terms.keys().map(named).collect())
            }
            None => {
                let objects = self.objects.get(resource);
                let objects = objects.map(|objects| objects.values().collect::<Vec<_>>());
                let terms = self.terms.get(resource).map(|terms| terms.iter().collect());
                list(&objects.or(terms).unwrap_or_default(), query, port)
            }
            Some((kind, id)) => {
                let id: u64 = id.parse().unwrap_or_default();
                let object = self.objects.get(kind).and_then(|objects| objects.get(&id));
                let missing = || {
                    let body = json!({ "code": "rest_post_invalid_id" }).to_string();
                    FakeReply::page(404, &[], body)
                };
                object.map_or_else(missing, |object| FakeReply::json(&with_address(object, port)))
            }
        }
    }
}

fn with_address(object: &Value, port: u16) -> Value {
    let mut object = object.clone();
    if let Some(path) = object["link"].as_str() {
        object["link"] = json!(format!("http://127.0.0.1:{port}{path}"));
    }
    object
}

/// A page of a collection.
fn list(objects: &[&Value], query: &str, port: u16) -> FakeReply {
    let parameters: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let number = |name: &str, other: usize| {
        parameters.get(name).and_then(|text| text.parse().ok()).unwrap_or(other)
    };
    let included = parameters.get("include").map(|list| list.split(',').collect::<Vec<_>>());
    let is_included = |object: &&&Value| {
        included.as_ref().is_none_or(|ids| ids.contains(&object["id"].to_string().as_str()))
    };
    let objects: Vec<_> = objects.iter().filter(is_included).collect();
    let (size, page) = (number("per_page", 10), number("page", 1));
    let shown = objects.iter().skip((page - 1) * size).take(size);
    let shown: Vec<_> = shown.map(|object| with_address(object, port)).collect();
    let total = format!("x-wp-total: {}", objects.len());
    let pages = format!("x-wp-totalpages: {}", objects.len().div_ceil(size));
    FakeReply::page(200, &[&total, &pages], json!(shown).to_string())
}
