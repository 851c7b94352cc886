use proptest::{collection::vec, prelude::*};

use super::*;

/// A packet as a list: time, link, bytes, bytes that are missing.
type Seen = (i64, u16, Vec<u8>, u32);

fn read(bytes: &[u8]) -> (Vec<Seen>, Option<PcapError>) {
    let mut reader = Reader::new(bytes);
    let mut seen = Vec::new();
    loop {
        match reader.next_packet() {
            Ok(Some(packet)) => {
                seen.push((packet.timestamp, packet.link.0, packet.bytes.to_vec(), packet.missing));
            }
            Ok(None) => return (seen, None),
            Err(error) => {
                assert!(reader.next_packet().unwrap().is_none(), "an error is the end");
                return (seen, Some(error));
            }
        }
    }
}

fn u16s(is_big: bool, value: u16) -> [u8; 2] {
    if is_big { value.to_be_bytes() } else { value.to_le_bytes() }
}

fn u32s(is_big: bool, value: u32) -> [u8; 4] {
    if is_big { value.to_be_bytes() } else { value.to_le_bytes() }
}

fn classic(is_big: bool, is_nanos: bool, packets: &[(u32, u32, &[u8], u32)]) -> Vec<u8> {
    let word = |value| u32s(is_big, value);
    let mut out = word(if is_nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }).to_vec();
    out.extend([u16s(is_big, 2), u16s(is_big, 4)].concat());
    out.extend([word(0), word(0), word(65535), word(1)].concat());
    for (seconds, fraction, bytes, missing) in packets {
        let len = u32::try_from(bytes.len()).unwrap();
        out.extend([word(*seconds), word(*fraction), word(len), word(len + missing)].concat());
        out.extend_from_slice(bytes);
    }
    out
}

fn block(is_big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let body_len = body.len().next_multiple_of(4);
    let len = u32s(is_big, u32::try_from(body_len + 12).unwrap());
    let mut out = [u32s(is_big, kind), len].concat();
    out.extend_from_slice(body);
    out.resize(8 + body_len, 0);
    out.extend_from_slice(&len);
    out
}

fn section(is_big: bool) -> Vec<u8> {
    let body = [&u32s(is_big, 0x1a2b_3c4d)[..], &u16s(is_big, 1), &u16s(is_big, 0), &[0xff; 8]].concat();
    block(is_big, 0x0a0d_0d0a, &body)
}

fn interface(is_big: bool, link: u16, snap_len: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = [&u16s(is_big, link)[..], &[0, 0], &u32s(is_big, snap_len)].concat();
    for (code, value) in options {
        body.extend([u16s(is_big, *code), u16s(is_big, u16::try_from(value.len()).unwrap())].concat());
        body.extend_from_slice(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    block(is_big, 1, &body)
}

fn enhanced(is_big: bool, interface: u32, ticks: u64, bytes: &[u8], missing: u32) -> Vec<u8> {
    let len = u32::try_from(bytes.len()).unwrap();
    let words = [interface, (ticks >> 32) as u32, (ticks & 0xffff_ffff) as u32, len, len + missing];
    let mut body: Vec<u8> = words.iter().flat_map(|word| u32s(is_big, *word)).collect();
    body.extend_from_slice(bytes);
    block(is_big, 6, &body)
}

#[test]
fn pcap_in_both_orders_and_units() {
    for is_big in [false, true] {
        for (is_nanos, unit) in [(false, 1000), (true, 1)] {
            let bytes = classic(is_big, is_nanos, &[(7, 5, b"abc", 0), (8, 6, b"", 9)]);
            let (seen, error) = read(&bytes);
            assert!(error.is_none());
            assert_eq!(
                seen,
                [(7_000_000_000 + 5 * unit, 1, b"abc".to_vec(), 0), (8_000_000_000 + 6 * unit, 1, vec![], 9)]
            );
        }
    }
}

#[test]
fn pcapng_with_sections_interfaces_and_resolutions() {
    let mut bytes = Vec::new();
    for is_big in [false, true] {
        let offset = if is_big { 100_u64.to_be_bytes() } else { 100_u64.to_le_bytes() };
        bytes.extend(section(is_big));
        bytes.extend(interface(is_big, 1, 0, &[(2, b"eth0"), (9, &[9])]));
        bytes.extend(interface(is_big, 276, 4, &[(9, &[0x80 | 10]), (14, &offset), (0, b"")]));
        bytes.extend(block(is_big, 5, b"statistics"));
        bytes.extend(enhanced(is_big, 0, 5_000_000_000_123, b"abc", 0));
        bytes.extend(enhanced(is_big, 1, 1536, b"defgh", 7));
        let old = [
            &u16s(is_big, 1)[..],
            &[0, 0],
            &u32s(is_big, 0),
            &u32s(is_big, 512),
            &u32s(is_big, 1),
            &u32s(is_big, 1),
            b"i",
        ];
        bytes.extend(block(is_big, 2, &old.concat()));
        bytes.extend(block(is_big, 3, &[&u32s(is_big, 3)[..], b"xyz"].concat()));
    }
    let (seen, error) = read(&bytes);
    assert!(error.is_none(), "{error:?}");
    let one = [
        (5_000_000_000_123, 1, b"abc".to_vec(), 0),
        (101_500_000_000, 276, b"defgh".to_vec(), 7),
        (100_500_000_000, 276, b"i".to_vec(), 0),
        (100_500_000_000, 1, b"xyz".to_vec(), 0),
    ];
    assert_eq!(seen, [one.clone(), one].concat());
}

#[test]
fn a_simple_packet_is_cut_by_the_interface() {
    let bytes = [
        section(false),
        interface(false, 101, 2, &[]),
        block(false, 3, &[&[5, 0, 0, 0][..], b"ab"].concat()),
    ]
    .concat();
    assert_eq!(read(&bytes).0, [(0, 101, b"ab".to_vec(), 3)]);
}

#[test]
fn what_is_wrong_has_its_place_and_what_was_read_stays() {
    let good = classic(false, false, &[(1, 0, b"abc", 0)]);
    let begun = [section(false), interface(false, 1, 0, &[]), enhanced(false, 0, 1, b"abc", 0)].concat();
    let mut lying = enhanced(false, 0, 1, b"abc", 0);
    let end = lying.len() - 4;
    lying[end] = 99;
    let gigabyte = [&1_u32.to_le_bytes()[..], &[0; 4], &(1_u32 << 30).to_le_bytes(), &[0; 4]].concat();
    let claim = [&6_u32.to_le_bytes()[..], &(1_u32 << 30).to_le_bytes(), &[0; 20]].concat();
    for (bytes, packets, message) in [
        (vec![], 0, "the file is empty, at byte 0"),
        (b"GET / HTTP/1.1".to_vec(), 0, "this is neither pcap nor pcapng, at byte 0"),
        (good[..20].to_vec(), 0, "the file ends within a file header, at byte 0"),
        ([&good[..4], &[9], &good[5..]].concat(), 0, "version 9 of the format is not known, at byte 4"),
        (good[..good.len() - 1].to_vec(), 0, "the file ends within a packet, at byte 24"),
        ([&good[..], b"half"].concat(), 1, "the file ends within a packet header, at byte 43"),
        ([&good[..], &gigabyte].concat(), 1, "a packet claims to have 1073741824 bytes, at byte 43"),
        ([&begun[..], &claim].concat(), 1, "a block claims to have 1073741824 bytes, at byte 84"),
        ([&begun[..], &lying].concat(), 1, "a block has 36 bytes by its start and 99 by its end, at byte 84"),
        (
            [&begun[..], &enhanced(false, 7, 1, b"", 0)].concat(),
            1,
            "a packet names interface 7, which the section does not describe, at byte 84",
        ),
        ([&begun[..], &[1, 2, 3]].concat(), 1, "the file ends within a block, at byte 84"),
    ] {
        let (seen, error) = read(&bytes);
        assert_eq!((seen.len(), error.unwrap().to_string().as_str()), (packets, message));
    }
}

proptest! {
    #[test]
    fn damage_is_an_error_and_never_more(
        is_next in any::<bool>(),
        at in 0..400_usize,
        value in any::<u8>(),
        cut in 0..400_usize,
    ) {
        let packets: Vec<(u32, u32, &[u8], u32)> = (0..5).map(|n| (n, n, &b"some bytes"[..], n)).collect();
        let mut bytes = if is_next {
            let packets = (0..5).map(|n| enhanced(false, 0, n, b"some bytes", 0));
            [section(false), interface(false, 1, 0, &[(9, &[9])])].into_iter().chain(packets).collect::<Vec<_>>().concat()
        } else {
            classic(true, true, &packets)
        };
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(bytes.len() - cut % bytes.len());
        let (seen, _) = read(&bytes);
        prop_assert!(seen.iter().map(|packet| packet.2.len()).sum::<usize>() <= bytes.len());
    }

    #[test]
    fn any_blocks_are_read_to_an_end(bytes in vec(any::<u8>(), 0..300)) {
        read(&[section(false), bytes.clone()].concat());
        read(&[classic(false, false, &[]), bytes].concat());
    }
}
