//! What holds for every text.

use super::*;

/// Text from pieces of what is recognised, so that they meet in every way.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("13812345678".to_owned()),
        Just("138 1234 5678".to_owned()),
        Just("440524188001010014".to_owned()),
        Just("6222 0212 3456 7894".to_owned()),
        Just("4111111111111111".to_owned()),
        Just("0571-88888888".to_owned()),
        Just("bob@qq.com".to_owned()),
        Just("a@b.co".to_owned()),
        Just("朝阳区建国路88号".to_owned()),
        Just("3栋2单元501室".to_owned()),
        Just("88 Jianguo Road".to_owned()),
        Just("护照E12345678".to_owned()),
        Just("身份证".to_owned()),
        Just("卡号".to_owned()),
        Just("passport".to_owned()),
        Just("tel".to_owned()),
        "[0-9]{1,9}",
        "[0-9０-９]{10,20}",
        "[ 　*.@＠+＋(),_-]{1,3}",
        "[*＊]{1,9}",
        "[a-zA-Z号路区栋单元室楼X之第]{1,3}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![pieces(), "(?s).{0,60}", "[0-9 *+-]{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn masking_twice_is_masking_once(text in any_text()) {
        let once = mask(&text, Kinds::ALL);
        prop_assert_eq!(mask(&once, Kinds::ALL), &*once, "from {}", text);
    }

    #[test]
    fn masking_some_kinds_twice_is_masking_them_once(text in any_text(), kinds in 0_u8..128) {
        let once = mask(&text, Kinds(kinds));
        prop_assert_eq!(mask(&once, Kinds(kinds)), &*once, "from {}", text);
    }

    #[test]
    fn spans_are_ordered_and_on_boundaries(text in any_text()) {
        let mut last = 0;
        for span in find(&text) {
            prop_assert!(span.range.start >= last);
            prop_assert!(text.get(span.range.clone()).is_some_and(|part| !part.is_empty()));
            last = span.range.end;
        }
    }

    #[test]
    fn a_right_identity_number_is_found_wherever_it_stands(
        region in 0_usize..4, days in 0_u32..20_000, order in 0_u32..1_000, before in "[\\p{Han}，：]{0,9}", after in "[\\p{Han}，。]{0,9}"
    ) {
        let region = ["110101", "440524", "310115", "650102"][region];
        let (year, month, day) = (1950 + days / 372, 1 + days / 31 % 12, 1 + days % 31);
        let body = format!("{region}{year}{month:02}{day:02}{order:03}");
        // Computed by the recurrence of ISO 7064, not by the table of weights.
        let rest = body.bytes().fold(0, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
        let check = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][rest as usize];
        let text = format!("{before}{body}{check}{after}");
        let spans = find(&text);
        prop_assert_eq!(spans.len(), 1, "{}", text);
        prop_assert_eq!(spans[0].kind, Kind::Identity);
        prop_assert_eq!(&text[spans[0].range.clone()], format!("{body}{check}"));
    }

    #[test]
    fn a_mobile_number_is_found_wherever_it_stands(
        number in "1[3-9][0-9]{9}", before in "[\\p{Han}，：\n]{0,9}", after in "[\\p{Han}，。\n]{0,9}"
    ) {
        let text = format!("{before}{number}{after}");
        let masked = format!("{before}{}****{}{after}", &number[..3], &number[7..]);
        prop_assert_eq!(mask(&text, Kinds::ALL), masked);
    }
}
