//! Items of a body become messages.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    Channel, Fault, Inbound, Kind, Location, Media, Refused, Sender,
    expression::{Data, Node},
    file::{Map, Messages},
};

/// What expressions see, by name.
pub(super) type Scope = BTreeMap<&'static str, Data>;

pub(super) fn seal(scope: &Scope) -> Data {
    Data::from_pairs(scope.iter().map(|(name, value)| (*name, value.clone())))
}

pub(super) fn of_map(map: &BTreeMap<String, String>) -> Data {
    Data::from_pairs(map.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Messages that were read, and items that could not be.
pub(super) type Read = (Vec<Inbound>, Vec<Refused>);

/// Identifiers of services are shorter.
const NAME_BYTES_MAX: usize = 1_024;
/// Names of people and files, addresses of files.
const LENIENT_BYTES_MAX: usize = 4_096;
const CONTEXT_BYTES_MAX: usize = 16 << 10;

impl Channel {
    /// Reads the messages of a body; `scope` has all but the item.
    pub(super) fn messages(&self, scope: &Scope, now_ms: i64) -> Result<Read, Fault> {
        let Some(rules) = &self.file.messages else { return Ok(Read::default()) };
        let sealed = seal(scope);
        let items: Vec<Data> = match &rules.each {
            None => scope.get("body").cloned().into_iter().collect(),
            Some(Node::Expr(each)) => {
                let items = each.value(&sealed).map_err(|why| Fault::input("messages.each", why))?;
                let items = items.try_iter().map_err(|_| Fault::input("messages.each", "it is no list"))?;
                items.take(self.file.limits.items + 1).collect()
            }
            Some(_) => return Err(Fault::setup("messages.each", "it is no expression")),
        };
        if items.len() > self.file.limits.items {
            return Err(Fault::limit("messages.each", format!("more than {} items", self.file.limits.items)));
        }
        let mut read = Read::default();
        let mut scope = scope.clone();
        for (index, item) in items.into_iter().enumerate() {
            scope.insert("item", item);
            match self.message(rules, &seal(&scope), now_ms) {
                Ok(message) => read.0.extend(message),
                Err(fault) => read.1.push(Refused { index, fault }),
            }
        }
        Ok(read)
    }

    fn message(&self, rules: &Messages, scope: &Data, now_ms: i64) -> Result<Option<Inbound>, Fault> {
        let kept = rules.keep.as_ref().map_or(Ok(true), |keep| keep.holds(scope));
        if !kept.map_err(|why| Fault::input("messages.keep", why))? {
            return Ok(None);
        }
        let map = &rules.map;
        let external_id = required("external_id", &map.external_id, scope)?;
        let sender = sender(map, scope)?;
        let kind = required("kind", &map.kind, scope)?;
        let kind = Kind::named(&kind).ok_or_else(|| fault("kind", format!("there is no kind {kind:?}")))?;
        let dedupe = match &rules.dedupe {
            Some(dedupe) => bounded("dedupe.key", dedupe.key.text(scope))?,
            None => None,
        };
        let context = match &map.context {
            Some(node) => node.json(scope).map_err(|why| fault("context", why))?.unwrap_or_default(),
            None => Json::Null,
        };
        if context.to_string().len() > CONTEXT_BYTES_MAX {
            return Err(Fault::limit("messages.map.context", format!("more than {CONTEXT_BYTES_MAX} bytes")));
        }
        let text = self.text(map, kind, scope)?;
        let at = optional("at", map.at.as_ref(), |node| node.integer(scope))?;
        Ok(Some(Inbound {
            dedupe: dedupe.unwrap_or_else(|| external_id.clone()),
            thread: bounded("thread", map.thread.as_ref().map_or(Ok(None), |node| node.text(scope)))?
                .unwrap_or_else(|| sender.id.clone()),
            external_id,
            sender,
            at_ms: at.unwrap_or(now_ms),
            kind,
            text,
            media: media(map, kind, scope),
            location: location(map, kind, scope),
            event: map.event.as_ref().filter(|_| kind == Kind::Event).and_then(|node| lenient(node, scope)),
            reply_to: map.reply_to.as_ref().and_then(|node| lenient(node, scope)),
            reply_until_ms: optional("reply_until", map.reply_until.as_ref(), |node| node.integer(scope))?,
            context,
        }))
    }

    /// A message always has a text, so that whoever cannot show more can show that.
    fn text(&self, map: &Map, kind: Kind, scope: &Data) -> Result<String, Fault> {
        let text = optional("text", map.text.as_ref(), |node| node.text(scope));
        let mut text = match kind {
            Kind::Text => text?.unwrap_or_default(),
            // Of other kinds the text is a caption, and most have none.
            _ => text.unwrap_or_default().unwrap_or_default(),
        };
        if text.is_empty() {
            let fallback = map.fallback.as_ref().and_then(|node| lenient(node, scope));
            text = fallback.unwrap_or_else(|| format!("[{}]", kind.as_str()));
        }
        if text.len() > self.file.limits.text.0 {
            let end = text.floor_char_boundary(self.file.limits.text.0);
            text.truncate(end);
        }
        Ok(text)
    }
}

fn fault(key: &str, why: impl Into<String>) -> Fault {
    Fault::input(format!("messages.map.{key}"), why)
}

fn optional<T>(
    key: &str,
    node: Option<&Node>,
    read: impl FnOnce(&Node) -> Result<Option<T>, String>,
) -> Result<Option<T>, Fault> {
    node.map_or(Ok(None), read).map_err(|why| fault(key, why))
}

fn bounded(key: &str, text: Result<Option<String>, String>) -> Result<Option<String>, Fault> {
    match text.map_err(|why| fault(key, why))? {
        Some(text) if text.len() > NAME_BYTES_MAX => {
            Err(Fault::limit(format!("messages.map.{key}"), format!("more than {NAME_BYTES_MAX} bytes")))
        }
        text => Ok(text),
    }
}

fn required(key: &str, node: &Node, scope: &Data) -> Result<String, Fault> {
    bounded(key, node.text(scope))?.ok_or_else(|| fault(key, "it is empty"))
}

fn sender(map: &Map, scope: &Data) -> Result<Sender, Fault> {
    let id = required("sender.id", &map.sender.id, scope)?;
    let mut alt: Vec<String> = map.sender.alt.iter().filter_map(|node| lenient(node, scope)).collect();
    alt.retain(|other| other.len() <= NAME_BYTES_MAX && *other != id);
    alt.dedup();
    let name = map.sender.name.as_ref().and_then(|node| lenient(node, scope));
    Ok(Sender { id, alt, name })
}

/// What a message can do without: that it is not there, or is not what the file takes it for, must not lose the rest.
fn lenient(node: &Node, scope: &Data) -> Option<String> {
    let mut text = node.text(scope).ok()??;
    text.truncate(text.floor_char_boundary(LENIENT_BYTES_MAX));
    Some(text)
}

fn media(map: &Map, kind: Kind, scope: &Data) -> Option<Media> {
    let rules = map.media.as_ref().filter(|_| kind.has_media())?;
    let read = |node: &Option<Node>| node.as_ref().and_then(|node| lenient(node, scope));
    let media = Media {
        id: read(&rules.id),
        url: read(&rules.url),
        name: read(&rules.name),
        mime: read(&rules.mime),
    };
    (media.id.is_some() || media.url.is_some()).then_some(media)
}

fn location(map: &Map, kind: Kind, scope: &Data) -> Option<Location> {
    let rules = map.location.as_ref().filter(|_| kind == Kind::Location)?;
    let degrees = |node: &Node, max: f64| node.number(scope).ok()?.filter(|degrees| degrees.abs() <= max);
    Some(Location {
        latitude: degrees(&rules.latitude, 90.0)?,
        longitude: degrees(&rules.longitude, 180.0)?,
        label: rules.label.as_ref().and_then(|node| lenient(node, scope)),
    })
}

/// Milliseconds since 1970 of a date of RFC 3339, such as `2026-11-28T09:30:00.5+08:00`.
pub(super) fn date_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let mark = |at: usize, marks: &[u8]| {
        text.as_bytes().get(at).is_some_and(|byte| marks.contains(byte)).then_some(())
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    [(4, b"-".as_slice()), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")]
        .into_iter()
        .try_for_each(|(at, marks)| mark(at, marks))?;
    let in_range =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let rest = text.get(19..).filter(|_| in_range)?;
    let (fraction, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-'])?);
    let fraction = fraction.strip_prefix('.').unwrap_or("0");
    let fraction: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let minutes = zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(4..6)?.parse::<i64>().ok()?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    // Days since 1970 by the civil calendar, with years that begin in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 719_469;
    Some((((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1_000 + fraction)
}
