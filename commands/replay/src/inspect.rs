//! `kefu replay inspect`: what recorded traffic holds, for people and for programs.

mod count;
mod report;

use kefu_app::{App, Exit, Failure};

use self::count::Count;
use crate::{
    PARTLY,
    args::{InspectArgs, ReportFormat},
    source::{Outcome, Source},
};

/// Reads everything and prints what it was.
pub(crate) fn run(app: &App, args: &InspectArgs) -> Result<Exit, Failure> {
    let source = Source::open(&args.input, &args.source)?;
    let (language, stop) = (app.language(), app.stop());
    let (count, outcome) = app.block_on(async move {
        let work = move || -> Result<(Count, Outcome), Failure> {
            let mut count = Count::default();
            let outcome = source.look(language, &stop, &mut |record| count.add(record))?;
            Ok((count, outcome))
        };
        tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
    })??;
    app.print(&match args.format {
        ReportFormat::Json => format!("{}\n", report::json(&count, &outcome, args.top)),
        ReportFormat::Text => report::text(&count, &outcome, args.top, language),
    })?;
    Ok(match outcome {
        Outcome { is_stopped: true, .. } => Exit::Interrupted,
        Outcome { complaints: 1.., .. } => PARTLY,
        _ => Exit::Ok,
    })
}
