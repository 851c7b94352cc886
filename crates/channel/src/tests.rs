mod documentation;
mod drafts;
mod errors;
mod files;
mod hostile;
mod mocks;
mod round_trips;
mod sending;
mod systems;

use std::collections::BTreeMap;

use super::{Channel, Given, Plain, Received, Seed, shipped};

const NOW_MS: i64 = 1_700_000_000_000;

fn load(yaml: &str) -> Channel {
    Channel::load(yaml).unwrap_or_else(|errors| {
        panic!("{}", errors.iter().map(|error| format!("{error}\n")).collect::<String>());
    })
}

fn of_kefu(id: &str) -> Channel {
    load(shipped(id).unwrap())
}

/// Values for all that a file names, of the form that ciphers want.
fn given(channel: &Channel) -> Given {
    let value = |name: &str| match name {
        "encoding_aes_key" => "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".to_owned(),
        "webhook_key" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
        "send_url" | "base_url" => "https://crm.example/chat".to_owned(),
        name => format!("{name}-value"),
    };
    let values = |names: &mut dyn Iterator<Item = &str>| -> BTreeMap<String, String> {
        names.map(|name| (name.to_owned(), value(name))).collect()
    };
    Given { secrets: values(&mut channel.secrets()), settings: values(&mut channel.settings()) }
}

/// What the channel makes of a body that the service signs.
fn receive_signed(channel: &Channel, body: &[u8]) -> Received {
    let given = given(channel);
    let plain = Plain { body: body.to_vec(), ..Plain::default() };
    let signed = channel.sign(&plain, &given, NOW_MS, Seed([7; 16])).unwrap();
    channel.receive(&signed.request(), &given, NOW_MS)
}
