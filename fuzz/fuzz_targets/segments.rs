//! Segments of one connection in any order, with any overlap and loss: memory stays within its limits, and
//! `seen = emitted + dropped + under way` holds after each of them.

#![no_main]

use kefu_traffic::{
    http::{Limits, Traffic},
    pcap::{LinkType, Packet},
    tcp,
};
use libfuzzer_sys::fuzz_target;

const HELD_MAX: usize = 4000;

fn balanced(traffic: &Traffic) {
    let (totals, under_way) = (traffic.totals(), traffic.under_way());
    assert_eq!(totals.requests.seen, totals.requests.emitted + totals.requests.dropped() + under_way.0);
    assert_eq!(totals.responses.seen, totals.responses.emitted + totals.responses.dropped() + under_way.1);
    assert_eq!(totals.frames.seen, totals.frames.emitted + totals.frames.dropped());
}

fuzz_target!(|segments: Vec<(u8, u8, u16, u16, u8, &[u8])>| {
    let tcp = tcp::Limits { flow_bytes: HELD_MAX, ..tcp::Limits::default() };
    let mut traffic = Traffic::new(&[], tcp, Limits { head: 500, message: 1000, bytes: 1500, waiting: 4 });
    let mut time = 0;
    for (side, flags, sequence, acknowledged, pause, data) in segments {
        let data = &data[..data.len().min(1000)];
        let (source, target) = if side % 2 == 0 { ([1, 0x90, 0, 80], 1) } else { ([0, 80, 1, 0x90], 2) };
        let len = u16::try_from(40 + data.len()).unwrap().to_be_bytes();
        let mut bytes = vec![0x45, 0, len[0], len[1], 0, 0, 0, 0, 64, 6, 0, 0];
        bytes.extend(if target == 1 { [10, 0, 0, 1, 10, 0, 0, 2] } else { [10, 0, 0, 2, 10, 0, 0, 1] });
        bytes.extend(source);
        // Most are near each other, some far away.
        let far = if side & 0xf0 == 0xf0 { 0x4000_0000 } else { 0 };
        bytes.extend((u32::from(sequence) + far).to_be_bytes());
        bytes.extend(u32::from(acknowledged).to_be_bytes());
        bytes.extend([0x50, flags, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(data);
        time += i64::from(pause) * 10_000_000;
        let missing = u32::from(side & 0x08 != 0) * 3;
        let packet = Packet { offset: 0, timestamp: time, link: LinkType(101), bytes: &bytes, missing };
        traffic.packet(&packet, &mut |record| assert!(record.payload.len() <= 1500));
        balanced(&traffic);
        assert!(traffic.held() <= HELD_MAX + 1500 + 1000 + 500);
    }
    traffic.finish(&mut |_| {});
    balanced(&traffic);
    assert_eq!((traffic.under_way(), traffic.held()), ((0, 0), 0));
});
