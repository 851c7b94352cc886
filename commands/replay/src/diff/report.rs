//! What a comparison has found, for people and for programs.

mod html;
mod junit;
mod markdown;

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use kefu_app::{App, Exit, Failure, Language, Text};
use kefu_traffic::gor::{create_private, sync};
use serde_json::{Map, Value, json};

use super::{
    rules::{VOLATILE, cannot_compare},
    tally::{Finding, Tally},
};
use crate::{
    args::{ComparisonArgs, DiffFormat, Share},
    shown,
};

/// So many fields are shown to people; programs get all.
const SHOWN: usize = 50;

/// What was compared with what.
pub(crate) struct Subject {
    pub(crate) primary: String,
    pub(crate) secondary: Option<String>,
    pub(crate) candidate: String,
    /// What else was counted.
    pub(crate) counts: Vec<Counts>,
    /// What was not translated, by call and reason.
    pub(crate) untranslated: BTreeMap<String, u64>,
    pub(crate) threshold: Share,
}

/// Something that was counted.
pub(crate) struct Counts {
    name: &'static str,
    text: Text,
    count: u64,
}

impl Counts {
    /// Its name for programs, that for people, and how many.
    pub(crate) fn new(name: &'static str, text: Text, count: u64) -> Self {
        Self { name, text, count }
    }
}

/// Where the report goes.
pub(crate) struct Reports {
    format: DiffFormat,
    files: Vec<(PathBuf, DiffFormat)>,
    /// Nothing is compared.
    only_facts: bool,
}

impl Reports {
    /// Finds out what the files are to be by their names.
    ///
    /// # Errors
    ///
    /// A name says nothing.
    pub(crate) fn new(args: &ComparisonArgs) -> Result<Self, Failure> {
        let files = args.report.iter().map(|path| match by_name(path) {
            Some(format) => Ok((path.clone(), format)),
            None => Err(cannot_compare(Text::new(
                format!("{} ends with none of .json, .xml, .html and .md", path.display()),
                format!("{} 的扩展名不是 .json、.xml、.html 或 .md", path.display()),
            ))),
        });
        Ok(Self { format: args.format, files: files.collect::<Result<_, _>>()?, only_facts: false })
    }

    /// Will tell only what was counted, if nothing is compared.
    ///
    /// # Errors
    ///
    /// The forms that are wanted are for comparisons.
    pub(crate) fn only_facts(self, only_facts: bool) -> Result<Self, Failure> {
        let is_fit = matches!(self.format, DiffFormat::Text | DiffFormat::Json) && self.files.is_empty();
        if only_facts && !is_fit {
            return Err(cannot_compare(Text::new(
                "reports other than text and JSON need --diff",
                "除文本和 JSON 外的报告需要 --diff",
            )));
        }
        Ok(Self { only_facts, ..self })
    }

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(crate) fn write(&self, app: &App, tally: &Tally, subject: &Subject) -> Result<(), Failure> {
        if self.only_facts {
            return app.print(&match self.format {
                DiffFormat::Json => format!("{}\n", counts_json(subject)),
                _ => shown::table(&counts_rows(subject, app.language())),
            });
        }
        for (path, format) in &self.files {
            let text = rendered(*format, tally, subject, app.language());
            let written = || -> io::Result<()> {
                // A report is made anew at each run.
                let mut file = create_private(path, true)?;
                file.write_all(text.as_bytes())?;
                sync(&file)
            };
            written().map_err(|error| {
                let name = path.display();
                Failure::new(
                    Exit::Create,
                    Text::new(format!("cannot write {name}"), format!("无法写入 {name}")),
                )
                .because(error)
            })?;
        }
        app.print(&rendered(self.format, tally, subject, app.language()))
    }
}

fn by_name(path: &Path) -> Option<DiffFormat> {
    match path.extension()?.to_str()? {
        "json" => Some(DiffFormat::Json),
        "xml" => Some(DiffFormat::Junit),
        "html" | "htm" => Some(DiffFormat::Html),
        "md" => Some(DiffFormat::Markdown),
        _ => None,
    }
}

fn rendered(format: DiffFormat, tally: &Tally, subject: &Subject, language: Language) -> String {
    match format {
        DiffFormat::Text => text(tally, subject, language),
        DiffFormat::Json => format!("{}\n", json(tally, subject)),
        DiffFormat::Junit => junit::render(tally, subject),
        DiffFormat::Html => html::render(tally, subject, language),
        DiffFormat::Markdown => markdown::render(tally, subject, language),
    }
}

/// For programs.
fn json(tally: &Tally, subject: &Subject) -> Value {
    let (findings, noise) = tally.findings();
    let ignored: &[&str] = if tally.rules.ignore_volatile_headers { &VOLATILE } else { &[] };
    json!({
        "primary": subject.primary,
        "secondary": subject.secondary,
        "candidate": subject.candidate,
        "compared": tally.compared,
        "differing": tally.differing,
        "beyond_noise": tally.wrong(),
        "beyond_noise_percent": tally.wrong_percent(),
        "threshold_percent": subject.threshold.0,
        "unanswered": tally.unanswered,
        "unrepeated": tally.unrepeated,
        "counts": counts_json(subject),
        "untranslated": subject.untranslated,
        "ignored_headers": ignored,
        "differences": findings.iter().map(finding_json).collect::<Vec<_>>(),
        "noise": noise.iter().map(finding_json).collect::<Vec<_>>(),
    })
}

fn counts_json(subject: &Subject) -> Value {
    subject.counts.iter().map(|count| (count.name.to_owned(), json!(count.count))).collect()
}

/// What was counted at all, for people.
fn counts_rows(subject: &Subject, language: Language) -> Vec<Vec<String>> {
    let counts = subject.counts.iter().filter(|count| count.count > 0);
    counts.map(|count| vec![count.text.in_language(language).to_owned(), count.count.to_string()]).collect()
}

fn finding_json(finding: &Finding<'_>) -> Value {
    let kinds: Map<String, Value> =
        finding.of.kinds.iter().map(|(kind, count)| (kind.name().to_owned(), json!(count))).collect();
    let examples = finding.of.examples.iter().map(|example| {
        json!({
            "id": example.id,
            "request": example.request,
            "kind": example.kind.name(),
            "primary": example.left,
            "candidate": example.right,
        })
    });
    json!({
        "endpoint": finding.endpoint,
        "field": finding.field,
        "compared": finding.compared,
        "differing": finding.of.raw,
        "noise": finding.of.noise,
        "kinds": kinds,
        "examples": examples.collect::<Vec<_>>(),
    })
}

/// The facts at the beginning: what was counted, and how often.
fn facts(tally: &Tally, subject: &Subject, language: Language) -> Vec<(String, String)> {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let mut facts = vec![
        (say("primary", "基准"), subject.primary.clone()),
        (say("candidate", "候选"), subject.candidate.clone()),
        (say("compared", "已比较"), tally.compared.to_string()),
        (say("differ in any way", "有任何差异"), tally.differing.to_string()),
        (
            say("differ beyond noise", "差异超出噪声"),
            format!("{} ({:.3} %)", tally.wrong(), tally.wrong_percent()),
        ),
    ];
    if let Some(secondary) = &subject.secondary {
        facts.insert(1, (say("secondary", "对照"), secondary.clone()));
    }
    if tally.unanswered > 0 {
        facts.push((say("no answer to compare with", "没有可比较的应答"), tally.unanswered.to_string()));
    }
    if tally.unrepeated > 0 {
        facts.push((say("not answered a second time", "没有第二次应答"), tally.unrepeated.to_string()));
    }
    let counts = subject.counts.iter().filter(|count| count.count > 0);
    facts.extend(counts.map(|count| (count.text.in_language(language).to_owned(), count.count.to_string())));
    let untranslated = subject.untranslated.iter();
    facts.extend(
        untranslated
            .map(|(why, count)| (format!("{}: {why}", say("not translated", "未翻译")), count.to_string())),
    );
    facts
}

/// Fields that differ, as a table.
pub(super) fn table(findings: &[Finding<'_>], language: Language) -> String {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let mut rows = vec![vec![
        say("endpoint and field", "端点与字段"),
        say("how", "方式"),
        say("differ", "差异"),
        say("noise", "噪声"),
        say("compared", "已比较"),
    ]];
    rows.extend(findings.iter().map(|finding| {
        vec![
            shown::line(&format!("{}  {}", finding.endpoint, finding.field)),
            kinds(finding),
            finding.of.raw.to_string(),
            finding.of.noise.to_string(),
            finding.compared.to_string(),
        ]
    }));
    shown::table(&rows)
}

fn kinds(finding: &Finding<'_>) -> String {
    finding.of.kinds.keys().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

/// For people.
fn text(tally: &Tally, subject: &Subject, language: Language) -> String {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let facts = facts(tally, subject, language);
    let rows: Vec<_> = facts.into_iter().map(|(name, value)| vec![name, shown::line(&value)]).collect();
    let mut out = shown::table(&rows);
    let (findings, noise) = tally.findings();
    for (title, findings) in
        [(say("Differences", "差异"), &findings), (say("Taken for noise", "视为噪声"), &noise)]
    {
        if findings.is_empty() {
            continue;
        }
        let more = findings.len().saturating_sub(SHOWN);
        let findings = &findings[..findings.len().min(SHOWN)];
        out.push_str(&format!("\n{title}\n{}", table(findings, language)));
        if more > 0 {
            let text = Text::new(format!("… and {more} more\n"), format!("…… 另有 {more} 项\n"));
            out.push_str(text.in_language(language));
        }
    }
    let examples: Vec<_> =
        findings.iter().take(SHOWN).filter(|finding| !finding.of.examples.is_empty()).collect();
    if !examples.is_empty() {
        out.push_str(&format!("\n{}\n", say("Examples", "示例")));
    }
    for finding in examples {
        out.push_str(&shown::line(&format!("{}  {}", finding.endpoint, finding.field)));
        out.push('\n');
        for example in &finding.of.examples {
            let line = format!("{} → {}  ({} {})", example.left, example.right, example.request, example.id);
            out.push_str(&format!("  {}\n", shown::line(&line)));
        }
    }
    out
}

#[cfg(test)]
mod tests;
