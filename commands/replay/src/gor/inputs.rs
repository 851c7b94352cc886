//! What messages are read from, by the flags.

use std::{
    net::IpAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use kefu_app::{ByteSize, Failure};

use super::{
    flags::refused,
    given::{Flags, address, wrong},
    plan::{Capture, Input, Origin, Replay},
    value::{Limit, limited},
};
use crate::args::LiveArgs;

/// Where network interfaces are listed.
const INTERFACES: &str = "/sys/class/net";
/// How fast files may be, in percent.
const SPEEDS: RangeInclusive<f64> = 0.1..=100_000.0;

pub(super) fn inputs(flags: &Flags<'_>) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    let split = |name: &'static str| {
        flags.all(name).map(move |text| limited(text).map_err(|why| wrong(name, text, &why)))
    };
    for item in split("input-dummy") {
        inputs.push(Input { from: Origin::Dummy, limit: item?.1 });
    }
    let (max_wait, is_endless) = (flags.duration("input-file-max-wait")?, flags.is_on("input-file-loop"));
    let is_dry = flags.is_on("input-file-dry-run");
    for item in split("input-file") {
        let (pattern, limit) = item?;
        if pattern.starts_with("s3://") {
            let hint = "fetch it first, with `aws s3 cp`";
            return Err(refused("--input-file cannot read from S3", "--input-file 不能读取 S3", Some(hint)));
        }
        // Of a file, a percentage is how fast it is, and nothing is dropped.
        let (speed, limit) = match limit {
            Some(Limit::Percent(percent)) if SPEEDS.contains(&percent) => (percent / 100.0, None),
            Some(Limit::Percent(_)) => {
                return Err(wrong("input-file", pattern, "a speed is from 0.1% to 100000%"));
            }
            other => (1.0, other),
        };
        let max_wait = max_wait.filter(|wait| !wait.is_zero());
        let replay = Replay { pattern: PathBuf::from(pattern), speed, max_wait, is_endless, is_dry };
        inputs.push(Input { from: Origin::Files(replay), limit });
    }
    for item in split("input-raw") {
        let (text, limit) = item?;
        inputs.push(Input { from: raw(text, flags)?, limit });
    }
    for item in split("input-tcp") {
        let (text, limit) = item?;
        inputs.push(Input { from: Origin::Tcp(address("input-tcp", text, "0.0.0.0")?), limit });
    }
    Ok(inputs)
}

/// What `host:port,port` stands for: an interface, an address, or a file.
fn raw(text: &str, flags: &Flags<'_>) -> Result<Origin, Failure> {
    let failed = |why: &str| wrong("input-raw", text, why);
    if text.starts_with("k8s://") {
        let hint = "run it in the pod's network, with `kubectl debug`, and --input-raw :PORT";
        return Err(refused(
            "--input-raw cannot ask Kubernetes",
            "--input-raw 不能查询 Kubernetes",
            Some(hint),
        ));
    }
    let engine = flags.last("input-raw-engine").unwrap_or("libpcap");
    if !matches!(engine, "libpcap" | "raw_socket" | "af_packet" | "pcap_file") {
        return Err(wrong(
            "input-raw-engine",
            engine,
            "there are libpcap, raw_socket, af_packet and pcap_file",
        ));
    }
    if let Some(protocol) = flags.last("input-raw-protocol").filter(|protocol| *protocol != "http") {
        return Err(wrong("input-raw-protocol", protocol, "only http is read"));
    }
    let (host, ports) = text.rsplit_once(':').unwrap_or((text, ""));
    let ports: Vec<u16> = ports
        .split(',')
        .filter(|port| !port.is_empty() && *port != "0")
        .map(|port| port.parse().map_err(|_| failed("a port is a number up to 65535")))
        .collect::<Result<_, _>>()?;
    let real_ip = flags.last("input-raw-realip-header").filter(|name| !name.is_empty()).map(str::to_owned);
    let capture = Capture { responses: flags.is_on("input-raw-track-response"), real_ip };
    let path = Path::new(host);
    let ending = path.extension().and_then(|ending| ending.to_str());
    if engine == "pcap_file" || matches!(ending, Some("pcap" | "pcapng" | "cap")) {
        return Ok(Origin::Packets { path: path.to_owned(), ports, capture });
    }
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let (interface, address) = match address.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => (vec!["lo".to_owned()], Some(address)),
        Ok(address) if address.is_unspecified() => (vec!["any".to_owned()], None),
        Ok(address) => (vec!["any".to_owned()], Some(address)),
        Err(_) if host.is_empty() => (vec!["any".to_owned()], None),
        Err(_) => (interfaces(host), None),
    };
    if interface.is_empty() {
        return Err(failed("there is no such interface"));
    }
    let given = flags.last("input-raw-bpf-filter").filter(|text| !text.is_empty()).map(str::to_owned);
    let bpf = given.or_else(|| address.map(|address| filter(address, &ports)));
    let ring = flags.size("input-raw-buffer-size")?.filter(|size| *size > 0).unwrap_or(64 << 20);
    let stats = if flags.is_on("input-raw-stats") { Duration::from_secs(5) } else { Duration::ZERO };
    let args = LiveArgs {
        interface,
        bpf,
        snaplen: 262_144,
        ring: ByteSize(ring),
        promisc: flags.is_on("input-raw-promisc"),
        exit_after: None,
        stats,
    };
    Ok(Origin::Live { args: Box::new(args), ports, capture })
}

/// The interfaces that a name stands for, which may end with a star.
fn interfaces(name: &str) -> Vec<String> {
    let Some(start) = name.strip_suffix('*') else { return vec![name.to_owned()] };
    let mut found: Vec<String> = std::fs::read_dir(INTERFACES)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|known| known.starts_with(start))
        .collect();
    found.sort();
    found
}

/// Connections to an address.
fn filter(address: IpAddr, ports: &[u16]) -> String {
    let ports: Vec<String> = ports.iter().map(|port| format!("tcp port {port}")).collect();
    let ports = if ports.is_empty() { "tcp".to_owned() } else { format!("({})", ports.join(" or ")) };
    format!("{ports} and host {address}")
}
