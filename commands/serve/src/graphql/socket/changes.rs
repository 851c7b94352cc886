use uuid::Uuid;

/// Which conversations a subscription hears of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wanted {
    All,
    One(Uuid),
}

impl Wanted {
    /// What a topic of the configuration stands for: `conversations`, or `conversation.` and an id.
    pub(super) fn of(topic: &str) -> Option<Self> {
        if topic == "conversations" {
            return Some(Self::All);
        }
        let id = topic.strip_prefix("conversation.")?;
        Uuid::try_parse(id).ok().map(Self::One)
    }

    pub(super) fn includes(self, conversation: Uuid) -> bool {
        match self {
            Self::All => true,
            Self::One(id) => id == conversation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_of_conversations() {
        let id = Uuid::from_u128(7);
        assert_eq!(Wanted::of("conversations"), Some(Wanted::All));
        assert_eq!(Wanted::of(&format!("conversation.{id}")), Some(Wanted::One(id)));
        for other in ["", "conversation", "conversation.", "conversation.x", "chat.rated"] {
            assert_eq!(Wanted::of(other), None, "{other}");
        }
        assert!(Wanted::All.includes(id) && Wanted::One(id).includes(id));
        assert!(!Wanted::One(id).includes(Uuid::nil()));
    }
}
