//! Channel files from disk, or of those that come with kefu.

use std::{fs::File, io::Read as _, path::Path};

use kefu_app::{Exit, Failure, Text};
use kefu_channel::{Channel, FileError, SHIPPED, shipped};

use crate::{
    convert,
    schema::{self, eprintln_line},
    shown,
};

/// No channel file is larger; one that is says so itself.
const BYTES_MAX: u64 = 1 << 20;

/// Name, text and channel of a file; a name without a file is one of kefu's.
pub(super) fn load(file: &Path) -> Result<(String, String, Channel), Failure> {
    let name = shown::line(&file.display().to_string());
    let of_kefu = file.to_str().and_then(shipped).filter(|_| !file.exists());
    let yaml = match of_kefu {
        Some(yaml) => yaml.to_owned(),
        None => text(file)?,
    };
    let channel = match of_kefu {
        Some(_) => Channel::load(&yaml),
        None => Channel::load_with(&yaml, &schema::beside(file)?),
    };
    let channel = channel.map_err(|errors| unusable(&name, &errors))?;
    Ok((name, yaml, channel))
}

fn text(file: &Path) -> Result<String, Failure> {
    let bytes = bytes(file)?;
    String::from_utf8(bytes).map_err(|_| {
        let name = file.display();
        Failure::new(Exit::Config, Text::new(format!("cannot use {name}"), format!("无法使用 {name}")))
            .because("it is not UTF-8")
    })
}

/// A file as it is, up to a limit that none of ours reaches; `-` is standard input.
pub(super) fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match shown::path_or_stream(Some(file)) {
        Some(file) => File::open(file).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes)),
        None => std::io::stdin().take(BYTES_MAX + 1).read_to_end(&mut bytes),
    };
    match read {
        Ok(count) if count as u64 > BYTES_MAX => {
            let name = file.display();
            let text = Text::new(format!("cannot use {name}"), format!("无法使用 {name}"));
            Err(Failure::new(Exit::Data, text).because(format!("it has more than {BYTES_MAX} bytes")))
        }
        Ok(_) => Ok(bytes),
        Err(error) => {
            let known: Vec<&str> = SHIPPED.iter().map(|(id, _)| *id).collect();
            let known = known.join(", ");
            Err(convert::cannot_read(shown::path_or_stream(Some(file)), error)
                .hint(Text::new(format!("these come with kefu: {known}"), format!("kefu 自带:{known}"))))
        }
    }
}

/// Errors as lines `file:3:5: …`.
pub(super) fn listed(name: &str, errors: &[FileError]) -> String {
    let lines = errors.iter().map(|error| format!("{name}:{}", shown::line(&error.to_string())));
    lines.collect::<Vec<_>>().join("\n")
}

fn unusable(name: &str, errors: &[FileError]) -> Failure {
    let text = Text::new(format!("cannot use the channel file {name}"), format!("无法使用渠道文件 {name}"));
    let failure = Failure::new(Exit::Config, text);
    match errors {
        [error] => failure.because(listed(name, std::slice::from_ref(error))),
        errors => {
            listed(name, errors).lines().for_each(eprintln_line);
            failure.because(format!("{} errors, listed above", errors.len()))
        }
    }
    .hint(Text::new("docs/channels.md describes each key", "docs/channels.md 说明了每个键"))
}
