//! What a build without TLS says of servers behind it.

use std::path::Path;

use kefu_app::{Exit, Failure, Text};

use crate::target::Target;

/// Refuses.
pub(crate) fn open(url: &str, _ca_file: Option<&Path>) -> Result<Target, Failure> {
    let text = Text::new(format!("cannot send to {url}"), format!("无法发送到 {url}"));
    let hint = Text::new("this build has no TLS (feature https)", "此构建不含 TLS(特性 https)");
    Err(Failure::new(Exit::Usage, text).hint(hint))
}
