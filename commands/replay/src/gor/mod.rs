//! `kefu replay gor`: command lines of goreplay.
//!
//! Each input has a thread, and each output. Between them is one that has messages go through the middleware and the
//! rules, and hands them to every output, or to one after the other. All queues are bounded: an output that does not keep
//! up has inputs wait, and what a capture misses meanwhile the kernel counts.

mod flags;
mod given;
mod input;
mod inputs;
mod output;
mod outputs;
mod pace;
mod plan;
mod prettify;
mod rules;
mod value;

use std::{
    io::Write as _,
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    time::{Duration, Instant},
};

use kefu_app::{App, Exit, Failure, Language, Stop, StopHandle, Text};

use self::{
    flags::Parsed,
    input::{Common, Item},
    output::{Done, Running},
    plan::{Plan, To},
    prettify::prettify,
};
use crate::{
    account::{Account, Reason},
    args::GorArgs,
    middleware::{self, Middleware},
    run::UNANSWERED,
    screen::Screen,
    shown,
};

/// So many messages are between inputs and outputs.
const QUEUE: usize = 1024;
/// Time between two looks at what is to be done besides messages.
const TICK: Duration = Duration::from_millis(50);
/// With `--stats`, a line is printed so often.
const STATS: Duration = Duration::from_secs(5);
/// After the wish to stop, messages that are still to come are waited for so long.
const DRAIN: Duration = Duration::from_secs(2);

/// Does what a command line of goreplay says.
pub(crate) fn run(app: &App, args: &GorArgs) -> Result<Exit, Failure> {
    let parsed = flags::parse(&args.flags)?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(Failure::internal)?;
    let instance: String = random.iter().map(|byte| char::from(b'a' + byte % 26)).collect();
    let plan = Plan::new(&parsed, &instance)?;
    let language = app.language();
    warn(&parsed, &plan, language);
    let stop = app.stop();
    let (total, done) = app.block_on(async move {
        tokio::task::spawn_blocking(move || work(plan, language, &stop)).await.map_err(Failure::internal)?
    })??;
    // Standard output may have the records; nobody is left to tell when standard error is gone.
    drop(std::io::stderr().write_all(report(&total, &done, language).as_bytes()));
    let is_answered =
        |figures: &crate::run::Figures| figures.lost.is_empty() && figures.answered == figures.sent;
    let are_answered = done.iter().filter_map(|one| one.figures.as_ref()).all(is_answered);
    Ok(if are_answered { Exit::Ok } else { UNANSWERED })
}

/// Says what is done otherwise than somebody may think.
fn warn(parsed: &Parsed, plan: &Plan, language: Language) {
    for (name, why) in &parsed.passed_over {
        shown::say(
            &Text::new(format!("--{name} changes nothing: {why}"), format!("--{name} 不起作用:{why}")),
            language,
        );
    }
    for output in &plan.outputs {
        let To::Http(http) = &output.to else { continue };
        if !http.address.ip().is_loopback() {
            let name = &output.name;
            let text = Text::new(
                format!("{name} is not this machine, and gets requests that change something as well"),
                format!("{name} 不是本机,有副作用的请求也会发送"),
            );
            shown::say(&text, language);
        }
    }
}

/// Has inputs and outputs run until the inputs are at their ends or somebody wants no more.
fn work(plan: Plan, language: Language, stop: &Stop) -> Result<(Account, Vec<Done>), Failure> {
    let Plan { inputs, outputs, rules, middleware, prettify, split, stats, exit_after } = plan;
    let start = Instant::now();
    let (handle, local) = Stop::new();
    let opened = inputs.into_iter().map(input::open).collect::<Result<Vec<_>, _>>()?;
    let middleware = middleware.map(|command| Middleware::start(&command, language)).transpose()?;
    let outputs = outputs.into_iter().map(|output| output::start(output, start)).collect::<Result<_, _>>()?;
    let (sender, receiver) = sync_channel(QUEUE);
    let common = Common { sender, start, stop: local, language };
    let threads: Vec<_> = opened
        .into_iter()
        .map(|input| {
            let common = common.clone();
            std::thread::spawn(move || input.run(common))
        })
        .collect();
    drop(common);
    let mut hub = Hub {
        screen: Screen::new(rules),
        outputs,
        prettify,
        split,
        turn: 0,
        is_broken: false,
        start,
        account: Account::default(),
    };
    let mut failed = hub
        .all(&receiver, middleware, &Ending { stop, exit_after, handle: &handle }, (stats, language))
        .err();
    handle.request();
    let mut total = hub.account;
    // The inputs see that it is over, and what they still hand on is under way.
    let left = receiver.iter().count() as u64;
    total.seen += left;
    total.in_flight += left;
    for thread in threads {
        match thread.join().unwrap_or_else(|_| Err(Failure::internal("the thread of an input has panicked")))
        {
            Ok(account) => add(&mut total, &account),
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    let mut done = Vec::new();
    for output in hub.outputs {
        match output.finish() {
            Ok(one) => done.push(one),
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    failed.map_or(Ok((total, done)), Err)
}

/// Adds what an input left out before the hub saw it.
fn add(total: &mut Account, input: &Account) {
    for (reason, count) in input.reasons() {
        total.seen += count;
        total.dropped(reason, count);
    }
    total.seen += input.in_flight;
    total.in_flight += input.in_flight;
}

/// When it is over.
struct Ending<'a> {
    stop: &'a Stop,
    exit_after: Option<Duration>,
    handle: &'a StopHandle,
}

/// What is between inputs and outputs.
struct Hub {
    screen: Screen,
    outputs: Vec<Running>,
    prettify: bool,
    split: bool,
    /// Which output has the next message, if each has its turn.
    turn: usize,
    /// An output has failed.
    is_broken: bool,
    start: Instant,
    account: Account,
}

impl Hub {
    fn all(
        &mut self,
        receiver: &Receiver<Item>,
        mut middleware: Option<Middleware>,
        ending: &Ending<'_>,
        (stats, language): (bool, Language),
    ) -> Result<(), Failure> {
        let (mut stopped, mut told) = (None, Instant::now());
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(item) => self.take(item, &mut middleware)?,
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(middleware) = &mut middleware {
                        middleware.tick(&mut |record| self.returned(record))?;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let since = self.start.elapsed();
            if ending.stop.is_requested() || ending.exit_after.is_some_and(|after| since >= after) {
                ending.handle.request();
                if since - *stopped.get_or_insert(since) > DRAIN {
                    break;
                }
            }
            if stats && told.elapsed() >= STATS {
                told = Instant::now();
                let Account { seen, emitted, .. } = self.account;
                let text = Text::new(
                    format!("{seen} messages seen, {emitted} handed on"),
                    format!("已见 {seen} 条消息,已转交 {emitted} 条"),
                );
                shown::say(&text, language);
            }
            if self.is_broken {
                break;
            }
        }
        if let Some(mut middleware) = middleware {
            middleware.finish(&mut |record| self.returned(record))?;
            let missing = middleware.given.saturating_sub(middleware.returned);
            self.account.dropped(Reason::Middleware, missing);
            self.account.seen += middleware.returned.saturating_sub(middleware.given);
        }
        Ok(())
    }

    fn take(&mut self, mut item: Item, middleware: &mut Option<Middleware>) -> Result<(), Failure> {
        self.account.seen += 1;
        if self.prettify {
            prettify(&mut item.record);
        }
        match middleware {
            Some(middleware) if middleware::is_known(item.record.kind) => {
                middleware.exchange(item.record, &mut |record| self.returned(record))
            }
            _ => self.pass(item),
        }
    }

    /// A message that the middleware gives is due when it comes.
    fn returned(&mut self, record: kefu_traffic::gor::Record) -> Result<(), Failure> {
        self.pass(Item { due: self.start.elapsed(), record })
    }

    fn pass(&mut self, mut item: Item) -> Result<(), Failure> {
        if let Err(reason) = self.screen.apply(&mut item.record) {
            self.account.dropped(reason, 1);
            return Ok(());
        }
        self.account.emitted += 1;
        if self.split {
            let turn = self.turn % self.outputs.len().max(1);
            self.turn += 1;
            if let Some(output) = self.outputs.get_mut(turn) {
                self.is_broken |= !output.take(item);
            }
            return Ok(());
        }
        for output in &mut self.outputs {
            self.is_broken |= !output.take(Item { due: item.due, record: item.record.clone() });
        }
        Ok(())
    }
}

/// What became of messages, and of those that each output got.
fn report(total: &Account, done: &[Done], language: Language) -> String {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let mut rows = vec![
        ["", &say("seen", "已见"), &say("handed on", "已转交"), &say("under way", "进行中")]
            .map(str::to_owned)
            .to_vec(),
    ];
    let mut why = String::new();
    let all = [(say("all", "全部"), total)];
    let each = done.iter().map(|one| (one.name.clone(), &one.account));
    for (name, account) in all.into_iter().chain(each) {
        let counts = [account.seen, account.emitted, account.in_flight].map(|count| count.to_string());
        let name = shown::line(&name);
        for (reason, count) in account.reasons() {
            why.push_str(&format!("{name}: {count} {}\n", reason.text().in_language(language)));
        }
        rows.push(std::iter::once(name).chain(counts).collect());
    }
    let mut out = shown::table(&rows) + &why;
    for Done { name, figures, .. } in done {
        let Some(figures) = figures else { continue };
        let name = shown::line(name);
        let statuses: Vec<String> =
            figures.statuses.iter().map(|(status, count)| format!("{status} × {count}")).collect();
        let (answered, statuses) = (figures.answered, statuses.join(", "));
        let p99 = figures.latency.summary().p99;
        out.push_str(&say(
            &format!("{name}: {answered} answered ({statuses}), p99 {p99:.1} ms\n"),
            &format!("{name}:{answered} 个已应答({statuses}),p99 {p99:.1} 毫秒\n"),
        ));
    }
    out
}

#[cfg(test)]
mod tests;
