//! The files that come with kefu.

use super::load;
use crate::{Channel, SHIPPED, lint};

const EXPECTED: &[(&str, &str)] = &[
    ("wechat", "send.text.id"),
    ("wechat", "send.image.id"),
    ("wechat-aes", "send.text.id"),
    ("wechat-aes", "send.image.id"),
    ("dingtalk", "send.text.id"),
];

#[test]
fn shipped_files_do_what_their_examples_say() {
    let mut wrong = String::new();
    for (id, yaml) in SHIPPED {
        match Channel::load(yaml) {
            Err(errors) => errors.iter().for_each(|error| wrong.push_str(&format!("{id}.yaml:{error}\n"))),
            Ok(channel) => {
                assert_eq!(channel.id(), *id);
                for report in channel.test().0 {
                    for difference in report.differences {
                        wrong.push_str(&format!("{id}: {}: {difference}\n", report.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn shipped_files_have_examples_and_are_short() {
    let mut unexpected = String::new();
    for (id, yaml) in SHIPPED {
        let channel = load(yaml);
        assert!(channel.test().is_passed(), "{id}");
        let rules = yaml.lines().take_while(|line| *line != "test:").count();
        assert!(rules <= 80, "{id}: {rules} lines of rules");
        // Advice about a file that comes with kefu is about something that its service does not have.
        let advice = lint(&channel, yaml);
        let expected =
            |advice: &&String| EXPECTED.iter().any(|(of, about)| of == id && advice.starts_with(about));
        let advice = advice.iter().filter(|advice| !expected(advice));
        unexpected.extend(advice.map(|advice| format!("{id}: {advice}\n")));
    }
    assert!(unexpected.is_empty(), "{unexpected}");
}

#[test]
fn a_service_that_no_file_covers_takes_80_lines() {
    let yaml = include_str!("../../../../fixtures/channels/kikchat.yaml");
    let channel = load(yaml);
    let verdicts = channel.test();
    assert!(verdicts.is_passed(), "{verdicts:#?}");
    assert!(yaml.lines().count() <= 80);
    assert_eq!(lint(&channel, yaml), Vec::<String>::new());
}
