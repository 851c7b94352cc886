//! `kefu migrate status`: how far it has come, by the store alone.

use std::time::Duration;

use kefu_app::{App, Exit, Failure};

use crate::{args::StatusArgs, copy::report_of, report, settings::Settings, target};

/// The time between two looks.
const WATCH: Duration = Duration::from_secs(1);

/// Runs `kefu migrate status`.
pub(crate) fn run(app: &App, args: &StatusArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    let stop = app.stop();
    app.block_on(async {
        loop {
            let store = target::open_reading(&settings.data_dir).await?;
            let report = report_of(&settings, &store, None).await?;
            store.close().await;
            report::print(app, args.format, &report, || report.markdown())?;
            let is_followed = report.sources.iter().any(|source| source.state != "cut_over");
            if !args.watch || report.done && !is_followed {
                return Ok(Exit::Ok);
            }
            tokio::select! {
                () = tokio::time::sleep(WATCH) => {}
                () = stop.clone().requested() => return Ok(Exit::Interrupted),
            }
        }
    })?
}
