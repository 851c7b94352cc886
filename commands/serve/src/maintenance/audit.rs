//! `kefu serve audit verify` and `export`.

use std::path::Path;

use kefu_app::{App, Exit, Failure, Format};
use kefu_store::{AuditLine, AuditVerdict, Store, StoreError, open_reading};
use kefu_text::csv;

use super::json;
use crate::{
    args::{AuditArgs, AuditCommand, AuditExportArgs, AuditHead, AuditVerifyArgs, ExportFormat},
    opening::store_failure,
    settings::Settings,
};

/// The verdict on a chain that is broken.
const BROKEN: Exit = Exit::Verdict(1);
/// The verdict on a log that does not go on from the head that was kept.
const OTHER_HEAD: Exit = Exit::Verdict(2);

/// Lines that are read at once.
const PAGE: usize = 500;

pub(crate) fn audit(app: &App, args: &AuditArgs) -> Result<Exit, Failure> {
    match &args.command {
        AuditCommand::Verify(args) => verify(app, args),
        AuditCommand::Export(args) => export(app, args),
    }
}

fn verify(app: &App, args: &AuditVerifyArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    let found = app.block_on(async {
        let store = open_reading(&dir, 1).await?;
        let found = judge(&store, args.head.as_ref()).await;
        store.close().await;
        found
    })?;
    let (verdict, goes_on) = found.map_err(|error| store_failure(&dir, error))?;
    app.print(&match args.format {
        Format::Text => text(&dir, &verdict, goes_on),
        Format::Json => json(&serde_json::json!({
            "data_dir": dir.display().to_string(),
            "whole": verdict.broken_at.is_none(),
            "lines": verdict.lines,
            "head": verdict.head,
            "broken_at": verdict.broken_at,
            "goes_on_from_head": goes_on,
        })),
    })?;
    Ok(match (verdict.broken_at, goes_on) {
        (Some(_), _) => BROKEN,
        (None, Some(false)) => OTHER_HEAD,
        (None, _) => Exit::Ok,
    })
}

/// What the chain is like, and whether it goes on from `head`, if there is one.
async fn judge(store: &Store, head: Option<&AuditHead>) -> Result<(AuditVerdict, Option<bool>), StoreError> {
    let verdict = store.verify_audit().await?;
    let Some(head) = head else { return Ok((verdict, None)) };
    let goes_on = if head.number == 0 {
        head.hash.bytes().all(|byte| byte == b'0')
    } else {
        // A line beyond a break proves nothing.
        head.number <= verdict.lines
            && store.audit_lines(head.number - 1, 1).await?.iter().all(|line| line.hash == head.hash)
    };
    Ok((verdict, Some(goes_on)))
}

fn text(dir: &Path, verdict: &AuditVerdict, goes_on: Option<bool>) -> String {
    let AuditVerdict { lines, head, broken_at } = verdict;
    let place = dir.display();
    let mut text = match broken_at {
        Some(line) => {
            format!(
                "the audit log in {place} is broken at line {line}: the {lines} lines before it are whole\n"
            )
        }
        None => format!("the audit log in {place} is whole: {lines} lines\n"),
    };
    text.push_str(&format!("head {lines}:{head}\n"));
    match goes_on {
        Some(true) => text.push_str("it goes on from the head that was kept\n"),
        Some(false) => text.push_str(
            "it does not go on from the head that was kept: lines were cut off, or it is another log\n",
        ),
        None => {}
    }
    text
}

fn export(app: &App, args: &AuditExportArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    app.block_on(async {
        let store = open_reading(&dir, 1).await.map_err(|error| store_failure(&dir, error))?;
        let mut out = String::new();
        if args.format == ExportFormat::Csv {
            write_titles(&mut out);
        }
        let mut after = args.after;
        loop {
            let lines = store.audit_lines(after, PAGE).await.map_err(|error| store_failure(&dir, error))?;
            for line in &lines {
                match args.format {
                    ExportFormat::Ndjson => write_json(line, &mut out),
                    ExportFormat::Csv => write_csv(line, &mut out),
                }
            }
            app.print(&out)?;
            out.clear();
            let Some(last) = lines.last() else { break };
            after = last.number;
        }
        store.close().await;
        Ok(Exit::Ok)
    })?
}

fn write_json(line: &AuditLine, out: &mut String) {
    out.push_str(&serde_json::to_string(line).expect("strings, numbers and JSON values are plain JSON"));
    out.push('\n');
}

const TITLES: [&str; 10] = [
    "number",
    "at",
    "actor_kind",
    "actor_id",
    "address",
    "action",
    "target_kind",
    "target_id",
    "detail",
    "hash",
];

fn write_titles(out: &mut String) {
    out.push_str(csv::BOM);
    TITLES.iter().fold(csv::Row::new(out), |row, title| row.text(title)).end();
}

fn write_csv(line: &AuditLine, out: &mut String) {
    let id = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let at = jiff::Timestamp::from_microsecond(line.at_us).unwrap_or_default();
    csv::Row::new(out)
        .number(line.number)
        .number(at)
        .text(&line.actor_kind)
        .text(&id(line.actor_id))
        .text(line.address.as_deref().unwrap_or_default())
        .text(&line.action)
        .text(line.target_kind.as_deref().unwrap_or_default())
        .text(&id(line.target_id))
        .text(&line.detail.to_string())
        .text(&line.hash)
        .end();
}

#[cfg(test)]
mod tests {
    use kefu_store::{AuditActor, AuditRecord, Batch, OpenOptions, Opened, RecordSet};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    async fn with_lines(dir: &Path, count: i64) -> Opened {
        let options =
            OpenOptions { dir: dir.into(), epoch_if_new: Uuid::nil(), now: kefu_core::Micros(0), readers: 1 };
        let mut opened = kefu_store::open(options).await.unwrap();
        let record = |number| AuditRecord {
            at: kefu_core::Micros(number),
            actor: AuditActor::Shell,
            address: None,
            action: "test.done",
            target: None,
            detail: json!({"n": number, "text": "=1+1"}),
        };
        let audit = (1..=count).map(record).collect();
        let records = vec![RecordSet { changes: Vec::new(), audit }];
        opened.writer.commit(&Batch { records, ..Batch::default() }).await.unwrap();
        opened
    }

    #[tokio::test]
    async fn a_kept_head_shows_what_was_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let opened = with_lines(dir.path(), 3).await;
        let store = open_reading(dir.path(), 1).await.unwrap();
        let line = store.audit_lines(1, 1).await.unwrap().remove(0);
        let head = |number, hash: &str| AuditHead { number, hash: hash.to_owned() };
        for (kept, expected) in [
            (head(2, &line.hash), true),
            (head(3, &line.hash), false),
            (head(4, &line.hash), false),
            (head(0, &"0".repeat(64)), true),
            (head(0, &line.hash), false),
        ] {
            let (verdict, goes_on) = judge(&store, Some(&kept)).await.unwrap();
            assert_eq!((verdict.lines, verdict.broken_at, goes_on), (3, None, Some(expected)), "{kept:?}");
        }
        let (verdict, _) = judge(&store, None).await.unwrap();
        let text = text(Path::new("/data"), &verdict, Some(false));
        assert!(
            text.starts_with(&format!("the audit log in /data is whole: 3 lines\nhead 3:{}\n", verdict.head))
        );
        store.close().await;
        opened.store.close().await;
        opened.writer.close().await.unwrap();
    }

    #[tokio::test]
    async fn cells_of_an_export_run_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let opened = with_lines(dir.path(), 1).await;
        let line = opened.store.audit_lines(0, 1).await.unwrap().remove(0);
        let mut out = String::new();
        write_titles(&mut out);
        write_csv(&AuditLine { action: "=cmd".to_owned(), ..line.clone() }, &mut out);
        assert!(out.starts_with("\u{feff}number,at,") && out.contains(",'=cmd,"), "{out}");
        out.clear();
        write_json(&line, &mut out);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["action"], "test.done");
        opened.store.close().await;
        opened.writer.close().await.unwrap();
    }
}
