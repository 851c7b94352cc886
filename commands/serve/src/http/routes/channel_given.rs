//! What operators give a channel: values of its secrets and settings, its file, and the files beside that.

use std::collections::BTreeMap;

use kefu_channel::{Channel, FileError};
use kefu_protocol::frame::ErrorCode;
use kefu_wire::normalize;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    channels::{self, Values},
    problem::Problem,
};

/// Longest value that an operator gives, in bytes.
const VALUE_BYTES_MAX: usize = 4 * 1024;

/// Files beside a channel's own, at most.
const FILES_MAX: usize = 50;

/// Bytes of all of them.
const FILES_BYTES_MAX: usize = 2 << 20;

/// Bytes of a body that has them: line breaks and quotes take two.
pub(super) const BODY_BYTES_MAX: usize = 2 * FILES_BYTES_MAX;

/// Longest name of one, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// Faults of a file that one answer names.
const FAULTS_MAX: usize = 10;

/// Values that an operator gives, by the names that the file has for them. Those that are left out stay, and null takes
/// one away.
#[derive(Clone, Default, Deserialize, ToSchema)]
pub(super) struct GivenValues {
    #[serde(default)]
    #[schema(example = json!({"token": "…"}))]
    pub(super) secrets: BTreeMap<String, Option<String>>,
    #[serde(default)]
    #[schema(example = json!({"app_id": "wx5823bf96d3bd56c7"}))]
    pub(super) settings: BTreeMap<String, Option<String>>,
}

/// Files beside a channel's own, by name, with what they say. Those that are left out stay, and null takes one away.
pub(super) type GivenFiles = BTreeMap<String, Option<String>>;

/// Reads a file with those beside it.
///
/// # Errors
/// `invalid` with the line of each fault.
pub(super) fn loaded(yaml: &str, files: &[(String, String)]) -> Result<Channel, Problem> {
    channels::loaded(yaml, files).map_err(|errors| {
        let faults: Vec<_> = errors.iter().take(FAULTS_MAX).map(FileError::to_string).collect();
        Problem::invalid("yaml", faults.join("\n"))
    })
}

/// Changes the files beside a channel's own.
///
/// # Errors
/// `invalid` for a name that leads out of their folder, `too_large` when there are too many or too large ones.
pub(super) fn put_files(files: &mut Vec<(String, String)>, given: GivenFiles) -> Result<(), Problem> {
    let too_large =
        |detail: String| Problem { field: Some("files"), ..Problem::new(ErrorCode::TooLarge, detail) };
    for (name, text) in given {
        if name.len() > NAME_BYTES_MAX || normalize("", &name).as_ref() != Some(&name) {
            let detail = format!(
                "a file has a name like orders.wsdl or types/common.xsd, of at most {NAME_BYTES_MAX} bytes"
            );
            return Err(Problem::invalid("files", detail));
        }
        files.retain(|(other, _)| *other != name);
        files.extend(text.map(|text| (name, text)));
    }
    files.sort();
    if files.len() > FILES_MAX {
        return Err(too_large(format!("at most {FILES_MAX} files lie beside a channel's own")));
    }
    if files.iter().map(|(_, text)| text.len()).sum::<usize>() > FILES_BYTES_MAX {
        return Err(too_large(format!(
            "the files beside a channel's own have at most {FILES_BYTES_MAX} bytes together"
        )));
    }
    Ok(())
}

/// Changes the values of a channel.
///
/// # Errors
/// `invalid` for a name that the file does not have, `too_large` for a long value.
pub(super) fn put_values(values: &mut Values, file: &Channel, given: GivenValues) -> Result<(), Problem> {
    put("values.secrets", &mut values.secrets, &file.secrets().collect::<Vec<_>>(), given.secrets)?;
    put("values.settings", &mut values.settings, &file.settings().collect::<Vec<_>>(), given.settings)
}

fn put(
    field: &'static str,
    values: &mut BTreeMap<String, String>,
    names: &[&str],
    given: BTreeMap<String, Option<String>>,
) -> Result<(), Problem> {
    for (name, value) in given {
        if !names.contains(&name.as_str()) {
            return Err(Problem::invalid(field, format!("the file has {}", names.join(", "))));
        }
        match value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()) {
            Some(value) if value.len() > VALUE_BYTES_MAX => {
                let detail = format!("{name} is longer than {VALUE_BYTES_MAX} bytes");
                return Err(Problem { field: Some(field), ..Problem::new(ErrorCode::TooLarge, detail) });
            }
            Some(value) => drop(values.insert(name, value)),
            None => drop(values.remove(&name)),
        }
    }
    Ok(())
}
