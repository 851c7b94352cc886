//! `kefu adapt channel sign`: a request as the service would make it, as a line for the shell.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use kefu_app::{App, Exit, Failure, Text};
use kefu_channel::{Channel, Fault, Given, Method, Plain, Seed, Signed};

use super::{args::SignArgs, files};
use crate::shown;

pub(super) fn run(app: &App, args: &SignArgs) -> Result<Exit, Failure> {
    let (_, _, channel) = files::load(&args.file)?;
    let given = given_or_environment(&channel, args.values.as_deref())?;
    let query = args.query.iter().map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    });
    let plain = Plain {
        method: if args.get { Method::Get } else { Method::Post },
        query: query.collect(),
        headers: Vec::new(),
        body: if args.get {
            Vec::new()
        } else {
            files::bytes(args.body.as_deref().unwrap_or(Path::new("-")))?
        },
    };
    let (now_ms, seed) = now();
    let now_ms = args.time.map_or(now_ms, |seconds| seconds.saturating_mul(1_000));
    let signed = channel.sign(&plain, &given, now_ms, seed).map_err(|fault| cannot_sign(&fault))?;
    app.print(&curl(&signed, &args.url))?;
    Ok(Exit::Ok)
}

/// Milliseconds since 1970, and what is chosen by chance.
pub(super) fn now() -> (i64, Seed) {
    // Before 1970 there are no chat services.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (i64::try_from(now.as_millis()).unwrap_or(i64::MAX), Seed(now.as_nanos().to_be_bytes()))
}

pub(super) fn cannot_sign(fault: &Fault) -> Failure {
    let text = Text::new("cannot sign the message", "无法为消息签名");
    Failure::new(Exit::Data, text).because(shown::line(&fault.to_string())).hint(Text::new(
        "values come from --values FILE or from variables such as KEFU_CHANNEL_APP_SECRET",
        "取值来自 --values 文件,或 KEFU_CHANNEL_APP_SECRET 这样的环境变量",
    ))
}

/// The values of what a channel names: from the file that is given, else from the environment.
pub(super) fn given_or_environment(channel: &Channel, file: Option<&Path>) -> Result<Given, Failure> {
    let named = file.map(values).transpose()?.unwrap_or_default();
    Ok(given(channel, &named, |name| std::env::var(name).ok()))
}

fn given(
    channel: &Channel,
    named: &BTreeMap<String, String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Given {
    let value = |name: &str| {
        let from_environment =
            || variable(&format!("KEFU_CHANNEL_{}", name.to_uppercase().replace('-', "_")));
        named.get(name).cloned().or_else(from_environment).map(|value| (name.to_owned(), value))
    };
    Given {
        secrets: channel.secrets().filter_map(value).collect(),
        settings: channel.settings().filter_map(value).collect(),
    }
}

fn values(file: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let text = String::from_utf8_lossy(&files::bytes(file)?).into_owned();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect())
}

/// A command line of curl.
fn curl(signed: &Signed, url: &str) -> String {
    let Signed { method, query, headers, body } = signed;
    let and = if url.contains('?') { '&' } else { '?' };
    let url = if query.is_empty() { url.to_owned() } else { format!("{url}{and}{query}") };
    let mut line = format!("curl -sS -X {} {}", method.as_str(), quoted(&url));
    for (name, value) in headers {
        line.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
    }
    if !body.is_empty() {
        line.push_str(&format!(" --data-binary {}", quoted(&String::from_utf8_lossy(body))));
    }
    line.push('\n');
    line
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_request_is_a_line_for_the_shell() {
        let (_, _, channel) = files::load(Path::new("line")).unwrap();
        let named = BTreeMap::from([("channel_secret".to_owned(), "channel_secret".to_owned())]);
        let given = given(&channel, &named, |name| {
            (name == "KEFU_CHANNEL_CHANNEL_ACCESS_TOKEN").then(|| "t".to_owned())
        });
        assert!(channel.missing(&given).is_empty());
        let plain = Plain { body: b"bodybodybodybody".to_vec(), ..Plain::default() };
        let signed = channel.sign(&plain, &given, 0, Seed([0; 16])).unwrap();
        assert_eq!(
            curl(&signed, "http://127.0.0.1/in/line?a=1"),
            "curl -sS -X POST 'http://127.0.0.1/in/line?a=1' -H 'x-line-signature: \
             /gg9a+LvFevTH1sd7XCQycD7tsWclCsInj7MhBHxN7k=' --data-binary 'bodybodybodybody'\n"
        );
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
