//! goreplay's command line: its flags, what each takes, and what becomes of it here.
//!
//! The grammar is that of Go's package `flag`: one dash or two, `-x=v` or `-x v`, and flags that are true or false take no
//! word of their own; that `true` or `false` after one of these is taken all the same is ours.

use std::ffi::OsString;

use kefu_app::{Exit, Failure, Text};

/// What a flag takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Takes {
    /// Nothing, or `=true` or `=false`.
    Nothing,
    /// A value.
    Value,
}

/// What becomes of a flag.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Does {
    /// What it does in goreplay.
    It,
    /// Nothing, because it is so anyway.
    Anyway(&'static str),
    /// Nothing that can be had: what is there in its place.
    Instead(&'static str),
}

/// One flag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) does: Does,
}

const fn it(name: &'static str) -> Known {
    Known { name, takes: Takes::Value, does: Does::It }
}

const fn on(name: &'static str) -> Known {
    Known { name, takes: Takes::Nothing, does: Does::It }
}

const fn anyway(name: &'static str, takes: Takes, why: &'static str) -> Known {
    Known { name, takes, does: Does::Anyway(why) }
}

const fn instead(name: &'static str, takes: Takes, what: &'static str) -> Known {
    Known { name, takes, does: Does::Instead(what) }
}

use Takes::{Nothing, Value};

const TLS: &str = "TLS is not spoken here: put a proxy such as stunnel in between";
const KAFKA: &str = "write a file with --output-file and load it with kcat, or read one with --input-file";
const VXLAN: &str = "give --input-raw-bpf-filter what to let through, on the interface within the VXLAN";
const OLD: &str = "goreplay has no such flag any more either";
const SOCKETS: &str = "hand records on with --output-tcp";
const BINARY: &str = "only HTTP and WebSocket messages are read";
const ANSWERS: &str = "answers are kept by `kefu replay run -o answers.gor`";

/// Every flag of goreplay, and those that it had once.
pub(super) const FLAGS: &[Known] = &[
    // In general.
    anyway("verbose", Value, "what matters is printed"),
    on("stats"),
    it("exit-after"),
    instead("http-pprof", Value, "look at the process with `perf top -p PID`"),
    on("split-output"),
    anyway("recognize-tcp-sessions", Nothing, "requests of a connection always stay together"),
    anyway("copy-buffer-size", Value, "messages are never cut"),
    on("prettify-http"),
    anyway("cpuprofile", Value, "there is no profile"),
    anyway("memprofile", Value, "there is no profile"),
    // What is read.
    it("input-dummy"),
    it("input-file"),
    on("input-file-loop"),
    anyway("input-file-read-depth", Value, "1000 records are put in order"),
    on("input-file-dry-run"),
    it("input-file-max-wait"),
    it("input-raw"),
    it("input-raw-engine"),
    on("input-raw-track-response"),
    anyway("input-raw-expire", Value, "what is missing is told by sequence numbers"),
    it("input-raw-protocol"),
    it("input-raw-realip-header"),
    it("input-raw-bpf-filter"),
    anyway("input-raw-timestamp-type", Value, "times are the kernel's, in nanoseconds"),
    anyway("input-raw-override-snaplen", Nothing, "packets are never cut"),
    it("input-raw-buffer-size"),
    anyway("input-raw-buffer-timeout", Value, "packets are taken within 20 ms"),
    on("input-raw-promisc"),
    instead("input-raw-monitor", Nothing, "capture with `tcpdump -I` and read its file"),
    on("input-raw-stats"),
    instead(
        "input-raw-allow-incomplete",
        Nothing,
        "messages of which a part is missing are counted and left out",
    ),
    instead("input-raw-ignore-interface", Value, "name the interface that is meant: --input-raw eth0:80"),
    anyway("input-raw-vlan", Nothing, "VLANs are read anyway"),
    instead("input-raw-vlan-vid", Value, "--input-raw-bpf-filter 'vlan N and tcp port P'"),
    instead("input-raw-vxlan-port", Value, VXLAN),
    instead("input-raw-vxlan-vni", Value, VXLAN),
    it("input-tcp"),
    instead("input-tcp-secure", Nothing, TLS),
    instead("input-tcp-certificate", Value, TLS),
    instead("input-tcp-certificate-key", Value, TLS),
    instead("input-kafka-host", Value, KAFKA),
    instead("input-kafka-topic", Value, KAFKA),
    instead("input-kafka-offset", Value, KAFKA),
    instead("input-kafka-json-format", Nothing, KAFKA),
    instead("input-kafka-use-sasl", Nothing, KAFKA),
    instead("input-kafka-mechanism", Value, KAFKA),
    instead("input-kafka-username", Value, KAFKA),
    instead("input-kafka-password", Value, KAFKA),
    // What is written.
    on("output-stdout"),
    on("output-null"),
    it("output-file"),
    on("output-file-append"),
    anyway("output-file-flush-interval", Value, "what was written is handed on within a second"),
    it("output-file-size-limit"),
    it("output-file-queue-limit"),
    it("output-file-max-size-limit"),
    anyway("output-file-buffer", Value, "nothing is kept elsewhere"),
    it("output-http"),
    it("output-http-workers"),
    anyway("output-http-workers-min", Value, "a connection is made when it is needed"),
    anyway("output-http-queue-len", Value, "20,000 requests may wait"),
    anyway("output-http-worker-timeout", Value, "connections are kept"),
    it("output-http-timeout"),
    it("output-http-redirects"),
    anyway("output-http-response-buffer", Value, "answers are read whole"),
    instead("output-http-track-response", Nothing, ANSWERS),
    instead("output-http-skip-verify", Nothing, TLS),
    anyway("output-http-stats", Nothing, "figures are printed at the end"),
    anyway("output-http-stats-ms", Value, "figures are printed at the end"),
    instead("output-http-elasticsearch", Value, "`kefu replay inspect --format json` is fit for a bulk load"),
    on("http-original-host"),
    it("output-tcp"),
    instead("output-tcp-secure", Nothing, TLS),
    instead("output-tcp-skip-verify", Nothing, TLS),
    anyway("output-tcp-sticky", Nothing, "there is one connection"),
    anyway("output-tcp-workers", Value, "there is one connection"),
    anyway("output-tcp-stats", Nothing, "figures are printed at the end"),
    anyway("output-tcp-response-buffer", Value, "nothing is read"),
    instead("output-ws", Value, SOCKETS),
    instead("output-ws-skip-verify", Nothing, SOCKETS),
    instead("output-ws-sticky", Nothing, SOCKETS),
    instead("output-ws-workers", Value, SOCKETS),
    instead("output-ws-stats", Nothing, SOCKETS),
    instead("output-binary", Value, BINARY),
    instead("output-binary-workers", Value, BINARY),
    instead("output-binary-timeout", Value, BINARY),
    instead("output-binary-track-response", Nothing, BINARY),
    instead("output-binary-debug", Nothing, BINARY),
    instead("output-kafka-host", Value, KAFKA),
    instead("output-kafka-topic", Value, KAFKA),
    instead("output-kafka-json-format", Nothing, KAFKA),
    instead("output-kafka-use-sasl", Nothing, KAFKA),
    instead("output-kafka-mechanism", Value, KAFKA),
    instead("output-kafka-username", Value, KAFKA),
    instead("output-kafka-password", Value, KAFKA),
    instead("kafka-tls-ca-cert", Value, KAFKA),
    instead("kafka-tls-client-cert", Value, KAFKA),
    instead("kafka-tls-client-key", Value, KAFKA),
    // What is taken and what is changed.
    it("http-allow-method"),
    it("http-allow-url"),
    it("http-disallow-url"),
    it("http-allow-header"),
    it("http-disallow-header"),
    it("http-basic-auth-filter"),
    it("http-header-limiter"),
    it("http-param-limiter"),
    it("http-set-header"),
    it("http-set-param"),
    it("http-rewrite-url"),
    it("http-rewrite-header"),
    it("middleware"),
    // What goreplay had once; command lines still have it.
    anyway("input-http", Value, OLD),
    anyway("input-pcap", Value, OLD),
    anyway("output-dummy", Value, OLD),
    anyway("output-http-debug", Nothing, OLD),
    anyway("debug", Nothing, OLD),
    anyway("http-allow-header-hash", Value, OLD),
];

/// A flag that was given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Given {
    pub(super) name: &'static str,
    pub(super) value: String,
}

/// What a command line says.
#[derive(Clone, Debug, Default)]
pub(super) struct Parsed {
    /// Flags that do what they do in goreplay, in their order.
    pub(super) given: Vec<Given>,
    /// Flags that are passed over, and why.
    pub(super) passed_over: Vec<(&'static str, &'static str)>,
}

/// Reads a command line.
///
/// # Errors
///
/// A flag is unknown, lacks its value, or cannot be had here.
pub(super) fn parse(words: &[OsString]) -> Result<Parsed, Failure> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut words = words.iter().map(String::as_str).peekable();
    let mut parsed = Parsed::default();
    while let Some(word) = words.next() {
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|flag| !flag.is_empty());
        let Some(flag) = flag else {
            let hint = (word == "file-server").then_some("serve a folder with `python3 -m http.server PORT`");
            return Err(refused(&format!("`{word}` is no flag"), &format!("`{word}` 不是选项"), hint));
        };
        let (name, stuck) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
        let Some(known) = FLAGS.iter().find(|known| known.name == name) else {
            let near =
                FLAGS.iter().find(|known| known.name.starts_with(name) || name.starts_with(known.name));
            let hint = near.map(|near| format!("--{}", near.name));
            return Err(refused(
                &format!("unknown flag --{name}"),
                &format!("未知的选项 --{name}"),
                hint.as_deref(),
            ));
        };
        let value = match (known.takes, stuck) {
            (_, Some(value)) => value.to_owned(),
            (Takes::Nothing, None) => words.next_if(|word| is_boolean(word)).unwrap_or("true").to_owned(),
            (Takes::Value, None) => match words.next() {
                Some(value) => value.to_owned(),
                None => {
                    return Err(refused(
                        &format!("--{name} lacks its value"),
                        &format!("--{name} 缺少值"),
                        None,
                    ));
                }
            },
        };
        if known.takes == Takes::Nothing && !is_boolean(&value) {
            let text = (
                format!("`{value}` for --{name} is not true or false"),
                format!("--{name} 的值 `{value}` 不是 true 或 false"),
            );
            return Err(refused(&text.0, &text.1, None));
        }
        match known.does {
            _ if known.takes == Takes::Nothing
                && matches!(&*value, "false" | "0" | "f" | "F" | "FALSE" | "False") => {}
            Does::It => parsed.given.push(Given { name: known.name, value }),
            Does::Anyway(why) => parsed.passed_over.push((known.name, why)),
            Does::Instead(what) => {
                let text = (format!("--{name} cannot be had here"), format!("此处不支持 --{name}"));
                return Err(refused(&text.0, &text.1, Some(what)));
            }
        }
    }
    Ok(parsed)
}

/// What Go reads as true or false.
fn is_boolean(word: &str) -> bool {
    matches!(word, "true" | "false" | "1" | "0" | "t" | "f" | "T" | "F" | "TRUE" | "FALSE" | "True" | "False")
}

/// A command line that cannot be used, why, and what to write.
pub(super) fn refused(en: &str, zh: &str, hint: Option<&str>) -> Failure {
    let text = Text::new(format!("cannot understand the command line: {en}"), format!("无法理解命令行:{zh}"));
    let failure = Failure::new(Exit::Usage, text);
    match hint {
        Some(hint) => failure.hint(Text::from(hint.to_owned())),
        None => failure,
    }
}
