//! What the system tells about a process on this machine: memory, processor time, open files.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// What a process uses at one moment; cheap enough to be looked at while it is measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Resident memory, in bytes.
    pub(crate) rss: u64,
    /// Processor time since it began.
    pub(crate) cpu: Duration,
}

/// What is to be known about a process besides; with many open files this takes milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Detail {
    /// The most that was ever resident, in bytes.
    pub(crate) rss_peak: u64,
    /// Open file descriptors.
    pub(crate) fds: usize,
}

/// Looks at a process; `None` where the system does not tell.
pub(crate) fn usage(pid: u32) -> Option<Usage> {
    let (ticks, pages) = parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
    let cpu = Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64);
    Some(Usage { rss: pages * rustix::param::page_size() as u64, cpu })
}

/// Looks at a process closely.
pub(crate) fn detail(pid: u32) -> Option<Detail> {
    let path = PathBuf::from(format!("/proc/{pid}"));
    let rss_peak = kibibytes(&fs::read_to_string(path.join("status")).ok()?, "VmHWM:")?;
    let fds = fs::read_dir(path.join("fd")).map_or(0, Iterator::count);
    Some(Detail { rss_peak, fds })
}

/// The process of this machine that listens on `port`.
pub(crate) fn listener(port: u16) -> Option<u32> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let wanted: HashSet<_> = tables
        .iter()
        .flat_map(|table| listening_inodes(table, port))
        .map(|inode| PathBuf::from(format!("socket:[{inode}]")))
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let holds = |path: &Path| {
        let Ok(fds) = fs::read_dir(path.join("fd")) else { return false };
        fds.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|link| wanted.contains(&link)))
    };
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .find_map(|(pid, path)| holds(&path).then_some(pid))
}

/// A line of `/proc/<pid>/status` such as `VmRSS:  1234 kB`, in bytes.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number * 1024)
}

/// Ticks of user and system time, and resident pages, from `/proc/<pid>/stat`.
fn parse_stat(stat: &str) -> Option<(u64, u64)> {
    // The name, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<_> = fields.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number)?.parse::<u64>().ok();
    Some((field(11)? + field(12)?, field(21)?))
}

/// Sockets that listen on a port, from `/proc/net/tcp`.
fn listening_inodes(table: &str, port: u16) -> impl Iterator<Item = u64> {
    const LISTEN: &str = "0A";
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).filter_map(move |line| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        if local.ends_with(&suffix) && *state == LISTEN { inode.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_brackets_and_spaces_do_no_harm() {
        let stat = "42 (a) (b c) S 1 42 42 0 -1 4194304 900 0 0 0 117 33 0 0 20 0 3 0 100 9000 77 3";
        assert_eq!(parse_stat(stat), Some((150, 77)));
        assert_eq!(parse_stat("42"), None);
    }

    #[test]
    fn status_lines() {
        assert_eq!(kibibytes("Name:\tx\nVmHWM:\t  20 kB\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12_288));
        assert_eq!(kibibytes("Name:\tx\n", "VmRSS:"), None);
    }

    #[test]
    fn listeners_are_found_by_port() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 5511 1\n\
             1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 5512 1\n\
             2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 5513 1\n";
        assert_eq!(listening_inodes(table, 8080).collect::<Vec<_>>(), [5511]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_found_and_sampled() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(listener(port), Some(std::process::id()));
        let (usage, detail) = (usage(std::process::id()).unwrap(), detail(std::process::id()).unwrap());
        assert!(usage.rss > 0 && detail.rss_peak > 0 && detail.fds > 2, "{usage:?} {detail:?}");
    }
}
