//! How a card's answer is shown, checked before it is kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{operation::Operation, values::is_source};

/// Rows of a card at most.
const ROWS_MAX: usize = 40;
/// Actions of a card at most.
const ACTIONS_MAX: usize = 8;
/// Fields of a form at most.
const FIELDS_MAX: usize = 20;
/// Choices of a field at most.
const OPTIONS_MAX: usize = 100;
/// Most characters of a label.
const LABEL_CHARS: usize = 80;
/// Most bytes of a path into an answer.
const PATH_BYTES: usize = 200;
/// Most bytes of a query.
pub(crate) const QUERY_BYTES: usize = 16 * 1024;

/// A text in the languages of the console.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CardText)]
pub(crate) struct Localized {
    pub(crate) en: String,
    #[serde(rename = "zh-CN")]
    pub(crate) zh_cn: String,
}

/// How the answer is shown.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardView {
    pub(crate) kind: CardKind,
    /// Where in `data` that is which is shown, such as `user.tickets.nodes`.
    #[schema(example = "user")]
    pub(crate) at: String,
    /// Of `fields`: one row each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) rows: Vec<RowView>,
    /// Of `list`: path of an item's title within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// Of `list`: path of what stands below the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subtitle: Option<String>,
    /// Of `list`: path of a moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_time: Option<String>,
    /// Of `list`: path of an address that the title leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
    /// Of `list`: path of a text that a button puts into the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) insert: Option<String>,
    /// What is said where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) empty: Option<Localized>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) actions: Vec<ActionView>,
}

/// Whether one object is shown or a list of them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CardKind {
    Fields,
    List,
}

/// A row of an object.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CardRow)]
pub(crate) struct RowView {
    pub(crate) label: Localized,
    /// Within what `at` leads to.
    #[schema(example = "name")]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) format: RowFormat,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CardFormat)]
pub(crate) enum RowFormat {
    #[default]
    Text,
    Date,
    Number,
    Link,
    Badge,
}

/// Something that agents can do from a card: a mutation, with what they fill in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CardAction)]
pub(crate) struct ActionView {
    pub(crate) label: Localized,
    #[schema(
        example = "mutation($userId: Int!, $subject: String!) { openTicket(userId: $userId, subject: $subject) { id } }"
    )]
    pub(crate) mutation: String,
    /// Where the value of each variable comes from that no field of the form has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) variables: BTreeMap<String, String>,
    /// Each field is the variable of its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) form: Vec<FieldView>,
}

/// A field of a form.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CardField)]
pub(crate) struct FieldView {
    pub(crate) name: String,
    pub(crate) label: Localized,
    #[serde(rename = "type")]
    pub(crate) kind: FieldKind,
    /// Of `select`: what there is to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) options: Vec<String>,
    #[serde(default)]
    pub(crate) required: bool,
}

/// How a field is filled in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CardFieldType)]
pub(crate) enum FieldKind {
    Text,
    Textarea,
    Select,
}

impl Localized {
    /// Refuses what has no text in one of the languages, or too much of it.
    pub(crate) fn check(&self, what: &str) -> Result<(), String> {
        for (language, text) in [("en", &self.en), ("zh-CN", &self.zh_cn)] {
            if text.trim().is_empty() || text.chars().count() > LABEL_CHARS {
                return Err(format!("{what}.{language} must have 1 to {LABEL_CHARS} characters"));
            }
            if text.chars().any(char::is_control) {
                return Err(format!("{what}.{language} must be one line without control characters"));
            }
        }
        Ok(())
    }
}

impl CardView {
    /// Says what is wrong with it, with its place.
    pub(crate) fn check(&self) -> Result<(), String> {
        check_path("at", &self.at)?;
        if let Some(empty) = &self.empty {
            empty.check("empty")?;
        }
        let of_list = [
            ("title", &self.title),
            ("subtitle", &self.subtitle),
            ("at_time", &self.at_time),
            ("link", &self.link),
            ("insert", &self.insert),
        ];
        match self.kind {
            CardKind::Fields => {
                if let Some((name, _)) = of_list.iter().find(|(_, path)| path.is_some()) {
                    return Err(format!("{name} is for lists"));
                }
                if self.rows.is_empty() || self.rows.len() > ROWS_MAX {
                    return Err(format!("rows must be 1 to {ROWS_MAX}"));
                }
                for (place, row) in self.rows.iter().enumerate() {
                    row.label.check(&format!("rows[{place}].label"))?;
                    check_path(&format!("rows[{place}].path"), &row.path)?;
                }
            }
            CardKind::List => {
                if !self.rows.is_empty() {
                    return Err("rows are for fields".to_owned());
                }
                if self.title.is_none() {
                    return Err("title must say what an item is called".to_owned());
                }
                for (name, path) in of_list {
                    path.as_ref().map_or(Ok(()), |path| check_path(name, path))?;
                }
            }
        }
        if self.actions.len() > ACTIONS_MAX {
            return Err(format!("actions must be at most {ACTIONS_MAX}"));
        }
        self.actions.iter().enumerate().try_for_each(|(place, action)| {
            action.check().map_err(|wrong| format!("actions[{place}].{wrong}"))
        })
    }
}

impl ActionView {
    fn check(&self) -> Result<(), String> {
        self.label.check("label")?;
        if self.mutation.is_empty() || self.mutation.len() > QUERY_BYTES {
            return Err(format!("mutation must have 1 to {QUERY_BYTES} bytes"));
        }
        check_variables(&self.variables).map_err(|wrong| format!("variables{wrong}"))?;
        if self.form.len() > FIELDS_MAX {
            return Err(format!("form must have at most {FIELDS_MAX} fields"));
        }
        let mut names: BTreeSet<&str> = self.variables.keys().map(String::as_str).collect();
        let declared = Operation::of(&self.mutation);
        for (place, field) in self.form.iter().enumerate() {
            let at = format!("form[{place}]");
            field.label.check(&format!("{at}.label"))?;
            if !is_name(&field.name) || declared.type_of(&field.name).is_none() {
                return Err(format!("{at}.name must be a variable of the mutation"));
            }
            if !names.insert(&field.name) {
                return Err(format!("{at}.name is taken"));
            }
            let has_options = !field.options.is_empty();
            if has_options != (field.kind == FieldKind::Select) || field.options.len() > OPTIONS_MAX {
                return Err(format!("{at}.options must be 1 to {OPTIONS_MAX}, of a select"));
            }
            if field.options.iter().any(|option| option.chars().count() > LABEL_CHARS) {
                return Err(format!("{at}.options must have at most {LABEL_CHARS} characters each"));
            }
        }
        Ok(())
    }
}

/// Says what is wrong with where variables come from.
pub(crate) fn check_variables(variables: &BTreeMap<String, String>) -> Result<(), String> {
    if variables.len() > FIELDS_MAX {
        return Err(format!(" must be at most {FIELDS_MAX}"));
    }
    for (name, source) in variables {
        if !is_name(name) {
            return Err(": each name must be one of GraphQL".to_owned());
        }
        if !is_source(source) {
            return Err(format!(".{name} must be one of {}", super::SOURCES.join(", ")));
        }
    }
    Ok(())
}

/// A name of GraphQL, not too long.
fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let mut bytes = text.bytes();
    text.len() <= 64
        && bytes.next().is_some_and(is_letter)
        && bytes.all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

/// Names with points between.
fn check_path(what: &str, path: &str) -> Result<(), String> {
    if path.len() <= PATH_BYTES && path.split('.').all(is_name) {
        return Ok(());
    }
    Err(format!("{what} must be names with points between, such as user.name"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(view: Value) -> Result<(), String> {
        let view: CardView = serde_json::from_value(view).map_err(|error| error.to_string())?;
        view.check()
    }

    fn text(text: &str) -> Value {
        json!({"en": text, "zh-CN": text})
    }

    #[test]
    fn what_is_wrong_with_a_view_is_named() {
        let row = json!({"label": text("Name"), "path": "name"});
        let action = json!({
            "label": text("Open"), "mutation": "mutation($subject: String!) { open(subject: $subject) { id } }",
            "form": [{"name": "subject", "label": text("Subject"), "type": "text", "required": true}],
        });
        let fields = json!({"kind": "fields", "at": "user", "rows": [row], "actions": [action]});
        assert_eq!(checked(fields.clone()), Ok(()));
        let list =
            json!({"kind": "list", "at": "user.tickets.nodes", "title": "subject", "empty": text("None")});
        assert_eq!(checked(list.clone()), Ok(()));
        let with = |base: &Value, name: &str, value: Value| {
            let mut changed = base.clone();
            changed[name] = value;
            checked(changed).unwrap_err()
        };
        assert!(with(&fields, "kind", json!("table")).contains("unknown variant"));
        assert!(with(&fields, "rows", json!([])).starts_with("rows must be 1 to"));
        assert!(with(&fields, "at", json!("user[0]")).starts_with("at must be names"));
        assert_eq!(with(&fields, "title", json!("name")), "title is for lists");
        assert_eq!(with(&list, "rows", json!([row])), "rows are for fields");
        assert!(with(&list, "title", Value::Null).starts_with("title must say"));
        assert!(with(&list, "empty", json!({"en": "", "zh-CN": "无"})).starts_with("empty.en must have"));
        assert!(with(&list, "colour", json!("red")).contains("unknown field"));
        let wrong = |pointer: &str, value: Value| {
            let mut changed = fields.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            checked(changed).unwrap_err()
        };
        assert_eq!(
            wrong("/actions/0/form/0/name", json!("title")),
            "actions[0].form[0].name must be a variable of the mutation"
        );
        assert!(wrong("/actions/0/form/0/type", json!("select")).contains("options must be 1 to"));
        assert!(wrong("/actions/0/mutation", json!("")).contains("mutation must have"));
        assert!(wrong("/rows/0/label", json!({"en": "a\nb", "zh-CN": "x"})).contains("rows[0].label.en"));
    }

    #[test]
    fn variables_come_from_what_is_known() {
        let check =
            |name: &str, source: &str| check_variables(&[(name.to_owned(), source.to_owned())].into());
        assert_eq!(check("id", "visitor.external_id"), Ok(()));
        assert_eq!(check("id", "visitor.attributes.plan"), Ok(()));
        assert!(check("id", "visitor.password").unwrap_err().starts_with(".id must be one of visitor.id"));
        assert!(check("1d", "visitor.id").is_err() && check("", "visitor.id").is_err());
    }
}
