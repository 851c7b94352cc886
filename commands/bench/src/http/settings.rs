//! From flags to what a run is made of, checked before anything is opened.

use std::{fmt::Write as _, time::Duration};

use kefu_app::{Failure, Text};

use super::Plan;
use crate::{args::HttpArgs, descriptors, observed::Observed, queue::Pace, share::Share, target::Url, usage};

/// Longest body that is sent.
const BODY_MAX: u64 = 64 << 20;
/// Before measuring, unless another time is given.
const WARMUP: Duration = Duration::from_secs(1);

/// A run of `kefu bench http`.
#[derive(Debug)]
pub(crate) struct HttpSettings {
    pub(super) url: String,
    pub(super) plan: Plan,
    pub(super) procs: u32,
    /// Of all processes together.
    pub(super) connections: u32,
    /// This process sends a part of the load, for one that gathers the parts.
    pub(super) is_part: bool,
    pub(super) server: Observed,
    /// Requests per second of the measured part on average; none in a closed loop.
    pub(super) scheduled_per_s: Option<f64>,
}

impl HttpSettings {
    pub(crate) fn new(args: &HttpArgs) -> Result<Self, Failure> {
        let url =
            Url::find(&args.url, args.spread.source_addresses, &args.allow_host, args.ca_file.as_deref())?;
        if args.duration.is_zero() {
            return Err(usage("--duration must be more than nothing", "--duration 必须大于零"));
        }
        if args.timeout.is_zero() {
            return Err(usage("--timeout must be more than nothing", "--timeout 必须大于零"));
        }
        if args.spread.procs > args.concurrency {
            return Err(usage("--procs exceeds --concurrency", "--procs 超过了 --concurrency"));
        }
        let share = args.spread.part();
        // A number of requests is asked for by who wants to see all of them.
        let warmup = args.warmup.unwrap_or(if args.requests.is_some() { Duration::ZERO } else { WARMUP });
        let requests = args.requests.unwrap_or(u64::MAX);
        let (pace, scheduled_per_s) = pace(args, warmup, share, requests)?;
        let (method, request) = request(args, &url)?;
        let address = url.target.address;
        // A part of the load leaves that to whoever gathers the parts.
        let server = match args.spread.share {
            None => Observed::find(&args.watch, address, &args.allow_host)?,
            Some(_) => Observed::Nothing,
        };
        let connections = share.of_u32(args.concurrency);
        descriptors::reserve(args.concurrency, args.spread.procs, true)?;
        descriptors::ports(&url.target, args.concurrency)?;
        Ok(Self {
            url: args.url.clone(),
            plan: Plan {
                target: url.target,
                request,
                is_bodiless: method.eq_ignore_ascii_case("HEAD"),
                keep_alive: !args.no_keep_alive,
                timeout: args.timeout,
                connections: connections as usize,
                pace,
                requests: share.of(requests),
                is_counted: args.requests.is_some(),
                warmup,
                duration: args.duration,
            },
            procs: args.spread.procs,
            connections: args.concurrency,
            is_part: args.spread.share.is_some(),
            server,
            scheduled_per_s,
        })
    }
}

fn pace(
    args: &HttpArgs,
    warmup: Duration,
    share: Share,
    requests: u64,
) -> Result<(Pace, Option<f64>), Failure> {
    let Some(rate) = args.rate else {
        args.pace.refuse()?;
        return Ok((Pace::Closed, None));
    };
    let (arrivals, mean) = args.pace.arrivals(rate, warmup, args.duration)?;
    Ok((Pace::Open(share.arrivals(arrivals, requests)), Some(mean)))
}

/// The bytes of the request, and its method.
fn request(args: &HttpArgs, url: &Url) -> Result<(String, Vec<u8>), Failure> {
    let body = body(args)?;
    let method = args.method.clone().unwrap_or_else(|| if body.is_some() { "POST" } else { "GET" }.into());
    if method.is_empty() || !method.bytes().all(is_token) {
        return Err(usage(format!("cannot use the method {method:?}"), format!("无法使用方法 {method:?}")));
    }
    let mut head = format!("{method} {} HTTP/1.1\r\n", url.path);
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        let written = write!(head, "{name}: {value}\r\n");
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    };
    let mut given = Vec::new();
    for header in &args.header {
        let (name, value) = header_line(header)?;
        given.push(name.to_ascii_lowercase());
        line(name, &value);
    }
    let is_given = |name: &str| given.iter().any(|given| given == name);
    if !is_given("host") {
        line("Host", &url.target.authority);
    }
    if !is_given("user-agent") {
        line("User-Agent", &concat!("kefu-bench/", env!("CARGO_PKG_VERSION")));
    }
    if !is_given("accept") {
        line("Accept", &"*/*");
    }
    if args.no_keep_alive && !is_given("connection") {
        line("Connection", &"close");
    }
    if let Some(body) = &body {
        line("Content-Length", &body.len());
    }
    let mut request = head.into_bytes();
    request.extend_from_slice(b"\r\n");
    request.extend(body.unwrap_or_default());
    Ok((method, request))
}

fn header_line(header: &str) -> Result<(&str, &str), Failure> {
    let wrong = |hint: Text| {
        usage(format!("cannot use the header line {header:?}"), format!("无法使用头部行 {header:?}"))
            .hint(hint)
    };
    let (name, value) = header
        .split_once(':')
        .map(|(name, value)| (name, value.trim()))
        .filter(|(name, _)| !name.is_empty() && name.bytes().all(is_token))
        .filter(|(_, value)| !value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t'))
        .ok_or_else(|| wrong(Text::new("it must look like `name: value`", "格式应为 `name: value`")))?;
    if ["content-length", "transfer-encoding", "upgrade"].iter().any(|made| name.eq_ignore_ascii_case(made)) {
        return Err(wrong(Text::new("that line is made from the body", "该行由请求体生成")));
    }
    Ok((name, value))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn body(args: &HttpArgs) -> Result<Option<Vec<u8>>, Failure> {
    use std::io::Read as _;

    let Some(path) = &args.body_file else { return Ok(args.body.clone().map(String::into_bytes)) };
    let cannot = || {
        let path = path.display();
        usage(format!("cannot read the body from {path}"), format!("无法从 {path} 读取请求体"))
    };
    let mut body = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(BODY_MAX + 1).read_to_end(&mut body))
        .map_err(|error| cannot().because(error))?;
    if body.len() as u64 > BODY_MAX {
        let most = BODY_MAX >> 20;
        return Err(cannot().hint(Text::new(
            format!("a body has at most {most} MiB"),
            format!("请求体不能超过 {most} MiB"),
        )));
    }
    Ok(Some(body))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use kefu_app::Language;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: HttpArgs,
    }

    fn settings(flags: &[&str]) -> Result<HttpSettings, String> {
        let line = ["bench", "http://127.0.0.1:9/a?b"].iter().chain(flags);
        let line = Line::try_parse_from(line).map_err(|error| error.to_string())?;
        HttpSettings::new(&line.args).map_err(|failure| failure.line(Language::English))
    }

    fn request(flags: &[&str]) -> String {
        String::from_utf8(settings(flags).unwrap().plan.request).unwrap()
    }

    #[test]
    fn requests_have_what_was_given_and_what_they_need() {
        let usual = concat!("User-Agent: kefu-bench/", env!("CARGO_PKG_VERSION"), "\r\nAccept: */*\r\n");
        assert_eq!(request(&[]), format!("GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:9\r\n{usual}\r\n"));
        let flags = ["-b", "{}", "-H", "Host: x", "-H", "content-type:application/json", "--no-keep-alive"];
        assert_eq!(
            request(&flags),
            format!(
                "POST /a?b HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\n{usual}Connection: close\r\n\
                 Content-Length: 2\r\n\r\n{{}}"
            )
        );
        assert!(settings(&["-m", "HEAD"]).unwrap().plan.is_bodiless);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (flags, word) in [
            (&["-m", "G T"][..], "cannot use the method"),
            (&["-H", "nothing"], "`name: value`"),
            (&["-H", "a: b\r\nc: d"], "`name: value`"),
            (&["-H", "Content-Length: 3"], "made from the body"),
            (&["-r", "0"], "above 0"),
            (&["-d", "0s"], "--duration"),
            (&["--timeout", "0s"], "--timeout"),
            (&["--profile", "ramp"], "--rate"),
            (&["-r", "5", "--profile", "rmap"], "known are"),
            (&["--procs", "9", "-c", "8"], "--procs exceeds"),
            (&["--body-file", "/none"], "cannot read the body from /none"),
            (&["-b", "x", "--body-file", "y"], "cannot be used with"),
        ] {
            let error = settings(flags).unwrap_err();
            assert!(error.contains(word), "{flags:?}: {error}");
        }
    }

    #[test]
    fn shares_make_up_the_whole() {
        let flags =
            |share| ["-r", "1000", "-d", "1s", "--warmup", "0s", "-c", "10", "-n", "998", "--share", share];
        let mut due = Vec::new();
        let mut connections = 0;
        for share in ["0/3", "1/3", "2/3"] {
            let plan = settings(&flags(share)).unwrap().plan;
            connections += plan.connections;
            let Pace::Open(arrivals) = plan.pace else { panic!("a rate was given") };
            due.extend(arrivals);
        }
        due.sort_unstable();
        let Pace::Open(whole) = settings(&flags("0/1")).unwrap().plan.pace else {
            panic!("a rate was given")
        };
        assert_eq!((due, connections), (whole.collect::<Vec<_>>(), 10));
    }
}
