//! A capture file from a stranger, read down to messages: nothing panics, and every message is accounted for.

#![no_main]

use kefu_traffic::{http, http::Traffic, pcap::Reader, tcp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut traffic = Traffic::new(&[], tcp::Limits::default(), http::Limits::default());
    let mut reader = Reader::new(bytes);
    let mut records = 0_u64;
    while let Ok(Some(packet)) = reader.next_packet() {
        traffic.packet(&packet, &mut |_| records += 1);
    }
    traffic.finish(&mut |_| records += 1);
    let totals = traffic.totals();
    assert_eq!(records, totals.requests.emitted + totals.responses.emitted + totals.frames.emitted);
    assert_eq!((traffic.under_way(), traffic.held()), ((0, 0), 0));
});
