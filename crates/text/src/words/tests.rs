use proptest::prelude::*;

use super::*;

fn list(file: &str) -> Result<List, ListError> {
    List::parse(file.as_bytes(), Limits::default())
}

fn matcher(file: &str) -> Matcher {
    Matcher::new(list(file).unwrap()).unwrap()
}

/// The words that a text has, incoming.
fn found<'a>(matcher: &Matcher, text: &'a str) -> Vec<&'a str> {
    let verdict = matcher.check(text, Direction::In, &mut Scratch::default());
    verdict.hits.into_iter().map(|hit| &text[hit.range]).collect()
}

#[test]
fn a_file_is_read_line_by_line() {
    let list =
        list("\u{feff}# words\r\n敏感词\r\n\r\n  \nass\tmask\nQQ群\t warn , out\nsex\tflag,both").unwrap();
    assert_eq!(list.len(), 4);
    let matcher = Matcher::new(list).unwrap();
    let check = |text, direction| matcher.check(text, direction, &mut Scratch::default()).action;
    assert_eq!(check("敏感词", Direction::In), Some(Action::Block));
    assert_eq!(check("ass", Direction::Out), Some(Action::Mask));
    assert_eq!(check("qq群", Direction::In), None);
    assert_eq!(check("qq群", Direction::Out), Some(Action::Warn));
    assert_eq!(check("sex", Direction::In), Some(Action::Flag));
}

#[test]
fn an_error_names_the_line() {
    let long = "a".repeat(65);
    for (file, line, problem) in [
        ("ok\nbad\tdelete", 2, Problem::UnknownAction),
        ("bad\tblock,left", 1, Problem::UnknownDirection),
        ("#\n\n***", 3, Problem::NoLetters),
        ("a\tblock\tin", 1, Problem::TooManyFields),
        (&long, 1, Problem::TooLong),
    ] {
        assert_eq!(list(file), Err(ListError::Line { line, problem }), "{file}");
    }
    let error = List::parse(b"ok\n\xff\xfe", Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "line 2: this is not UTF-8");
}

#[test]
fn limits_hold() {
    let limits = Limits { bytes_max: 8, words_max: 2 };
    assert_eq!(List::parse(b"a\nb\na", limits).unwrap().len(), 2);
    let too_many = ListError::Line { line: 3, problem: Problem::TooManyWords(2) };
    assert_eq!(List::parse(b"a\nb\nc", limits), Err(too_many));
    assert_eq!(List::parse(b"a\nb\na\nb\na", limits), Err(ListError::TooLarge { bytes: 9, max: 8 }));
    assert!(Limits::default().words_max >= 10_000);
}

#[test]
fn a_word_given_twice_has_the_stricter_action() {
    let matcher = matcher("敏感词\tflag,in\n敏感詞\tmask,in\n敏-感-词\twarn,out");
    let action = |direction| matcher.check("敏感词", direction, &mut Scratch::default()).action;
    assert_eq!((action(Direction::In), action(Direction::Out)), (Some(Action::Mask), Some(Action::Warn)));
}

#[test]
fn disguises_are_seen_through() {
    let matcher = matcher("敏感词\nsex\nass\n奶子\n加V信\ncafé\nQQ");
    for (text, word) in [
        ("有敏感词。", "敏感词"),
        ("敏 感 词", "敏 感 词"),
        ("敏*感*词", "敏*感*词"),
        ("敏😀感😀词", "敏😀感😀词"),
        ("敏\u{200b}感\u{feff}词", "敏\u{200b}感\u{feff}词"),
        ("敏　感　词", "敏　感　词"),
        ("敏，感，词", "敏，感，词"),
        ("敏\n感\n词", "敏\n感\n词"),
        ("敏感詞", "敏感詞"),
        ("ＳＥＸ", "ＳＥＸ"),
        ("ｓ ｅ ｘ", "ｓ ｅ ｘ"),
        ("a S.e.X!", "S.e.X"),
        ("s-e-x", "s-e-x"),
        ("s\u{301}ex", "s\u{301}ex"),
        ("ass", "ass"),
        ("a s s", "a s s"),
        ("an ass.", "ass"),
        ("你ass你", "ass"),
        ("奶*子", "奶*子"),
        ("奶 子", "奶 子"),
        ("加v信", "加v信"),
        ("加 V 信", "加 V 信"),
        ("CAFE", "CAFE"),
        ("加qq123456", "qq"),
    ] {
        assert_eq!(found(&matcher, text), [word], "{text:?}");
    }
}

#[test]
fn what_only_contains_the_letters_stays() {
    let matcher = matcher("敏感词\nsex\nass\n奶子\n89\n64");
    for text in [
        "class",
        "as soon",
        "as S",
        "Mr. A. S. Smith",
        "sexy",
        "Essex",
        "他买了奶。子女很高兴",
        "奶，子",
        "8.9元",
        "1989",
        "base64",
        "6-4",
        "敏感",
        "敏感.........词",
        "",
    ] {
        assert_eq!(found(&matcher, text), [""; 0], "{text:?}");
    }
}

#[test]
fn a_phrase_is_found_with_its_own_spaces_and_without() {
    let matcher = matcher("go to hell");
    for text in ["go to hell", "Go  to hell!", "gotohell", "go-to-hell", "g o t o h e l l"] {
        assert_eq!(found(&matcher, text).len(), 1, "{text}");
    }
    for text in ["go to hello", "ago to hell", "go to h ell"] {
        assert_eq!(found(&matcher, text).len(), 0, "{text}");
    }
}

#[test]
fn words_within_words_are_all_found_and_the_strictest_counts() {
    let matcher = matcher("敏感\tblock\n敏感词\tflag\n感词汇\tmask");
    let text = "敏感词汇";
    let verdict = matcher.check(text, Direction::In, &mut Scratch::default());
    assert_eq!(verdict.action, Some(Action::Block));
    let words: Vec<_> = verdict.hits.iter().map(|hit| matcher.word(hit.word)).collect();
    assert_eq!(words, ["敏感", "敏感词", "感词汇"]);
    assert_eq!(verdict.mask(text), "敏***");
    assert_eq!(mask_hits(text, &verdict.hits), "****");
}

#[test]
fn masking_leaves_the_rest() {
    let matcher = matcher("敏感词\tmask\nsex\tmask\nbad");
    let text = "有 敏 感*词 和ＳＥＸ和bad。";
    let verdict = matcher.check(text, Direction::Out, &mut Scratch::default());
    assert_eq!(verdict.mask(text), "有 *** 和***和bad。");
    assert!(matches!(Verdict::default().mask(text), std::borrow::Cow::Borrowed(_)));
}

#[test]
fn hits_are_bounded_and_the_action_is_not() {
    let matcher = matcher("a\tflag\n敏\tflag\nz\tblock");
    let text = "敏".repeat(1_000) + " z";
    let verdict = matcher.check(&text, Direction::In, &mut Scratch::default());
    assert_eq!((verdict.action, verdict.hits.len()), (Some(Action::Block), 256));
}

#[test]
fn an_empty_list_finds_nothing() {
    assert!(list("").unwrap().is_empty());
    assert_eq!(found(&matcher("# nothing"), "敏感词"), [""; 0]);
}

proptest! {
    #[test]
    fn any_file_is_read_or_refused(file in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(list) = List::parse(&file, Limits::default()) {
            prop_assert!(Matcher::new(list).is_ok());
        }
    }

    #[test]
    fn hits_are_on_boundaries_and_are_masked(text in "(?s)[敏感词感*ＳsEｘe x\u{200b}㎏kg。😀A-Ca-c]{0,30}|(?s).{0,30}") {
        let matcher = matcher("敏感词\n感词\nsex\nkg\nabc\na b c\n敏");
        let mut scratch = Scratch::default();
        let verdict = matcher.check(&text, Direction::In, &mut scratch);
        for hit in &verdict.hits {
            prop_assert!(text.get(hit.range.clone()).is_some_and(|word| !word.is_empty()));
        }
        let _masked = mask_hits(&text, &verdict.hits);
        // What a check leaves in its scratch does not matter.
        prop_assert_eq!(matcher.check(&text, Direction::In, &mut scratch), verdict);
    }

    #[test]
    fn a_chinese_word_is_found_wherever_it_stands(
        before in "[一-龥]{0,9}", after in "[一-龥]{0,9}", gap in "[ *·\u{200b}]{0,2}", word in "[一-龥]{2,5}"
    ) {
        let matcher = matcher(&word);
        let spelled: Vec<_> = word.chars().map(String::from).collect();
        let text = format!("{before}{}{after}", spelled.join(&gap));
        let verdict = matcher.check(&text, Direction::In, &mut Scratch::default());
        let expected = before.len()..text.len() - after.len();
        prop_assert!(verdict.hits.iter().any(|hit| hit.range == expected), "{} in {}", word, text);
    }
}
