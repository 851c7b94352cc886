//! Where reports go.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use kefu_app::{App, Exit, Failure, Text};

use crate::{args::Format, report::Report};

/// GitHub shows what is added to the file of this name beside the outcome of a job.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Writes the report to the files, each as its name says unless `format` says otherwise, or else to standard output.
pub(crate) fn write(
    app: &App,
    format: Option<Format>,
    output: &[PathBuf],
    report: &Report,
) -> Result<(), Failure> {
    for path in output {
        let format = format.or_else(|| Format::of(path)).unwrap_or(Format::Text);
        fs::write(path, report.to(format)).map_err(|error| {
            let path = path.display();
            let text =
                Text::new(format!("cannot write the report to {path}"), format!("无法将报告写入 {path}"));
            Failure::new(Exit::Create, text).because(error)
        })?;
    }
    if output.is_empty() {
        app.print(&report.to(format.unwrap_or(Format::Text)))?;
    }
    Ok(())
}

/// Adds a text to what the CI shows of the job, if it is one that does.
pub(crate) fn summary(markdown: &str) -> Result<(), Failure> {
    let Some(path) = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()) else { return Ok(()) };
    let added = OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(format!("{markdown}\n").as_bytes()));
    added.map_err(|error| {
        let path = PathBuf::from(&path);
        let text = Text::new(
            format!("cannot add to the summary of the job in {}", path.display()),
            format!("无法写入任务摘要 {}", path.display()),
        );
        Failure::new(Exit::Create, text).because(error)
    })
}

impl Format {
    /// What the name of a file says.
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "json" => Some(Self::Json),
            "md" => Some(Self::Markdown),
            "txt" => Some(Self::Text),
            "csv" => Some(Self::Csv),
            "xml" => Some(Self::Junit),
            "html" => Some(Self::Html),
            "hdr" | "hlog" => Some(Self::Hdr),
            _ => None,
        }
    }
}
