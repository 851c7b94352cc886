//! Requests that a file describes.

use super::{ANSWER, CHECKED, Check, FETCHED, PULLED, SENT, TOKEN};
use crate::{
    expression::Node,
    file::{Body, Call, Invocation, Retry},
    load::{HostRule, near},
    url::Origin,
};

impl Check<'_> {
    pub(super) fn outgoing(&mut self) {
        let file = self.file;
        for (name, token) in &file.tokens {
            let key = format!("tokens.{name}");
            self.call(&key, token.call(), TOKEN);
            self.node(&format!("{key}.value"), Some(&token.value), ANSWER);
            self.node(&format!("{key}.ttl"), Some(&token.ttl), ANSWER);
        }
        for (kind, send) in &file.send {
            let key = format!("send.{}", kind.as_str());
            self.call(&key, send.call(), SENT);
            self.node(&format!("{key}.id"), send.id.as_ref(), ANSWER);
            self.condition(&format!("{key}.already"), send.already.as_ref(), ANSWER);
            self.retry(&key, &send.retry);
            if let Some(upload) = &send.upload {
                self.call(&format!("{key}.upload"), upload.call(), SENT);
                self.node(&format!("{key}.upload.value"), Some(&upload.value), ANSWER);
            }
        }
        for (key, amend) in [("edit", &file.edit), ("recall", &file.recall)] {
            let Some(amend) = amend else { continue };
            self.call(key, amend.call(), SENT);
            self.condition(&format!("{key}.already"), amend.already.as_ref(), ANSWER);
            self.retry(key, &amend.retry);
        }
        if let Some(check) = &file.check {
            self.call("check", check.call(), CHECKED);
        }
        for (index, fetch) in file.fetch.iter().enumerate() {
            let key = format!("fetch.{index}");
            self.call(&key, fetch.call(), FETCHED);
            self.node(&format!("{key}.value"), fetch.value.as_ref(), ANSWER);
            if fetch.value.is_none() != (index + 1 == file.fetch.len()) {
                self.say(
                    &key,
                    "every step but the last one has a `value` for the next, and the last one has none",
                );
            }
        }
        if let Some(pull) = &file.pull {
            self.call("pull", pull.call(), PULLED);
            self.node("pull.cursor", Some(&pull.cursor), ANSWER);
            self.condition("pull.more", pull.more.as_ref(), ANSWER);
        }
    }

    fn retry(&mut self, key: &str, retry: &Retry) {
        self.condition(&format!("{key}.retry.on"), retry.on.as_ref(), ANSWER);
        if retry.tries == 0 || retry.tries > 20 {
            self.say(format!("{key}.retry.tries"), "between 1 and 20");
        }
    }

    fn call(&mut self, key: &str, call: Result<Call<'_>, &'static str>, roots: &[&str]) {
        let call = match call {
            Ok(call) => call,
            Err(why) => return self.say(key, why),
        };
        let url_key = format!("{key}.{}", call.method.as_str().to_ascii_lowercase());
        match call.url {
            Node::Literal(url) => {
                let origin = Origin::of(url.as_str().unwrap_or_default());
                match origin {
                    Ok(origin)
                        if self
                            .hosts
                            .iter()
                            .any(|rule| matches!(rule, HostRule::Origin(host) if *host == origin)) => {}
                    Ok(_) => self.say(url_key, "its host is not among `hosts`"),
                    Err(why) => self.say(url_key, why),
                }
            }
            node => {
                if self.hosts.is_empty() {
                    self.say(&url_key, "there are no `hosts` that requests may go to");
                }
                self.node(&url_key, Some(node), roots);
            }
        }
        for (name, node) in call.query {
            self.node(&format!("{key}.query.{name}"), Some(node), roots);
        }
        for (name, node) in call.headers {
            self.node(&format!("{key}.headers.{name}"), Some(node), roots);
        }
        match call.body {
            Body::Empty => {}
            Body::Json(node) => self.node(&format!("{key}.json"), Some(node), roots),
            Body::Text(node) => self.node(&format!("{key}.text"), Some(node), roots),
            Body::Call(call) => self.invocation(&format!("{key}.call"), call, roots),
            Body::Form(fields) => {
                for (name, node) in fields {
                    self.node(&format!("{key}.form.{name}"), Some(node), roots);
                }
            }
            Body::Multipart(multipart) => {
                for (name, node) in &multipart.fields {
                    self.node(&format!("{key}.multipart.fields.{name}"), Some(node), roots);
                }
            }
        }
        self.condition(&format!("{key}.ok"), call.ok, ANSWER);
        self.condition(&format!("{key}.refresh_token_on"), call.refresh_token_on, ANSWER);
    }

    fn invocation(&mut self, key: &str, call: &Invocation, roots: &[&str]) {
        self.node(&format!("{key}.arguments"), call.arguments.as_ref(), roots);
        let Some(system) = self.system else {
            // A description that cannot be used is an error of its own.
            if self.file.schema.is_none() {
                self.say(key, "a call needs `schema`, which names the description of the messages");
            }
            return;
        };
        let methods = system.methods();
        if !methods.contains(&call.method.as_str()) {
            let near = near(&call.method, methods.into_iter());
            self.say(format!("{key}.method"), format!("the schema has no `{}`{near}", call.method));
        }
    }
}
