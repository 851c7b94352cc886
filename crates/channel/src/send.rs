//! Requests that a file describes, made from values.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{
    Channel, Fault, Given, HttpRequest, Inbound, Kind, Media, Next, Outbound, Pull, Tokens,
    expression::{Data, Node, data},
    file::{Body, Call, Invocation, Multipart, Send, Split},
    load::HostRule,
    mapping::{Scope, of_map, seal},
    system::Encoded,
    url::{self, Origin},
};

/// A text does not become more messages than this.
const PARTS_MAX: usize = 20;

impl Channel {
    /// How a message of this kind is sent: as what it is, or else as a text.
    pub(super) fn way(&self, kind: Kind) -> Option<(&'static str, &Send)> {
        let own = self.file.send.get(&kind).map(|send| (kind.as_str(), send));
        own.or_else(|| self.file.send.get(&Kind::Text).map(|send| ("text", send)))
    }

    /// The messages to send one after the other in the place of one that is too long for the service.
    #[must_use]
    pub fn parts(&self, message: &Outbound) -> Vec<Outbound> {
        let split = self.way(message.kind).and_then(|(_, send)| send.split.as_ref());
        let texts = split.map_or_else(|| vec![message.text.as_str()], |split| pieces(&message.text, split));
        let part = |(index, text): (usize, &str)| {
            let id = part_id(&message.id, index);
            Outbound { id, text: text.to_owned(), ..message.clone() }
        };
        texts.into_iter().enumerate().map(part).collect()
    }

    /// The next request on the way of a message to the service.
    ///
    /// # Errors
    /// A value is missing, or an expression of the file fails.
    pub fn send(
        &self,
        message: &Outbound,
        given: &Given,
        tokens: &Tokens,
        now_ms: i64,
    ) -> Result<Next, Fault> {
        let (name, send) =
            self.way(message.kind).ok_or_else(|| Fault::setup("send", "the channel does not send"))?;
        if message.text.len() > self.file.limits.text.0 {
            return Err(Fault::limit(
                "limits.text",
                format!("a text of more than {} bytes", self.file.limits.text.0),
            ));
        }
        let mut scope = self.outgoing_scope(given, now_ms);
        scope.insert("msg", data(of_outbound(message)));
        if let (Some(upload), None) = (&send.upload, &message.uploaded) {
            let key = format!("send.{name}.upload");
            let call = upload.call().map_err(|why| Fault::setup(&key, why))?;
            let next = self.next(&key, call, scope, given, tokens, now_ms)?;
            return Ok(match next {
                Next::Call(request) => Next::Upload(request),
                token => token,
            });
        }
        let key = format!("send.{name}");
        let call = send.call().map_err(|why| Fault::setup(&key, why))?;
        self.next(&key, call, scope, given, tokens, now_ms)
    }

    /// The next request on the way to a file's bytes; `step` counts from 0, and `value` is what the step before gave.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn fetch(
        &self,
        message: &Inbound,
        step: usize,
        value: &Json,
        given: &Given,
        tokens: &Tokens,
        now_ms: i64,
    ) -> Result<Next, Fault> {
        let key = format!("fetch.{step}");
        let fetch = self.file.fetch.get(step).ok_or_else(|| Fault::setup(&key, "there is no such step"))?;
        let call = fetch.call().map_err(|why| Fault::setup(&key, why))?;
        let mut scope = self.outgoing_scope(given, now_ms);
        scope.insert("msg", data(of_inbound(message)));
        scope.insert("step", data(value));
        self.next(&key, call, scope, given, tokens, now_ms)
    }

    /// The next request on the way to a page of a list; without a cursor, from the list's beginning.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn pull(
        &self,
        pull: &Pull,
        cursor: Option<&str>,
        given: &Given,
        tokens: &Tokens,
        now_ms: i64,
    ) -> Result<Next, Fault> {
        let rules =
            self.file.pull.as_ref().ok_or_else(|| Fault::setup("pull", "there is nothing to pull"))?;
        let call = rules.call().map_err(|why| Fault::setup("pull", why))?;
        let mut scope = self.outgoing_scope(given, now_ms);
        scope.insert("notice", data(&pull.notice));
        scope.insert("cursor", cursor.unwrap_or_default().into());
        self.next("pull", call, scope, given, tokens, now_ms)
    }

    pub(super) fn outgoing_scope(&self, given: &Given, now_ms: i64) -> Scope {
        Scope::from([
            ("secret", of_map(&given.secrets)),
            ("setting", of_map(&given.settings)),
            ("now", now_ms.into()),
        ])
    }

    /// Whether all values are given.
    pub(super) fn ready(&self, given: &Given) -> Result<(), Fault> {
        match self.missing(given).first() {
            Some(name) => Err(Fault::setup("", format!("{name} has no value"))),
            None => Ok(()),
        }
    }

    /// The request of a token.
    pub(super) fn token_call(&self, name: &str, given: &Given, now_ms: i64) -> Result<HttpRequest, Fault> {
        let key = format!("tokens.{name}");
        let token = self.file.tokens.get(name).ok_or_else(|| Fault::setup(&key, "there is no such token"))?;
        let call = token.call().map_err(|why| Fault::setup(&key, why))?;
        self.request(&key, call, &seal(&self.outgoing_scope(given, now_ms)), given)
    }

    /// The request of a token that is missing, or else the request itself.
    pub(super) fn next(
        &self,
        key: &str,
        call: Call<'_>,
        mut scope: Scope,
        given: &Given,
        tokens: &Tokens,
        now_ms: i64,
    ) -> Result<Next, Fault> {
        self.ready(given)?;
        for name in call.tokens() {
            if tokens.get(&name).is_none_or(|token| token.renew_at_ms <= now_ms) {
                let request = self.token_call(&name, given, now_ms)?;
                return Ok(Next::Token { name, request });
            }
        }
        let values = tokens.iter().map(|(name, token)| (name.as_str(), Data::from(token.value.as_str())));
        scope.insert("token", Data::from_pairs(values));
        self.request(key, call, &seal(&scope), given).map(Next::Call)
    }

    fn request(&self, key: &str, call: Call<'_>, scope: &Data, given: &Given) -> Result<HttpRequest, Fault> {
        let text = |part: &str, node: &Node| {
            node.text(scope)
                .map_err(|why| Fault::input(format!("{key}.{part}"), why))
                .map(Option::unwrap_or_default)
        };
        let mut url = text(&call.method.as_str().to_ascii_lowercase(), call.url)?;
        for (name, node) in call.query {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!(
                "{}={}",
                url::encode(name),
                url::encode(&text(&format!("query.{name}"), node)?)
            ));
        }
        self.allow(&url, given).map_err(|why| Fault::setup(key, why))?;
        let mut headers = Vec::new();
        for (name, node) in call.headers {
            let value = text(&format!("headers.{name}"), node)?;
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if !name.bytes().all(is_name)
                || value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
            {
                return Err(Fault::input(format!("{key}.headers.{name}"), "no header can be like this"));
            }
            headers.push((name.to_ascii_lowercase(), value));
        }
        let mut file_at = None;
        let (content_type, body) = match call.body {
            Body::Empty => (None, Vec::new()),
            Body::Json(node) => {
                let value = node.json(scope).map_err(|why| Fault::input(format!("{key}.json"), why))?;
                (
                    Some("application/json; charset=utf-8".to_owned()),
                    value.unwrap_or_default().to_string().into_bytes(),
                )
            }
            Body::Call(Invocation { method, arguments }) => {
                let key = || format!("{key}.call");
                let system = self.system.as_ref().ok_or_else(|| Fault::setup(key(), "there is no schema"))?;
                let arguments = arguments.as_ref().map_or(Ok(None), |node| node.json(scope));
                let arguments = arguments.map_err(|why| Fault::input(format!("{}.arguments", key()), why))?;
                let encoded = system.write_call(method, &arguments.unwrap_or_else(|| json!({})));
                let Encoded { content_type, action, bytes } =
                    encoded.map_err(|why| Fault::input(format!("{}.arguments", key()), why))?;
                headers.extend(action.map(|action| ("soapaction".to_owned(), action)));
                (Some(content_type), bytes)
            }
            Body::Text(node) => {
                (Some("text/plain; charset=utf-8".to_owned()), text("text", node)?.into_bytes())
            }
            Body::Form(fields) => {
                let mut body = String::new();
                for (name, node) in fields {
                    let value = text(&format!("form.{name}"), node)?;
                    let and = if body.is_empty() { "" } else { "&" };
                    body.push_str(&format!("{and}{}={}", url::encode(name), url::encode(&value)));
                }
                (Some("application/x-www-form-urlencoded".to_owned()), body.into_bytes())
            }
            Body::Multipart(Multipart { file, fields }) => {
                let mut values = Vec::new();
                for (name, node) in fields {
                    values.push((name.as_str(), text(&format!("multipart.fields.{name}"), node)?));
                }
                let message = scope.get_attr("msg").unwrap_or_default();
                let (boundary, body, at) = multipart(file, &values, &message).ok_or_else(|| {
                    Fault::input(format!("{key}.multipart"), "a field has line breaks in its name")
                })?;
                file_at = Some(at);
                (Some(format!("multipart/form-data; boundary={boundary}")), body)
            }
        };
        if body.len() > self.file.limits.body.0 {
            return Err(Fault::limit(key, format!("a body of more than {} bytes", self.file.limits.body.0)));
        }
        if let Some(content_type) =
            content_type.filter(|_| !headers.iter().any(|(name, _)| name == "content-type"))
        {
            headers.push(("content-type".to_owned(), content_type));
        }
        Ok(HttpRequest { method: call.method, url, headers, body, file_at })
    }

    /// Whether a request may go to this address.
    fn allow(&self, url: &str, given: &Given) -> Result<(), String> {
        let origin = Origin::of(url)?;
        let is_allowed = self.hosts.iter().any(|rule| match rule {
            HostRule::Origin(allowed) => *allowed == origin,
            HostRule::Setting(name) => given
                .settings
                .get(name)
                .and_then(|url| Origin::of(url).ok())
                .is_some_and(|allowed| allowed == origin),
        });
        if is_allowed { Ok(()) } else { Err("the host of the address is not among `hosts`".to_owned()) }
    }
}

impl Call<'_> {
    /// Names of the tokens that it needs.
    pub(super) fn tokens(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut see = |node: &Node| {
            node.each_expression(&mut |expression| {
                let tokens = expression.names();
                let tokens = tokens.iter().filter_map(|name| name.strip_prefix("token."));
                names.extend(tokens.map(|name| name.split('.').next().unwrap_or(name).to_owned()));
            });
        };
        see(self.url);
        self.query.values().chain(self.headers.values()).for_each(&mut see);
        match self.body {
            Body::Empty => {}
            Body::Json(node) | Body::Text(node) => see(node),
            Body::Form(fields) => fields.values().for_each(&mut see),
            Body::Multipart(multipart) => multipart.fields.values().for_each(&mut see),
            Body::Call(call) => call.arguments.iter().for_each(see),
        }
        names
    }
}

fn of_media(media: Option<&Media>) -> Json {
    media.map_or(Json::Null, |media| {
        let Media { id, url, name, mime } = media;
        json!({"id": id, "url": url, "name": name, "mime": mime})
    })
}

pub(super) fn of_outbound(message: &Outbound) -> Json {
    let Outbound { id, to, thread, context, kind, text, media, uploaded, sent } = message;
    let media = of_media(media.as_ref());
    json!({
        "id": id, "to": to, "thread": thread, "context": context, "kind": kind, "text": text, "media": media,
        "uploaded": uploaded, "sent": sent,
    })
}

fn of_inbound(message: &Inbound) -> Json {
    let Inbound { external_id, thread, sender, kind, text, media, context, .. } = message;
    let media = of_media(media.as_ref());
    json!({
        "id": external_id, "thread": thread, "from": sender.id, "kind": kind, "text": text, "media": media,
        "context": context,
    })
}

/// A body of parts with a place for the file; its boundary, itself, and the place.
fn multipart(file: &str, fields: &[(&str, String)], message: &Data) -> Option<(String, Vec<u8>, usize)> {
    let member = |path: [&str; 2]| {
        let value = message.get_attr(path[0]).and_then(|value| value.get_attr(path[1])).unwrap_or_default();
        value.as_str().map(str::to_owned)
    };
    let id = message.get_attr("id").unwrap_or_default();
    let id = id.as_str().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(40);
    let boundary = format!("kefu-part-{}", id.collect::<String>());
    let quoted = |name: &str| {
        let is_plain = !name.contains(['"', '\r', '\n', '\\']);
        is_plain.then(|| format!("\"{name}\""))
    };
    let mut body = Vec::new();
    for (name, value) in fields {
        // A text that has the boundary in it would end its part.
        let value = value.replace(&boundary, "");
        let name = quoted(name)?;
        body.extend(
            format!("--{boundary}\r\ncontent-disposition: form-data; name={name}\r\n\r\n{value}\r\n").bytes(),
        );
    }
    let name =
        member(["media", "name"]).and_then(|name| quoted(&name)).unwrap_or_else(|| "\"file\"".to_owned());
    let mime = member(["media", "mime"]).filter(|mime| mime.bytes().all(|byte| byte.is_ascii_graphic()));
    let mime = mime.unwrap_or_else(|| "application/octet-stream".to_owned());
    let file = quoted(file)?;
    let head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name={file}; filename={name}\r\ncontent-type: {mime}\r\n\r\n"
    );
    body.extend(head.bytes());
    let at = body.len();
    body.extend(format!("\r\n--{boundary}--\r\n").bytes());
    Some((boundary, body, at))
}

/// Cuts a text where lines or words end if it can, and never within a character.
fn pieces<'t>(text: &'t str, split: &Split) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while pieces.len() + 1 < PARTS_MAX {
        let by_chars = split.max_chars.and_then(|max| rest.char_indices().nth(max)).map(|(at, _)| at);
        let by_bytes =
            split.max_bytes.filter(|&max| rest.len() > max).map(|max| rest.floor_char_boundary(max));
        let Some(most) = by_chars.into_iter().chain(by_bytes).min().filter(|&most| most > 0) else { break };
        let near = rest.floor_char_boundary(most / 2);
        let cut = ["\n", " ", "。", ","].iter().find_map(|end| {
            let at = rest[near..most].rfind(end)?;
            Some(near + at + end.len())
        });
        let (piece, after) = rest.split_at(cut.unwrap_or(most));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// The name of a part: the message's for the first; for the others its last two digits are changed, so that it stays
/// of the form that it has.
fn part_id(id: &str, index: usize) -> String {
    match (index, id.len().checked_sub(2).and_then(|cut| id.split_at_checked(cut))) {
        (0, _) => id.to_owned(),
        (_, Some((head, tail))) => match u8::from_str_radix(tail, 16) {
            Ok(last) => format!("{head}{:02x}", last ^ u8::try_from(index).unwrap_or(u8::MAX)),
            Err(_) => format!("{id}-{index}"),
        },
        (_, None) => format!("{id}-{index}"),
    }
}
