//! What is said of a message that cannot be converted: which, where, why, and what to do.

use std::path::Path;

use kefu_app::{Exit, Failure, Language, Text};
use kefu_wire::{Error, ErrorKind, Problem};

use super::input::Input;
use crate::{LIMIT, shown};

/// Where in the input something is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// At a byte of the input, and of text at a line.
    Input { byte: u64, line: Option<u64> },
    /// In a message that is compressed from a byte of the input on.
    Compressed { from: u64 },
    /// Somewhere in a message that begins at a byte of the input.
    Within { from: u64 },
}

impl Place {
    /// Where the error of a message is that begins so many bytes into what is pending.
    pub(super) fn of(error: &Error, input: &Input, from: usize, is_text: bool) -> Self {
        let within = from + error.offset().unwrap_or_default();
        Self::Input { byte: input.offset() + within as u64, line: is_text.then(|| input.line_of(within)) }
    }
}

/// Says what is wrong with a message.
pub(super) fn failure(error: &Error, place: Place, number: u64, input: Option<&Path>) -> Failure {
    use Language::{Chinese, English};
    let name = shown::input_name(input);
    let (en, zh) = (name.in_language(English), name.in_language(Chinese));
    let text = Text::new(
        format!("cannot convert message {number} of {en}"),
        format!("无法转换 {zh} 的第 {number} 条消息"),
    );
    let exit = if error.kind() == ErrorKind::Limit { LIMIT } else { Exit::Data };
    Failure::new(exit, text).because(described(error, place)).hint(hint(error))
}

/// `items[3].price: expected a number, found a string, at byte 118, line 2`.
fn described(error: &Error, place: Place) -> String {
    let path = match error.path() {
        "" => String::new(),
        path => format!("{path}: "),
    };
    let problem = error.problem();
    match place {
        Place::Input { byte, line: None } => format!("{path}{problem}, at byte {byte}"),
        Place::Input { byte, line: Some(line) } => format!("{path}{problem}, at byte {byte}, line {line}"),
        Place::Within { from } => format!("{path}{problem}, in the message from byte {from} on"),
        Place::Compressed { from } => {
            let within = error.offset().unwrap_or_default();
            format!("{path}{problem}, at byte {within} of the message that is compressed from byte {from} on")
        }
    }
}

/// What to do about it.
fn hint(error: &Error) -> Text {
    match error.problem() {
        Problem::Limit { what, .. } if what.contains("levels") => {
            Text::new("allow more with --max-depth", "可用 --max-depth 放宽")
        }
        Problem::Limit { .. } => Text::new("allow more with --max-message", "可用 --max-message 放宽"),
        Problem::NotInSchema { .. } => Text::new(
            "is this the right service? `kefu adapt inspect FILE` lists what there is",
            "服务是否正确?`kefu adapt inspect FILE` 可列出其中的内容",
        ),
        Problem::Truncated(_) => Text::new("is the input complete?", "输入是否完整?"),
        Problem::Trailing(_) => Text::new(
            "is this the right type, and are --protocol and --transport right?",
            "类型、--protocol 和 --transport 是否正确?",
        ),
        Problem::MissingField => Text::new(
            "give it a value, or was the message made for another version of the schema?",
            "请为其赋值;或者消息是否按另一版本的架构生成?",
        ),
        Problem::NotUtf8 => {
            Text::new("a field of bytes is `binary` in the schema", "字节型字段在架构中应为 `binary`")
        }
        Problem::Unexpected { .. } | Problem::Malformed(_) => Text::new(
            "mend the message, or leave such out with --keep-going; `kefu adapt detect` tells what the input is",
            "请修正消息,或用 --keep-going 略过;`kefu adapt detect` 可判断输入的格式",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_message_path_byte_and_line() {
        let error = Error::at(18, Problem::MissingField).in_field("price").in_element(3).in_field("items");
        let place = Place::Input { byte: 118, line: Some(4) };
        let failure = failure(&error, place, 5, Some(Path::new("a.json")));
        assert_eq!(failure.exit(), Exit::Data);
        let line = failure.line(Language::English);
        let said = "cannot convert message 5 of a.json: items[3].price: the required field is missing, at byte 118, \
                    line 4; give it a value";
        assert!(line.starts_with(said), "{line}");
        let deep = Error::at(0, Problem::Limit { what: "levels of structs and containers", max: 64 });
        let failure = super::failure(&deep, Place::Compressed { from: 7 }, 1, None);
        assert_eq!(failure.exit(), LIMIT);
        assert!(failure.line(Language::English).ends_with("; allow more with --max-depth"));
        assert!(failure.line(Language::Chinese).contains("标准输入"));
    }
}
