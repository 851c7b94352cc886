//! Calls and answers from a stranger to channels of SOAP and Thrift: nothing panics, and what is accepted is answered.

#![no_main]

use std::sync::LazyLock;

use kefu_channel::{Channel, Given, HttpResponse, Outbound, Plain, Seed, Verdict};
use kefu_wire::MemoryLoader;
use libfuzzer_sys::fuzz_target;

static CHANNELS: LazyLock<[(Channel, Given); 2]> = LazyLock::new(|| {
    let beside = MemoryLoader::default()
        .with("ticketdesk.wsdl", include_str!("../../fixtures/channels/ticketdesk.wsdl"))
        .with("oldchat.thrift", include_str!("../../fixtures/channels/oldchat.thrift"));
    [
        // Whoever posts is believed: what is looked at is what is read.
        include_str!("../../fixtures/channels/ticketdesk.yaml").replace(
            "value: body.arguments.$headers.Token, equals: secret.desk_token",
            "value: header.x-token, equals: secret.desk_token",
        ),
        include_str!("../../fixtures/channels/oldchat.yaml").to_owned(),
    ]
    .map(|yaml| {
        let channel = Channel::load_with(&yaml, &beside).expect("it is right");
        let value = |name: &str| (name.to_owned(), "http://desk.example/".to_owned());
        let (secrets, settings) =
            (channel.secrets().map(value).collect(), channel.settings().map(value).collect());
        (channel, Given { secrets, settings })
    })
});

const NOW_MS: i64 = 1_700_000_000_000;

fuzz_target!(|input: &[u8]| {
    for (channel, given) in &*CHANNELS {
        let plain = Plain { body: input.to_vec(), ..Plain::default() };
        let signed = channel.sign(&plain, given, NOW_MS, Seed([7; 16])).expect("a header is all it takes");
        let received = channel.receive(&signed.request(), given, NOW_MS);
        assert!(!matches!(received.verdict, Verdict::Unverified(_)));
        assert!(received.messages.iter().all(|message| !message.text.is_empty()));
        for status in [200, 500] {
            let answer = HttpResponse { status, headers: Vec::new(), body: input.to_vec() };
            drop(channel.sent(&Outbound::default(), Ok(&answer), given, 1));
        }
    }
});
