//! The flags that were given, by name, and their values as what they are.

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    str::FromStr,
    time::Duration,
};

use kefu_app::{Exit, Failure, Text};

use super::{
    flags::{Given, refused},
    value::{duration, size},
};

/// The flags that were given, by name.
pub(super) struct Flags<'a>(pub(super) &'a [Given]);

impl<'a> Flags<'a> {
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |given| given.name == name).map(|given| given.value.as_str())
    }

    pub(super) fn last(&self, name: &str) -> Option<&'a str> {
        self.all(name).last()
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        self.last(name).is_some()
    }

    /// A value that is read by `read`, which says what is wrong with it.
    pub(super) fn value<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Failure> {
        self.last(name).map(|text| read(text).map_err(|why| wrong(name, text, &why))).transpose()
    }

    pub(super) fn duration(&self, name: &str) -> Result<Option<Duration>, Failure> {
        self.value(name, |text| {
            duration(text).ok_or_else(|| "it is no duration such as 1h2m or 300ms".to_owned())
        })
    }

    pub(super) fn size(&self, name: &str) -> Result<Option<u64>, Failure> {
        self.value(name, |text| size(text).ok_or_else(|| "it is no size such as 32mb".to_owned()))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        self.value(name, |text| text.parse().map_err(|_| "it is no number".to_owned()))
    }

    /// Every value of a flag, read as what it is.
    pub(super) fn each<T: FromStr>(&self, name: &str) -> Result<Vec<T>, Failure>
    where
        T::Err: std::fmt::Display,
    {
        let read = |text: &str| text.parse().map_err(|why: T::Err| wrong(name, text, &why.to_string()));
        self.all(name).map(read).collect()
    }
}

pub(super) fn wrong(name: &str, text: &str, why: &str) -> Failure {
    let why = why.lines().next_back().unwrap_or_default().trim();
    refused(
        &format!("`{text}` is no value for --{name}: {why}"),
        &format!("`{text}` 不能作为 --{name} 的值:{why}"),
        None,
    )
}

/// The address of `host:port`, with a host for where there is none.
pub(super) fn address(name: &str, text: &str, host: &str) -> Result<SocketAddr, Failure> {
    let whole = if text.starts_with(':') { format!("{host}{text}") } else { text.to_owned() };
    let has_port = whole.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let whole = if has_port || name != "output-http" { whole } else { format!("{whole}:80") };
    let mut found = whole.to_socket_addrs().map_err(|error| {
        let text = Text::new(format!("cannot find {text}"), format!("找不到 {text}"));
        Failure::new(Exit::Unavailable, text).because(error)
    })?;
    found.next().ok_or_else(|| wrong(name, text, "there is no such address"))
}
