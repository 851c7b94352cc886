//! `kefu serve report`.

use kefu_app::{App, Exit, Failure, Text};
use kefu_core::ReportFilter;
use kefu_store::{StoreError, open_reading};

use super::json;
use crate::{
    args::{ReportArgs, ReportFormat},
    opening::store_failure,
    problem::Problem,
    reports::{self, Names, ReportView},
    settings::Settings,
};

pub(crate) fn report(app: &App, args: &ReportArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    let grouping = args.by.grouping();
    let zone = reports::zone(args.zone.as_deref()).map_err(|problem| usage(&problem))?;
    let range = reports::span(&args.from, &args.to, grouping, &zone).map_err(|problem| usage(&problem))?;
    let counted: Result<_, StoreError> = app.block_on(async {
        let store = open_reading(&dir, 1).await?;
        let names = Names::load(&store).await?;
        let filter = ReportFilter { from: range.0, to: range.1, ..ReportFilter::default() };
        let report = reports::count(&store, filter, grouping, zone.clone()).await?;
        store.close().await;
        Ok(ReportView::new(&report, range, grouping, &zone, &names))
    })?;
    let view = counted.map_err(|error| store_failure(&dir, error))?;
    app.print(&match args.format {
        ReportFormat::Table => table(&view),
        ReportFormat::Csv => reports::write_csv(&view, app.language()),
        ReportFormat::Json => {
            json(&serde_json::to_value(&view).expect("strings, numbers and lists are plain JSON"))
        }
    })?;
    Ok(Exit::Ok)
}

fn usage(problem: &Problem) -> Failure {
    let field = problem.field.unwrap_or_default();
    let detail = &problem.detail;
    Failure::new(
        Exit::Usage,
        Text::new(format!("cannot take --{field}: it {detail}"), format!("无法使用 --{field}:{detail}")),
    )
}

/// The figures that people ask for first; times in seconds.
fn table(view: &ReportView) -> String {
    let mut out = format!(
        "{:>7} {:>7} {:>7} {:>8} {:>9} {:>9} {:>9} {:>9} {:>6}  {}\n",
        "opened",
        "handled",
        "missed",
        "resolved",
        "wait p50",
        "wait p90",
        "first p50",
        "first p90",
        "rating",
        view.by,
    );
    let rows = view.rows.iter().map(|row| (row.name.as_deref().unwrap_or("none"), &row.figures));
    for (name, figures) in rows.chain([("total", &view.total)]) {
        let (wait, first) = (&figures.queue_wait, &figures.first_response);
        let [wait_p50, wait_p90, first_p50, first_p90, rating] =
            [wait.p50_s, wait.p90_s, first.p50_s, first.p90_s, figures.ratings.mean]
                .map(|value| value.map_or("-".to_owned(), |value| format!("{value:.1}")));
        // Names come last: how wide they are on a screen is not for us to guess.
        out.push_str(&format!(
            "{:>7} {:>7} {:>7} {:>8} {wait_p50:>9} {wait_p90:>9} {first_p50:>9} {first_p90:>9} {rating:>6}  {name}\n",
            figures.opened, figures.handled, figures.missed, figures.resolved,
        ));
    }
    out
}
