//! From flags to what a run is made of, checked before anything is opened.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _},
    path::PathBuf,
    time::Duration,
};

use kefu_app::{Exit, Failure, Text};
use kefu_traffic::Schedule;

use crate::{
    args::{ChatArgs, Format},
    descriptors,
    engine::{Stamp, Target},
    process,
    threshold::Threshold,
};

/// A run of `kefu bench chat`.
#[derive(Debug)]
pub(crate) struct ChatSettings {
    pub(crate) url: String,
    pub(crate) target: Target,
    pub(crate) inbox: String,
    /// Who makes agents; present whenever there are any.
    pub(crate) admin: Option<Admin>,
    pub(crate) server_pid: Option<u32>,
    pub(crate) visitors: u32,
    pub(crate) senders: u32,
    pub(crate) agents: u32,
    pub(crate) supervisors: u32,
    /// How often something is read over REST while messages are sent on a schedule.
    pub(crate) reads: Option<Reads>,
    pub(crate) load: Load,
    pub(crate) thresholds: Vec<Threshold>,
    pub(crate) format: Format,
    pub(crate) output: Option<PathBuf>,
}

/// Reads on a schedule of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reads {
    pub(crate) rate: f64,
    pub(crate) schedule: Schedule,
}

/// Most connections over which is read: as many reads wait for answers, the others for their turn.
pub(crate) const READERS: u32 = 16;

/// What the visitors do.
#[derive(Debug)]
pub(crate) enum Load {
    /// Send on a schedule.
    Steady { rate: f64, schedule: Schedule, warmup: Duration, duration: Duration },
    /// Send as fast as the server takes it.
    Max { in_flight: u64, warmup: Duration, duration: Duration },
    /// Nothing.
    Idle { steps: Vec<u32>, hold: Duration },
    /// Reconnect all at once.
    Storm,
}

pub(crate) struct Admin {
    pub(crate) email: String,
    pub(crate) password: String,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("email", &self.email).field("password", &"***").finish()
    }
}

impl ChatSettings {
    pub(crate) fn new(args: &ChatArgs) -> Result<Self, Failure> {
        let target = target(&args.url, args.source_addresses)?;
        let agents = args.agents.unwrap_or(if args.idle { 0 } else { 1 });
        if args.storm && agents == 0 {
            return Err(usage(
                "--storm needs agents, who send what the visitors miss",
                "--storm 需要客服来发送访客错过的消息",
            ));
        }
        if args.visitors > Stamp::MAX_SENDERS {
            return Err(usage("there can be no more than 1,048,576 visitors", "访客不能超过 1,048,576 个"));
        }
        let senders = args.senders.unwrap_or(args.visitors);
        if senders > args.visitors {
            return Err(usage("--senders exceeds --visitors", "--senders 超过了 --visitors"));
        }
        let supervisors = args.supervisors.unwrap_or(0);
        let reads = args.reads_per_second.map(reads).transpose()?;
        let server_pid = args.server_pid.or_else(|| {
            target.address.ip().is_loopback().then(|| process::listener(target.address.port()))?
        });
        let settings = Self {
            url: args.url.clone(),
            inbox: args.inbox.clone(),
            admin: if agents + supervisors == 0 { None } else { Some(admin(args)?) },
            server_pid,
            visitors: args.visitors,
            senders: if args.idle { 0 } else { senders },
            agents,
            supervisors,
            reads,
            load: load(args)?,
            thresholds: args.require.clone(),
            format: args.format,
            output: args.output.clone(),
            target,
        };
        let readers = if settings.reads.is_some() { READERS } else { 0 };
        descriptors::reserve(args.visitors + agents + supervisors + readers)?;
        Ok(settings)
    }
}

fn reads(rate: f64) -> Result<Reads, Failure> {
    let schedule = Schedule::new(rate, Duration::ZERO).map_err(|error| {
        usage("cannot use this --reads-per-second", "无法使用此 --reads-per-second").because(error)
    })?;
    Ok(Reads { rate, schedule })
}

fn load(args: &ChatArgs) -> Result<Load, Failure> {
    let (warmup, duration) = (args.warmup, args.duration);
    if args.idle {
        let mut steps = args.steps.clone();
        if steps.is_empty() {
            steps = vec![args.visitors / 3, args.visitors];
        }
        if !steps.is_sorted_by(|a, b| a < b) || steps.last() > Some(&args.visitors) {
            return Err(usage(
                "--steps must rise, up to --visitors at most",
                "--steps 必须递增, 且不超过 --visitors",
            ));
        }
        return Ok(Load::Idle { steps, hold: duration });
    }
    if args.storm {
        return Ok(Load::Storm);
    }
    if duration.is_zero() {
        return Err(usage("--duration must be more than nothing", "--duration 必须大于零"));
    }
    if args.max {
        return Ok(Load::Max { in_flight: u64::from(args.in_flight), warmup, duration });
    }
    let schedule = Schedule::new(args.rate, warmup / 2)
        .map_err(|error| usage("cannot use this --rate", "无法使用此 --rate").because(error))?;
    Ok(Load::Steady { rate: args.rate, schedule, warmup, duration })
}

fn admin(args: &ChatArgs) -> Result<Admin, Failure> {
    let password = match (&args.admin_password, &args.admin_password_file) {
        (Some(password), _) => Some(password.clone()),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                let (path_en, path_zh) = (path.display(), path.display());
                let message = Text::new(
                    format!("cannot read the admin's password from {path_en}"),
                    format!("无法从 {path_zh} 读取管理员密码"),
                );
                Failure::new(Exit::Usage, message).because(error)
            })?;
            Some(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        (None, None) => None,
    };
    match (&args.admin_email, password) {
        (Some(email), Some(password)) => Ok(Admin { email: email.clone(), password }),
        _ => Err(usage("cannot make agents without an admin", "没有管理员, 无法创建客服").hint(Text::new(
            "give --admin-email and --admin-password-file, or measure acks alone with --agents 0",
            "请提供 --admin-email 和 --admin-password-file, 或用 --agents 0 只测量确认",
        ))),
    }
}

/// Reads `http://host[:port][/]` and finds its address.
fn target(url: &str, sources: u32) -> Result<Target, Failure> {
    let wrong = || {
        usage(&format!("cannot use the URL {url}"), &format!("无法使用网址 {url}"))
            .hint(Text::new("it must look like http://127.0.0.1:8080", "格式应为 http://127.0.0.1:8080"))
    };
    let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.is_empty() || authority.contains(['/', '?', '#', '@']) {
        return Err(wrong());
    }
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    let with_port = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    let address = with_port
        .to_socket_addrs()
        .map_err(|error| wrong().because(error))?
        .min_by_key(|address| address.is_ipv6())
        .ok_or_else(wrong)?;
    Ok(Target { address, authority: authority.to_owned(), sources: source_addresses(address, sources)? })
}

fn source_addresses(target: SocketAddr, count: u32) -> Result<Vec<IpAddr>, Failure> {
    if count == 1 {
        return Ok(Vec::new());
    }
    if !target.is_ipv4() || !target.ip().is_loopback() {
        return Err(usage(
            "--source-addresses works only towards 127.0.0.0/8",
            "--source-addresses 只能用于 127.0.0.0/8",
        ));
    }
    let base = u32::from(Ipv4Addr::LOCALHOST);
    Ok((0..count).map(|number| IpAddr::V4(Ipv4Addr::from(base + number))).collect())
}

fn usage(en: &str, zh: &str) -> Failure {
    Failure::new(Exit::Usage, Text::new(en, zh))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use kefu_app::Language;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: ChatArgs,
    }

    fn settings(flags: &str) -> Result<ChatSettings, String> {
        let line = Line::try_parse_from(std::iter::once("bench").chain(flags.split_whitespace()))
            .map_err(|error| error.to_string())?;
        ChatSettings::new(&line.args).map_err(|failure| failure.line(Language::English))
    }

    #[test]
    fn urls() {
        for (url, address) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.0.0.1/", "127.0.0.1:80"),
            ("http://[::1]:9000", "[::1]:9000"),
            ("http://[::1]", "[::1]:80"),
        ] {
            let target = target(url, 1).map_err(|failure| failure.line(Language::English)).unwrap();
            assert_eq!(target.address, address.parse().unwrap());
        }
        for bad in [
            "127.0.0.1:8080",
            "https://x",
            "http://",
            "http:///",
            "http://a/b",
            "http://u@h",
            "http://h:70000",
        ] {
            assert!(target(bad, 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn sources_are_neighbours_of_localhost() {
        let sources = target("http://127.0.0.1:1", 3).map(|target| target.sources);
        let sources: Vec<_> = sources.unwrap_or_default().iter().map(ToString::to_string).collect();
        assert_eq!(sources, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
        assert!(target("http://192.0.2.1:1", 3).is_err());
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for flags in [
            "--idle --max",
            "--idle --storm",
            "--max --rate 5",
            "--steps 5,10",
            "--idle --steps 10,5",
            "--idle --steps 10,500",
            "--agents 0 --senders 200",
            "--agents 0 --storm",
            "--agents 0 --rate 0",
            "--agents 0 --supervisors 2",
            "--agents 0 --reads-per-second 5",
            "--admin-email a@b --admin-password x --supervisors 1 --reads-per-second 0",
            "--admin-email a@b --admin-password x --supervisors 1 --idle",
            "--agents 0 --duration 0s",
            "--agents 0 --require p98<1",
        ] {
            assert!(settings(flags).is_err(), "{flags}");
        }
    }

    #[test]
    fn an_admin_is_needed_for_agents_only() {
        let line = settings("--agents 1").unwrap_err();
        assert!(line.contains("give --admin-email"), "{line}");
        let settings = settings("--idle --visitors 30 --duration 1s").unwrap();
        assert_eq!((settings.agents, settings.senders), (0, 0));
        assert!(matches!(settings.load, Load::Idle { ref steps, .. } if *steps == [10, 30]));
    }

    #[test]
    fn passwords_are_not_shown() {
        let settings = settings("--admin-email a@b --admin-password hush").unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
