//! A channel's file from a stranger: reading it never panics, and what loads can be tested, linted and drafted from.

#![no_main]

use kefu_channel::{Channel, draft, lint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(yaml) = std::str::from_utf8(input) {
        if let Ok(channel) = Channel::load(yaml) {
            drop(channel.test());
            drop(lint(&channel, yaml));
        }
    }
    if let Ok(yaml) = draft("fuzz", input) {
        Channel::load(&yaml).expect("a draft loads");
    }
});
