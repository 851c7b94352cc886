//! The service's side, made of a channel's own file: a whole round trip for each file that comes with kefu.

use std::sync::Arc;

use serde_json::json;

use super::{NOW_MS, given};
use crate::{
    Acted, Channel, Given, HttpRequest, HttpResponse, Inbound, Kind, Media, Mock, Next, Outbound, Pull,
    REDIRECT_SETTING, SHIPPED, Seed, Tokens, redirected, shipped,
};

const ORIGIN: &str = "http://127.0.0.1:8099";
const SEED: Seed = Seed([7; 16]);

/// The service of a file, and kefu with the copy whose requests go to it.
struct Trip {
    mock: Mock,
    channel: Channel,
    given: Given,
}

impl Trip {
    fn new(yaml: &str) -> Self {
        let original = super::load(yaml);
        let channel = super::load(&redirected(yaml).unwrap());
        let mut given = given(&channel);
        given.settings.insert(REDIRECT_SETTING.to_owned(), ORIGIN.to_owned());
        for address in ["send_url", "base_url"] {
            given.settings.entry(address.to_owned()).and_modify(|url| *url = format!("{ORIGIN}/chat"));
        }
        Self { mock: Mock::new(Arc::new(original)).at(ORIGIN), channel, given }
    }

    fn asked(&mut self, request: &HttpRequest) -> (Acted, HttpResponse) {
        let target =
            request.url.strip_prefix(ORIGIN).unwrap_or_else(|| panic!("{} leaves the mock", request.url));
        let acted = self.mock.answer(request.method, target, &request.body, &self.given, NOW_MS);
        let headers = vec![("content-type".to_owned(), acted.content_type.to_owned())];
        let answer = HttpResponse { status: acted.status, headers, body: acted.body.clone() };
        (acted, answer)
    }

    /// What kefu has of a text that a customer wrote.
    fn written(&mut self, text: &str) -> Inbound {
        let signed = self.mock.write(text, &self.given, NOW_MS, SEED);
        let signed = signed.unwrap_or_else(|fault| panic!("{}: {fault}", self.channel.id()));
        let mut messages = Vec::new();
        if let Some(signed) = signed {
            let received = self.channel.receive(&signed.request(), &self.given, NOW_MS);
            assert_eq!(received.reply.status, 200, "{:?}", received.verdict);
            messages = received.messages;
            if let Some(pull) = received.pull {
                messages = self.pulled(&pull);
                assert!(self.pulled(&pull).is_empty(), "a page is given once");
            }
        }
        assert_eq!(messages.len(), 1, "{text}");
        messages.remove(0)
    }

    fn pulled(&mut self, pull: &Pull) -> Vec<Inbound> {
        let mut tokens = Tokens::new();
        loop {
            match self.channel.pull(pull, None, &self.given, &tokens, NOW_MS).unwrap() {
                Next::Token { name, request } => self.token(&mut tokens, &name, &request),
                Next::Call(request) => {
                    let (acted, answer) = self.asked(&request);
                    assert_eq!(acted.key, "pull");
                    return self.channel.pulled(pull, Ok(&answer), &self.given, 1, NOW_MS).unwrap().messages;
                }
                Next::Upload(_) => panic!("nothing is uploaded"),
            }
        }
    }

    fn token(&mut self, tokens: &mut Tokens, name: &str, request: &HttpRequest) {
        let (acted, answer) = self.asked(request);
        assert_eq!(acted.key, format!("tokens.{name}"));
        let token = self.channel.token(name, Ok(&answer), &self.given, 1, NOW_MS);
        tokens.insert(name.to_owned(), token.unwrap_or_else(|refusal| panic!("{refusal:?}")));
    }

    /// The service takes an answer; gives the requests that were made.
    fn answered(&mut self, message: &mut Outbound) -> Vec<String> {
        let mut tokens = Tokens::new();
        let mut made = Vec::new();
        loop {
            match self.channel.send(message, &self.given, &tokens, NOW_MS).unwrap() {
                Next::Token { name, request } => self.token(&mut tokens, &name, &request),
                Next::Upload(request) => {
                    let (acted, answer) = self.asked(&request);
                    made.push(acted.key);
                    let value = self.channel.uploaded(message, Ok(&answer), &self.given, 1).unwrap();
                    message.uploaded = Some(value);
                }
                Next::Call(request) => {
                    let (acted, answer) = self.asked(&request);
                    made.push(acted.key);
                    self.channel.sent(message, Ok(&answer), &self.given, 1).unwrap();
                    return made;
                }
            }
        }
    }
}

#[test]
fn a_text_and_its_answer_go_through_every_file_that_comes_with_kefu() {
    for (id, yaml) in SHIPPED {
        let mut trip = Trip::new(yaml);
        let first = trip.written("在吗 <&> \"q\"");
        assert_eq!((first.kind, first.text.as_str()), (Kind::Text, "在吗 <&> \"q\""), "{id}");
        let second = trip.written("hello");
        assert_ne!(first.dedupe, second.dedupe, "{id}: the second would be taken for the first");
        assert_eq!(first.thread, second.thread, "{id}");
        let mut answer = Outbound {
            id: "019a0000-0000-7000-8000-000000000001".to_owned(),
            to: first.sender.id,
            thread: first.thread,
            context: first.context,
            text: "您好".to_owned(),
            ..Outbound::default()
        };
        assert_eq!(trip.answered(&mut answer), ["send.text"], "{id}");
        if trip.channel.sends(Kind::Image) {
            let url = Some(format!("{ORIGIN}/picture.png"));
            let media = Some(Media { url, name: Some("a.png".to_owned()), ..Media::default() });
            let mut answer = Outbound { kind: Kind::Image, media, text: String::new(), ..answer };
            assert!(!trip.answered(&mut answer).is_empty(), "{id}");
        }
    }
}

#[test]
fn examples_are_delivered_as_they_are_and_unknown_requests_are_refused() {
    let mut trip = Trip::new(shipped("webhook").unwrap());
    let names: Vec<&str> = trip.mock.examples().collect();
    assert_eq!(
        names,
        ["a text, and the time as a date", "several in one request", "published, of standardwebhooks.com"]
    );
    let signed = trip.mock.deliver("several in one request", &trip.given, NOW_MS, SEED).unwrap();
    assert_eq!(trip.channel.receive(&signed.request(), &trip.given, NOW_MS).messages.len(), 2);
    let fault = trip.mock.deliver("several in one reqest", &trip.given, NOW_MS, SEED).unwrap_err();
    assert!(fault.to_string().contains("did you mean `several in one request`?"), "{fault}");
    let acted = trip.mock.answer(crate::Method::Put, "/chat", b"", &trip.given, NOW_MS);
    assert_eq!((acted.key.as_str(), acted.status), ("", 404));
}

#[test]
fn requests_of_a_redirected_file_go_nowhere_else() {
    let yaml = include_str!("../../../../fixtures/channels/kikchat.yaml");
    let copy = redirected(yaml).unwrap();
    assert!(!copy.contains("'https://") && !copy.contains(": https://"), "{copy}");
    let mut trip = Trip::new(yaml);
    let message = trip.written("hi");
    let mut answer = Outbound {
        to: message.sender.id,
        thread: "c 1".to_owned(),
        context: json!({"shard": "s/1"}),
        text: "hello".to_owned(),
        ..Outbound::default()
    };
    assert_eq!(trip.answered(&mut answer), ["send.text"]);
}
