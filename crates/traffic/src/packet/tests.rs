use proptest::{collection::vec, prelude::*};

use super::*;

const TIME: i64 = 1_700_000_000_000_000_000;

/// A segment with such data, from port 4660 to port 80.
fn tcp(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x12, 0x34, 0, 80, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x18, 1, 0, 0, 0, 0, 0];
    out.extend_from_slice(data);
    out
}

fn v4(id: u16, bits: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(20 + payload.len()).unwrap();
    let mut out = vec![0x45, 0];
    for word in [len, id, bits] {
        out.extend(word.to_be_bytes());
    }
    out.extend([64, protocol, 0xba, 0xad, 10, 0, 0, 1, 10, 0, 0, 2]);
    out.extend_from_slice(payload);
    out
}

fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    out.extend([next, 64]);
    out.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].iter().cycle().take(32));
    out.extend_from_slice(payload);
    out
}

fn ether(kind: u16, rest: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &kind.to_be_bytes(), rest].concat()
}

fn data(
    fragments: &mut Fragments,
    link: u16,
    bytes: &[u8],
    missing: u32,
) -> Result<(Vec<u8>, u32), NoSegment> {
    fragments.segment(LinkType(link), bytes, missing, TIME, |segment| {
        assert_eq!((segment.source.port(), segment.target.port()), (0x1234, 80));
        assert_eq!((segment.sequence, segment.acknowledged), (7, Some(9)));
        (segment.payload.to_vec(), segment.missing)
    })
}

fn one(link: u16, bytes: &[u8]) -> Result<Vec<u8>, NoSegment> {
    data(&mut Fragments::default(), link, bytes, 0).map(|(data, _)| data)
}

#[test]
fn every_link_layer_carries_both_versions() {
    for (kind, packet) in [(0x0800_u16, v4(1, 0, 6, &tcp(b"data"))), (0x86dd, v6(6, &tcp(b"data")))] {
        let is_v6 = kind == 0x86dd;
        let tag = |kind: u16, rest: &[u8]| [&[0, 5][..], &kind.to_be_bytes(), rest].concat();
        let snap = [&[0xaa, 0xaa, 3, 0, 0, 0][..], &kind.to_be_bytes(), &packet].concat();
        let ppp = [&[0x11, 0, 0, 1, 0, 99, 0, if is_v6 { 0x57 } else { 0x21 }][..], &packet].concat();
        let family: &[u8] = if is_v6 { &[30, 0, 0, 0] } else { &[2, 0, 0, 0] };
        let big_family: &[u8] = if is_v6 { &[0, 0, 0, 24] } else { &[0, 0, 0, 2] };
        for (link, bytes) in [
            (1, ether(kind, &packet)),
            (1, ether(0x8100, &tag(kind, &packet))),
            (1, ether(0x88a8, &tag(0x8100, &tag(kind, &packet)))),
            (1, ether(300, &snap)),
            (1, ether(0x8864, &ppp)),
            (0, [family, &packet].concat()),
            (0, [big_family, &packet].concat()),
            (108, [big_family, &packet].concat()),
            (101, packet.clone()),
            (12, packet.clone()),
            (if is_v6 { 229 } else { 228 }, packet.clone()),
            (113, [&[0; 14][..], &kind.to_be_bytes(), &packet].concat()),
            (113, [&[0; 14][..], &[0x81, 0], &tag(kind, &packet)].concat()),
            (276, [&kind.to_be_bytes()[..], &[0; 18], &packet].concat()),
        ] {
            assert_eq!(one(link, &bytes).as_deref(), Ok(&b"data"[..]), "{link} {bytes:02x?}");
        }
    }
}

#[test]
fn what_is_no_segment_says_why() {
    let packet = v4(1, 0, 6, &tcp(b"data"));
    assert_eq!(one(147, &packet), Err(NoSegment::Link));
    assert_eq!(one(1, &ether(0x0806, &[0; 28])), Err(NoSegment::NotIp));
    assert_eq!(one(101, &v4(1, 0, 17, b"udp")), Err(NoSegment::NotTcp));
    assert_eq!(one(101, &packet[..19]), Err(NoSegment::Malformed));
    assert_eq!(one(101, &v6(0, &[6])), Err(NoSegment::Malformed));
    let tags = [0, 1, 0x81, 0].repeat(20);
    assert_eq!(one(1, &ether(0x8100, &tags)), Err(NoSegment::Malformed));
}

#[test]
fn padding_is_no_data_whatever_is_in_it() {
    let packet = v4(1, 0, 6, &tcp(b""));
    assert_eq!(one(1, &ether(0x0800, &[&packet[..], b"trailer"].concat())), Ok(vec![]));
    // A packet that was to be cut up by the card states no length.
    let mut offloaded = v4(1, 0, 6, &tcp(b"data"));
    offloaded[2..4].fill(0);
    assert_eq!(one(101, &offloaded), Ok(b"data".to_vec()));
}

#[test]
fn what_was_not_captured_is_counted() {
    let packet = v4(1, 0, 6, &tcp(b"0123456789"));
    for cut in 0..20 {
        let (captured, missing) = (packet.len() - cut, u32::try_from(cut).unwrap());
        let seen = data(&mut Fragments::default(), 101, &packet[..captured], missing);
        if cut <= 10 {
            assert_eq!(seen, Ok((b"0123456789"[..10 - cut].to_vec(), missing)));
        } else {
            // The end of the header is not needed.
            let expected = if cut <= 16 { Ok((vec![], 10)) } else { Err(NoSegment::Malformed) };
            assert_eq!(seen, expected, "{cut}");
        }
    }
}

#[test]
fn extension_headers_are_passed() {
    let segment = tcp(b"data");
    let options = [&[60, 1][..], &[0; 14]].concat();
    let destination = [&[44, 0][..], &[0; 6]].concat();
    let atomic = [&[51, 0, 0, 0][..], &[0, 0, 0, 9]].concat();
    let authentication = [&[6, 4][..], &[0; 22]].concat();
    let packet = v6(0, &[options, destination, atomic, authentication, segment].concat());
    assert_eq!(one(101, &packet), Ok(b"data".to_vec()));
    // IPv6 in IPv4.
    assert_eq!(one(101, &v4(1, 0, 41, &packet)), Ok(b"data".to_vec()));
}

/// Cuts a segment into parts of IPv4 or IPv6.
fn parts(is_v6: bool, segment: &[u8], len: usize) -> Vec<Vec<u8>> {
    let count = segment.len().div_ceil(len);
    let part = |(number, part): (usize, &[u8])| {
        let (offset, more) = (u16::try_from(number * len).unwrap(), u16::from(number + 1 < count));
        if is_v6 {
            let header = [&[6, 0][..], &(offset | more).to_be_bytes(), &[0, 0, 0, 5]].concat();
            v6(44, &[&header, part].concat())
        } else {
            v4(5, (offset / 8) | (more << 13), 6, part)
        }
    };
    segment.chunks(len).enumerate().map(part).collect()
}

proptest! {
    #[test]
    fn fragments_come_in_any_order_and_more_than_once(
        is_v6 in any::<bool>(),
        bytes in vec(any::<u8>(), 0..200),
        eighths in 1..6_usize,
        order in vec(any::<prop::sample::Index>(), 0..60),
    ) {
        let segment = tcp(&bytes);
        let parts = parts(is_v6, &segment, eighths * 8);
        let mut fragments = Fragments::default();
        let mut missing: Vec<bool> = vec![true; parts.len()];
        let order = order.iter().map(|index| index.index(parts.len())).chain(0..parts.len());
        let mut whole = None;
        for index in order {
            missing[index] = false;
            match data(&mut fragments, 101, &parts[index], 0) {
                Ok((data, _)) => { whole = Some(data); break; }
                Err(error) => prop_assert_eq!(error, NoSegment::Fragment),
            }
        }
        if parts.len() > 1 {
            prop_assert!(missing.iter().all(|missing| !missing));
        }
        prop_assert_eq!(whole, Some(bytes));
    }

    #[test]
    fn any_bytes_are_something(
        link in prop_oneof![Just(0), Just(1), Just(101), Just(113), Just(276), any::<u16>()],
        bytes in vec(any::<u8>(), 0..120),
        version in prop_oneof![Just(0x45), Just(0x60), any::<u8>()],
    ) {
        let mut fragments = Fragments::default();
        let mut bytes = bytes;
        if let Some(first) = bytes.first_mut() {
            *first = version;
        }
        for (link, bytes) in [(link, bytes.clone()), (1, ether(0x0800, &bytes)), (1, ether(0x86dd, &bytes))] {
            let len = fragments.segment(LinkType(link), &bytes, 0, TIME, |segment| segment.payload.len());
            prop_assert!(len.is_ok_and(|len| len <= bytes.len()) || len.is_err());
        }
    }
}

#[test]
fn fragments_that_are_never_whole_are_let_go() {
    let mut fragments = Fragments::default();
    for id in 0..20_000_u16 {
        let part = v4(id, 1 << 13, 6, &tcp(&[0; 980]));
        let seen = fragments.segment(LinkType(101), &part, 0, TIME + i64::from(id), |_| ());
        assert_eq!(seen, Err(NoSegment::Fragment));
    }
    assert!(fragments.held() <= FRAGMENTS_BYTES_MAX + 1000);
    let part = v4(1, 1 << 13, 6, &tcp(&[0; 980]));
    assert!(fragments.segment(LinkType(101), &part, 0, TIME + (60 << 30), |_| ()).is_err());
    assert_eq!(fragments.held(), 1000);
}
