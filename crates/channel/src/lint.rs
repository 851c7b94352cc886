//! What works and yet is likely a mistake.

use std::collections::BTreeSet;

use super::{
    Channel, Kind, Method,
    file::{File, Format, Proof},
};

/// Advice about a channel that loads, as `key: what to do`.
#[must_use]
pub fn lint(channel: &Channel, yaml: &str) -> Vec<String> {
    let file = &channel.file;
    let mut advice = Vec::new();
    unused(file, yaml, &mut advice);
    incoming(file, &mut advice);
    outgoing(file, &mut advice);
    if file.test.is_empty() {
        advice.push("test: there is no example; without one, nobody knows that the file is right".to_owned());
    }
    advice
}

/// Names that are declared and stand nowhere else.
fn unused(file: &File, yaml: &str, advice: &mut Vec<String>) {
    let words: Vec<&str> =
        yaml.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.')).collect();
    let stands = |root: &str, name: &str| {
        words.iter().any(|word| {
            word.strip_prefix(root).is_some_and(|rest| {
                rest.strip_prefix(name).is_some_and(|after| after.is_empty() || after.starts_with('.'))
            })
        })
    };
    for name in file.secrets.iter().map(|name| &name.0).filter(|name| !stands("secret.", name)) {
        advice.push(format!("secrets: `{name}` is not used"));
    }
    for name in file.settings.iter().map(|name| &name.0).filter(|name| !stands("setting.", name)) {
        advice.push(format!("settings: `{name}` is not used"));
    }
    let is_called = file.receive.iter().any(|one| matches!(one.format, Format::Soap | Format::Thrift))
        || words.contains(&"call");
    if file.schema.is_some() && !is_called {
        advice.push("schema: no body is of SOAP or Thrift".to_owned());
    }
    for name in file.tokens.keys().filter(|name| !stands("token.", name)) {
        advice.push(format!("tokens.{name}: it is not used"));
    }
    let hosts = file.hosts.iter().filter(|host| !host.starts_with("setting."));
    for host in hosts.filter(|host| yaml.matches(host.as_str()).count() < 2 && !is_computed(file)) {
        advice.push(format!("hosts: no request goes to `{host}`"));
    }
    if (!file.send.is_empty() || file.pull.is_some() || !file.fetch.is_empty()) && file.hosts.is_empty() {
        advice.push("hosts: none is named, so that no request can be made".to_owned());
    }
}

/// Whether an address comes from a message, so that nobody knows its host beforehand.
fn is_computed(file: &File) -> bool {
    let mut names = BTreeSet::new();
    let sends = file.send.values().filter_map(|send| send.call().ok());
    let amends = [&file.edit, &file.recall].into_iter().flatten().filter_map(|amend| amend.call().ok());
    for call in sends.chain(amends).chain(file.fetch.iter().filter_map(|fetch| fetch.call().ok())) {
        call.url.each_expression(&mut |expression| names.extend(expression.names()));
    }
    names.iter().any(|name| name.starts_with("msg.") || name.starts_with("step"))
}

fn incoming(file: &File, advice: &mut Vec<String>) {
    if let Some(messages) = &file.messages {
        if messages.dedupe.is_none() {
            advice.push(
                "messages.dedupe: without a key, messages that come twice are told by external_id alone; say so, or name what the service repeats".to_owned(),
            );
        }
        if messages.map.at.is_none() {
            advice.push("messages.map.at: without it, messages have the time at which they came".to_owned());
        }
        if messages.map.fallback.is_none() {
            advice.push("messages.map.fallback: without it, messages without a text are shown as [image] and the like".to_owned());
        }
        if messages.map.media.is_some() && file.fetch.is_empty() {
            advice.push("fetch: files are named by `media` and nothing says how to get them".to_owned());
        }
    }
    let Some(receive) = &file.receive else { return };
    if receive.reply.is_none() {
        advice.push(
            "receive.reply: requests are answered with an empty 200; say so, or what the service wants"
                .to_owned(),
        );
    }
    let post = || receive.verify.iter().filter(|one| one.on.is_none_or(|on| on == Method::Post));
    let is_timed = post().any(|one| matches!(one.proof, Proof::Fresh(_) | Proof::StandardWebhooks(_)));
    let has_time = post().any(|one| match &one.proof {
        Proof::Sha1Sorted(proof) => proof.parts.iter().any(|part| part.to_string().contains("time")),
        Proof::Hash(proof) => proof.over.references().any(|part| part.to_string().contains("time")),
        Proof::Hmac(proof) => proof.over.references().any(|part| part.to_string().contains("time")),
        _ => false,
    });
    if has_time && !is_timed {
        advice.push("receive.verify: the signature is over a time, and without `fresh` an old request is as good as a new one".to_owned());
    }
}

fn outgoing(file: &File, advice: &mut Vec<String>) {
    if file.send.is_empty() {
        advice.push("send: nothing can be answered".to_owned());
    } else if !file.send.contains_key(&Kind::Text) {
        advice
            .push("send.text: it is missing, and what cannot be sent otherwise is sent as a text".to_owned());
    }
    for (kind, send) in &file.send {
        let key = kind.as_str();
        if send.call().is_ok_and(|call| call.ok.is_none()) {
            advice.push(format!(
                "send.{key}.ok: without it, each 2xx counts as sent; many services answer errors with 200"
            ));
        }
        if send.id.is_none() {
            advice.push(format!("send.{key}.id: without it, the service's name for a message is not kept"));
        }
        if *kind == Kind::Text && send.split.is_none() {
            advice.push(
                "send.text.split: without it, a text that is too long for the service is refused".to_owned(),
            );
        }
        let has_tokens = send.call().is_ok_and(|call| !call.tokens().is_empty());
        if has_tokens && send.call().is_ok_and(|call| call.refresh_token_on.is_none()) {
            advice.push(format!(
                "send.{key}.refresh_token_on: without it, a token that was revoked is used until it ends"
            ));
        }
    }
    if let Some(send) = file.send.get(&Kind::Text).filter(|_| file.edit.is_some() || file.recall.is_some())
        && send.id.is_none()
    {
        advice.push("send.text.id: `edit` and `recall` need the service's name for the message".to_owned());
    }
    if file.limits.rate.is_none() && !file.send.is_empty() {
        advice
            .push("limits.rate: without it, the service's own limit is found by running into it".to_owned());
    }
}
