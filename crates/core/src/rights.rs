use serde::{Deserialize, Serialize};

use crate::Role;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// One thing that somebody may do; [`Rights`] are a set of them.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Permission {
            /// All of them, in the order in which they are listed.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

            /// The word that stands for it in requests, in the store and in the scopes of keys.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The permission that a word stands for.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

permissions! {
    /// Answers the conversations that are its own, takes waiting ones.
    Chat = "chat",
    /// Reads, joins, transfers and ends every conversation, watches and whispers.
    AllConversations = "conversations.all",
    /// Reads customers with their identities, pages and attributes; changes and merges them.
    Customers = "customers",
    /// Blocks visitors and addresses.
    Blocks = "blocks",
    /// Sees personal data unmasked, for a reason that is written down.
    Reveal = "customers.reveal",
    /// Reads, makes and works on tickets.
    Tickets = "tickets",
    /// Changes the knowledge base.
    Knowledge = "knowledge",
    /// Changes the canned replies and tags that all share.
    Shared = "shared",
    /// Reads statistics and exports them.
    Reports = "reports",
    /// Makes and changes agents.
    Agents = "agents",
    /// Makes and changes teams, skills and routing.
    Teams = "teams",
    /// Makes and changes inboxes, their hours, bots and words.
    Inboxes = "inboxes",
    /// Makes and changes roles and API keys; whoever has it can give itself everything.
    Keys = "keys",
    /// Exports and erases customers, sets retention and holds.
    Privacy = "privacy",
    /// Reads and verifies the audit log.
    Audit = "audit",
    /// Calls other systems through the gateway, with a key.
    Gateway = "gateway",
    /// Asks the data layer whatever its configuration lets its role ask.
    Graphql = "graphql",
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rights(u32);

impl Rights {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Whether `permission` is among them.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }

    /// Whether all of `other` are among them.
    #[must_use]
    pub fn include(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Those that are in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// One by one, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.has(*permission))
    }
}

impl FromIterator<Permission> for Rights {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | bit(permission)))
    }
}

fn bit(permission: Permission) -> u32 {
    1 << permission as u32
}

impl Role {
    /// What comes with the role.
    #[must_use]
    pub fn rights(self) -> Rights {
        use Permission::{
            AllConversations, Blocks, Chat, Customers, Graphql, Knowledge, Reports, Reveal, Shared, Tickets,
        };
        match self {
            Self::Agent => [Chat, Customers, Tickets].into_iter().collect(),
            Self::Supervisor => [
                Chat,
                AllConversations,
                Customers,
                Blocks,
                Reveal,
                Tickets,
                Knowledge,
                Shared,
                Reports,
                Graphql,
            ]
            .into_iter()
            .collect(),
            Self::Admin => Permission::ALL.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_includes_the_ones_before_it() {
        assert!(Role::Supervisor.rights().include(Role::Agent.rights()));
        assert!(Role::Admin.rights().include(Role::Supervisor.rights()));
        assert!(!Role::Agent.rights().has(Permission::AllConversations));
        assert!(!Rights::NONE.has(Permission::Chat));
    }

    #[test]
    fn words_and_permissions_are_one_to_one() {
        for permission in Permission::ALL {
            let json = serde_json::to_string(&permission).unwrap();
            assert_eq!(json, format!("\"{}\"", permission.as_str()));
            assert_eq!(serde_json::from_str::<Permission>(&json).unwrap(), permission);
            assert_eq!(Permission::from_word(permission.as_str()), Some(permission));
        }
        assert_eq!(Role::Admin.rights().iter().count(), Permission::ALL.len());
    }
}
