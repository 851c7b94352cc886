//! Settings written as YAML: the effective view and the annotated example.

use super::{
    setting::{Field, Shape, Shown},
    variables::variable_name,
};

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "(secret)";

/// Writes a value as YAML in one line.
fn yaml_value(shown: &Shown) -> String {
    match shown {
        Shown::Unset => "~".to_owned(),
        Shown::Plain(text, true) => yaml_text(text),
        Shown::Plain(text, false) => text.clone(),
        Shown::List(items) => format!("[{}]", items.iter().map(yaml_value).collect::<Vec<_>>().join(", ")),
        Shown::Redacted => format!("\"{REDACTED}\""),
    }
}

/// Quotes text unless it is plainly nothing but text; JSON's quoting is YAML's double quoting.
fn yaml_text(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " /._:-".contains(c))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        // Some readers take 12:30 for a number.
        && text.contains(|c: char| !c.is_ascii_digit() && c != ':')
        // Read as any value: as a `String` even 0x1F would be one, which is a number.
        && matches!(serde_yaml::from_str(text), Ok(serde_yaml::Value::String(same)) if same == text)
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off"
        )
        && text.parse::<f64>().is_err();
    if plain {
        return text.to_owned();
    }
    let mut quoted = String::new();
    for c in serde_json::Value::from(text).to_string().chars() {
        // JSON lets these stand as they are, YAML does not or takes them for the end of a line.
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            quoted.push(c);
        }
    }
    quoted
}

/// Lines of YAML for a shape: `decorate` gets a path and its value and returns what to write, and a comment.
pub(super) fn yaml_lines(
    shape: &Shape,
    path: &str,
    depth: usize,
    lines: &mut Vec<(String, String)>,
    decorate: &dyn Fn(&str, String) -> (String, String),
) {
    let Shape::Group(fields) = shape else { return };
    for field in fields {
        let dot = if path.is_empty() { "" } else { "." };
        let inner = format!("{path}{dot}{}", field.name);
        let indent = "  ".repeat(depth);
        match &field.shape {
            Shape::Group(_) => {
                lines.push((format!("{indent}{}:", field.name), String::new()));
                yaml_lines(&field.shape, &inner, depth + 1, lines, decorate);
            }
            Shape::Value { shown, .. } => {
                let (value, comment) = decorate(&inner, yaml_value(shown));
                lines.push((format!("{indent}{}: {value}", field.name), comment));
            }
            Shape::List(_) | Shape::Named(_) => {}
        }
    }
}

/// Writes an annotated example: every key of the sections with its doc comment, type, variable and default.
///
/// Values are commented out as `#key: value`, prose as `# text`: taking the `#` off the former gives the defaults.
pub fn example_yaml(title: &str, sections: &[(&str, &str, Shape)]) -> String {
    let mut out = String::new();
    for line in title.lines() {
        out.push_str(&format!("# {line}\n"));
    }
    for (name, doc, shape) in sections {
        out.push_str(&format!("\n# {doc}\n{name}:\n"));
        if let Shape::Group(fields) = shape {
            example_group(name, "", fields, 1, &mut out);
        }
    }
    out
}

fn example_group(section: &str, path: &str, fields: &[Field], depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        for line in field.doc.lines() {
            out.push_str(&format!("{indent}# {}\n", line.trim()));
        }
        let dot = if path.is_empty() { "" } else { "." };
        let inner = format!("{path}{dot}{}", field.name);
        match &field.shape {
            Shape::Group(fields) => {
                out.push_str(&format!("{indent}{}:\n", field.name));
                example_group(section, &inner, fields, depth + 1, out);
            }
            Shape::Value { takes, shown } => {
                let variable = variable_name(section, &inner);
                out.push_str(&format!("{indent}# ({takes}; {variable})\n"));
                out.push_str(&format!("{indent}#{}: {}\n", field.name, yaml_value(shown)));
            }
            Shape::List(_) | Shape::Named(_) => {}
        }
    }
}
