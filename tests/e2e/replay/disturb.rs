//! A pcap file as networks and captures with troubles would have it, by a seed.

use crate::support::random::Random;

/// A changed file.
pub(crate) struct Disturbed {
    pub(crate) bytes: Vec<u8>,
    /// Packets with data that are not in it any more.
    pub(crate) lost: usize,
}

const HEADER: usize = 24;
const RECORD: usize = 16;

/// The packets of a file of this machine's byte order.
fn packets(file: &[u8]) -> Vec<&[u8]> {
    let mut packets = Vec::new();
    let mut rest = &file[HEADER..];
    while rest.len() >= RECORD {
        let captured = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let (packet, more) = rest.split_at(RECORD + captured);
        packets.push(packet);
        rest = more;
    }
    packets
}

fn file(header: &[u8], packets: &[&[u8]]) -> Vec<u8> {
    [header, &packets.concat()].concat()
}

/// Neighbours change places, and some packets come again later.
pub(crate) fn shuffled(bytes: &[u8], seed: u64) -> Disturbed {
    let mut random = Random::new(seed);
    let mut packets = packets(bytes);
    for _ in 0..packets.len() / 4 {
        let at = random.below(packets.len() as u64 - 1) as usize;
        packets.swap(at, at + 1);
    }
    for _ in 0..packets.len() / 10 {
        let from = random.below(packets.len() as u64) as usize;
        let to = (from + 1 + random.below(10) as usize).min(packets.len());
        packets.insert(to, packets[from]);
    }
    // Every packet comes shortly after the one before: on a slow machine neighbours may be further apart than a network
    // would ever hold one back.
    let timed: Vec<Vec<u8>> = (0..).zip(packets).map(|(place, packet)| timed(packet, place)).collect();
    let packets: Vec<&[u8]> = timed.iter().map(Vec::as_slice).collect();
    Disturbed { bytes: file(&bytes[..HEADER], &packets), lost: 0 }
}

/// A packet at a tenth of a millisecond for each place.
fn timed(packet: &[u8], place: u32) -> Vec<u8> {
    let micros = place * 100;
    let (seconds, micros) = (1_700_000_000 + micros / 1_000_000, micros % 1_000_000);
    [&seconds.to_le_bytes()[..], &micros.to_le_bytes(), &packet[8..]].concat()
}

/// Some packets with data are missing.
pub(crate) fn thinned(bytes: &[u8], seed: u64) -> Disturbed {
    let mut random = Random::new(seed);
    let mut packets = packets(bytes);
    let mut lost = 0;
    packets.retain(|packet| {
        // More than the headers of Ethernet, IP and TCP with its options.
        let has_data = packet.len() > RECORD + 14 + 20 + 40;
        let is_lost = has_data && random.below(20) == 0;
        lost += usize::from(is_lost);
        !is_lost
    });
    Disturbed { bytes: file(&bytes[..HEADER], &packets), lost }
}
