use std::{path::PathBuf, str::FromStr};

use clap::ValueHint;

/// How requests are said to the new system.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct TranslateArgs {
    /// Translate requests to the new system, and its answers back, by this YAML file or the shipped `gofly`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Translation")]
    pub translate: Option<PathBuf>,

    /// Give a setting of the translation a value; several times, also as NAME=@FILE or, seen by nobody else, KEFU_SETTING_NAME
    #[arg(long, value_name = "NAME=VALUE", requires = "translate", help_heading = "Translation")]
    pub setting: Vec<Setting>,
}

/// A setting of a translation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl FromStr for Setting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("a name, an equals sign and a value are needed")?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}
