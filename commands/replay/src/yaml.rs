//! Files of YAML that say how: read whole, with the line of what is wrong.

use std::path::Path;

use kefu_app::{Exit, Failure, Text};
use kefu_channel::FileError;

/// Reads the text of a file.
///
/// # Errors
///
/// It cannot be read, or is no text.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        let name = path.display();
        Failure::new(Exit::Config, Text::new(format!("cannot read {name}"), format!("无法读取 {name}")))
            .because(error)
    })
}

/// Says what is wrong in a file, as `diff.yaml:3:5: …`.
pub(crate) fn wrong(path: &Path, error: &FileError) -> Failure {
    let name = path.display();
    let text = Text::new(format!("cannot use {name}:{error}"), format!("无法使用 {name}:{error}"));
    Failure::new(Exit::Config, text)
}
