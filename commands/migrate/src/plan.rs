//! `kefu migrate plan`: what would be brought over, and a draft for what nothing is said of.

mod draft;

use kefu_app::{App, Exit, Failure, Language};
use serde::Serialize;

use crate::{
    args::PlanArgs,
    check::{self, Plan, Sources},
    report,
    settings::Settings,
    source::REFUSED,
};

/// Runs `kefu migrate plan`.
pub(crate) fn run(app: &App, args: &PlanArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    app.block_on(async {
        let sources = Sources::open(&settings).await?;
        let plan = check::plan(&settings, &sources).await?;
        let said = Said::new(&settings, &sources, &plan, app.language());
        #[cfg(feature = "live")]
        let said = said.with_logs(&settings, &sources, &plan, app.language()).await?;
        report::print(app, args.format, &said, || said.markdown())?;
        Ok(if said.can_run { Exit::Ok } else { REFUSED })
    })?
}

/// A plan as it is said.
#[derive(Serialize)]
struct Said {
    can_run: bool,
    sources: Vec<SaidSource>,
    tables: Vec<SaidTable>,
    unmapped: Vec<SaidUnmapped>,
    /// A mapping for tables that nothing becomes of, as YAML.
    draft: String,
}

#[derive(Serialize)]
struct SaidSource {
    name: String,
    identity: String,
    /// Rows can change while they are read: a run that is repeated picks changes up.
    live: bool,
    /// Why `run --follow` would be refused.
    follow_obstacles: Vec<String>,
    /// Why nothing could flow back to it after a cutover.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flow_back_obstacles: Vec<String>,
    /// Fields that would stay behind then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flow_back_leaves_out: Vec<String>,
    /// How long the server keeps changes: a copy must not take longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    keeps_changes_s: Option<u64>,
}

#[derive(Serialize)]
struct SaidTable {
    table: String,
    becomes: &'static str,
    key: Vec<String>,
    rows_estimate: Option<u64>,
    bytes_estimate: Option<u64>,
    unplaced_columns: Vec<String>,
    problems: Vec<String>,
}

#[derive(Serialize)]
struct SaidUnmapped {
    table: String,
    rows_estimate: Option<u64>,
}

impl Said {
    fn new(settings: &Settings, sources: &Sources, plan: &Plan, language: Language) -> Self {
        let tables: Vec<_> = plan
            .tables
            .iter()
            .filter(|table| !table.is_missing)
            .map(|table| SaidTable {
                table: table.map.name(),
                becomes: table.map.entity.as_str(),
                key: table.key.clone(),
                rows_estimate: table.rows,
                bytes_estimate: table.bytes,
                unplaced_columns: table.unplaced.clone(),
                problems: table
                    .problems
                    .iter()
                    .map(|problem| problem.in_language(language).to_owned())
                    .collect(),
            })
            .collect();
        let unmapped = plan.unmapped.iter().map(|(source, table)| SaidUnmapped {
            table: format!("{source}/{}", table.name),
            rows_estimate: table.rows,
        });
        let sources = sources.iter().map(|(name, source)| SaidSource {
            name: name.to_owned(),
            identity: source.identity().to_owned(),
            live: source.is_live(),
            follow_obstacles: Vec::new(),
            flow_back_obstacles: Vec::new(),
            flow_back_leaves_out: Vec::new(),
            keeps_changes_s: None,
        });
        Self {
            can_run: !tables.is_empty() && tables.iter().all(|table| table.problems.is_empty()),
            sources: sources.collect(),
            unmapped: unmapped.collect(),
            draft: if settings.tables.is_empty() { draft::draft(&plan.unmapped) } else { String::new() },
            tables,
        }
    }

    /// Finds out whether changes can be followed.
    #[cfg(feature = "live")]
    async fn with_logs(
        mut self,
        settings: &Settings,
        sources: &Sources,
        plan: &Plan,
        language: Language,
    ) -> Result<Self, Failure> {
        if plan.tables.iter().any(|table| !table.problems.is_empty()) {
            return Ok(self);
        }
        for said in &mut self.sources {
            let Some(server) = sources.get(&said.name)?.server() else { continue };
            let obstacles = crate::follow::obstacles(settings, plan, &said.name, server).await?;
            let obstacles = obstacles.iter().map(|obstacle| obstacle.in_language(language).to_owned());
            said.follow_obstacles = obstacles.collect();
            let obstacles = crate::back::obstacles(settings);
            said.flow_back_obstacles =
                obstacles.iter().map(|obstacle| obstacle.in_language(language).to_owned()).collect();
            let parts = crate::back::Parts::of(settings);
            said.flow_back_leaves_out = parts.map(|parts| parts.left_out()).unwrap_or_default();
            said.keeps_changes_s = server.retention().await?.map(|kept| kept.as_secs());
        }
        Ok(self)
    }

    fn markdown(&self) -> String {
        let mut out = String::new();
        for source in &self.sources {
            out.push_str(&format!("- source {}: {}\n", source.name, source.identity));
            for obstacle in &source.follow_obstacles {
                out.push_str(&format!("  - cannot be followed: {obstacle}\n"));
            }
            for obstacle in &source.flow_back_obstacles {
                out.push_str(&format!("  - nothing could flow back to it after a cutover: {obstacle}\n"));
            }
            if !source.flow_back_leaves_out.is_empty() {
                let fields = source.flow_back_leaves_out.join(", ");
                out.push_str(&format!("  - what flows back after a cutover is without {fields}\n"));
            }
            if let Some(seconds) = source.keeps_changes_s {
                out.push_str(&format!("  - keeps changes for {seconds} s\n"));
            }
        }
        if !self.tables.is_empty() {
            out += "\n| table | becomes | key | rows (about) | bytes (about) | columns not placed |\n|---|---|---|--:|--:|---|\n";
        }
        let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        for table in &self.tables {
            out.push_str(&format!(
                "| {} | {} | {} | {} | {} | {} |\n",
                table.table,
                table.becomes,
                table.key.join(", "),
                number(table.rows_estimate),
                number(table.bytes_estimate),
                table.unplaced_columns.join(", ")
            ));
        }
        for table in &self.tables {
            for problem in &table.problems {
                out.push_str(&format!("\n- **{}**: {problem}", table.table));
            }
        }
        if !self.unmapped.is_empty() {
            let names: Vec<_> = self.unmapped.iter().map(|table| table.table.as_str()).collect();
            out.push_str(&format!("\nNothing becomes of: {}\n", names.join(", ")));
        }
        if !self.draft.is_empty() {
            out.push_str(&format!(
                "\nA draft, to be looked through and completed:\n\n```yaml\n{}```\n",
                self.draft
            ));
        }
        out
    }
}
