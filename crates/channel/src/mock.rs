//! The service's side of a channel, by the channel's own file: for trying a whole round trip without the service.
//!
//! What the service posts is made of the file's examples, with another text and names of its own; what it answers is an
//! example's answer, or one that the file's conditions take for a good one.

mod answers;
mod described;
mod retell;

use std::sync::Arc;

use serde_json::{Value as Json, json};

use self::described::{Step, steps};
use super::{
    Channel, Fault, Given, HttpResponse, Inbound, Kind, Method, Plain, Pull, Seed, Signed,
    expression::Node,
    file::{Body, FakeRequest, Vector},
    sign::pairs,
};

/// A service that behaves as a channel's file says.
#[derive(Debug)]
pub struct Mock {
    channel: Arc<Channel>,
    /// Messages that were written, each of which has names of its own.
    written: u64,
    /// What is to be fetched of a service that only tells of messages.
    page: Option<Json>,
    /// Where the mock is, in the place of the hosts that the file names.
    origin: Option<String>,
}

/// What the service answers a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acted {
    /// The key of the file that describes the request, such as `send.text`; empty if none does.
    pub key: String,
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// The request's body as a value, if it is a call of SOAP or Thrift.
    pub call: Option<Json>,
}

/// The smallest picture: what the mock gives away as a file.
const PICTURE: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x01D\0;";

impl Mock {
    /// The service of a channel.
    #[must_use]
    pub fn new(channel: Arc<Channel>) -> Self {
        Self { channel, written: 0, page: None, origin: None }
    }

    /// What the service posts names this address where the example names a host of the file's, as the file of
    /// [`redirected`](super::redirected) wants it.
    #[must_use]
    pub fn at(mut self, origin: &str) -> Self {
        self.origin = Some(origin.trim_end_matches('/').to_owned());
        self
    }

    fn moved(&self, text: &str) -> String {
        let Some(origin) = &self.origin else { return text.to_owned() };
        let hosts = self.channel.file.hosts.iter().filter(|host| !host.starts_with("setting."));
        hosts.fold(text.to_owned(), |text, host| {
            text.replace(&format!("https://{host}/"), &format!("{origin}/{host}/"))
        })
    }

    /// The names of examples that the service can post.
    pub fn examples(&self) -> impl Iterator<Item = &str> {
        let posted = self.requests().filter(|(_, request)| request.method == Method::Post);
        posted.map(|(vector, _)| vector.name.as_str())
    }

    /// Examples of requests.
    fn requests(&self) -> impl Iterator<Item = (&Vector, &FakeRequest)> {
        self.channel.file.test.iter().filter_map(|vector| Some((vector, vector.request.as_ref()?)))
    }

    /// The request of an example, signed for now.
    ///
    /// # Errors
    /// There is no such example, or it cannot be signed.
    pub fn deliver(&self, name: &str, given: &Given, now_ms: i64, seed: Seed) -> Result<Signed, Fault> {
        let found = self.requests().find(|(vector, _)| vector.name == name);
        let (vector, request) = found.ok_or_else(|| {
            let near = super::load::near(name, self.examples());
            Fault::setup("test", format!("there is no example {name:?} of a request{near}"))
        })?;
        let plain = self.plain(vector, request, request.json.as_ref(), request.body.as_deref(), given)?;
        self.channel.sign(&plain, given, now_ms, seed)
    }

    /// A customer writes a text; gives the request that brings it, or that tells of it. None if it waits to be fetched.
    ///
    /// # Errors
    /// No example of the file has a text that another can take the place of, or it cannot be signed.
    pub fn write(
        &mut self,
        text: &str,
        given: &Given,
        now_ms: i64,
        seed: Seed,
    ) -> Result<Option<Signed>, Fault> {
        self.written += 1;
        let number = u64::try_from(now_ms).unwrap_or_default().wrapping_mul(1_000).wrapping_add(self.written);
        if self.channel.file.pull.is_some() {
            self.put_on_page(text, given, number, now_ms)?;
            let notice = self.requests().find(|(vector, one)| one.sign && vector.expect.pull.is_some());
            let plain = notice
                .map(|(vector, one)| self.plain(vector, one, one.json.as_ref(), one.body.as_deref(), given));
            let plain = plain.transpose()?;
            return plain.map(|plain| self.channel.sign(&plain, given, now_ms, seed)).transpose();
        }
        let mut refused = None;
        for (vector, request) in self.requests() {
            match self.retold(vector, request, text, given, number, now_ms, seed) {
                Ok(Some(signed)) => return Ok(Some(signed)),
                Ok(None) => {}
                Err(fault) => refused = Some(fault),
            }
        }
        Err(refused.unwrap_or_else(|| no_example("`test` has no request with one text that can be replaced")))
    }

    /// An example's request with another text; none if that does not come out as the text of its message.
    #[expect(clippy::too_many_arguments, reason = "each of them is another thing")]
    fn retold(
        &self,
        vector: &Vector,
        request: &FakeRequest,
        text: &str,
        given: &Given,
        number: u64,
        now_ms: i64,
        seed: Seed,
    ) -> Result<Option<Signed>, Fault> {
        let is_covered = self.channel.file.receive.iter().any(|receive| !receive.decrypt.is_empty());
        if request.method != Method::Post || (is_covered && !request.sign) {
            return Ok(None);
        }
        let made = |json: Option<&Json>, body: Option<&str>| {
            let plain = self.plain(vector, request, json, body, given)?;
            let signed = self.channel.sign(&plain, given, now_ms, seed)?;
            let received = self.channel.receive(&signed.request(), given, now_ms);
            Ok((signed, received.messages))
        };
        let jsons = match &request.json {
            Some(json) => self.items_alone(json).into_iter().map(Some).collect(),
            None => vec![None],
        };
        for json in jsons {
            let (_, before) = made(json.as_ref(), request.body.as_deref())?;
            let [before] = before.as_slice() else { continue };
            if before.kind != Kind::Text {
                continue;
            }
            let another = retell::another(before, text, number);
            let json = json.map(|json| retell::json(&json, &another));
            let body = request.body.as_ref().map(|body| retell::text(body, &another));
            let (signed, after) = made(json.as_ref(), body.as_deref())?;
            let is_it = |after: &Inbound| after.text == text && after.dedupe != before.dedupe;
            if matches!(after.as_slice(), [after] if is_it(after)) {
                return Ok(Some(signed));
            }
        }
        Ok(None)
    }

    /// A body, then the same with each of its items alone.
    fn items_alone(&self, body: &Json) -> Vec<Json> {
        let mut bodies = vec![body.clone()];
        for path in self.lists() {
            let items = body.pointer(&path).and_then(Json::as_array).cloned().unwrap_or_default();
            bodies.extend(items.into_iter().filter_map(|item| {
                let mut alone = body.clone();
                *alone.pointer_mut(&path)? = json!([item]);
                Some(alone)
            }));
        }
        bodies
    }

    /// Where in a body the items may stand.
    fn lists(&self) -> Vec<String> {
        let rules = self.channel.file.messages.as_ref();
        let Some(Node::Expr(each)) = rules.and_then(|rules| rules.each.as_ref()) else { return Vec::new() };
        let names = each.names();
        let paths = names.iter().filter_map(|name| name.strip_prefix("body."));
        paths.map(|path| format!("/{}", path.replace('.', "/"))).collect()
    }

    /// What the service wants to say. Signatures of an example are of other secrets: new ones are made.
    fn plain(
        &self,
        vector: &Vector,
        request: &FakeRequest,
        json: Option<&Json>,
        body: Option<&str>,
        given: &Given,
    ) -> Result<Plain, Fault> {
        let own_values = retell::own_values(vector, given);
        let body = match (body, json) {
            (Some(body), _) => self.moved(&retell::text(body, &own_values)).into_bytes(),
            (None, Some(json)) => {
                let moved = self.moved(&retell::json(json, &own_values).to_string());
                let json: Json = serde_json::from_str(&moved).unwrap_or_else(|_| json.clone());
                self.channel.called(&json).map_err(|why| Fault::setup("test", why))?
            }
            (None, None) => Vec::new(),
        };
        let is_kept = request.sign || request.method == Method::Get;
        let kept = |map| if is_kept { pairs(map) } else { Vec::new() };
        Ok(Plain {
            method: request.method,
            query: kept(&request.query),
            headers: kept(&request.headers),
            body,
        })
    }

    /// Adds a text to what is to be fetched.
    fn put_on_page(&mut self, text: &str, given: &Given, number: u64, now_ms: i64) -> Result<(), Fault> {
        let pages = self.channel.file.test.iter().filter_map(|vector| vector.pulled.as_ref());
        let read = |page: &Json| {
            let answer = json_answer(page);
            let pull = Pull { list: String::new(), notice: json!({}) };
            self.channel.pulled(&pull, Ok(&answer), given, 1, now_ms).map(|pulled| pulled.messages)
        };
        for page in pages {
            let Ok(before) = read(page) else { continue };
            let Some(before) = before.iter().find(|message| message.kind == Kind::Text) else { continue };
            let page = retell::json(page, &retell::another(before, text, number));
            let page = match &self.page {
                Some(waiting) => joined(waiting, &page),
                None => page,
            };
            if read(&page).is_ok_and(|messages| messages.iter().any(|message| message.text == text)) {
                self.page = Some(page);
                return Ok(());
            }
        }
        Err(no_example("`test` has no page with a text that can be replaced"))
    }

    /// Answers a request; `target` is its path and its query.
    pub fn answer(&mut self, method: Method, target: &str, body: &[u8], given: &Given, now_ms: i64) -> Acted {
        let channel = Arc::clone(&self.channel);
        let steps = steps(&channel);
        let scored = steps.iter().filter_map(|one| Some((self.likeness(&one.2, method, target, body)?, one)));
        // Of several that are alike, the first.
        let best = scored.rev().max_by_key(|(likeness, _)| *likeness);
        let Some((_, (key, step, call))) = best else {
            let body = b"the channel's file describes no such request\n".to_vec();
            return Acted { key: String::new(), status: 404, content_type: "text/plain", body, call: None };
        };
        let system = self.channel.system.as_ref().filter(|_| matches!(call.body, Body::Call(_)));
        let said = system.and_then(|system| Some(system.read_call(body).ok()?.0));
        let answer = match step {
            Step::Fetch(index)
                if self.channel.file.fetch.get(*index).is_some_and(|one| one.value.is_none()) =>
            {
                Some(("image/gif", PICTURE.to_vec()))
            }
            Step::Pull => {
                let page = self.page.clone().or_else(|| self.empty_page());
                page.map(|page| ("application/json", self.moved(&page.to_string()).into_bytes()))
            }
            step => self.good_answer(*step, call, given, now_ms),
        };
        let (key, is_pull) = (key.clone(), matches!(step, Step::Pull));
        if is_pull {
            self.page = None;
        }
        match answer {
            Some((content_type, body)) => Acted { key, status: 200, content_type, body, call: said },
            None => {
                let why =
                    format!("no answer was found that {key} takes for a good one: add an example with one\n");
                Acted { key, status: 500, content_type: "text/plain", body: why.into_bytes(), call: said }
            }
        }
    }

    /// A page without messages.
    fn empty_page(&self) -> Option<Json> {
        let mut page = self.channel.file.test.iter().find_map(|vector| vector.pulled.clone())?;
        for path in self.lists() {
            if let Some(list) = page.pointer_mut(&path).filter(|list| list.is_array()) {
                *list = json!([]);
            }
        }
        Some(page)
    }
}

#[cold]
fn no_example(why: &str) -> Fault {
    Fault::setup("test", why)
}

fn json_answer(json: &Json) -> HttpResponse {
    HttpResponse { status: 200, headers: Vec::new(), body: json.to_string().into_bytes() }
}

/// A page with the items of another after its own.
fn joined(first: &Json, second: &Json) -> Json {
    match (first, second) {
        (Json::Array(first), Json::Array(second)) => {
            Json::Array(first.iter().chain(second).cloned().collect())
        }
        (Json::Object(first), Json::Object(second)) => {
            let mut all = first.clone();
            for (name, value) in second {
                let value = first.get(name).map_or_else(|| value.clone(), |before| joined(before, value));
                all.insert(name.clone(), value);
            }
            Json::Object(all)
        }
        (_, second) => second.clone(),
    }
}
