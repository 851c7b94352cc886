//! What comes from outside, before it reaches a terminal.

use std::path::Path;

use kefu_app::Text;

/// Takes control characters out of a line: a name in a file must not drive the terminal.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The name of an input for messages.
pub(crate) fn input_name(path: Option<&Path>) -> Text {
    match path {
        Some(path) => Text::from(path.display().to_string()),
        None => Text::new("standard input", "标准输入"),
    }
}

/// The path, unless it is `-`, which is a standard stream.
pub(crate) fn path_or_stream(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| *path != Path::new("-"))
}

/// A number of bytes for people: `512.0 MB`.
#[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
pub(crate) fn bytes(count: u64) -> String {
    let (mut value, mut unit) = (count as f64, "B");
    for larger in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, larger);
    }
    if unit == "B" { format!("{count} B") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::{bytes, line};

    #[test]
    fn sizes_and_lines_are_fit_for_a_terminal() {
        let shown = [0, 999, 1000, 512_000_000, 2_048_000_000_000].map(bytes);
        assert_eq!(shown, ["0 B", "999 B", "1.0 kB", "512.0 MB", "2.0 TB"]);
        assert_eq!(line("a\u{1b}[2J\nb"), "a\u{fffd}[2J\u{fffd}b");
    }
}
