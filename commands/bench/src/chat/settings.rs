//! From flags to what a run is made of, checked before anything is opened.

use std::time::Duration;

use kefu_app::{Failure, Text};
use kefu_traffic::Schedule;

use crate::{
    admin::Admin,
    args::ChatArgs,
    descriptors,
    engine::Stamp,
    observed::Observed,
    queue::Due,
    share::Share,
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
    pub(crate) server: Observed,
    pub(crate) procs: u32,
    /// Which part of the load this process has, if others have the rest. What follows is of this part.
    pub(crate) share: Option<Share>,
    pub(crate) visitors: u32,
    pub(crate) senders: u32,
    pub(crate) agents: u32,
    pub(crate) supervisors: u32,
    /// How many visitors and agents the parts before this one have.
    pub(crate) first_visitor: u32,
    pub(crate) first_agent: u32,
    /// Of all parts together.
    pub(crate) visitors_in_all: u32,
    pub(crate) has_agents: bool,
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
    pub(crate) arrivals: Due,
    /// On average over the measured part.
    pub(crate) scheduled_per_s: f64,
    pub(crate) warmup: Duration,
    pub(crate) duration: Duration,
}

impl ChatSettings {
    pub(crate) fn new(args: &ChatArgs) -> Result<Self, Failure> {
        let url =
            Url::find(&args.url, args.spread.source_addresses, &args.allow_host, args.ca_file.as_deref())?;
        if url.path != "/" {
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
        if args.spread.procs > 1 && (args.max || args.storm) {
            return Err(usage(
                "--procs spreads messages on a schedule and --idle; --max and --storm take one process",
                "--procs 只能用于按时间表发送和 --idle; --max 和 --storm 只用一个进程",
            ));
        }
        if args.spread.procs > if args.idle { args.visitors } else { senders } {
            return Err(usage("--procs exceeds the visitors that send", "--procs 超过了发送消息的访客数"));
        }
        let share = args.spread.part();
        // Who looks on does so from one of the processes.
        let looks_on = share.number == 0;
        let supervisors = args.supervisors.filter(|_| looks_on).unwrap_or(0);
        let reads = args.reads_per_second.filter(|_| looks_on).map(reads).transpose()?;
        // A part of the load leaves that to whoever gathers the parts.
        let server = match args.spread.share {
            None => Observed::find(&args.watch, target.address, &args.allow_host)?,
            Some(_) => Observed::Nothing,
        };
        let settings = Self {
            url: args.url.clone(),
            inbox: args.inbox.clone(),
            admin: if agents + supervisors == 0 { None } else { Some(admin(args)?) },
            server,
            procs: args.spread.procs,
            share: args.spread.share,
            visitors: share.of_u32(args.visitors),
            senders: if args.idle { 0 } else { share.of_u32(senders) },
            agents: share.of_u32(agents),
            supervisors,
            first_visitor: share.before(args.visitors),
            first_agent: share.before(agents),
            visitors_in_all: args.visitors,
            has_agents: agents > 0,
            reads,
            load: load(args, share)?,
            target,
        };
        let readers = if settings.reads.is_some() { READERS } else { 0 };
        let connections = args.visitors + agents + supervisors + readers;
        descriptors::reserve(connections, args.spread.procs, !args.max && !args.storm)?;
        descriptors::ports(&settings.target, connections)?;
        Ok(settings)
    }
}

fn reads(rate: f64) -> Result<Reads, Failure> {
    let schedule = Schedule::new(rate, Duration::ZERO).map_err(|error| {
        usage("cannot use this --reads-per-second", "无法使用此 --reads-per-second").because(error)
    })?;
    Ok(Reads { rate, schedule })
}

fn load(args: &ChatArgs, share: Share) -> Result<Load, Failure> {
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
        let steps = steps.into_iter().map(|step| share.of_u32(step)).collect();
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
    let arrivals = share.arrivals(arrivals, u64::MAX);
    Ok(Load::Steady(Steady { arrivals, scheduled_per_s, warmup, duration }))
}

fn admin(args: &ChatArgs) -> Result<Admin, Failure> {
    args.admin.admin()?.ok_or_else(|| {
        usage("cannot make agents without an admin", "没有管理员, 无法创建客服").hint(Text::new(
            "give --admin-email and --admin-password-file, or measure acks alone with --agents 0",
            "请提供 --admin-email 和 --admin-password-file, 或用 --agents 0 只测量确认",
        ))
    })
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
            "--agents 0 --max --procs 2",
            "--agents 0 --visitors 3 --procs 4",
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
