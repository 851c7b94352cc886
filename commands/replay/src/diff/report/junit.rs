//! For build servers: a case for each endpoint, which fails if it differs.

use crate::diff::{
    report::Subject,
    tally::{Finding, Tally},
};

pub(super) fn render(tally: &Tally, subject: &Subject) -> String {
    let (findings, _) = tally.findings();
    let failed = tally
        .endpoints
        .keys()
        .filter(|endpoint| findings.iter().any(|finding| finding.endpoint == *endpoint))
        .count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites tests=\"{0}\" failures=\"{failed}\">\n\
         <testsuite name=\"kefu replay diff: {1}\" tests=\"{0}\" failures=\"{failed}\">\n",
        tally.endpoints.len(),
        escaped(&subject.candidate),
    );
    for (endpoint, found) in &tally.endpoints {
        let name = escaped(endpoint);
        let findings: Vec<_> = findings.iter().filter(|finding| finding.endpoint == endpoint).collect();
        out.push_str(&format!("<testcase classname=\"kefu.replay.diff\" name=\"{name}\""));
        if findings.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        let message = format!("{} fields differ in {} answers", findings.len(), found.compared);
        out.push_str(&format!("><failure message=\"{message}\" type=\"difference\">"));
        for finding in findings {
            out.push_str(&escaped(&described(finding)));
        }
        out.push_str("</failure></testcase>\n");
    }
    out.push_str("</testsuite>\n</testsuites>\n");
    out
}

fn described(finding: &Finding<'_>) -> String {
    let mut text = format!(
        "{}: {} of {} differ, noise {}\n",
        finding.field, finding.of.raw, finding.compared, finding.of.noise
    );
    for example in &finding.of.examples {
        text.push_str(&format!(
            "  {} -> {}  ({} {})\n",
            example.left, example.right, example.request, example.id
        ));
    }
    text
}

/// Text as XML and HTML have it; characters that XML cannot have are replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
