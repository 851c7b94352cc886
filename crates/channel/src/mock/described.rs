//! Requests that the file describes, and which of them one is.

use super::Mock;
use crate::{
    Amendment, Channel, Kind, Method,
    expression::Node,
    file::{Body, Call},
};

/// What a request of the file is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'c> {
    Token(&'c str),
    Upload(Kind),
    Send(Kind),
    Amend(Amendment),
    Check,
    Fetch(usize),
    Pull,
}

/// A request that the file describes, by its key.
pub(super) type Described<'c> = (String, Step<'c>, Call<'c>);

/// All requests that a file describes.
pub(super) fn steps(channel: &Channel) -> Vec<Described<'_>> {
    let file = &channel.file;
    let mut steps = Vec::new();
    for (name, token) in &file.tokens {
        steps.push((format!("tokens.{name}"), Step::Token(name), token.call()));
    }
    for (kind, send) in &file.send {
        let name = kind.as_str();
        if let Some(upload) = &send.upload {
            steps.push((format!("send.{name}.upload"), Step::Upload(*kind), upload.call()));
        }
        steps.push((format!("send.{name}"), Step::Send(*kind), send.call()));
    }
    for amendment in Amendment::ALL {
        if let Some(amend) = channel.amend_rules(amendment) {
            steps.push((amendment.as_str().to_owned(), Step::Amend(amendment), amend.call()));
        }
    }
    if let Some(check) = &file.check {
        steps.push(("check".to_owned(), Step::Check, check.call()));
    }
    for (index, fetch) in file.fetch.iter().enumerate() {
        steps.push((format!("fetch.{index}"), Step::Fetch(index), fetch.call()));
    }
    if let Some(pull) = &file.pull {
        steps.push(("pull".to_owned(), Step::Pull, pull.call()));
    }
    // A file that was loaded has no others.
    steps.into_iter().filter_map(|(key, step, call)| Some((key, step, call.ok()?))).collect()
}

impl Mock {
    /// How much of a described address stands in that of a request; none if it cannot be this request.
    pub(super) fn likeness(
        &self,
        call: &Call<'_>,
        method: Method,
        target: &str,
        body: &[u8],
    ) -> Option<usize> {
        if call.method != method {
            return None;
        }
        let pieces = match call.url {
            Node::Literal(url) => vec![url.as_str().unwrap_or_default()],
            Node::Expr(expression) => expression.texts(),
            _ => Vec::new(),
        };
        let (mut rest, mut likeness) = (target, 0);
        for piece in pieces.into_iter().map(without_origin) {
            let at = rest.find(piece)?;
            rest = &rest[at + piece.len()..];
            likeness += piece.len();
        }
        for name in call.query.keys() {
            target.contains(&format!("{name}=")).then_some(())?;
            likeness += name.len();
        }
        if let (Body::Call(call), Some(system)) = (call.body, &self.channel.system) {
            let (read, _) = system.read_call(body).ok()?;
            (read["method"] == call.method.as_str()).then_some(())?;
            likeness += call.method.len();
        }
        Some(likeness)
    }
}

/// The path of an address, or a part of one.
fn without_origin(piece: &str) -> &str {
    let Some((_, rest)) = piece.split_once("://") else { return piece };
    rest.find('/').map_or("", |at| &rest[at..])
}
