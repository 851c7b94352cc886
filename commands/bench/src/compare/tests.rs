use kefu_traffic::Summary;

use super::*;
use crate::report::Requests;

/// Runs whose p99 is as given, and whose rate is always the same.
fn runs(p99: &[f64]) -> Vec<Report> {
    p99.iter()
        .map(|p99| Report {
            latency_ms: Some(Summary { p50: 1.0, p99: *p99, ..Summary::default() }),
            requests: Some(Requests { answered: 100, answered_per_s: 50.0, ..Requests::default() }),
            ..Report::default()
        })
        .collect()
}

fn verdict(base: &[f64], new: &[f64]) -> Verdict {
    let figures = compare(&runs(base), &runs(new), &USUAL, 5.0, 1);
    assert_eq!(
        figures.iter().map(|figure| figure.name).collect::<Vec<_>>(),
        ["p50", "p99", "rate", "error_rate"]
    );
    for figure in figures.iter().filter(|figure| figure.name != "p99") {
        assert!(matches!(figure.verdict, Verdict::Same | Verdict::TooFew), "{figure:?}");
    }
    figures[1].verdict
}

const BASE: [f64; 6] = [10.0, 10.4, 9.8, 10.1, 10.3, 9.9];

#[test]
fn what_is_beyond_the_noise_is_told() {
    assert_eq!(verdict(&BASE, &BASE.map(|p99| p99 * 1.3)), Verdict::Worse);
    assert_eq!(verdict(&BASE, &BASE.map(|p99| p99 / 1.3)), Verdict::Better);
    assert_eq!(verdict(&BASE, &BASE), Verdict::Same);
    // Certain, and too small to matter.
    let calm = BASE.map(|p99| 10.0 + (p99 - 10.0) / 10.0);
    assert_eq!(verdict(&calm, &calm.map(|p99| p99 + 0.4)), Verdict::Same);
}

#[test]
fn noise_is_no_change() {
    let noisy = [5.0, 20.0, 9.0, 14.0, 30.0, 7.0];
    assert_eq!(verdict(&BASE, &noisy), Verdict::Unclear);
    assert_eq!(verdict(&BASE[..4], &BASE.map(|p99| p99 * 3.0)), Verdict::TooFew);
}

#[test]
fn of_a_rate_more_is_better() {
    let with = |rate: f64| {
        let mut reports = runs(&BASE);
        for (number, report) in reports.iter_mut().enumerate() {
            report.requests.as_mut().unwrap().answered_per_s = rate + number as f64;
        }
        reports
    };
    let rate = |base: f64, new: f64| compare(&with(base), &with(new), &[Metric::Rate], 5.0, 1)[0].verdict;
    assert_eq!((rate(1000.0, 1200.0), rate(1200.0, 1000.0)), (Verdict::Better, Verdict::Worse));
}

#[test]
fn a_table_for_people_and_one_for_a_merge_request() {
    let figures =
        compare(&runs(&BASE), &runs(&BASE.map(|p99| p99 * 1.5)), &[Metric::P99, Metric::Rate], 5.0, 1);
    let comparison =
        Comparison { base: "base.json".into(), new: "new.json".into(), base_runs: 6, new_runs: 6, figures };
    insta::assert_snapshot!(markdown(&comparison), @"
    ### `new.json` (6 runs) against `base.json` (6 runs)

    | figure | base | new | change [95 %] | p | verdict |
    |---|---|---|---|---|---|
    | p99 | 10.050 | 15.075 | +50.0 % [+46.0, +54.7] | 0.0022 | **worse** |
    | rate | 50.000 | 50.000 | +0.0 % [+0.0, +0.0] | 1.0000 | the same |

    medians; bounds by bootstrap; p by Mann and Whitney, judged after Holm at 5 % over all figures
    ");
    assert!(text(&comparison).contains("WORSE"), "{}", text(&comparison));
}
