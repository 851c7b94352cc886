//! What the shape of a file cannot say: that names are declared, that every request is verified, that hosts are named.

mod requests;

use std::collections::BTreeSet;

use super::HostRule;
use crate::{
    Kind, Method,
    expression::{Condition, Expr, Node},
    file::{Cipher, File, Format, Proof, Receive, Verify},
    reference::Reference,
    system::System,
    url::Origin,
};

/// A key, and what is wrong there.
pub(super) type Finding = (String, String);

/// Reads the hosts.
pub(super) fn hosts(file: &File) -> (Vec<HostRule>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut rules = Vec::new();
    for (index, text) in file.hosts.iter().enumerate() {
        let rule = match text.strip_prefix("setting.") {
            Some(name) if file.settings.iter().any(|setting| setting.0 == name) => {
                Ok(HostRule::Setting(name.to_owned()))
            }
            Some(name) => Err(undeclared("setting", name, file)),
            None => Origin::authority(text, true).map(HostRule::Origin).map_err(str::to_owned),
        };
        match rule {
            Ok(rule) => rules.push(rule),
            Err(why) => findings.push((format!("hosts.{index}"), why)),
        }
    }
    (rules, findings)
}

/// Finds all that is wrong.
pub(super) fn all(file: &File, hosts: &[HostRule], system: Option<&System>) -> Vec<Finding> {
    let mut check = Check { file, hosts, system, findings: Vec::new() };
    check.shape();
    if let Some(receive) = &file.receive {
        check.receive(receive);
    }
    check.messages();
    check.outgoing();
    check.findings
}

struct Check<'f> {
    file: &'f File,
    hosts: &'f [HostRule],
    system: Option<&'f System>,
    findings: Vec<Finding>,
}

const RECEIVED: &[&str] = &["body", "header", "query", "setting", "now"];
const ITEM: &[&str] = &["body", "item", "header", "query", "setting", "notice", "now"];
const TOKEN: &[&str] = &["secret", "setting", "now"];
const SENT: &[&str] = &["secret", "setting", "token", "msg", "now"];
const CHECKED: &[&str] = &["secret", "setting", "token", "now"];
const FETCHED: &[&str] = &["secret", "setting", "token", "msg", "step", "now"];
const PULLED: &[&str] = &["secret", "setting", "token", "notice", "cursor", "now"];
const ANSWER: &[&str] = &["resp", "status", "header", "setting"];

impl Check<'_> {
    fn say(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.findings.push((key.into(), message.into()));
    }

    fn shape(&mut self) {
        let file = self.file;
        match (&file.receive, &file.pull) {
            (Some(receive), Some(_)) if receive.notice.is_none() => {
                self.say("receive", "with `pull`, `receive` needs `notice`, which says what to pull");
            }
            (Some(receive), None) if receive.notice.is_some() => {
                self.say("receive.notice", "a notice is of use only with `pull`");
            }
            (None, Some(pull)) if pull.every.is_none() => {
                self.say("pull", "without `receive`, `pull` needs `every`, which says how often to look");
            }
            (None, Some(pull)) if pull.every.is_some_and(|every| every.0 < 1_000) => {
                self.say("pull.every", "a service is not asked more often than each second");
            }
            (None, None) if file.send.is_empty() => {
                self.say("", "a channel needs `receive`, `pull` or `send`");
            }
            _ => {}
        }
        if file.messages.is_none() && (file.receive.is_some() || file.pull.is_some()) {
            self.say("", "`messages` is missing, which says how messages are read");
        }
        if file.limits.items == 0 || file.limits.items > 10_000 {
            self.say("limits.items", "between 1 and 10000 items of a body are read");
        }
        for (kind, send) in &file.send {
            if matches!(kind, Kind::Event | Kind::Unknown) {
                self.say(format!("send.{}", kind.as_str()), "messages of this kind are not sent");
            }
            let split = send.split.as_ref().map(|split| (split.max_bytes, split.max_chars));
            if split.is_some_and(|(bytes, chars)| {
                bytes.or(chars).is_none() || bytes < Some(16) && bytes.is_some() || chars == Some(0)
            }) {
                self.say(
                    format!("send.{}.split", kind.as_str()),
                    "needs max_bytes of 16 or more, or max_chars of 1 or more",
                );
            }
        }
    }

    fn receive(&mut self, receive: &Receive) {
        let named = |named: fn(&crate::file::SchemaRule) -> &Option<String>| {
            self.file.schema.as_ref().is_some_and(|schema| named(schema).is_some())
        };
        let missing = match receive.format {
            Format::Soap if !named(|schema| &schema.wsdl) => Some("wsdl"),
            Format::Thrift if !named(|schema| &schema.idl) => Some("idl"),
            _ => None,
        };
        if let Some(key) = missing {
            self.say(
                "receive.format",
                format!("`schema` must name the description of the messages, `{key}`"),
            );
        }
        let signed = |method: Method, proofs: &[Verify]| {
            let of_method = proofs.iter().filter(|one| one.on.is_none_or(|on| on == method));
            of_method.filter(|one| !matches!(one.proof, Proof::Fresh(_))).count() > 0
        };
        if !signed(Method::Post, &receive.verify) {
            self.say(
                "receive.verify",
                "nothing proves that a POST is from the service; a time alone proves nothing",
            );
        }
        self.proofs("receive.verify", &receive.verify);
        for (index, decrypt) in receive.decrypt.iter().enumerate() {
            let (name, references) = match &decrypt.cipher {
                Cipher::Wx(cipher) => ("wx_aes", vec![&cipher.field, &cipher.key, &cipher.id]),
                Cipher::Feishu(cipher) => ("feishu_aes", vec![&cipher.field, &cipher.key]),
            };
            self.references(&format!("receive.decrypt.{index}.{name}"), references);
        }
        for (index, handshake) in receive.handshake.iter().enumerate() {
            let key = format!("receive.handshake.{index}");
            if handshake.verify.is_empty() && !signed(handshake.on, &receive.verify) {
                let method = handshake.on.as_str();
                self.say(
                    &key,
                    format!("nothing proves that a {method} is from the service; add it to `verify`"),
                );
            }
            if !handshake.verify.is_empty() && !signed(handshake.on, &handshake.verify) {
                self.say(format!("{key}.verify"), "a time alone proves nothing");
            }
            self.proofs(&format!("{key}.verify"), &handshake.verify);
            self.condition(&format!("{key}.when"), handshake.when.as_ref(), RECEIVED);
            self.reply(&format!("{key}.reply"), &handshake.reply, receive.format);
        }
        if let Some(notice) = &receive.notice {
            self.condition("receive.notice.when", notice.when.as_ref(), RECEIVED);
            self.node("receive.notice.list", Some(&notice.list), RECEIVED);
            self.node("receive.notice.values", notice.values.as_ref(), RECEIVED);
        }
        if let Some(reply) = &receive.reply {
            self.reply("receive.reply", reply, receive.format);
        }
    }

    fn reply(&mut self, key: &str, reply: &crate::file::ReplyRule, format: Format) {
        if !(200..600).contains(&reply.status) {
            self.say(format!("{key}.status"), "a status is between 200 and 599");
        }
        let is_call = matches!(format, Format::Soap | Format::Thrift);
        if reply.result.is_some() && !is_call {
            self.say(format!("{key}.result"), "only calls of SOAP and Thrift have a result");
        }
        if [&reply.text, &reply.json, &reply.result].into_iter().flatten().count() > 1 {
            self.say(key, "a reply is one of a text, JSON and a result");
        }
        self.node(&format!("{key}.result"), reply.result.as_ref(), RECEIVED);
        self.node(&format!("{key}.text"), reply.text.as_ref(), RECEIVED);
        self.node(&format!("{key}.json"), reply.json.as_ref(), RECEIVED);
    }

    fn proofs(&mut self, key: &str, proofs: &[Verify]) {
        for (index, one) in proofs.iter().enumerate() {
            let (name, references) = match &one.proof {
                Proof::Sha1Sorted(proof) => {
                    ("sha1_sorted", proof.parts.iter().chain([&proof.equals]).collect())
                }
                Proof::Hash(proof) => ("hash", proof.over.references().chain([&proof.equals]).collect()),
                Proof::Hmac(proof) => {
                    ("hmac", proof.over.references().chain([&proof.key, &proof.equals]).collect())
                }
                Proof::Static(proof) => ("static", vec![&proof.value, &proof.equals]),
                Proof::Basic(proof) => ("basic", vec![&proof.user, &proof.password]),
                Proof::StandardWebhooks(proof) => ("standard_webhooks", vec![&proof.key]),
                Proof::Fresh(proof) => ("fresh", vec![&proof.value]),
            };
            let key = format!("{key}.{index}.{name}");
            let needs_secret = !matches!(one.proof, Proof::Fresh(_));
            if needs_secret && !references.iter().any(|reference| matches!(reference, Reference::Secret(_))) {
                self.say(&key, "there is no secret in it, so that anybody can do it");
            }
            self.references(&key, references);
        }
    }

    fn references(&mut self, key: &str, references: Vec<&Reference>) {
        for reference in references {
            let (root, name) = match reference {
                Reference::Secret(name) => ("secret", name),
                Reference::Setting(name) => ("setting", name),
                _ => continue,
            };
            self.declared(key, root, name);
        }
    }

    fn messages(&mut self) {
        let Some(messages) = &self.file.messages else { return };
        let map = &messages.map;
        let body = ["body", "header", "query", "setting", "notice", "now"];
        self.node("messages.each", messages.each.as_ref(), &body);
        self.condition("messages.keep", messages.keep.as_ref(), ITEM);
        self.node("messages.dedupe.key", messages.dedupe.as_ref().map(|dedupe| &dedupe.key), ITEM);
        let (media, location) = (map.media.as_ref(), map.location.as_ref());
        for (name, node) in [
            ("external_id", Some(&map.external_id)),
            ("thread", map.thread.as_ref()),
            ("sender.id", Some(&map.sender.id)),
            ("sender.name", map.sender.name.as_ref()),
            ("at", map.at.as_ref()),
            ("kind", Some(&map.kind)),
            ("text", map.text.as_ref()),
            ("fallback", map.fallback.as_ref()),
            ("media.id", media.and_then(|media| media.id.as_ref())),
            ("media.url", media.and_then(|media| media.url.as_ref())),
            ("media.name", media.and_then(|media| media.name.as_ref())),
            ("media.mime", media.and_then(|media| media.mime.as_ref())),
            ("location.latitude", location.map(|location| &location.latitude)),
            ("location.longitude", location.map(|location| &location.longitude)),
            ("location.label", location.and_then(|location| location.label.as_ref())),
            ("event", map.event.as_ref()),
            ("reply_to", map.reply_to.as_ref()),
            ("reply_until", map.reply_until.as_ref()),
            ("context", map.context.as_ref()),
        ] {
            self.node(&format!("messages.map.{name}"), node, ITEM);
        }
        for (index, node) in map.sender.alt.iter().enumerate() {
            self.node(&format!("messages.map.sender.alt.{index}"), Some(node), ITEM);
        }
        self.kinds("messages.map.kind", &map.kind);
    }

    /// Literal names of kinds are checked here, others when they come.
    fn kinds(&mut self, key: &str, node: &Node) {
        match node {
            Node::Literal(value) => {
                let name = value.as_str().unwrap_or_default();
                if Kind::named(name).is_none() {
                    let near = super::near(name, Kind::ALL.into_iter().map(Kind::as_str));
                    self.say(key, format!("there is no kind `{name}`{near}"));
                }
            }
            Node::Switch(switch) => {
                for (case, node) in &switch.cases {
                    self.kinds(&format!("{key}.cases.{case}"), node);
                }
                if let Some(node) = &switch.default {
                    self.kinds(&format!("{key}.default"), node);
                }
            }
            Node::Expr(_) => {}
            Node::List(_) | Node::Object(_) => self.say(key, "the kind is a name, an expression or a switch"),
        }
    }

    fn node(&mut self, key: &str, node: Option<&Node>, roots: &[&str]) {
        let mut names = BTreeSet::new();
        if let Some(node) = node {
            node.each_expression(&mut |expression| names.extend(expression.names()));
        }
        self.names(key, &names, roots);
    }

    fn condition(&mut self, key: &str, condition: Option<&Condition>, roots: &[&str]) {
        let names = condition.map(|Condition(expression)| Expr::names(expression)).unwrap_or_default();
        self.names(key, &names, roots);
    }

    fn names(&mut self, key: &str, names: &BTreeSet<String>, roots: &[&str]) {
        for name in names {
            let (root, rest) = name.split_once('.').unwrap_or((name, ""));
            if !roots.contains(&root) {
                let near = super::near(root, roots.iter().copied());
                let known = if near.is_empty() { format!("; known are {}", roots.join(", ")) } else { near };
                self.say(key, format!("`{root}` is not known here{known}"));
            } else if matches!(root, "secret" | "setting" | "token") && !rest.is_empty() {
                let member = rest.split('.').next().unwrap_or(rest);
                self.declared(key, root, member);
            }
        }
    }

    fn declared(&mut self, key: &str, root: &str, name: &str) {
        let file = self.file;
        let is_declared = match root {
            "secret" => file.secrets.iter().any(|secret| secret.0 == name),
            "setting" => file.settings.iter().any(|setting| setting.0 == name),
            _ => file.tokens.contains_key(name),
        };
        if !is_declared {
            self.say(key, undeclared(root, name, file));
        }
    }
}

fn undeclared(root: &str, name: &str, file: &File) -> String {
    let names =
        |names: &'_ [crate::file::Identifier]| names.iter().map(|name| name.0.clone()).collect::<Vec<_>>();
    let known = match root {
        "secret" => names(&file.secrets),
        "setting" => names(&file.settings),
        _ => file.tokens.keys().cloned().collect(),
    };
    let near = super::near(name, known.iter().map(String::as_str));
    format!("`{root}.{name}` is not among `{root}s`{near}")
}
