//! What a command line of goreplay asks for, checked as a whole before anything happens.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    path::PathBuf,
    time::Duration,
};

use kefu_app::{Failure, Text};
use kefu_traffic::gor::{Chunks, Pattern};

use super::{
    flags::{Parsed, refused},
    given::Flags,
    inputs::inputs,
    outputs::outputs,
    rules::rules,
    value::Limit,
};
use crate::{
    args::{HeaderLine, LiveArgs},
    screen::Rules,
    target::REFUSED,
};

/// A message has at most so many bytes.
pub(super) const MESSAGE_MAX: u64 = 64 << 20;

/// All of it.
pub(super) struct Plan {
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
    pub(super) rules: Rules,
    pub(super) middleware: Option<String>,
    pub(super) prettify: bool,
    pub(super) split: bool,
    pub(super) stats: bool,
    pub(super) exit_after: Option<Duration>,
}

/// Where messages come from.
pub(super) struct Input {
    pub(super) from: Origin,
    pub(super) limit: Option<Limit>,
}

pub(super) enum Origin {
    Dummy,
    Files(Replay),
    Live { args: Box<LiveArgs>, ports: Vec<u16>, capture: Capture },
    Packets { path: PathBuf, ports: Vec<u16>, capture: Capture },
    Tcp(SocketAddr),
}

/// How files are replayed.
#[derive(Clone, Debug)]
pub(super) struct Replay {
    pub(super) pattern: PathBuf,
    pub(super) speed: f64,
    pub(super) max_wait: Option<Duration>,
    pub(super) is_endless: bool,
    pub(super) is_dry: bool,
}

/// What is taken of captured messages.
#[derive(Clone, Debug)]
pub(super) struct Capture {
    pub(super) responses: bool,
    /// The header that gets the client's address.
    pub(super) real_ip: Option<String>,
}

/// Where messages go.
pub(super) struct Output {
    pub(super) name: String,
    pub(super) to: To,
    pub(super) limit: Option<Limit>,
}

pub(super) enum To {
    Null,
    Stdout,
    Tcp(SocketAddr),
    File { pattern: Pattern, chunks: Chunks, bytes_max: u64 },
    Http(Box<Http>),
}

/// A server that requests are sent to.
#[derive(Clone, Debug)]
pub(super) struct Http {
    pub(super) address: SocketAddr,
    /// Headers that are set in each request.
    pub(super) headers: Vec<HeaderLine>,
    pub(super) connections: usize,
    pub(super) timeout: Duration,
}

impl Plan {
    /// Makes a plan of the flags.
    ///
    /// # Errors
    ///
    /// A value is wrong, something is missing, or what is captured would be what is sent.
    pub(super) fn new(parsed: &Parsed, instance: &str) -> Result<Self, Failure> {
        let flags = Flags(&parsed.given);
        let plan = Self {
            inputs: inputs(&flags)?,
            outputs: outputs(&flags, instance)?,
            rules: rules(&flags)?,
            middleware: flags.last("middleware").map(str::to_owned),
            prettify: flags.is_on("prettify-http"),
            split: flags.is_on("split-output"),
            stats: flags.is_on("stats"),
            exit_after: flags.duration("exit-after")?.filter(|after| !after.is_zero()),
        };
        if plan.inputs.is_empty() || plan.outputs.is_empty() {
            let hint = "such as --input-raw :8080 --output-file requests.gor";
            return Err(refused("an input and an output are needed", "需要输入和输出", Some(hint)));
        }
        plan.refuse_loops()?;
        Ok(plan)
    }

    /// A target that is captured itself would be sent what it was sent, without end.
    fn refuse_loops(&self) -> Result<(), Failure> {
        for input in &self.inputs {
            let Origin::Live { ports, .. } = &input.from else { continue };
            for output in &self.outputs {
                let To::Http(http) = &output.to else { continue };
                let is_captured = ports.is_empty() || ports.contains(&http.address.port());
                if is_captured && is_here(http.address.ip()) {
                    let (name, port) = (&output.name, http.address.port());
                    let text = Text::new(
                        format!("cannot send to {name}, whose port {port} is captured: that would never end"),
                        format!("不能发送到 {name}:端口 {port} 正在被抓取,会无限循环"),
                    );
                    return Err(Failure::new(REFUSED, text));
                }
            }
        }
        Ok(())
    }
}

/// Whether an address is one of this machine.
fn is_here(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}
