//! `kefu serve events tail`, `replay` and `dead-letter`.

use std::{
    io::{self, Write as _},
    path::Path,
    time::Duration,
};

use kefu_app::{App, Exit, Failure, Format, Text};
use kefu_bus::{
    Pattern,
    happened::{Heard, Kind, Reader},
};
use kefu_core::Micros;
use kefu_protocol::frame::Timestamp;
use kefu_store::{
    AuditActor, AuditRecord, Batch, Change, DeliveryState, EventChange, EventDelivery, EventGroup,
    OpenOptions, RecordSet, Store, StoreError, open_reading,
};
use serde_json::json;
use uuid::Uuid;

use super::{json as report, random_uuid};
use crate::{
    args::{EventsArgs, EventsCommand, EventsDeadLetterArgs, EventsReplayArgs, EventsTailArgs},
    clock,
    events::{Attempt, fixed_id, name_of},
    opening::store_failure,
    settings::Settings,
    view::timestamp,
};

/// The verdict when there is no such subscription.
const UNKNOWN: Exit = Exit::Verdict(2);

/// How often it is looked for more.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Places that are read at once.
const SLICE: i64 = 512;

/// Most dead letters of a subscription that are listed.
const LISTED_MAX: usize = 1000;

/// A subscription as the shell names it.
struct Named {
    id: Uuid,
    name: String,
}

pub(crate) fn events(app: &App, args: &EventsArgs) -> Result<Exit, Failure> {
    match &args.command {
        EventsCommand::Tail(args) => tail(app, args),
        EventsCommand::Replay(args) => replay(app, args),
        EventsCommand::DeadLetter(args) => dead_letter(app, args),
    }
}

fn tail(app: &App, args: &EventsTailArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    let patterns: Vec<Pattern> = match args.topics.as_slice() {
        [] => vec![topic(">")?],
        topics => topics.iter().map(|text| topic(text)).collect::<Result<_, _>>()?,
    };
    let since = args.since.as_deref().map(time).transpose()?;
    let is_wanted = |kind: Kind| {
        kind.topic().parse().is_ok_and(|topic| patterns.iter().any(|pattern| pattern.matches(&topic)))
    };
    app.block_on(async {
        let failed = |error| store_failure(&dir, error);
        let store = open_reading(&dir, 1).await.map_err(failed)?;
        let reader = Reader::new(store.clone());
        let mut from = match since {
            Some(since) => reader.position_at(since).await.map_err(failed)?,
            None => reader.end().await.map_err(failed)?,
        };
        loop {
            let slice = reader.slice(from, SLICE, is_wanted).await.map_err(failed)?;
            from = slice.upto;
            let fresh = slice.heard.iter().filter(|heard| since.is_none_or(|since| heard.event.at >= since));
            let text: String = fresh.map(|heard| line(heard, args.format)).collect();
            if !written(&text)? || (slice.is_last && args.once) {
                break;
            }
            if slice.is_last {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = app.stop().requested() => break,
                }
            }
        }
        drop(reader);
        store.close().await;
        Ok(Exit::Ok)
    })?
}

/// Writes to standard output; says whether anybody reads it.
fn written(text: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::internal(error)),
    }
}

fn line(heard: &Heard, format: Format) -> String {
    let event = &heard.event;
    match format {
        Format::Json => {
            let json = event.to_json().ok().and_then(|json| String::from_utf8(json).ok());
            json.map(|json| json + "\n").unwrap_or_default()
        }
        Format::Text => format!("{}  {:<28} {}  {}\n", timestamp(event.at), event.topic, event.key, event.id),
    }
}

fn replay(app: &App, args: &EventsReplayArgs) -> Result<Exit, Failure> {
    let settings = Settings::load_for_care(app, args.data_dir.as_ref())?;
    let dir = settings.store_dir()?;
    let since = time(&args.since)?;
    app.block_on(async {
        let failed = |error| store_failure(&dir, error);
        let reading = open_reading(&dir, 1).await.map_err(failed)?;
        let (named, group) = one(&reading, &settings, &args.subscription, &dir).await?;
        let to = reading.event_position_at(since).await.map_err(failed)?;
        let asked = reading.event_end().await.map_err(failed)?;
        reading.close().await;
        let detail = json!({"from": timestamp(since)});
        let change = EventChange::Rewind { group: group.key, to, asked };
        write(&dir, vec![change], "subscription.replayed", &named, detail).await?;
        app.print(&match args.format {
            Format::Text => {
                format!("{} hears again of what happened since {}\n", named.name, timestamp(since))
            }
            Format::Json => report(&json!({
                "subscription": named.id, "name": named.name, "from": timestamp(since), "pos": to.pos,
            })),
        })?;
        Ok(Exit::Ok)
    })?
}

fn dead_letter(app: &App, args: &EventsDeadLetterArgs) -> Result<Exit, Failure> {
    let settings = Settings::load_for_care(app, args.data_dir.as_ref())?;
    let dir = settings.store_dir()?;
    app.block_on(async {
        let failed = |error| store_failure(&dir, error);
        let store = open_reading(&dir, 1).await.map_err(failed)?;
        let chosen = match &args.subscription {
            Some(word) => vec![one(&store, &settings, word, &dir).await?],
            None => {
                let mut all = Vec::new();
                for named in known(&store, &settings, &dir).await? {
                    let group = store.event_group(&name_of(named.id)).await.map_err(failed)?;
                    all.extend(group.map(|group| (named, group)));
                }
                all
            }
        };
        let mut found = Vec::new();
        for (named, group) in chosen {
            let dead = Some(DeliveryState::Dead);
            let rows = store.event_deliveries(group.key, dead, None, LISTED_MAX).await.map_err(failed)?;
            found.push((named, group, rows));
        }
        store.close().await;
        if args.retry {
            for (named, group, rows) in found.iter().filter(|(_, _, rows)| !rows.is_empty()) {
                let change = EventChange::Revive { group: group.key, at: clock::now() };
                let detail = json!({"dead_letters": rows.len()});
                write(&dir, vec![change], "subscription.revived", named, detail).await?;
            }
        }
        let text: String = match args.format {
            Format::Text => {
                let lines =
                    found.iter().flat_map(|(named, _, rows)| rows.iter().map(|row| text_of(named, row)));
                lines.collect()
            }
            Format::Json => {
                let items =
                    found.iter().flat_map(|(named, _, rows)| rows.iter().map(|row| json_of(named, row)));
                report(&json!({"retried": args.retry, "items": items.collect::<Vec<_>>()}))
            }
        };
        app.print(&text)?;
        Ok(Exit::Ok)
    })?
}

fn why(row: &EventDelivery) -> String {
    let last = Attempt::all(&row.attempts).pop();
    last.and_then(|attempt| attempt.error).unwrap_or_else(|| "not told".to_owned())
}

fn text_of(named: &Named, row: &EventDelivery) -> String {
    let at = timestamp(row.updated_at);
    format!("{at}  {}  {:<28} {}  {}\n", named.name, row.topic, row.id, why(row))
}

fn json_of(named: &Named, row: &EventDelivery) -> serde_json::Value {
    json!({
        "subscription": named.id, "name": named.name, "id": row.id, "event_id": row.event, "topic": row.topic,
        "key": row.key, "tries": row.tries, "error": why(row), "at": timestamp(row.updated_at),
    })
}

/// Writes changes into a store that nobody serves.
async fn write(
    dir: &Path,
    changes: Vec<EventChange>,
    action: &'static str,
    named: &Named,
    detail: serde_json::Value,
) -> Result<(), Failure> {
    let options =
        OpenOptions { dir: dir.to_owned(), epoch_if_new: random_uuid()?, now: clock::now(), readers: 1 };
    let opened = kefu_store::open(options).await.map_err(|error| match error {
        StoreError::Locked { .. } => store_failure(dir, error).hint(Text::new(
            "ask the daemon that serves it: POST /api/v1/subscriptions/{id}/replay or …/redeliver",
            "请通过正在运行的服务:POST /api/v1/subscriptions/{id}/replay 或 …/redeliver",
        )),
        other => store_failure(dir, other),
    })?;
    let mut writer = opened.writer;
    let audit = AuditRecord {
        at: clock::now(),
        actor: AuditActor::Shell,
        address: None,
        action,
        target: Some(("subscription", named.id)),
        detail,
    };
    let changes = changes.into_iter().map(Change::Event).collect();
    let batch = Batch { records: vec![RecordSet { changes, audit: vec![audit] }], ..Batch::default() };
    let committed = writer.commit(&batch).await;
    let closed = writer.close().await;
    opened.store.close().await;
    let records = committed.map_err(|error| store_failure(dir, error))?.records;
    records.into_iter().collect::<Result<(), _>>().map_err(|error| store_failure(dir, error))?;
    closed.map_err(|error| store_failure(dir, error))
}

/// All subscriptions.
async fn known(store: &Store, settings: &Settings, dir: &Path) -> Result<Vec<Named>, Failure> {
    let rows = store.event_subscriptions().await.map_err(|error| store_failure(dir, error))?;
    let fixed = settings.events.subscriptions.iter();
    let fixed = fixed.map(|(name, _)| Named { id: fixed_id(name), name: name.to_owned() });
    Ok(fixed.chain(rows.into_iter().map(|row| Named { id: row.id, name: row.name })).collect())
}

/// The subscription with this id or name, and its group.
async fn one(
    store: &Store,
    settings: &Settings,
    word: &str,
    dir: &Path,
) -> Result<(Named, EventGroup), Failure> {
    let id = Uuid::try_parse(word).ok();
    let found =
        known(store, settings, dir).await?.into_iter().find(|one| Some(one.id) == id || one.name == word);
    let unknown = || {
        let message = format!("there is no subscription `{word}` that was ever told anything");
        Failure::new(UNKNOWN, Text::new(message, format!("没有曾收到事件的订阅“{word}”")))
            .hint(Text::new("take its id or its name from the console", "请使用工作台中的订阅 ID 或名称"))
    };
    let named = found.ok_or_else(unknown)?;
    let group = store.event_group(&name_of(named.id)).await.map_err(|error| store_failure(dir, error))?;
    Ok((named, group.ok_or_else(unknown)?))
}

fn topic(text: &str) -> Result<Pattern, Failure> {
    text.parse().map_err(|error| {
        Failure::new(Exit::Usage, Text::new("cannot take --topic", "无法使用 --topic")).because(error)
    })
}

fn time(text: &str) -> Result<Micros, Failure> {
    let time: Result<Timestamp, _> = text.parse();
    time.map(|at| Micros(at.micros())).map_err(|_| {
        let message = format!("cannot take --since: `{text}` is no time such as 2026-11-29T09:00:00Z");
        Failure::new(
            Exit::Usage,
            Text::new(message, format!("无法使用 --since:“{text}”不是形如 2026-11-29T09:00:00Z 的时间")),
        )
    })
}
