//! A page that needs nothing but itself: no script, and nothing from elsewhere.

use kefu_app::{Language, Text};

use super::junit::escaped;
use crate::diff::{
    report::{Subject, facts, kinds},
    tally::{Finding, Tally},
};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{opacity:.7}dd{margin:0}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .5rem;border-bottom:1px solid #8884}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}\
del{background:#c0392b33;text-decoration:none}ins{background:#27ae6033;text-decoration:none}\
.verdict{padding:.5rem .75rem;border-left:4px solid}.good{border-color:#27ae60}.bad{border-color:#c0392b}";

pub(super) fn render(tally: &Tally, subject: &Subject, language: Language) -> String {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let (findings, noise) = tally.findings();
    let lang = if language == Language::Chinese { "zh-CN" } else { "en" };
    let title = say("Answers compared", "应答比较");
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    let is_good = findings.is_empty();
    out.push_str(&format!(
        "<p class=\"verdict {}\">{}</p>\n<dl>",
        if is_good { "good" } else { "bad" },
        if is_good {
            say("No difference beyond noise", "没有超出噪声的差异")
        } else {
            Text::new(format!("{} fields differ", findings.len()), format!("{} 个字段有差异", findings.len()))
                .in_language(language)
                .to_owned()
        },
    ));
    for (name, value) in facts(tally, subject, language) {
        out.push_str(&format!("<dt>{}</dt><dd>{}</dd>", escaped(&name), escaped(&value)));
    }
    out.push_str("</dl>\n");
    for (title, findings) in
        [(say("Differences", "差异"), &findings), (say("Taken for noise", "视为噪声"), &noise)]
    {
        if findings.is_empty() {
            continue;
        }
        out.push_str(&format!("<h2>{title}</h2>\n<table><thead><tr>"));
        for (en, zh, class) in [
            ("endpoint", "端点", ""),
            ("field", "字段", ""),
            ("how", "方式", ""),
            ("differ", "差异", " class=\"n\""),
            ("noise", "噪声", " class=\"n\""),
            ("compared", "已比较", " class=\"n\""),
        ] {
            out.push_str(&format!("<th scope=\"col\"{class}>{}</th>", say(en, zh)));
        }
        out.push_str("</tr></thead><tbody>\n");
        for finding in findings {
            out.push_str(&row(finding));
        }
        out.push_str("</tbody></table>\n");
    }
    out.push_str("</body></html>\n");
    out
}

fn row(finding: &Finding<'_>) -> String {
    let mut out = format!(
        "<tr><td><code>{}</code></td><td><code>{}</code></td><td>{}</td><td class=\"n\">{}</td>\
         <td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        escaped(finding.endpoint),
        escaped(finding.field),
        kinds(finding),
        finding.of.raw,
        finding.of.noise,
        finding.compared,
    );
    for example in &finding.of.examples {
        out.push_str(&format!(
            "<tr><td colspan=\"6\"><del><code>{}</code></del> <ins><code>{}</code></ins> \
             <small><code>{}</code> {}</small></td></tr>\n",
            escaped(&example.left),
            escaped(&example.right),
            escaped(&example.request),
            escaped(&example.id),
        ));
    }
    out
}
