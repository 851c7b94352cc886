//! `kefu replay diff`: the answers of two systems to the same requests, and what of their difference is noise.

mod answer;
mod answers;
mod compare;
mod exchange;
mod live;
mod report;
mod rules;
mod sockets;
mod tally;
mod tolerance;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kefu_app::{App, Exit, Failure, Language, Stop, Text};
use kefu_traffic::http::Limits;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

pub(crate) use self::{
    answer::Answer,
    compare::Given,
    live::Live,
    report::{Counts, Reports, Subject},
    rules::Rules,
    sockets::Sockets,
    tally::{Answers, Found, Tally},
};
use self::{
    answers::AnswerFile,
    exchange::{Exchange, Had, Read, Reading, Side, UNIT, Work},
    rules::cannot_compare,
};
use crate::{
    account::Reason,
    args::{Answerer, AskingArgs, DiffArgs, Rule, Share},
    client::Client,
    redact::Redaction,
    run::{DAMAGED, Lost, Prepared, Rewrites, UNANSWERED, mark},
    socket::{Figures, Means},
    source::Source,
    target::{Target, host, target},
    translate::{Translated, Translator, Untranslated},
};

/// The answers differ.
pub(crate) const DIFFERENT: Exit = Exit::Verdict(1);
/// Exchanges that are under way have at most so many bytes.
const HELD_BYTES: usize = 256 << 20;
/// So many exchanges wait for a worker.
const QUEUE: usize = 64;

/// Compares answers, and prints what differs.
pub(crate) fn run(app: &App, args: &DiffArgs) -> Result<Exit, Failure> {
    let reports = Reports::new(&args.comparison)?;
    let comparing = Comparing::new(args, app.stop())?;
    let (reading, queues) = comparing.reading(args, app.language())?;
    let live = Live::start(&comparing.tally, app.language());
    let read = app.block_on(comparing.clone().all(reading, queues, args, app.language()))??;
    live.end();
    let tally = locked(&comparing.tally);
    let left = comparing.translator.as_ref().map(|translator| translator.left()).unwrap_or_default();
    reports.write(app, &tally, &subject(args, &read, left))?;
    Ok(exit(&tally, &read, args.comparison.threshold))
}

fn exit(tally: &Tally, read: &Read, threshold: Share) -> Exit {
    match () {
        () if read.outcome.is_stopped => Exit::Interrupted,
        () if tally.wrong_percent() > threshold.0 => DIFFERENT,
        () if tally.unanswered > 0 || tally.compared == 0 || read.sockets.has_lost() => UNANSWERED,
        () if read.outcome.complaints > 0 => DAMAGED,
        () => Exit::Ok,
    }
}

/// What replaces secrets and personal numbers in reports.
pub(crate) fn redaction() -> Result<Redaction, Failure> {
    Redaction::new(&Rule::DEFAULT)?.ok_or_else(|| Failure::internal("the default rules replace nothing"))
}

/// What is set in requests, and which may be sent.
pub(crate) fn rewrites(args: &AskingArgs) -> Result<Rewrites, Failure> {
    Ok(Rewrites { headers: vec![mark()?], unsafe_methods: args.unsafe_methods })
}

/// What has been counted; whoever panicked while counting has counted nothing.
pub(crate) fn locked(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

fn subject(args: &DiffArgs, read: &Read, untranslated: BTreeMap<String, u64>) -> Subject {
    let name = |answerer: Option<&Answerer>| match answerer {
        None => "recorded".to_owned(),
        Some(Answerer::Url(url)) => url.clone(),
        Some(Answerer::File(path)) => path.display().to_string(),
    };
    let left = |name, reason: Reason| {
        let text = reason.text();
        let (en, zh) = (text.in_language(Language::English), text.in_language(Language::Chinese));
        Counts::new(name, Text::new(format!("left out: {en}"), format!("略过:{zh}")), read.account.of(reason))
    };
    Subject {
        primary: name(args.primary.as_ref()),
        secondary: args.secondary.as_ref().map(|answerer| name(Some(answerer))),
        candidate: name(Some(&args.candidate)),
        counts: vec![
            left("unsampled", Reason::Sample),
            left("malformed", Reason::Malformed),
            left("unsafe_method", Reason::UnsafeMethod),
            left("upgrade", Reason::Upgrade),
            left("no_session", Reason::NoSession),
            Counts::new(
                "websocket_sessions",
                Text::new("WebSocket sessions", "WebSocket 会话"),
                read.sockets.opened,
            ),
            Counts::new(
                "websocket_failed",
                Text::new("WebSocket sessions that did not begin", "未能建立的 WebSocket 会话"),
                read.sockets.failed,
            ),
            Counts::new(
                "websocket_unsent",
                Text::new("WebSocket messages not sent", "未发送的 WebSocket 消息"),
                read.sockets.unsent,
            ),
            Counts::new("damaged", Text::new("damaged places", "损坏之处"), read.outcome.complaints),
        ],
        untranslated,
        threshold: args.comparison.threshold,
    }
}

/// The servers that are asked.
#[derive(Clone, Copy, Debug)]
struct Servers {
    primary: Option<Target>,
    secondary: Option<Target>,
    candidate: Option<Target>,
}

impl Servers {
    fn find(args: &DiffArgs) -> Result<Self, Failure> {
        let find = |answerer: Option<&Answerer>| match answerer {
            Some(Answerer::Url(url)) => {
                target(url, &args.asking.allow_host, args.asking.ca_file.as_deref()).map(Some)
            }
            _ => Ok(None),
        };
        let servers = Self {
            primary: find(args.primary.as_ref())?,
            secondary: find(args.secondary.as_ref())?,
            candidate: find(Some(&args.candidate))?,
        };
        // What is compared with itself is always equal; two that are the same server tell its noise.
        if let (Some(primary), true) = (servers.primary, servers.primary == servers.candidate) {
            return Err(cannot_compare(Text::new(
                format!("primary and candidate are both {}", primary.address),
                format!("primary 与 candidate 都是 {}", primary.address),
            )));
        }
        Ok(servers)
    }

    fn any(&self) -> bool {
        [self.primary, self.secondary, self.candidate].iter().any(Option::is_some)
    }
}

/// What all workers have in common.
#[derive(Clone)]
struct Comparing {
    servers: Servers,
    rules: Arc<Rules>,
    translator: Option<Arc<Translator>>,
    tally: Arc<Mutex<Tally>>,
    stop: Stop,
}

impl Comparing {
    fn new(args: &DiffArgs, stop: Stop) -> Result<Self, Failure> {
        let rules = Arc::new(Rules::load(args.comparison.rules.as_deref())?);
        let servers = Servers::find(args)?;
        let translator = match (&args.translation.translate, &args.candidate) {
            (None, _) => None,
            (Some(path), Answerer::Url(url)) => {
                let rewrites = rewrites(&args.asking)?;
                Some(Arc::new(Translator::load(path, &args.translation.setting, host(url), rewrites)?))
            }
            (Some(_), Answerer::File(_)) => {
                return Err(cannot_compare(Text::new(
                    "a translation is for requests to a server: --candidate is a file",
                    "翻译用于发往服务器的请求,而 --candidate 是文件",
                )));
            }
        };
        let has_noise = args.secondary.is_some();
        let tally = Tally::new(Arc::clone(&rules), redaction()?, args.comparison.examples, has_noise);
        Ok(Self { servers, rules, translator, tally: Arc::new(Mutex::new(tally)), stop })
    }

    /// Opens what is read, and a queue for each worker.
    fn reading(
        &self,
        args: &DiffArgs,
        language: Language,
    ) -> Result<(Reading, Vec<mpsc::Receiver<Work>>), Failure> {
        let side = |answerer: Option<&Answerer>| -> Result<Side, Failure> {
            Ok(match answerer {
                None => Side::Recorded,
                Some(Answerer::Url(_)) => Side::Server,
                Some(Answerer::File(path)) => {
                    Side::File(Box::new(AnswerFile::open(path.clone(), &args.source, language)?))
                }
            })
        };
        let (workers, queues) =
            std::iter::repeat_with(|| mpsc::channel(QUEUE)).take(args.asking.connections).unzip();
        let sends = self.servers.any();
        let reading = Reading {
            source: Source::open(&args.input, &args.source)?,
            primary: side(args.primary.as_ref())?,
            secondary: args.secondary.as_ref().map(|answerer| side(Some(answerer))).transpose()?,
            candidate: side(Some(&args.candidate))?,
            rewrites: Rewrites {
                unsafe_methods: args.asking.unsafe_methods || !sends,
                ..rewrites(&args.asking)?
            },
            translator: self.translator.clone(),
            sample: args.sample,
            workers,
            room: Arc::new(Semaphore::new(HELD_BYTES / UNIT)),
        };
        Ok((reading, queues))
    }

    /// Reads on a thread of its own, and has each exchange compared.
    async fn all(
        self,
        reading: Reading,
        queues: Vec<mpsc::Receiver<Work>>,
        args: &DiffArgs,
        language: Language,
    ) -> Result<Read, Failure> {
        let limits = Limits { message: args.source.limits.max_message.as_usize(), ..Limits::default() };
        let client =
            |server: Option<Target>| server.map(|server| Client::new(server, args.asking.timeout, limits));
        let figures = Arc::<Mutex<Figures>>::default();
        let mut workers = JoinSet::new();
        for queue in queues {
            let servers = self.servers;
            let worker = Worker {
                comparing: self.clone(),
                primary: client(servers.primary),
                secondary: client(servers.secondary),
                candidate: client(servers.candidate),
                sockets: self.sockets(args, limits, &figures),
            };
            workers.spawn(worker.all(queue));
        }
        let (rules, stop, runtime) = (Arc::clone(&self.rules), self.stop.clone(), Handle::current());
        let read = tokio::task::spawn_blocking(move || reading.all(&rules, language, &stop, &runtime));
        let read = read.await.map_err(Failure::internal)?;
        while let Some(ended) = workers.join_next().await {
            ended.map_err(Failure::internal)?;
        }
        let sockets = Figures::count(&figures, |figures| *figures);
        read.map(|read| Read { sockets, ..read })
    }

    /// Who plays the WebSocket sessions that a translation has.
    fn sockets(&self, args: &DiffArgs, limits: Limits, figures: &Arc<Mutex<Figures>>) -> Option<Sockets> {
        let translator = self.translator.as_ref().filter(|translator| translator.has_sockets())?;
        let means = Means {
            target: self.servers.candidate?,
            headers: Vec::new(),
            translator: Some(Arc::clone(translator)),
            timeout: args.asking.timeout,
            limits,
            figures: Arc::clone(figures),
        };
        Some(Sockets::new(means, Some((Arc::clone(&self.rules), Arc::clone(&self.tally)))))
    }
}

/// Has the requests of some recorded connections answered, one after the other.
struct Worker {
    comparing: Comparing,
    primary: Option<Client>,
    secondary: Option<Client>,
    candidate: Option<Client>,
    sockets: Option<Sockets>,
}

impl Worker {
    async fn all(mut self, mut queue: mpsc::Receiver<Work>) {
        let stop = self.comparing.stop.clone();
        while let Some(work) = queue.recv().await {
            match work {
                _ if stop.is_requested() => {}
                Work::Exchange(exchange) => self.one(*exchange).await,
                Work::Socket { record, held } => {
                    if let Some(sockets) = &mut self.sockets {
                        sockets.take(record, vec![held]).await;
                    }
                }
            }
        }
        if let Some(sockets) = self.sockets {
            tokio::select! {
                () = sockets.end() => {}
                () = stop.requested() => {}
            }
        }
    }

    async fn one(&mut self, exchange: Exchange) {
        let Exchange { id, line, asked, prepared, original, primary, secondary, candidate, _held } = exchange;
        // What cannot be compared is not asked for: it may cost something.
        if matches!(primary, Had::Known(None)) {
            return locked(&self.comparing.tally).unanswered += 1;
        }
        let translator = self.comparing.translator.clone();
        let translated = match (&translator, original) {
            // What is not translated was counted, and is compared with nothing.
            (Some(translator), Some(original)) => match translator.request(original) {
                Ok(translated) => Some(translated),
                Err(Untranslated) => return,
            },
            _ => None,
        };
        let prepared = prepared.as_ref();
        let (primary, secondary, candidate) = tokio::join!(
            said(primary, self.primary.as_mut(), prepared),
            async {
                match secondary {
                    Some(had) => Some(said(had, self.secondary.as_mut(), prepared).await),
                    None => None,
                }
            },
            async {
                match (&translated, self.candidate.as_mut()) {
                    (Some(translated), Some(client)) => {
                        asked_translated(translated, client).await.map_err(Lost::name)
                    }
                    (_, client) => said(candidate, client, prepared).await,
                }
            },
        );
        let candidate = candidate.map(|payload| match (&translator, translated) {
            (Some(translator), Some(translated)) => {
                translator.answer(translated, payload, primary.as_ref().ok().map(Vec::as_slice))
            }
            _ => payload,
        });
        let answers =
            Answers { primary: given(primary), secondary: secondary.map(given), candidate: given(candidate) };
        let found = Found::of(&answers, &asked, &self.comparing.rules);
        locked(&self.comparing.tally).add(&id, &line, &asked, found);
    }
}

/// What somebody says, as it was on the wire.
pub(crate) type Said = Result<Vec<u8>, &'static str>;

/// An answer that is known, or that a server gives.
async fn said(had: Had, client: Option<&mut Client>, prepared: Option<&Prepared>) -> Said {
    match (had, client, prepared) {
        (Had::Known(known), ..) => known.ok_or("not recorded"),
        (Had::Asked, Some(client), Some(prepared)) => {
            let asked = client.ask(&prepared.bytes, prepared.is_safe).await;
            asked.map(|message| message.bytes).map_err(Lost::name)
        }
        (Had::Asked, ..) => Err("request not recorded"),
    }
}

/// Asks what a request is in the new system's words.
pub(crate) async fn asked_translated(translated: &Translated, client: &mut Client) -> Result<Vec<u8>, Lost> {
    for before in &translated.before {
        // Whether it was necessary shows by what follows.
        drop(client.ask(before, false).await);
    }
    let asked = client.ask(&translated.prepared.bytes, translated.prepared.is_safe).await;
    asked.map(|message| message.bytes)
}

/// An answer as it is compared.
pub(crate) fn given(said: Said) -> Given {
    Answer::of(said?).ok_or(Lost::Unreadable.name())
}

#[cfg(test)]
mod tests;
