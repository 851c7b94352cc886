use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use jiff::tz::TimeZone;
use kefu_app::{Effective, Failure, Text};
use kefu_store::import::Entity;

use super::near;
use crate::{
    cast::Rules,
    file::{FieldFile, MigrateFile, Otherwise, TableFile},
    mapping::{FieldKind, FieldRule, Filter, Group, Input, TableMap, fields_of},
};

/// A table on its way from the file.
pub(super) struct Compiling<'a> {
    pub(super) file: &'a Effective<MigrateFile>,
    pub(super) at: String,
    pub(super) table: &'a TableFile,
    /// What other tables become.
    pub(super) kinds: &'a HashMap<&'a str, &'a str>,
}

impl Compiling<'_> {
    fn reject(&self, key: &str, text: Text) -> Failure {
        self.file.reject(&format!("{}.{key}", self.at), text)
    }

    pub(super) fn compile(
        &self,
        main: &Effective<MigrateFile>,
        zones: &HashMap<String, TimeZone>,
    ) -> Result<TableMap, Failure> {
        let table = self.table;
        if table.from.is_empty() {
            return Err(self.reject("from", Text::new("must name a table", "必须写明表名")));
        }
        let entity = Entity::from_word(&table.to).ok_or_else(|| {
            let words: Vec<_> = Entity::ALL.map(Entity::as_str).to_vec();
            let words = words.join(", ");
            self.reject("to", Text::new(format!("must be one of {words}"), format!("必须是以下之一:{words}")))
        })?;
        let only = main.sources.iter().next().map(|(name, _)| name);
        let source = match (&table.source, main.sources.iter().count()) {
            (Some(source), _) => source.as_str(),
            (None, 1) => only.unwrap_or_default(),
            (None, _) => {
                return Err(self
                    .reject("source", Text::new("must be said: there are several", "必须说明:有多个来源")));
            }
        };
        let zone = zones.get(source).ok_or_else(|| {
            self.reject("source", Text::new("there is no source of this name", "没有这个名称的来源"))
        })?;
        let mut columns = Columns::default();
        let fields = self.fields(entity, &mut columns)?;
        let filters = self.filters(&mut columns)?;
        let group = self.group(entity, &mut columns)?;
        let has_conversation = fields_of(entity).iter().position(|(name, ..)| *name == "conversation");
        if entity == Entity::Message
            && has_conversation.is_some_and(|index| fields[index].is_none())
            && group.is_none()
        {
            let text = Text::new(
                "needs the field `conversation`, or `conversations` to make them of messages",
                "需要字段 `conversation`,或用 `conversations` 由消息生成会话",
            );
            return Err(self.reject("to", text));
        }
        let inboxes = self.inboxes(entity, &fields, &main.target.inbox, group.is_some())?;
        Ok(TableMap {
            source: source.to_owned(),
            from: table.from.clone(),
            alias: table.name().to_owned(),
            is_optional: table.optional,
            entity,
            key: table.key.clone(),
            columns: columns.0,
            fields,
            filters,
            group,
            inbox: Arc::clone(&inboxes[0]),
            inboxes,
            rules: Rules::new(&main.rules, zone.clone()),
            written: format!("{table:?} {:?} {:?} {:?}", main.rules, main.target.inbox, zone.iana_name()),
        })
    }

    fn fields(&self, entity: Entity, columns: &mut Columns) -> Result<Vec<Option<FieldRule>>, Failure> {
        let known = fields_of(entity);
        let mut rules: Vec<Option<FieldRule>> = vec![None; known.len()];
        let named = self.table.columns.iter().map(|(name, column)| {
            (
                name,
                format!("columns.{name}"),
                FieldFile { column: Some(column.clone()), ..FieldFile::default() },
            )
        });
        let made =
            self.table.fields.iter().map(|(name, field)| (name, format!("fields.{name}"), field.clone()));
        for (name, at, field) in named.chain(made) {
            let Some(index) = known.iter().position(|(known, ..)| *known == name) else {
                let near = known.iter().map(|(known, ..)| *known);
                return Err(self.reject(&at, unknown(name, entity, near)));
            };
            if rules[index].is_some() {
                return Err(self.reject(&at, Text::new("is said twice", "重复指定")));
            }
            rules[index] = Some(self.field(&at, known[index].1, &field, columns)?);
        }
        if let Some((index, (name, ..))) =
            known.iter().enumerate().find(|(index, (.., required))| *required && rules[*index].is_none())
        {
            debug_assert!(index < rules.len(), "it was found there");
            let text = Text::new(format!("needs the field `{name}`"), format!("缺少字段 `{name}`"));
            return Err(self.reject("to", text));
        }
        Ok(rules)
    }

    fn field(
        &self,
        at: &str,
        kind: FieldKind,
        field: &FieldFile,
        columns: &mut Columns,
    ) -> Result<FieldRule, Failure> {
        let mut inputs = Vec::new();
        if let Some(column) = &field.column {
            inputs.push(Input::Column(columns.index(column)));
        }
        if !field.join.is_empty() {
            inputs.push(Input::Join(field.join.iter().map(|column| columns.index(column)).collect()));
        }
        if let Some(template) = &field.template {
            let parts = template_parts(template, columns).ok_or_else(|| {
                let text = Text::new("has a brace that is not closed", "有未闭合的花括号");
                self.reject(&format!("{at}.template"), text)
            })?;
            inputs.push(Input::Template(parts));
        }
        if !field.object.is_empty() {
            inputs.push(Input::Object(field.object.iter().map(|column| columns.index(column)).collect()));
        }
        if let Some(value) = &field.value {
            inputs.push(Input::Constant(value.clone()));
        }
        let Ok([input]) = <[Input; 1]>::try_from(inputs) else {
            let text = Text::new(
                "must say one of `column`, `join`, `template`, `object` and `value`",
                "`column`、`join`、`template`、`object`、`value` 中必须且只能写一个",
            );
            return Err(self.reject(at, text));
        };
        let mut map: HashMap<String, String> = HashMap::new();
        for (from, to) in field.map.iter() {
            if let FieldKind::Word(words) = kind
                && !words.contains(&to.as_str())
            {
                let words = words.join(", ");
                let text = Text::new(format!("must be one of {words}"), format!("必须是以下之一:{words}"));
                return Err(self.reject(&format!("{at}.map.{from}"), text));
            }
            map.insert(from.to_owned(), to.clone());
        }
        let column = match &input {
            Input::Column(index) => columns.0[*index].clone(),
            _ => at.rsplit('.').next().unwrap_or(at).to_owned(),
        };
        let lookup = &field.lookup;
        Ok(FieldRule {
            input,
            column,
            separator: field.separator.clone(),
            part: field.part as usize,
            map: (!map.is_empty()).then_some(map),
            otherwise: field.otherwise,
            default: field.default.clone(),
            refers_to: self.reference(at, kind, field)?,
            lookup: lookup.table.clone().map(|table| (table, lookup.key.clone(), lookup.value.clone())),
            unit: field.unit,
            markup: field.markup,
        })
    }

    /// The table that a reference leads to: the one that is named, or the only one that fits.
    fn reference(&self, at: &str, kind: FieldKind, field: &FieldFile) -> Result<Option<String>, Failure> {
        let FieldKind::Reference(wanted) = kind else {
            return match &field.refers_to {
                None => Ok(None),
                Some(_) => {
                    let text = Text::new("is only for fields that refer to rows", "只用于引用其他行的字段");
                    Err(self.reject(&format!("{at}.refers_to"), text))
                }
            };
        };
        let mut fitting = self.kinds.iter().filter(|(_, to)| **to == wanted.as_str()).map(|(from, _)| *from);
        let word = wanted.as_str();
        match &field.refers_to {
            Some(table) if fitting.any(|from| from == table) => Ok(Some(table.clone())),
            Some(table) => {
                let text = format!("no table `{table}` becomes `{word}`");
                Err(self.reject(
                    &format!("{at}.refers_to"),
                    Text::new(text, format!("没有成为 `{word}` 的表 `{table}`")),
                ))
            }
            None => match (fitting.next(), fitting.next()) {
                (Some(table), None) => Ok(Some(table.to_owned())),
                (None, _) => {
                    let text =
                        Text::new(format!("no table becomes `{word}`"), format!("没有表成为 `{word}`"));
                    Err(self.reject(at, text))
                }
                (Some(_), Some(_)) => {
                    let text = Text::new(
                        format!("several tables become `{word}`: say `refers_to`"),
                        format!("有多个表成为 `{word}`:请写明 `refers_to`"),
                    );
                    Err(self.reject(at, text))
                }
            },
        }
    }

    /// The inboxes that rows can be of, first that of those which name none. What stands in a row makes none: the file
    /// has to name them all.
    fn inboxes(
        &self,
        entity: Entity,
        fields: &[Option<FieldRule>],
        otherwise: &str,
        makes_conversations: bool,
    ) -> Result<Vec<Arc<str>>, Failure> {
        let mut inboxes: Vec<Arc<str>> = vec![otherwise.into()];
        let index = fields_of(entity).iter().position(|(_, kind, _)| *kind == FieldKind::Inbox);
        let Some(rule) = index.and_then(|index| fields[index].as_ref()) else { return Ok(inboxes) };
        let at = match self.table.fields.iter().any(|(name, _)| name == "inbox") {
            true => "fields.inbox",
            false => "columns.inbox",
        };
        if entity == Entity::Message && !makes_conversations {
            let text = Text::new("is that of the conversation: say it there", "取自会话:请在会话的表中填写");
            return Err(self.reject(at, text));
        }
        let is_constant = matches!(rule.input, Input::Constant(_));
        if !is_constant && rule.map.is_none() || rule.otherwise == Otherwise::Keep {
            let text = Text::new(
                "must be a `value`, or have a `map` to names of inboxes; not `otherwise: keep`",
                "必须是 `value`,或用 `map` 对应到收件箱名称;不能用 `otherwise: keep`",
            );
            return Err(self.reject(at, text));
        }
        let constant = match &rule.input {
            Input::Constant(value) if rule.map.is_none() => Some(value),
            _ => None,
        };
        let named = rule.map.iter().flat_map(|map| map.values()).chain(constant);
        let named: BTreeSet<&String> = named.chain(rule.default.as_ref()).collect();
        for name in named {
            if !is_inbox_name(name) {
                let text = Text::new(
                    format!(
                        "names the inbox `{name}`: 1 to {INBOX_LEN} lower-case letters, digits and hyphens"
                    ),
                    format!("收件箱 `{name}` 的名称须为 1 至 {INBOX_LEN} 个小写字母、数字和连字符"),
                );
                return Err(self.reject(at, text));
            }
            if name != otherwise {
                inboxes.push(name.as_str().into());
            }
        }
        Ok(inboxes)
    }

    fn filters(&self, columns: &mut Columns) -> Result<Vec<Filter>, Failure> {
        let mut filters = Vec::new();
        for (index, filter) in self.table.filter.iter().enumerate() {
            if filter.column.is_empty() {
                let text = Text::new("must name a column", "必须写明列名");
                return Err(self.reject(&format!("filter.{index}.column"), text));
            }
            filters.push(Filter {
                column: columns.index(&filter.column),
                is: filter.is.clone(),
                is_not: filter.is_not.clone(),
                empty: filter.empty,
                gone: filter.gone.clone(),
            });
        }
        Ok(filters)
    }

    fn group(&self, entity: Entity, columns: &mut Columns) -> Result<Option<Group>, Failure> {
        let group = &self.table.conversations;
        let Some(visitor) = &group.visitor else { return Ok(None) };
        if entity != Entity::Message {
            return Err(self.reject("conversations", Text::new("is only for messages", "只用于消息")));
        }
        let checked = |key: &str, table: &str, wanted: Entity| {
            if self.kinds.get(table).copied() == Some(wanted.as_str()) {
                return Ok(table.to_owned());
            }
            let text = format!("no table `{table}` becomes `{}`", wanted.as_str());
            let zh = format!("没有成为 `{}` 的表 `{table}`", wanted.as_str());
            Err(self.reject(&format!("conversations.{key}"), Text::new(text, zh)))
        };
        let visitors = checked("visitors", &group.visitors, Entity::Visitor)?;
        let agent = match &group.agent {
            Some(agent) => Some((columns.index(agent), checked("agents", &group.agents, Entity::Agent)?)),
            None => None,
        };
        let gap = i64::try_from(group.gap.as_micros()).unwrap_or(i64::MAX);
        Ok(Some(Group { visitor: (columns.index(visitor), visitors), agent, gap }))
    }
}

/// Longest name of an inbox in embed codes.
const INBOX_LEN: usize = 40;

fn is_inbox_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=INBOX_LEN).contains(&name.len()) && name.bytes().all(is_plain)
}

/// The columns that are read, each once.
#[derive(Default)]
struct Columns(Vec<String>);

impl Columns {
    fn index(&mut self, name: &str) -> usize {
        self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }
}

/// Texts and columns by turns; nothing, if a brace is not closed.
fn template_parts(template: &str, columns: &mut Columns) -> Option<Vec<(String, Option<usize>)>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('{') {
        let (column, after) = after.split_once('}')?;
        parts.push((literal.to_owned(), Some(columns.index(column))));
        rest = after;
    }
    parts.push((rest.to_owned(), None));
    Some(parts)
}

fn unknown(name: &str, entity: Entity, known: impl Iterator<Item = &'static str> + Clone) -> Text {
    let (word, all) = (entity.as_str(), known.clone().collect::<Vec<_>>().join(", "));
    match near(name, known) {
        Some(near) => Text::new(
            format!("`{word}` has no such field; did you mean `{near}`?"),
            format!("`{word}` 没有这个字段;您是想写 `{near}` 吗?"),
        ),
        None => Text::new(
            format!("`{word}` has no such field; it has {all}"),
            format!("`{word}` 没有这个字段;它有:{all}"),
        ),
    }
}
