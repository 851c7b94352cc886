//! What the user gives a translation.

use std::{fs::File as OpenFile, io::Read as _};

use kefu_app::Text;
use serde_json::{Map, Value};

use super::file::File;
use crate::args::Setting;

/// What is longer is no setting.
const SETTING_BYTES_MAX: u64 = 64 << 10;
/// What names of variables begin with that give settings.
const VARIABLES: &str = "KEFU_SETTING_";

/// The values of the settings: by flags, by variables of the environment, or as the file has them.
pub(super) fn settings(
    file: &File,
    given: &[Setting],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Value, Text> {
    if let Some(Setting { name, .. }) = given.iter().find(|given| !file.settings.contains_key(&given.name)) {
        return Err(Text::new(format!("it has no setting {name:?}"), format!("其中没有设置 {name:?}")));
    }
    let value = |name: &String, default: &Option<String>| {
        if let Some(given) = given.iter().rfind(|given| given.name == *name) {
            return said(&given.value);
        }
        let of_environment = format!("{VARIABLES}{}", name.to_uppercase().replace('-', "_"));
        variable(&of_environment).or_else(|| default.clone()).ok_or_else(|| {
            Text::new(
                format!("give it with --setting {name}=VALUE, --setting {name}=@FILE or {of_environment}"),
                format!("请用 --setting {name}=值、--setting {name}=@文件 或环境变量 {of_environment} 给出"),
            )
        })
    };
    let values =
        file.settings.iter().map(|(name, default)| Ok((name.clone(), Value::from(value(name, default)?))));
    values.collect::<Result<Map<_, _>, Text>>().map(Value::Object)
}

/// What a flag says: itself, or what is in the file whose name follows an `@`.
fn said(text: &str) -> Result<String, Text> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
    let mut value = String::new();
    let read = OpenFile::open(path)
        .and_then(|file| file.take(SETTING_BYTES_MAX + 1).read_to_string(&mut value))
        .map_err(|error| error.to_string());
    let why = match read {
        Err(why) => why,
        Ok(len) if len as u64 > SETTING_BYTES_MAX => format!("more than {SETTING_BYTES_MAX} bytes"),
        Ok(_) => return Ok(value.trim_end_matches(['\r', '\n']).to_owned()),
    };
    Err(Text::new(format!("cannot read {path}: {why}"), format!("无法读取 {path}:{why}")))
}
