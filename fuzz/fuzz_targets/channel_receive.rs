//! Requests and answers from a stranger to every channel that comes with kefu: nothing panics, nothing is believed
//! without a signature, and what is signed is read within limits.

#![no_main]

use std::sync::LazyLock;

use kefu_channel::{
    Channel, Given, HttpResponse, Method, Outbound, Plain, Pull, Request, SHIPPED, Seed, Verdict,
};
use libfuzzer_sys::fuzz_target;

static CHANNELS: LazyLock<Vec<(Channel, Given)>> = LazyLock::new(|| {
    let value = |name: &str| {
        let value = match name {
            "encoding_aes_key" => "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            "webhook_key" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "send_url" | "base_url" => "https://crm.example/chat",
            _ => "a value",
        };
        (name.to_owned(), value.to_owned())
    };
    let load = |(_, yaml): &(&str, &str)| {
        let channel = Channel::load(yaml).expect("it comes with kefu");
        let (secrets, settings) =
            (channel.secrets().map(value).collect(), channel.settings().map(value).collect());
        (channel, Given { secrets, settings })
    };
    SHIPPED.iter().map(load).collect()
});

const NOW_MS: i64 = 1_700_000_000_000;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, body)) = input.split_first() else { return };
    let (channel, given) = &CHANNELS[usize::from(choice) % CHANNELS.len()];
    let query = String::from_utf8_lossy(&body[..body.len().min(200)]);
    for method in [Method::Get, Method::Post] {
        let request = Request { method, query: &query, headers: &[], body };
        let received = channel.receive(&request, given, NOW_MS);
        assert!(!matches!(received.verdict, Verdict::Accepted | Verdict::Handshake));
    }
    let plain = Plain { body: body.to_vec(), ..Plain::default() };
    if let Ok(signed) = channel.sign(&plain, given, NOW_MS, Seed([7; 16])) {
        let received = channel.receive(&signed.request(), given, NOW_MS);
        assert!(!matches!(received.verdict, Verdict::Unverified(_)));
        assert!(received.messages.iter().all(|message| !message.text.is_empty()));
    }
    let answer = HttpResponse { status: 200, headers: Vec::new(), body: body.to_vec() };
    let message = Outbound::default();
    drop(channel.sent(&message, Ok(&answer), given, 1));
    drop(channel.token("access", Ok(&answer), given, 1, NOW_MS));
    drop(channel.pulled(
        &Pull { list: String::new(), notice: serde_json::Value::Null },
        Ok(&answer),
        given,
        1,
        NOW_MS,
    ));
});
