//! What messages are called on either side, and the words that stand for what a service does not take as it is.

use kefu_channel::{Inbound, Kind};
use kefu_core::{Content, Entry, MessageKind};
use kefu_protocol::frame::MAX_TEXT_CHARS;
use serde_json::{Value, json};

/// A kind of message as the files of channels call it.
pub(super) fn kind_of(kind: MessageKind) -> Kind {
    match kind {
        MessageKind::Image => Kind::Image,
        MessageKind::File => Kind::File,
        MessageKind::Voice => Kind::Voice,
        MessageKind::Video => Kind::Video,
        MessageKind::Location => Kind::Location,
        MessageKind::Event => Kind::Event,
        MessageKind::Text | MessageKind::Note | MessageKind::Card | MessageKind::Form => Kind::Text,
    }
}

/// What stands for a file where only texts are taken.
pub(super) fn of_file(text: &str, name: &str, url: Option<&str>) -> String {
    let caption = Some(text).filter(|text| !text.starts_with('['));
    [caption, Some(name), url].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// What stands for a message where only texts are taken.
pub(super) fn of_entry(entry: &Entry) -> String {
    let data: Value =
        entry.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    let text = |name: &str| data[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let lines: Vec<String> = match entry.kind {
        MessageKind::Card => ["title", "subtitle", "price", "url"].into_iter().filter_map(text).collect(),
        MessageKind::Location => {
            let place = data["latitude"].as_f64().zip(data["longitude"].as_f64());
            let place = place.map(|(latitude, longitude)| format!("{latitude}, {longitude}"));
            ["name", "address"].into_iter().filter_map(text).chain(place).collect()
        }
        MessageKind::Form => {
            let fields = data["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
            let labels = fields.iter().filter_map(|field| field["label"].as_str()).map(str::to_owned);
            text("title").into_iter().chain(labels).collect()
        }
        _ => Vec::new(),
    };
    if lines.is_empty() { entry.text.clone() } else { lines.join("\n") }
}

/// What a customer's message says here, without its file.
pub(super) fn content(message: &Inbound) -> Content {
    let mut text: String = message.text.chars().take(MAX_TEXT_CHARS).collect();
    if text.trim().is_empty() {
        text = format!("[{}]", message.kind.as_str());
    }
    if let Some(place) = &message.location {
        let name: String = place.label.iter().flat_map(|label| label.chars()).take(300).collect();
        let data =
            json!({"latitude": place.latitude, "longitude": place.longitude, "name": name}).to_string();
        if let Ok(content) = Content::new(MessageKind::Location, text.clone(), Some(&data), None) {
            return content;
        }
    }
    Content::text(MessageKind::Text, text)
}

/// What it says when its file cannot be had: where it was, if that is known.
pub(super) fn without_file(message: &Inbound) -> Content {
    let mut content = content(message);
    let media = message.media.as_ref();
    let rest = media.into_iter().flat_map(|media| [media.name.as_deref(), media.url.as_deref()]).flatten();
    for line in rest {
        let line: String = line.chars().filter(|c| !c.is_control()).take(2048).collect();
        content.text = format!("{}\n{line}", content.text);
    }
    content
}

#[cfg(test)]
mod tests {
    use kefu_channel::{Location, Media, Sender};
    use kefu_core::Micros;

    use super::*;

    fn inbound(kind: Kind, text: &str) -> Inbound {
        Inbound {
            dedupe: "1".to_owned(),
            external_id: "1".to_owned(),
            thread: "t".to_owned(),
            sender: Sender { id: "u".to_owned(), ..Sender::default() },
            at_ms: 0,
            kind,
            text: text.to_owned(),
            media: None,
            location: None,
            event: None,
            reply_to: None,
            reply_until_ms: None,
            context: Value::Null,
        }
    }

    #[test]
    fn a_message_is_never_blank_and_never_too_long() {
        assert_eq!(content(&inbound(Kind::Event, " ")).text, "[event]");
        let long = content(&inbound(Kind::Text, &"长".repeat(MAX_TEXT_CHARS + 9)));
        assert_eq!(long.text.chars().count(), MAX_TEXT_CHARS);
    }

    #[test]
    fn a_place_is_one_unless_it_is_nowhere() {
        let at = |latitude| {
            let location = Some(Location { latitude, longitude: 113.3, label: Some("广州塔".to_owned()) });
            content(&Inbound { location, ..inbound(Kind::Location, "[位置]") })
        };
        assert_eq!(at(23.1).kind, MessageKind::Location);
        assert_eq!((at(91.0).kind, at(91.0).text.as_str()), (MessageKind::Text, "[位置]"));
    }

    #[test]
    fn what_is_lost_says_where_it_was() {
        let media = Some(Media { url: Some("https://a.example/1\n".to_owned()), ..Media::default() });
        let message = Inbound { media, ..inbound(Kind::Image, "[图片]") };
        assert_eq!(without_file(&message).text, "[图片]\nhttps://a.example/1");
    }

    #[test]
    fn what_is_no_text_has_words_that_stand_for_it() {
        let entry = |kind, data: Value| Entry {
            pos: 0,
            conversation: kefu_core::ConversationKey(0),
            seq: 0,
            prev_pos: 0,
            prev_public_seq: 0,
            id: uuid::Uuid::nil(),
            client_id: None,
            sender: kefu_core::Principal::System,
            kind,
            text: "[x]".to_owned(),
            event: None,
            data: Some(data.to_string().into()),
            quote_seq: None,
            revision: kefu_core::Revision::Intact,
            created_at: Micros(0),
        };
        let card = json!({"title": "Tea", "price": "¥ 9", "url": "https://shop.example/tea"});
        assert_eq!(of_entry(&entry(MessageKind::Card, card)), "Tea\n¥ 9\nhttps://shop.example/tea");
        let form = json!({"title": "Address", "fields": [{"label": "Street"}]});
        assert_eq!(of_entry(&entry(MessageKind::Form, form)), "Address\nStreet");
        assert_eq!(of_entry(&entry(MessageKind::Text, Value::Null)), "[x]");
        assert_eq!(of_file("[image]", "a.png", Some("https://k/a.png")), "a.png\nhttps://k/a.png");
    }
}
