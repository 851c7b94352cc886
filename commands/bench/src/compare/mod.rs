//! `kefu bench compare`: whether a service has become slower, or only looks like it.

mod statistics;

use std::{fmt::Write as _, path::Path};

use kefu_app::{App, Exit, Failure};
use serde::Serialize;

use crate::{
    FAILED, INVALID,
    args::{CompareArgs, TableFormat},
    report::{Metric, Report, read},
    write,
};
use statistics::{difference, mann_whitney, median};

/// Fewer runs than this can show nothing: over five figures, the test needs five of each side.
const RUNS_MIN: usize = 5;
/// The chance of an alarm about nothing, over all figures of a comparison together.
const ALPHA: f64 = 0.05;
/// What is compared unless something else is asked for, as far as it was measured.
const USUAL: [Metric; 5] = [Metric::P50, Metric::P99, Metric::Rate, Metric::ErrorRate, Metric::CpuPerMessage];

/// What became of a figure.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Better,
    Worse,
    /// Not apart by more than is tolerated.
    Same,
    /// Perhaps apart: the runs differ among themselves too much to tell.
    Unclear,
    /// There are too few runs to tell.
    TooFew,
}

/// A figure before and after.
#[derive(Clone, Debug, Serialize)]
struct Compared {
    name: &'static str,
    base: f64,
    new: f64,
    /// The change of the median, and its bounds in 95 of 100 cases, in percent of the base.
    change_percent: f64,
    low_percent: f64,
    high_percent: f64,
    /// How likely runs of the same service lie so far apart.
    p: f64,
    verdict: Verdict,
}

/// A file against the base.
#[derive(Clone, Debug, Serialize)]
struct Comparison {
    base: String,
    new: String,
    base_runs: usize,
    new_runs: usize,
    figures: Vec<Compared>,
}

/// Compares files of reports, and says whether one is worse than the first.
pub(crate) fn run(app: &App, args: &CompareArgs) -> Result<Exit, Failure> {
    let base = valid(&args.base)?;
    let asked: Vec<Metric> = args.metric.iter().map(|figure| figure.0).collect();
    let metrics = if asked.is_empty() { &USUAL[..] } else { &asked };
    let mut comparisons = Vec::new();
    for path in &args.new {
        let new = valid(path)?;
        comparisons.push(Comparison {
            base: args.base.display().to_string(),
            new: path.display().to_string(),
            base_runs: base.len(),
            new_runs: new.len(),
            figures: compare(&base, &new, metrics, args.tolerance, args.seed),
        });
    }
    let text = match args.format {
        TableFormat::Text => comparisons.iter().map(text).collect(),
        TableFormat::Markdown => comparisons.iter().map(markdown).collect(),
        TableFormat::Json => serde_json::to_string_pretty(&comparisons).map_err(Failure::internal)? + "\n",
    };
    app.print(&text)?;
    write::summary(&comparisons.iter().map(markdown).collect::<String>())?;
    let verdicts =
        || comparisons.iter().flat_map(|comparison| &comparison.figures).map(|figure| figure.verdict);
    Ok(match () {
        () if verdicts().any(|verdict| verdict == Verdict::Worse) => FAILED,
        () if verdicts().any(|verdict| verdict == Verdict::TooFew) || verdicts().count() == 0 => INVALID,
        () => Exit::Ok,
    })
}

/// The reports of a file, all of which must say something about the server.
fn valid(path: &Path) -> Result<Vec<Report>, Failure> {
    let reports = read(path)?;
    match reports.iter().find_map(|report| report.invalid.first()) {
        None => Ok(reports),
        Some(reason) => {
            let name = path.display();
            let text = kefu_app::Text::new(
                format!("cannot compare {name}: it has an invalid run: {reason}"),
                format!("无法比较 {name}: 其中有无效的测试: {reason}"),
            );
            Err(Failure::new(INVALID, text))
        }
    }
}

fn compare(base: &[Report], new: &[Report], metrics: &[Metric], tolerance: f64, seed: u64) -> Vec<Compared> {
    let measured = |reports: &[Report], metric: Metric| {
        reports.iter().filter_map(|report| metric.of(report)).collect::<Vec<f64>>()
    };
    let samples = metrics.iter().map(|metric| (*metric, measured(base, *metric), measured(new, *metric)));
    let samples: Vec<_> = samples.filter(|(_, base, new)| !base.is_empty() && !new.is_empty()).collect();
    let mut figures: Vec<_> =
        samples.iter().map(|(metric, base, new)| figure(*metric, base, new, seed)).collect();
    judge(&mut figures, &samples, tolerance);
    figures
}

fn figure(metric: Metric, base: &[f64], new: &[f64], seed: u64) -> Compared {
    let (before, after) = (median(base), median(new));
    let (low, high) = difference(base, new, seed);
    // What was nothing and is something has grown by more than can be said in percent.
    let percent = |change: f64| match () {
        () if before != 0.0 => change * 100.0 / before.abs(),
        () if change == 0.0 => 0.0,
        () => change.signum() * 1e6,
    };
    Compared {
        name: metric.name(),
        base: before,
        new: after,
        change_percent: percent(after - before),
        low_percent: percent(low),
        high_percent: percent(high),
        p: mann_whitney(base, new),
        verdict: Verdict::TooFew,
    }
}

/// Gives verdicts. Of many figures one is always unusual: after Holm, the least likely must be so for all of them.
fn judge(figures: &mut [Compared], samples: &[(Metric, Vec<f64>, Vec<f64>)], tolerance: f64) {
    let mut order: Vec<usize> = (0..figures.len()).collect();
    order.sort_by(|a, b| figures[*a].p.total_cmp(&figures[*b].p));
    let (mut left, mut is_real) = (figures.len(), true);
    for index in order {
        let (metric, base, new) = &samples[index];
        let figure = &mut figures[index];
        is_real &= figure.p <= ALPHA / left as f64;
        left -= 1;
        let is_large = figure.change_percent.abs() > tolerance;
        let is_within = figure.low_percent >= -tolerance && figure.high_percent <= tolerance;
        let is_rise = figure.change_percent > 0.0;
        figure.verdict = match () {
            () if base.len() < RUNS_MIN || new.len() < RUNS_MIN => Verdict::TooFew,
            () if is_real && is_large && is_rise == metric.is_better_high() => Verdict::Better,
            () if is_real && is_large => Verdict::Worse,
            () if is_within || (is_real && !is_large) => Verdict::Same,
            () => Verdict::Unclear,
        };
    }
}

impl Verdict {
    fn words(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "WORSE",
            Self::Same => "the same",
            Self::Unclear => "unclear",
            Self::TooFew => "too few runs",
        }
    }
}

fn change(figure: &Compared) -> String {
    if figure.change_percent.abs() >= 1e5 {
        return "from nothing".into();
    }
    let Compared { change_percent, low_percent, high_percent, .. } = figure;
    format!("{change_percent:+.1} % [{low_percent:+.1}, {high_percent:+.1}]")
}

fn text(comparison: &Comparison) -> String {
    let Comparison { base, new, base_runs, new_runs, figures } = comparison;
    let mut out = format!("{new} ({new_runs} runs) against {base} ({base_runs} runs)\n\n");
    for figure in figures {
        line(
            &mut out,
            format_args!(
                "  {:16} {:>12.3} {:>12.3}  {:28} p = {:.4}  {}",
                figure.name,
                figure.base,
                figure.new,
                change(figure),
                figure.p,
                figure.verdict.words()
            ),
        );
    }
    out.push_str(foot(comparison));
    out.push('\n');
    out
}

fn markdown(comparison: &Comparison) -> String {
    let Comparison { base, new, base_runs, new_runs, figures } = comparison;
    let mut out = format!(
        "### `{new}` ({new_runs} runs) against `{base}` ({base_runs} runs)\n\n\
         | figure | base | new | change [95 %] | p | verdict |\n|---|---|---|---|---|---|\n"
    );
    for figure in figures {
        let verdict = match figure.verdict {
            Verdict::Worse => "**worse**",
            verdict => verdict.words(),
        };
        let Compared { name, base, new, p, .. } = figure;
        line(
            &mut out,
            format_args!("| {name} | {base:.3} | {new:.3} | {} | {p:.4} | {verdict} |", change(figure)),
        );
    }
    out.push('\n');
    out.push_str(foot(comparison).trim_start());
    out.push('\n');
    out
}

/// What the verdicts rest on.
fn foot(comparison: &Comparison) -> &'static str {
    if comparison.figures.is_empty() {
        return "\nnothing was measured on both sides\n";
    }
    if comparison.figures.iter().any(|figure| figure.verdict == Verdict::TooFew) {
        return "\ntoo few runs have a figure to tell it from noise: give at least five of each, one report after the other in a file\n";
    }
    "\nmedians; bounds by bootstrap; p by Mann and Whitney, judged after Holm at 5 % over all figures\n"
}

fn line(out: &mut String, line: std::fmt::Arguments<'_>) {
    let written = writeln!(out, "{line}");
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}

#[cfg(test)]
mod tests;
