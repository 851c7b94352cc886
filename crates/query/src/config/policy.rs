//! Row policies: `tenant_id = $session.tenant and status in ('open', 'new')`.

use crate::model::{Operand, Policy, Rule};
use crate::scalar::Scalar;
use crate::source::{Column, Comparison};
use crate::value;

use super::reader::near;

/// Conditions of a policy at most.
const RULES_MAX: usize = 20;

/// Reads a policy; `all` is one without conditions.
pub(super) fn parse(text: &str, columns: &[Column]) -> Result<Policy, String> {
    let words = words(text)?;
    if words.len() == 1 && words[0] == Word::Name("all") {
        return Ok(Policy(Vec::new()));
    }
    let mut rest = words.as_slice();
    let mut rules = Vec::new();
    loop {
        rules.push(rule(&mut rest, columns)?);
        if rules.len() > RULES_MAX {
            return Err(format!("more than {RULES_MAX} conditions"));
        }
        match rest.split_first() {
            None => return Ok(Policy(rules)),
            Some((Word::Name(and), after)) if and.eq_ignore_ascii_case("and") => rest = after,
            Some((other, _)) => return Err(format!("`and` is needed before {other:?}")),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Word<'t> {
    Name(&'t str),
    Text(String),
    Number(&'t str),
    Session(&'t str),
    Sign(&'t str),
}

fn rule(rest: &mut &[Word<'_>], columns: &[Column]) -> Result<Rule, String> {
    let Some(Word::Name(name)) = next(rest) else { return Err("the name of a field is needed".to_owned()) };
    let found = columns.iter().position(|column| column.field == *name || column.name == *name);
    let Some(column) = found else {
        let near = near(name, columns.iter().map(|column| column.field.as_str()));
        return Err(format!(
            "unknown field `{name}`{near}; what is no field is declared with `hidden: true`"
        ));
    };
    let (by, is_negated) = match next(rest) {
        Some(Word::Sign("=")) => (Comparison::Equal, false),
        Some(Word::Sign("!=")) => (Comparison::Equal, true),
        Some(Word::Sign("<")) => (Comparison::Below, false),
        Some(Word::Sign("<=")) => (Comparison::AtMost, false),
        Some(Word::Sign(">")) => (Comparison::Above, false),
        Some(Word::Sign(">=")) => (Comparison::AtLeast, false),
        Some(Word::Name(word)) if word.eq_ignore_ascii_case("in") => (Comparison::In, false),
        _ => return Err(format!("one of = != < <= > >= in is needed after `{name}`")),
    };
    let scalar = &columns[column].scalar;
    let operands =
        if by == Comparison::In { list(rest, scalar)? } else { vec![operand(next(rest), scalar)?] };
    Ok(Rule { column, is_negated, by, operands })
}

fn list(rest: &mut &[Word<'_>], scalar: &Scalar) -> Result<Vec<Operand>, String> {
    if let Some(Word::Session(_)) = rest.first() {
        return Ok(vec![operand(next(rest), scalar)?]);
    }
    if next(rest) != Some(&Word::Sign("(")) {
        return Err("a list such as ('a', 'b') or $session.name is needed after `in`".to_owned());
    }
    let mut operands = Vec::new();
    loop {
        operands.push(operand(next(rest), scalar)?);
        match next(rest) {
            Some(Word::Sign(",")) => {}
            Some(Word::Sign(")")) => return Ok(operands),
            _ => return Err("`,` or `)` is needed in the list".to_owned()),
        }
    }
}

fn operand(word: Option<&Word<'_>>, scalar: &Scalar) -> Result<Operand, String> {
    let json = match word {
        Some(Word::Session(name)) => return Ok(Operand::Session((*name).to_owned())),
        Some(Word::Text(text)) => serde_json::Value::from(text.as_str()),
        Some(Word::Number(text)) => {
            serde_json::from_str(text).map_err(|_| format!("`{text}` is no number"))?
        }
        Some(Word::Name("true")) => true.into(),
        Some(Word::Name("false")) => false.into(),
        _ => return Err("a value such as 7, 'text' or $session.name is needed".to_owned()),
    };
    value::from_json(&json, scalar).map(Operand::Fixed)
}

fn next<'w, 't>(rest: &mut &'w [Word<'t>]) -> Option<&'w Word<'t>> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    Some(first)
}

fn words(text: &str) -> Result<Vec<Word<'_>>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
                let length = length.unwrap_or(rest.len());
                words.push(Word::Name(&rest[..length]));
                length
            }
            '$' => {
                let name = rest.strip_prefix("$session.").ok_or("only `$session.name` is known")?;
                let length =
                    name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
                if length == 0 {
                    return Err("a name is needed after `$session.`".to_owned());
                }
                words.push(Word::Session(&name[..length]));
                rest.len() - name.len() + length
            }
            '0'..='9' | '-' => {
                let length = rest.find(|c: char| !c.is_ascii_digit() && !"-+.eE".contains(c));
                let length = length.unwrap_or(rest.len());
                words.push(Word::Number(&rest[..length]));
                length
            }
            '\'' => {
                let end = rest[1..].find('\'').ok_or("a text does not end")?;
                words.push(Word::Text(rest[1..=end].to_owned()));
                end + 2
            }
            _ => {
                let sign = ["<=", ">=", "!=", "=", "<", ">", "(", ")", ","];
                let sign = sign.into_iter().find(|sign| rest.starts_with(sign));
                let sign = sign.ok_or_else(|| format!("`{first}` is not understood"))?;
                words.push(Word::Sign(sign));
                sign.len()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(words)
}
