//! Reports as pages for browsers: the tables, lists and lines that our Markdown has, and nothing of what stands in them
//! is anything but text.

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;\
color:#1c2430;background:#fff}table{border-collapse:collapse;display:block;overflow-x:auto;margin:1rem 0}\
th,td{border:1px solid #d3d9e2;padding:.35rem .6rem;text-align:left}th{background:#f2f4f8}\
.n{text-align:right;font-variant-numeric:tabular-nums}pre{background:#f2f4f8;padding:1rem;overflow-x:auto}\
@media(prefers-color-scheme:dark){body{color:#e4e8ee;background:#161a21}th,td{border-color:#3a4350}\
th,pre{background:#222834}}";

/// A page of this title that shows `markdown`.
pub(super) fn page(title: &str, markdown: &str) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style>\n<h1>{}</h1>\n",
        escaped(title),
        escaped(title)
    );
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('|') {
            let is_number: Vec<bool> = match lines.next_if(|next| next.starts_with("|-")) {
                Some(rule) => cells(rule).iter().map(|cell| cell.ends_with(':')).collect(),
                None => Vec::new(),
            };
            out += "<table>\n";
            row(&mut out, line, "th", &is_number);
            while let Some(line) = lines.next_if(|next| next.starts_with('|')) {
                row(&mut out, line, "td", &is_number);
            }
            out += "</table>\n";
        } else if line.starts_with("- ") {
            out += "<ul>\n";
            let mut item = Some(line);
            while let Some(line) = item {
                out += &format!("<li>{}</li>\n", text(&line[2..]));
                item = lines.next_if(|next| next.starts_with("- "));
            }
            out += "</ul>\n";
        } else if line.starts_with("```") {
            let code: Vec<_> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            out += &format!("<pre>{}</pre>\n", escaped(&code.join("\n")));
        } else if !line.trim().is_empty() {
            out += &format!("<p>{}</p>\n", text(line));
        }
    }
    out
}

fn row(out: &mut String, line: &str, tag: &str, is_number: &[bool]) {
    out.push_str("<tr>");
    for (index, cell) in cells(line).iter().enumerate() {
        let class = if is_number.get(index) == Some(&true) { " class=\"n\"" } else { "" };
        out.push_str(&format!("<{tag}{class}>{}</{tag}>", text(cell)));
    }
    out.push_str("</tr>\n");
}

/// The cells of a line of a table; `\|` is a bar in one.
fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|');
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let hidden = inner.replace("\\|", "\0");
    hidden.split('|').map(|cell| cell.trim().replace('\0', "|")).collect()
}

/// A line in which something may be `**strong**`.
fn text(line: &str) -> String {
    let parts: Vec<_> = line.split("**").collect();
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        // What is not closed is no mark.
        let is_strong = index % 2 == 1 && index + 1 < parts.len();
        match (is_strong, index % 2 == 1) {
            (true, _) => out += &format!("<strong>{}</strong>", escaped(part)),
            (false, true) => out += &format!("**{}", escaped(part)),
            (false, false) => out += &escaped(part),
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_lists_and_code_become_elements_and_values_stay_text() {
        let markdown = "| table | rows |\n|---|--:|\n| a\\|b | 7 |\n\n- **x**: <script>\n- y ** z\n\n```yaml\na: <b>\n```\nend & out\n";
        let html = page("verify <1>", markdown);
        let (_, body) = html.split_once("</style>\n").unwrap();
        assert_eq!(
            body,
            "<h1>verify &lt;1&gt;</h1>
<table>
<tr><th>table</th><th class=\"n\">rows</th></tr>
<tr><td>a|b</td><td class=\"n\">7</td></tr>
</table>
<ul>
<li><strong>x</strong>: &lt;script&gt;</li>
<li>y ** z</li>
</ul>
<pre>a: &lt;b&gt;</pre>
<p>end &amp; out</p>
"
        );
        assert!(!html.contains("<script"));
    }
}
