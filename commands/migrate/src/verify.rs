//! Both sides read again and compared: every row by what it is mapped to now, and every key that is only here.
//!
//! Rows are compared by key, so no order of the source's matters. Sums of hashes tell whether a page is the same; only in
//! one that is not, rows are looked at, and only in buckets of keys whose sums differ, keys are looked for that the
//! source has not. Rows of a server that differ are read once more a little later: they may just have changed.
//!
//! How far it is stands in a file beside the store, so that a comparison that was stopped goes on.

mod compare;
mod state;

use std::{collections::BTreeMap, time::Instant};

use kefu_app::{App, Exit, Failure, Language, Text};
use kefu_store::Store;
use serde::{Deserialize, Serialize};

use self::{
    compare::{Comparing, Context},
    state::State,
};
use crate::{
    args::VerifyArgs,
    check::{self, Plan, Sources},
    copy::{self, DIFFERENT, Keys},
    progress::{Progress, say},
    report::{self, cell},
    settings::{Settings, near},
    source::Tails,
    target,
    throttle::Throttle,
};

/// The file in the directory of work that says what came of the last comparison.
pub(crate) const REPORT: &str = "verify.json";

/// What came of comparing.
#[derive(Debug, Default, Serialize)]
struct Verified {
    same: bool,
    /// No table was left out.
    complete: bool,
    milliseconds: u64,
    tables: Vec<VerifiedTable>,
    /// Where dumps are damaged: what is behind that was not compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct VerifiedTable {
    table: String,
    source_rows: u64,
    target_rows: u64,
    /// Rows that are something else there than here.
    different: u64,
    /// Rows that are only there.
    missing: u64,
    /// Keys that are only here.
    extra: u64,
    /// Rows that differed at first, and did not a little later.
    settled: u64,
    /// Rows that were brought over again before the last comparison.
    repaired: u64,
    /// Order-independent sums of the hashes of all rows, as hexadecimal digits.
    source_hash: String,
    target_hash: String,
    differences: Vec<Difference>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Difference {
    key: String,
    what: String,
    /// Fields that are not the same: there and here.
    fields: BTreeMap<String, [serde_json::Value; 2]>,
}

/// Runs `kefu migrate verify`.
pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<Exit, Failure> {
    let mut settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    let tails = match args.skip_corrupt_tail {
        true => settings.skip_corrupt_tails(app.language()),
        false => Tails::default(),
    };
    for wanted in &args.tables {
        let names = || settings.tables.iter().map(|table| table.alias.as_str());
        if !names().any(|name| name == wanted) {
            let hint =
                near(wanted, names()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(Failure::new(
                Exit::Usage,
                Text::new(
                    format!("cannot verify `{wanted}`: no such table{hint}"),
                    format!("无法校验 `{wanted}`:没有这个表{hint}"),
                ),
            ));
        }
    }
    app.block_on(async {
        let begun = Instant::now();
        let sources = Sources::open(&settings).await?;
        let mut plan = check::plan(&settings, &sources).await?;
        plan.refuse()?;
        plan.leave_out_missing(&mut settings);
        let store = target::open_reading(&settings.data_dir).await?;
        let wanted: Vec<usize> = (0..settings.tables.len())
            .filter(|index| args.tables.is_empty() || args.tables.contains(&settings.tables[*index].alias))
            .collect();
        let verifying = Verifying { app, args, settings: &settings, sources: &sources, plan: &plan };
        let verified = verifying.run(&store, &wanted).await;
        store.close().await;
        let Some(mut tables) = verified? else { return Ok(Exit::Interrupted) };
        if args.repair {
            let Some(()) = verifying.repair(&mut tables).await? else { return Ok(Exit::Interrupted) };
        }
        let tables: Vec<_> = tables.into_iter().map(|(_, table, _)| table).collect();
        let verified = Verified {
            same: tables.iter().all(VerifiedTable::is_same),
            complete: args.tables.is_empty(),
            milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            tables,
            damaged: tails.met(),
        };
        save(&settings, &verified)?;
        report::deliver(app, &args.report, &verified, || verified.markdown())?;
        Ok(if verified.same { Exit::Ok } else { DIFFERENT })
    })?
}

fn save(settings: &Settings, verified: &Verified) -> Result<(), Failure> {
    // Who seals dead letters wants no values beside them; `--report` says where else the report is to go. A cutover asks
    // only whether both sides are the same.
    if settings.seal.is_some() {
        let verdict = serde_json::json!({"same": verified.same, "complete": verified.complete});
        return report::save(&settings.work_dir().join(REPORT), &verdict.to_string());
    }
    let json = serde_json::to_string_pretty(verified).map_err(Failure::internal)?;
    for (name, text) in [(REPORT, json), ("verify.md", verified.markdown())] {
        report::save(&settings.work_dir().join(name), &text)?;
    }
    Ok(())
}

/// A table's place in the file, what came of it, and the keys that could be repaired.
type Compared = (usize, VerifiedTable, Vec<Vec<u8>>);

/// What is compared, and how.
struct Verifying<'a> {
    app: &'a App,
    args: &'a VerifyArgs,
    settings: &'a Settings,
    sources: &'a Sources,
    plan: &'a Plan,
}

impl Verifying<'_> {
    /// Compares these tables; nothing, if it was stopped.
    async fn run(&self, store: &Store, wanted: &[usize]) -> Result<Option<Vec<Compared>>, Failure> {
        let mut state = State::open(self.settings, self.sources, wanted, self.args.fresh)?;
        let mut progress = Progress::new(self.plan.rows(), self.app.language());
        let throttle = Throttle::of(self.settings, self.app.language());
        let mut compared = Vec::new();
        for index in wanted {
            let name = self.settings.tables[*index].name();
            if let Some((table, keys)) = state.done(&name) {
                compared.push((*index, table, keys));
                continue;
            }
            let context = Context { settings: self.settings, sources: self.sources, plan: self.plan, store };
            let mut comparing = Comparing::new(&context, *index).await?;
            comparing.resume(&mut state);
            let stop = self.app.stop();
            let is_over =
                comparing.run(&mut progress, &throttle, &stop, &mut state, self.args.retry_after).await?;
            if !is_over {
                progress.end();
                self.say_stopped();
                return Ok(None);
            }
            let (table, keys) = comparing.end();
            state.finish(&table, &keys)?;
            compared.push((*index, table, keys));
        }
        progress.end();
        state.remove()?;
        Ok(Some(compared))
    }

    fn say_stopped(&self) {
        let command = format!("kefu migrate verify -f {}", self.args.file.file.display());
        let text = Text::new(
            format!("kefu migrate: stopped; go on with `{command}`"),
            format!("kefu migrate: 已停止;继续请执行 `{command}`"),
        );
        say(text.in_language(self.app.language()));
    }

    /// Brings over again what differs or is missing, and compares the tables of it anew; nothing, if it was stopped.
    async fn repair(&self, tables: &mut [Compared]) -> Result<Option<()>, Failure> {
        let mut keys = Keys::new();
        for (_, table, differing) in tables.iter().filter(|(.., differing)| !differing.is_empty()) {
            keys.insert(table.table.clone(), differing.clone());
        }
        if keys.is_empty() {
            return Ok(Some(()));
        }
        copy::repair(self.app, self.settings, self.sources, self.plan, keys).await?;
        let again: Vec<usize> =
            tables.iter().filter(|(.., keys)| !keys.is_empty()).map(|(index, ..)| *index).collect();
        let store = target::open_reading(&self.settings.data_dir).await?;
        let compared = self.run(&store, &again).await;
        store.close().await;
        let Some(compared) = compared? else { return Ok(None) };
        for (index, mut table, keys) in compared {
            let Some(before) = tables.iter_mut().find(|(known, ..)| *known == index) else { continue };
            table.repaired = (before.2.len() as u64).saturating_sub(keys.len() as u64);
            *before = (index, table, keys);
        }
        Ok(Some(()))
    }
}

impl VerifiedTable {
    fn is_same(&self) -> bool {
        self.different + self.missing + self.extra == 0
    }
}

impl Verified {
    fn markdown(&self) -> String {
        let mut out = String::from(
            "| table | rows there | rows here | different | missing | extra | settled | repaired |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for table in &self.tables {
            let VerifiedTable {
                source_rows, target_rows, different, missing, extra, settled, repaired, ..
            } = table;
            out.push_str(&format!(
                "| {} | {source_rows} | {target_rows} | {different} | {missing} | {extra} | {settled} | {repaired} |\n",
                cell(&table.table)
            ));
        }
        for table in &self.tables {
            for difference in &table.differences {
                out.push_str(&format!("\n- {} {}: {}", table.table, difference.key, difference.what));
                for (name, [there, here]) in &difference.fields {
                    out.push_str(&format!("; {name} is {there} there and {here} here"));
                }
            }
        }
        for damage in &self.damaged {
            out.push_str(&format!("\n- not compared: {damage}"));
        }
        let seconds = self.milliseconds as f64 / 1000.0;
        let word = if self.same { "the same" } else { "NOT the same" };
        out.push_str(&format!("\n\nBoth sides are {word}; compared in {seconds:.1} s.\n"));
        out
    }
}

/// Says where a comparison goes on.
fn say_resumed(rows: u64, table: &str, language: Language) {
    let text = Text::new(
        format!("kefu migrate: the comparison goes on behind {rows} rows of {table}; --fresh begins anew"),
        format!("kefu migrate: 从 {table} 的第 {rows} 行之后继续比较;--fresh 可重新开始"),
    );
    say(text.in_language(language));
}
