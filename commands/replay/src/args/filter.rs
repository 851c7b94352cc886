use std::str::FromStr;

use regex::Regex;

use super::HeaderLine;
use crate::screen::{Assignment, Expression};

/// Which requests are taken, and what is changed in them; the answer of one that is left out goes with it.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct FilterArgs {
    /// Take requests with these methods alone
    #[arg(long, value_name = "METHOD", value_delimiter = ',', help_heading = "Filters")]
    pub only_method: Vec<String>,

    /// Take requests whose path and query match one of these
    #[arg(long, value_name = "REGEX", help_heading = "Filters")]
    pub only_url: Vec<Regex>,

    /// Leave requests out whose path and query match
    #[arg(long, value_name = "REGEX", help_heading = "Filters")]
    pub not_url: Vec<Regex>,

    /// Take requests to hosts that match one of these
    #[arg(long, value_name = "REGEX", help_heading = "Filters")]
    pub only_host: Vec<Regex>,

    /// Leave requests to hosts out that match
    #[arg(long, value_name = "REGEX", help_heading = "Filters")]
    pub not_host: Vec<Regex>,

    /// Take requests that have this header with a value that matches; of several, all
    #[arg(long, value_name = "NAME:REGEX", help_heading = "Filters")]
    pub only_header: Vec<HeaderPattern>,

    /// Leave requests out that have this header with a value that matches
    #[arg(long, value_name = "NAME:REGEX", help_heading = "Filters")]
    pub not_header: Vec<HeaderPattern>,

    /// Take a part of all requests, or of the values of a header or a parameter of the query, the same each time
    #[arg(long, value_name = "[header:NAME:|param:NAME:]N%", help_heading = "Filters")]
    pub sample: Vec<Sample>,

    /// Take requests for which this expression holds, in the language of channel files
    #[arg(long = "where", value_name = "EXPRESSION", help_heading = "Filters")]
    pub condition: Vec<Expression>,

    /// Put this header in place of one of its name, or beside the others; may be given several times
    #[arg(long, value_name = "NAME: VALUE", help_heading = "Changes")]
    pub set_header: Vec<HeaderLine>,

    /// Put this parameter into the query, in place of one of its name
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Changes")]
    pub set_param: Vec<Parameter>,

    /// Replace in the path and query what matches, by the first that does; `$1` is a group
    #[arg(long, value_name = "REGEX:TEXT", help_heading = "Changes")]
    pub rewrite_url: Vec<Rewrite>,

    /// Replace in the host what matches
    #[arg(long, value_name = "REGEX:TEXT", help_heading = "Changes")]
    pub rewrite_host: Vec<Rewrite>,

    /// Replace in a header what matches
    #[arg(long, value_name = "NAME: REGEX,TEXT", help_heading = "Changes")]
    pub rewrite_header: Vec<HeaderRewrite>,

    /// Set target, path, body, param.NAME or header.NAME to what an expression gives
    #[arg(long = "set", value_name = "PLACE=EXPRESSION", help_heading = "Changes")]
    pub assignment: Vec<Assignment>,

    /// Have messages go through this program, by goreplay's protocol, before anything else is done with them
    #[arg(long, value_name = "COMMAND", help_heading = "Changes")]
    pub middleware: Option<String>,
}

/// A header and what its value must match.
#[derive(Clone, Debug)]
pub struct HeaderPattern {
    /// Its name.
    pub name: String,
    /// For its value.
    pub pattern: Regex,
}

impl FromStr for HeaderPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, pattern) =
            text.split_once(':').ok_or("a name, a colon and a regular expression are needed")?;
        Ok(Self { name: name.trim().to_owned(), pattern: regex(pattern.trim_start())? })
    }
}

/// A part of all requests, told by something that they have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sample {
    /// By what.
    pub by: SampleBy,
    /// How much of a hundred.
    pub percent: u32,
}

/// What a sample is told by; what a request does not have leaves it in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SampleBy {
    /// The id of the request.
    Id,
    /// The value of a header.
    Header(String),
    /// The value of a parameter of the query.
    Param(String),
}

impl FromStr for Sample {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (by, percent) = match text.rsplit_once(':') {
            None => (SampleBy::Id, text),
            Some((by, percent)) => match by.split_once(':') {
                Some(("header", name)) if !name.is_empty() => (SampleBy::Header(name.to_owned()), percent),
                Some(("param", name)) if !name.is_empty() => (SampleBy::Param(name.to_owned()), percent),
                _ => return Err("a percentage, or one behind header:NAME: or param:NAME:"),
            },
        };
        let percent = percent.trim().strip_suffix('%').and_then(|number| number.parse().ok());
        match percent {
            Some(percent @ 0..=100) => Ok(Self { by, percent }),
            _ => Err("a percentage from 0% to 100%"),
        }
    }
}

/// A parameter of a query.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value, as it stands in a URL.
    pub value: String,
}

impl FromStr for Parameter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("a name, an equals sign and a value are needed")?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

/// What is replaced, and by what.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// What is replaced.
    pub pattern: Regex,
    /// What comes in its place.
    pub text: String,
}

impl FromStr for Rewrite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pattern, text) = text
            .split_once(':')
            .ok_or("a regular expression, a colon and what comes in its place are needed")?;
        Ok(Self { pattern: regex(pattern)?, text: text.to_owned() })
    }
}

/// What is replaced in a header.
#[derive(Clone, Debug)]
pub struct HeaderRewrite {
    /// Its name.
    pub name: String,
    /// What is replaced, and by what.
    pub rewrite: Rewrite,
}

impl FromStr for HeaderRewrite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, rest) = text.split_once(':').ok_or("a name and a colon are needed")?;
        let (pattern, text) = rest
            .trim()
            .split_once(',')
            .ok_or("a regular expression, a comma and what comes in its place are needed")?;
        let rewrite = Rewrite { pattern: regex(pattern)?, text: text.to_owned() };
        Ok(Self { name: name.trim().to_owned(), rewrite })
    }
}

/// A regular expression, or why it is none, in a line.
fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text)
        .map_err(|error| error.to_string().lines().next_back().unwrap_or_default().trim().to_owned())
}
