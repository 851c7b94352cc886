//! Everything that happens, by topic.

use kefu_core::{Entry, EventCode, MessageKind};
use kefu_store::HappenedKind;
use serde_json::{Value, json};

use super::data::{
    ConversationChanged, ExternalTicket, MessageWritten, Rated, TicketChanged, TicketCommented,
    VisitorIdentified,
};
use super::described::Described as _;

macro_rules! kinds {
    ($($name:ident = $topic:literal, $version:literal, $data:ty, $english:literal, $chinese:literal;)+) => {
        /// A kind of event.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Kind {
            $(#[doc = $english] $name,)+
        }

        impl Kind {
            /// All of them, by what they are about.
            pub const ALL: [Self; [$($topic),+].len()] = [$(Self::$name),+];

            /// Its topic.
            #[must_use]
            pub fn topic(self) -> &'static str {
                match self {
                    $(Self::$name => $topic,)+
                }
            }

            /// The version of its data.
            #[must_use]
            pub fn version(self) -> u16 {
                match self {
                    $(Self::$name => $version,)+
                }
            }

            /// What happened, in English and in Chinese.
            #[must_use]
            pub fn description(self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name => ($english, $chinese),)+
                }
            }

            fn shape(self) -> (Value, Value) {
                match self {
                    $(Self::$name => (<$data>::schema(), <$data>::example()),)+
                }
            }
        }
    };
}

kinds! {
    ConversationCreated = "conversation.created", 1, ConversationChanged,
        "A conversation began with its first message", "会话开始:收到第一条消息";
    ConversationQueued = "conversation.queued", 1, ConversationChanged,
        "A conversation waits for an agent", "会话进入排队";
    ConversationAssigned = "conversation.assigned", 1, ConversationChanged,
        "An agent took a conversation or got it", "会话已分配给客服";
    ConversationTransferred = "conversation.transferred", 1, ConversationChanged,
        "A conversation was moved to another agent or back to the queue", "会话已转接,或退回排队";
    ConversationPending = "conversation.pending", 1, ConversationChanged,
        "A conversation was set aside", "会话已挂起";
    ConversationResolved = "conversation.resolved", 1, ConversationChanged,
        "A conversation ended", "会话已结束";
    ConversationReopened = "conversation.reopened", 1, ConversationChanged,
        "A conversation was taken up again", "会话重新打开";
    ConversationJoined = "conversation.joined", 1, ConversationChanged,
        "An agent takes part beside the one who has it", "客服加入会话协助";
    ConversationLeft = "conversation.left", 1, ConversationChanged,
        "An agent takes part no longer", "客服退出协助";
    ConversationTakenOver = "conversation.taken_over", 1, ConversationChanged,
        "An agent took a conversation from whoever had it", "会话被接管";
    ConversationHandedOver = "conversation.handed_over", 1, ConversationChanged,
        "The bot handed a conversation over to people", "机器人转人工";
    ConversationIdle = "conversation.idle_warned", 1, ConversationChanged,
        "A silent conversation is about to end", "会话因长时间无消息即将结束";
    ConversationErased = "conversation.erased", 1, ConversationChanged,
        "What was said in a conversation was erased for good", "会话内容已被永久抹除";
    RatingInvited = "chat.rating_invited", 1, ConversationChanged,
        "A visitor was asked for a score", "已邀请访客评价";
    ChatRated = "chat.rated", 1, Rated, "A visitor gave a score", "访客已评价";
    MessageCreated = "message.created", 1, MessageWritten, "A message was written", "新消息";
    MessageEdited = "message.edited", 1, MessageWritten, "A message was changed", "消息被编辑";
    MessageRecalled = "message.recalled", 1, MessageWritten, "A message was taken back", "消息被撤回";
    NoteCreated = "note.created", 1, MessageWritten,
        "An agent wrote a note that visitors never see", "新内部备注(访客不可见)";
    NoteEdited = "note.edited", 1, MessageWritten, "A note was changed", "内部备注被编辑";
    NoteRecalled = "note.recalled", 1, MessageWritten, "A note was taken back", "内部备注被撤回";
    TicketCreated = "ticket.created", 1, TicketChanged, "A ticket was made", "新工单";
    TicketUpdated = "ticket.updated", 1, TicketChanged, "Fields of a ticket changed", "工单已更新";
    TicketCommented = "ticket.commented", 1, TicketCommented, "A ticket was commented on", "工单有新评论";
    ExternalCreated = "ticket.external.created", 1, ExternalTicket,
        "A ticket was made in a system of others", "外部工单系统中新建了工单";
    ExternalUpdated = "ticket.external.updated", 1, ExternalTicket,
        "A ticket in a system of others was changed", "外部工单已更新";
    ExternalCommented = "ticket.external.commented", 1, ExternalTicket,
        "A ticket in a system of others was commented on", "外部工单有新评论";
    ExternalFailed = "ticket.external.failed", 1, ExternalTicket,
        "What was asked of a ticket system of others is not done", "外部工单操作失败";
    ExternalUnknown = "ticket.external.unknown", 1, ExternalTicket,
        "Nobody knows whether what was asked of a ticket system of others is done", "外部工单操作结果未知";
    VisitorIdentified = "visitor.identified", 1, VisitorIdentified,
        "A visitor said who it is, or that changed", "访客身份已确认或有变化";
}

/// At most two kinds: what began with it, and what it is.
pub type Kinds = [Option<Kind>; 2];

impl Kind {
    /// What an entry of the log tells of, in order.
    #[must_use]
    pub fn of_entry(entry: &Entry) -> Kinds {
        let first = (entry.seq == 1).then_some(Self::ConversationCreated);
        [first, Self::of(entry)]
    }

    fn of(entry: &Entry) -> Option<Self> {
        let is_note = entry.kind == MessageKind::Note;
        let Some(event) = entry.event else {
            return Some(if is_note { Self::NoteCreated } else { Self::MessageCreated });
        };
        Some(match event.code {
            EventCode::Queued => Self::ConversationQueued,
            EventCode::Assigned => Self::ConversationAssigned,
            EventCode::Transferred => Self::ConversationTransferred,
            EventCode::Pending => Self::ConversationPending,
            EventCode::Resolved => Self::ConversationResolved,
            EventCode::Reopened => Self::ConversationReopened,
            EventCode::Rated => Self::ChatRated,
            EventCode::RatingInvited => Self::RatingInvited,
            EventCode::Edited if is_note => Self::NoteEdited,
            EventCode::Edited => Self::MessageEdited,
            EventCode::Recalled if is_note => Self::NoteRecalled,
            EventCode::Recalled => Self::MessageRecalled,
            EventCode::IdleWarned => Self::ConversationIdle,
            EventCode::Joined => Self::ConversationJoined,
            EventCode::Left => Self::ConversationLeft,
            EventCode::TakenOver => Self::ConversationTakenOver,
            EventCode::Erased => Self::ConversationErased,
            EventCode::HandedOver => Self::ConversationHandedOver,
            EventCode::TicketCreated => Self::ExternalCreated,
            EventCode::TicketUpdated => Self::ExternalUpdated,
            EventCode::TicketCommented => Self::ExternalCommented,
            EventCode::TicketFailed => Self::ExternalFailed,
            EventCode::TicketUnknown => Self::ExternalUnknown,
        })
    }

    /// What happened to a record.
    #[must_use]
    pub fn of_record(kind: HappenedKind) -> Self {
        match kind {
            HappenedKind::TicketMade => Self::TicketCreated,
            HappenedKind::TicketChanged => Self::TicketUpdated,
            HappenedKind::TicketCommented => Self::TicketCommented,
            HappenedKind::VisitorIdentified => Self::VisitorIdentified,
        }
    }

    /// The kind with this topic.
    #[must_use]
    pub fn from_topic(topic: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.topic() == topic)
    }

    /// The JSON schema of its data (2020-12).
    #[must_use]
    pub fn schema(self) -> Value {
        let (mut schema, _) = self.shape();
        schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        schema["$id"] = json!(format!("urn:kefu:event:{}:{}", self.topic(), self.version()));
        schema["title"] = json!(self.topic());
        schema["description"] = json!(self.description().0);
        schema
    }

    /// An example of its data.
    #[must_use]
    pub fn example(self) -> Value {
        self.shape().1
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Topic;

    #[test]
    fn the_committed_schemas_are_those_of_this_build() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events");
        let bless = std::env::var_os("KEFU_BLESS").is_some();
        let mut names = std::collections::BTreeSet::new();
        for kind in Kind::ALL {
            let name = format!("{}.v{}.json", kind.topic(), kind.version());
            let schema = format!("{:#}\n", kind.schema());
            if bless {
                std::fs::create_dir_all(&dir).unwrap();
                std::fs::write(dir.join(&name), &schema).unwrap();
            }
            let committed = std::fs::read_to_string(dir.join(&name)).unwrap_or_default();
            assert!(committed == schema, "docs/events/{name} is another one: KEFU_BLESS=1 writes it");
            names.insert(name);
        }
        let there =
            std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        assert_eq!(there.collect::<std::collections::BTreeSet<_>>(), names, "one file for each kind");
    }

    #[test]
    fn topics_are_topics_and_found_again() {
        for kind in Kind::ALL {
            assert_eq!(kind.topic().parse::<Topic>().unwrap().as_str(), kind.topic());
            assert_eq!(Kind::from_topic(kind.topic()), Some(kind));
            let (english, chinese) = kind.description();
            assert!(!english.ends_with('.') && !chinese.ends_with('。'), "{kind:?}");
        }
        assert_eq!(Kind::from_topic("message.deleted"), None);
    }

    impl Kind {
        /// Whether data is as the schema says, and has nothing that the schema does not know.
        pub(crate) fn fits(self, data: &Value) -> bool {
            fits(&self.schema(), data)
        }
    }

    /// Enough of JSON Schema for what the schemas use.
    fn fits(schema: &Value, value: &Value) -> bool {
        if let Some(any) = schema["anyOf"].as_array() {
            return any.iter().any(|schema| fits(schema, value));
        }
        match schema["type"].as_str() {
            Some("object") => value.as_object().is_some_and(|object| {
                let required = schema["required"].as_array().into_iter().flatten();
                required.clone().all(|name| object.contains_key(name.as_str().unwrap()))
                    && object.iter().all(|(name, value)| match &schema["properties"] {
                        Value::Object(known) => known.get(name).is_some_and(|known| fits(known, value)),
                        _ => true,
                    })
            }),
            Some("array") => {
                value.as_array().is_some_and(|items| items.iter().all(|item| fits(&schema["items"], item)))
            }
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("boolean") => value.is_boolean(),
            Some("null") => value.is_null(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn examples_fit_their_schemas() {
        for kind in Kind::ALL {
            assert!(kind.fits(&kind.example()), "{kind:?}: {:#}", kind.example());
        }
    }
}
