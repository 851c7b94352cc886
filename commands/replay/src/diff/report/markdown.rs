//! For tickets and reviews.

use kefu_app::{Language, Text};

use crate::diff::{
    report::{SHOWN, Subject, facts, kinds},
    tally::{Finding, Tally},
};

pub(super) fn render(tally: &Tally, subject: &Subject, language: Language) -> String {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let mut out = format!("# {}\n\n", say("Answers compared", "应答比较"));
    for (name, value) in facts(tally, subject, language) {
        let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        out.push_str(&format!("- {name}: {}\n", code(&value)));
    }
    let (findings, noise) = tally.findings();
    for (title, findings) in
        [(say("Differences", "差异"), &findings), (say("Taken for noise", "视为噪声"), &noise)]
    {
        if findings.is_empty() {
            continue;
        }
        out.push_str(&format!(
            "\n## {title}\n\n| {} | {} | {} | {} | {} | {} |\n|---|---|---|---:|---:|---:|\n",
            say("endpoint", "端点"),
            say("field", "字段"),
            say("how", "方式"),
            say("differ", "差异"),
            say("noise", "噪声"),
            say("compared", "已比较"),
        ));
        for finding in findings.iter().take(SHOWN) {
            out.push_str(&row(finding));
        }
    }
    if !findings.is_empty() {
        out.push_str(&format!("\n## {}\n", say("Examples", "示例")));
    }
    for finding in findings.iter().take(SHOWN) {
        out.push_str(&format!("\n{} {}\n\n", code(finding.endpoint), code(finding.field)));
        for example in &finding.of.examples {
            let (left, right, request) = (code(&example.left), code(&example.right), code(&example.request));
            out.push_str(&format!("- {left} → {right} ({request}, {})\n", code(&example.id)));
        }
    }
    out
}

fn row(finding: &Finding<'_>) -> String {
    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        code(finding.endpoint),
        code(finding.field),
        kinds(finding),
        finding.of.raw,
        finding.of.noise,
        finding.compared,
    )
}

/// Text that is shown as it is, also within a table.
fn code(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // A run of backticks that is longer than any in the text.
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", line.replace('|', "\\|"))
}
