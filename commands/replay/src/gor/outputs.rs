//! What messages are written and sent to, by the flags.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kefu_app::Failure;
use kefu_traffic::gor::{Chunks, Pattern};

use super::{
    flags::refused,
    given::{Flags, address, wrong},
    plan::{Http, Output, To},
    value::limited,
};
use crate::args::HeaderLine;

pub(super) fn outputs(flags: &Flags<'_>, instance: &str) -> Result<Vec<Output>, Failure> {
    let mut outputs = Vec::new();
    let plain = |name: &str, to: To| Output { name: name.to_owned(), to, limit: None };
    if flags.is_on("output-null") {
        outputs.push(plain("null", To::Null));
    }
    if flags.is_on("output-stdout") {
        outputs.push(plain("stdout", To::Stdout));
    }
    let chunks = if flags.is_on("output-file-append") {
        Chunks::Append
    } else {
        Chunks::Numbered {
            records_max: flags.number("output-file-queue-limit")?.filter(|limit| *limit > 0).unwrap_or(256),
            bytes_max: flags.size("output-file-size-limit")?.filter(|limit| *limit > 0).unwrap_or(32 << 20),
        }
    };
    let bytes_max = flags.size("output-file-max-size-limit")?.filter(|limit| *limit > 0).unwrap_or(1 << 40);
    let split = |name: &'static str| {
        flags.all(name).map(move |text| limited(text).map_err(|why| wrong(name, text, &why)))
    };
    for item in split("output-file") {
        let (name, limit) = item?;
        if name.starts_with("s3://") {
            let hint = "write a file and copy it with `aws s3 cp`";
            return Err(refused("--output-file cannot write to S3", "--output-file 不能写入 S3", Some(hint)));
        }
        let to = To::File { pattern: Pattern::new(name, instance), chunks, bytes_max };
        outputs.push(Output { name: name.to_owned(), to, limit });
    }
    for item in split("output-tcp") {
        let (name, limit) = item?;
        outputs.push(Output {
            name: name.to_owned(),
            to: To::Tcp(address("output-tcp", name, "127.0.0.1")?),
            limit,
        });
    }
    for item in split("output-http") {
        let (url, limit) = item?;
        outputs.push(Output { name: url.to_owned(), to: To::Http(Box::new(http(url, flags)?)), limit });
    }
    Ok(outputs)
}

fn http(url: &str, flags: &Flags<'_>) -> Result<Http, Failure> {
    let failed = |why: &str| wrong("output-http", url, why);
    let rest = url.split_once("://").map_or(Ok(url), |(scheme, rest)| match scheme {
        "http" => Ok(rest),
        _ => Err(failed("TLS is not spoken here: put a proxy such as stunnel in between")),
    })?;
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    if !path.is_empty() {
        return Err(failed("paths are those of the requests; change them with --http-rewrite-url"));
    }
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let address = address("output-http", host, "127.0.0.1")?;
    if flags.number("output-http-redirects")?.is_some_and(|redirects| redirects > 0) {
        return Err(refused(
            "--output-http-redirects cannot be had here",
            "此处不支持 --output-http-redirects",
            Some("redirects are answers, and are not followed"),
        ));
    }
    let set: Vec<HeaderLine> = flags.each("http-set-header")?;
    // goreplay leaves the host alone when one is set by exactly this name.
    let is_original = flags.is_on("http-original-host") || set.iter().any(|line| line.name == "Host");
    let mut headers = Vec::new();
    if !is_original {
        headers.push(HeaderLine { name: "Host".to_owned(), value: host.to_owned() });
    }
    if let Some(user) = user {
        let value = format!("Basic {}", BASE64_STANDARD.encode(user));
        headers.push(HeaderLine { name: "Authorization".to_owned(), value });
    }
    let workers = flags.number("output-http-workers")?.filter(|workers| *workers > 0).unwrap_or(256);
    let timeout = flags.duration("output-http-timeout")?.filter(|timeout| !timeout.is_zero());
    Ok(Http {
        address,
        headers,
        connections: usize::try_from(workers).unwrap_or(usize::MAX).min(10_000),
        timeout: timeout.unwrap_or(Duration::from_secs(5)),
    })
}
