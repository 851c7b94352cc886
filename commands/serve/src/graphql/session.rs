//! What the data layer's rules may go by of whoever asks.

use std::collections::BTreeMap;

use kefu_query::{Session, Value};

use super::own::role_word;
use crate::{identity::Identity, view::Directory};

/// A session for `who`: its roles, and its values for rules on rows.
///
/// The role is the company's own where the agent has one, which then says all that it may do.
pub(super) fn of(directory: &Directory, who: &Identity) -> Session {
    let agent = directory.agent(who.id);
    let custom = agent.and_then(|agent| agent.custom_role).and_then(|id| directory.roles.get(&id));
    let role = match (custom, who.role) {
        (Some(custom), _) => custom.name.clone(),
        (None, Some(role)) => role_word(role).to_owned(),
        (None, None) => String::new(),
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let mut values: BTreeMap<_, _> = [
        ("id".to_owned(), Value::Text(who.id.to_string())),
        ("name".to_owned(), text(&who.name)),
        ("role".to_owned(), text(&role)),
    ]
    .into();
    if let Some(agent) = agent {
        values.insert("email".to_owned(), text(&agent.email));
    }
    // Two who may read different records never share what was kept of an answer.
    let rights: Vec<_> = who.rights.iter().map(kefu_core::Permission::as_str).collect();
    let scope = format!("{}/{}/{}", who.id, role, rights.join(","));
    Session { roles: vec![role], values, scope }
}
