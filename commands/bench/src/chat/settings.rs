//! From flags to what a run is made of, checked before anything is opened.

use std::{fmt, time::Duration};

use kefu_app::{Failure, Text};
use kefu_traffic::{Arrivals, Schedule};

use crate::{
    USAGE,
    args::ChatArgs,
    descriptors,
    engine::Stamp,
    process,
    target::{Target, Url},
    usage,
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
    Steady(Steady),
    /// Send as fast as the server takes it.
    Max { in_flight: u64, warmup: Duration, duration: Duration },
    /// Nothing.
    Idle { steps: Vec<u32>, hold: Duration },
    /// Reconnect all at once.
    Storm,
}

/// Messages on a schedule.
#[derive(Debug)]
pub(crate) struct Steady {
    pub(crate) arrivals: Arrivals,
    /// On average over the measured part.
    pub(crate) scheduled_per_s: f64,
    pub(crate) warmup: Duration,
    pub(crate) duration: Duration,
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
        let url = Url::find(&args.url, args.source_addresses, &args.allow_host)?;
        if url.is_tls || url.path != "/" {
            return Err(usage(
                format!("cannot use the URL {}", args.url),
                format!("无法使用网址 {}", args.url),
            )
            .hint(Text::new("it must look like http://127.0.0.1:8080", "格式应为 http://127.0.0.1:8080")));
        }
        let target = url.target;
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
            target,
        };
        let readers = if settings.reads.is_some() { READERS } else { 0 };
        descriptors::reserve(args.visitors + agents + supervisors + readers, false)?;
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
    if args.idle || args.storm || args.max {
        args.pace.refuse()?;
    }
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
    let (arrivals, scheduled_per_s) = args.pace.arrivals(args.rate, warmup, duration)?;
    Ok(Load::Steady(Steady { arrivals, scheduled_per_s, warmup, duration }))
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
                Failure::new(USAGE, message).because(error)
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
