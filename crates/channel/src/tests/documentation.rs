//! The documentation names every key.

use crate::{Channel, file};

const GUIDE: &str = include_str!("../../../../docs/channels.md");

#[test]
fn every_key_is_documented() {
    let inside = |path: &str| {
        let head = "kefu_channel: 1\nid: a\nname: a\n";
        let yaml = match path {
            "" => format!("{head}zzzzzz: 1\n"),
            path => {
                let mut yaml = head.to_owned();
                let steps: Vec<&str> = path.split(' ').collect();
                for (depth, step) in steps.iter().enumerate() {
                    let indent = "  ".repeat(depth);
                    yaml.push_str(&match step.strip_prefix('-') {
                        Some(step) => format!("{indent}{step}:\n{indent}  - zzzzzz: 1\n"),
                        None => format!("{indent}{step}:\n"),
                    });
                }
                if !path.contains('-') {
                    yaml.push_str(&format!("{}zzzzzz: 1\n", "  ".repeat(steps.len())));
                }
                yaml
            }
        };
        let message = Channel::load(&yaml).unwrap_err().remove(0).message;
        let known =
            message.split_once("known are ").unwrap_or_else(|| panic!("{path}: {message}")).1.to_owned();
        known.split(", ").map(str::to_owned).collect::<Vec<_>>()
    };
    let sections = [
        "",
        "receive",
        "receive -verify",
        "receive -decrypt",
        "receive -handshake",
        "receive notice",
        "receive reply",
        "messages",
        "messages map",
        "messages map sender",
        "messages map media",
        "messages map location",
        "messages dedupe",
        "tokens a",
        "send text",
        "send text upload",
        "send text retry",
        "send text split",
        "send text multipart",
        "send text call",
        "edit",
        "recall",
        "check",
        "schema",
        "-fetch",
        "pull",
        "window",
        "limits",
        "-test",
    ];
    for section in sections {
        for key in inside(section) {
            assert!(
                GUIDE.contains(&format!("`{key}`")),
                "docs/channels.md does not say what `{key}` in {section:?} is"
            );
        }
    }
    for kind in file::Kind::ALL {
        assert!(GUIDE.contains(&format!("`{}`", kind.as_str())));
    }
    for filter in crate::expression::FILTERS {
        assert!(GUIDE.contains(&format!("`{filter}")), "{filter}");
    }
}
