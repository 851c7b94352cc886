//! A mapping for tables that nothing is known of, by the names of their columns.

use std::collections::BTreeSet;

use kefu_store::import::Entity;

use crate::{
    mapping::{FieldKind, fields_of},
    source::TableInfo,
};

/// Words that stand in names of tables, by what their rows may become.
const TABLES: [(Entity, &[&str]); 7] = [
    (Entity::Message, &["message", "msg", "chat_log", "chat_record"]),
    (Entity::Conversation, &["conversation", "session", "dialog", "thread", "chat"]),
    (Entity::Ticket, &["ticket", "issue", "work_order"]),
    (Entity::Canned, &["canned", "quick_reply", "reply_item", "phrase"]),
    (Entity::Article, &["article", "knowledge", "faq", "help_page", "land_page"]),
    (Entity::Visitor, &["visitor", "customer", "client", "guest", "contact", "member"]),
    (Entity::Agent, &["agent", "staff", "operator", "kefu", "admin", "user"]),
];

/// Names of columns that a field may be, the likeliest first.
fn columns_of(entity: Entity, field: &str) -> &'static [&'static str] {
    match (entity, field) {
        (Entity::Agent, "name") => &["nickname", "display_name", "real_name", "name", "username"],
        (_, "name") => &["name", "nickname", "nick", "username", "real_name"],
        (_, "email") => &["email", "mail", "email_address"],
        (_, "phone") => &["phone", "mobile", "tel", "telephone"],
        (_, "external_id") => &["external_id", "openid", "user_id", "uid", "visitor_id", "uuid"],
        (_, "visitor") => &["visitor_id", "customer_id", "user_id", "client_id", "contact_id"],
        (_, "requester") => &["requester_id", "customer_id", "user_id", "visitor_id", "contact_id"],
        (_, "assignee") => &["assignee_id", "agent_id", "kefu_id", "staff_id", "operator_id"],
        (_, "agent") => &["agent_id", "kefu_id", "staff_id", "operator_id"],
        (_, "owner") => &["owner_id", "agent_id", "kefu_id", "user_id"],
        (_, "conversation") => &["conversation_id", "session_id", "chat_id", "thread_id", "dialog_id"],
        (_, "sender") => &["sender_type", "sender", "sender_kind", "from_type", "direction"],
        (_, "text") => &["content", "text", "body", "message", "msg"],
        (_, "occurred_at") => &["created_at", "sent_at", "create_time", "created", "createdAt", "time", "ts"],
        (_, "created_at") => &["created_at", "create_time", "created", "createdAt", "gmt_create", "add_time"],
        (_, "updated_at") => &["updated_at", "update_time", "modified", "updatedAt", "gmt_modified"],
        (_, "last_seen_at") => &["last_seen_at", "last_login", "updated_at", "updatedAt"],
        (_, "resolved_at") => &["resolved_at", "closed_at", "end_time", "ended_at", "closedAt"],
        (_, "state" | "status") => &["state", "status"],
        (_, "subject") => &["subject", "title", "name"],
        (_, "title") => &["title", "name", "item_name", "question"],
        (_, "shortcut") => &["shortcut", "keyword", "code", "title"],
        (_, "body") => &["body", "content", "answer", "description"],
        (_, "slug") => &["slug", "url", "path", "alias"],
        (_, "category") => &["category", "category_name", "group_name"],
        (_, "language") => &["language", "lang", "locale"],
        (_, "priority") => &["priority", "level"],
        _ => &[],
    }
}

/// Tables of one source, as YAML; what cannot be placed is said beside it.
pub(crate) fn draft(tables: &[(String, TableInfo)]) -> String {
    let mut out = String::from("tables:\n");
    let several = tables.iter().map(|(source, _)| source).collect::<BTreeSet<_>>().len() > 1;
    for (source, table) in tables {
        let name = table.name.to_lowercase();
        let found = TABLES.iter().find(|(_, words)| words.iter().any(|word| name.contains(word)));
        let Some((entity, _)) = found else {
            out.push_str(&format!("  # {}: nothing here is like it\n", table.name));
            continue;
        };
        out.push_str(&format!("  - from: {}\n", scalar(&table.name)));
        if several {
            out.push_str(&format!("    source: {}\n", scalar(source)));
        }
        out.push_str(&format!("    to: {}\n", entity.as_str()));
        columns(&mut out, *entity, table);
    }
    out
}

fn columns(out: &mut String, entity: Entity, table: &TableInfo) {
    let mut placed = BTreeSet::new();
    let (mut named, mut notes) = (String::new(), String::new());
    for (field, kind, required) in fields_of(entity) {
        let names = columns_of(entity, field);
        let found = names.iter().find_map(|name| table.columns.iter().find(|(column, _)| column == name));
        match found {
            Some((column, declared)) => {
                placed.insert(column.as_str());
                named.push_str(&format!("      {field}: {}\n", scalar(column)));
                if let FieldKind::Word(words) = kind {
                    let words = words.join(", ");
                    notes.push_str(&format!("    # {field}: {column} is {declared}; if its words are not {words}, say `fields: {{ {field}: {{ column: {}, map: {{ … }} }} }}`\n", scalar(column)));
                }
            }
            None if *required => {
                notes.push_str(&format!("    # {field} is needed: no column is called like it\n"))
            }
            None => {}
        }
    }
    if !named.is_empty() {
        out.push_str(&format!("    columns:\n{named}"));
    }
    out.push_str(&notes);
    let is_left = |name: &&str| !placed.contains(name) && !table.key.iter().any(|key| key == name);
    let left: Vec<_> = table.columns.iter().map(|(name, _)| name.as_str()).filter(is_left).collect();
    if !left.is_empty() {
        out.push_str(&format!("    # not placed: {}\n", left.join(", ").replace('\n', " ")));
    }
}

/// A name as YAML takes it for text.
fn scalar(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c))
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
            .contains(&name.to_lowercase().as_str());
    if is_plain { name.to_owned() } else { serde_json::Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[&str]) -> (String, TableInfo) {
        let columns = columns.iter().map(|column| ((*column).to_owned(), "int(11)".to_owned())).collect();
        let info =
            TableInfo { name: name.to_owned(), columns, key: vec!["id".to_owned()], ..TableInfo::default() };
        ("old".to_owned(), info)
    }

    #[test]
    fn a_draft_places_what_it_knows_and_says_what_it_does_not() {
        let tables = [
            table("crm_customer", &["id", "nickname", "mobile", "create_time", "vip"]),
            table("im_message", &["id", "session_id", "content", "created_at"]),
            table("stock", &["id"]),
        ];
        assert_eq!(
            draft(&tables),
            "\
tables:
  - from: crm_customer
    to: visitor
    columns:
      name: nickname
      phone: mobile
      created_at: create_time
    # not placed: vip
  - from: im_message
    to: message
    columns:
      conversation: session_id
      text: content
      occurred_at: created_at
  # stock: nothing here is like it
"
        );
    }
}
