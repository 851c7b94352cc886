//! Whether this process may hold the connections that are asked of it.

use kefu_app::{Failure, Text};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{target::Target, usage};

/// Descriptors for everything but connections.
const MARGIN: u64 = 100;

/// Raises the soft limit of open files as far as `connections` in so many processes need and the system allows.
///
/// # Errors
///
/// The hard limit is below that; if they may be spread the message says over how many processes.
pub(crate) fn reserve(connections: u32, procs: u32, may_spread: bool) -> Result<(), Failure> {
    let each = connections.div_ceil(procs);
    let needed = u64::from(each) + MARGIN;
    let limit = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if is_enough(limit.current) {
        return Ok(());
    }
    if is_enough(limit.maximum) {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            return Ok(());
        }
    }
    let most = limit.maximum.unwrap_or(u64::MAX);
    let fits = most.saturating_sub(MARGIN);
    let spread = u64::from(connections).div_ceil(fits.max(1));
    let (remedy, remedy_zh) = match may_spread {
        true => (
            format!("spread them over processes: --procs {spread}"),
            format!("分散到多个进程: --procs {spread}"),
        ),
        false => (format!("use at most {fits}"), format!("最多使用 {fits} 个")),
    };
    Err(usage(
        format!(
            "cannot hold {each} connections in a process: they take {needed} open files, the limit is {most}"
        ),
        format!("一个进程无法保持 {each} 个连接: 需要打开 {needed} 个文件, 上限为 {most}"),
    )
    .hint(Text::new(
        format!("{remedy}; or raise the hard limit (ulimit -Hn, LimitNOFILE=), for the server as well"),
        format!("{remedy_zh}; 或提高硬限制 (ulimit -Hn, LimitNOFILE=), 服务端也要提高"),
    )))
}

/// Looks whether there are ports for so many connections to one address.
///
/// # Errors
///
/// There are not.
pub(crate) fn ports(target: &Target, connections: u32) -> Result<(), Failure> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let Some(each) = ports_in(&range) else { return Ok(()) };
    let sources = target.sources.len().max(1) as u64;
    let most = u64::from(each) * sources;
    if u64::from(connections) <= most {
        return Ok(());
    }
    let address = target.address;
    let hint = if address.is_ipv4() && address.ip().is_loopback() {
        let needed = u64::from(connections).div_ceil(u64::from(each));
        Text::new(
            format!("connect from more addresses: --source-addresses {needed}"),
            format!("请从更多地址发起连接: --source-addresses {needed}"),
        )
    } else {
        Text::new(
            format!("use at most {most}, or widen net.ipv4.ip_local_port_range"),
            format!("最多使用 {most} 个, 或扩大 net.ipv4.ip_local_port_range"),
        )
    };
    Err(usage(
        format!("cannot open {connections} connections to {address}: there are {most} ports to connect from"),
        format!("无法打开到 {address} 的 {connections} 个连接: 可用的本地端口为 {most} 个"),
    )
    .hint(hint))
}

/// How many ports a range such as `32768 60999` has.
fn ports_in(range: &str) -> Option<u32> {
    let mut bounds = range.split_whitespace().map(str::parse::<u32>);
    let (Some(Ok(first)), Some(Ok(last))) = (bounds.next(), bounds.next()) else { return None };
    Some(last.checked_sub(first)? + 1)
}

#[cfg(test)]
mod tests {
    use kefu_app::Language;

    use super::*;

    #[test]
    fn a_few_fit_and_the_limit_is_named_when_it_is_passed() {
        assert!(reserve(10, 1, false).is_ok());
        if let Some(most) = getrlimit(Resource::Nofile).maximum
            && let Ok(most) = u32::try_from(most)
            && let Some(beyond) = most.checked_add(1)
        {
            let line = |may_spread| reserve(beyond, 1, may_spread).unwrap_err().line(Language::English);
            assert!(line(true).contains(&format!("the limit is {most}")), "{}", line(true));
            assert!(line(true).contains("--procs 2") && !line(false).contains("--procs"), "{}", line(true));
            assert!(reserve(beyond, 2, true).is_ok());
        }
    }

    #[test]
    fn ports_run_out_and_more_addresses_help() {
        assert_eq!(ports_in("32768\t60999\n"), Some(28_232));
        assert_eq!(ports_in(""), None);
        let target = |sources: usize| Target {
            address: "127.0.0.1:80".parse().unwrap(),
            authority: String::new(),
            tls: None,
            sources: vec!["127.0.0.1".parse().unwrap(); sources],
        };
        assert!(ports(&target(0), 100).is_ok());
        if cfg!(target_os = "linux") {
            let line = ports(&target(2), 1_000_000).unwrap_err().line(Language::English);
            assert!(line.contains("--source-addresses "), "{line}");
            assert!(ports(&target(250), 1_000_000).is_ok());
        }
    }
}
