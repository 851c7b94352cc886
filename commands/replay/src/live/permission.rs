//! Whether this process may capture, and what to do when it may not.

use kefu_app::{Exit, Failure, Text};

/// Opening a socket for packets takes this (capabilities(7)).
const NET_RAW: (u32, &str) = (13, "CAP_NET_RAW");
/// Turning promiscuous mode on may take this as well.
const NET_ADMIN: (u32, &str) = (12, "CAP_NET_ADMIN");

/// The effective capabilities, as `/proc/self/status` has them.
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

/// The first capability that is missing for a capture.
fn missing(status: &str, is_promiscuous: bool) -> Option<&'static str> {
    let effective = effective(status)?;
    let needed: &[(u32, &str)] = if is_promiscuous { &[NET_RAW, NET_ADMIN] } else { &[NET_RAW] };
    needed.iter().find(|(bit, _)| effective & (1 << bit) == 0).map(|(_, name)| *name)
}

/// Why an interface cannot be opened: a capability if one is missing, else what libpcap says.
pub(super) fn refused(interface: &str, is_promiscuous: bool, error: pcap::Error) -> Failure {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let Some(name) = missing(&status, is_promiscuous) else {
        return super::device::cannot_capture(interface).because(error);
    };
    let program =
        std::env::current_exe().map_or_else(|_| "kefu".to_owned(), |path| path.display().to_string());
    let capabilities = if is_promiscuous { "cap_net_raw,cap_net_admin" } else { "cap_net_raw" };
    let give = format!("sudo setcap {capabilities}+ep {program}");
    Failure::new(
        Exit::Unavailable,
        Text::new(
            format!("cannot capture on {interface} without the capability {name}"),
            format!("没有权能 {name},无法在 {interface} 上抓取"),
        ),
    )
    .because(error)
    .hint(Text::new(
        format!("give it with `{give}`, or run as root"),
        format!("可用 `{give}` 授予,或以 root 运行"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_capability_is_named() {
        for (effective, is_promiscuous, expected) in [
            ("0000000000000000", false, Some("CAP_NET_RAW")),
            ("0000000000002000", false, None),
            ("0000000000002000", true, Some("CAP_NET_ADMIN")),
            ("000001ffffffffff", true, None),
        ] {
            let status = format!("Name:\tkefu\nCapPrm:\t0000000000003000\nCapEff:\t{effective}\n");
            assert_eq!(missing(&status, is_promiscuous), expected, "{effective}");
        }
        assert_eq!(missing("", false), None);
    }
}
