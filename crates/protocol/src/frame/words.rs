use std::fmt;

use serde::{Deserialize, Serialize};

/// Defines an enum of words that stand in frames as they are written here.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in the order of the definition.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word as it stands in frames.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The value that `word` stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// Why a frame or a request was refused; frames and problem details share these.
    ErrorCode {
        /// The frame or body is malformed.
        BadFrame = "bad_frame",
        /// Nobody is signed in.
        Unauthorized = "unauthorized",
        /// The principal may not do this.
        Forbidden = "forbidden",
        /// The thing does not exist, or the principal may not know of it.
        NotFound = "not_found",
        /// A text, list or body is over its limit.
        TooLarge = "too_large",
        /// The state or an earlier request contradicts this one.
        Conflict = "conflict",
        /// An older system still has the inbox: it can only be read here.
        InboxNotSwitched = "inbox_not_switched",
        /// Too much in too short a time.
        RateLimited = "rate_limited",
        /// The server cannot do it now; try again later.
        Unavailable = "unavailable",
        /// The text holds words that are not wanted.
        Rejected = "rejected",
    }
}

words! {
    /// What the sender of a message is told besides that it is durable.
    Warning {
        /// It holds words that are not liked here.
        SensitiveWords = "sensitive_words",
        /// Words of it were masked: it is another text now.
        Masked = "masked",
    }
}

words! {
    /// What a client may send as a message.
    SendKind {
        /// A text that everybody in the conversation sees.
        Text = "text",
        /// A note that only agents see.
        Note = "note",
        /// A place.
        Location = "location",
        /// A product or an order.
        Card = "card",
        /// Questions, or the answers to them.
        Form = "form",
        /// A picture that was uploaded.
        Image = "image",
        /// A file that was uploaded.
        File = "file",
        /// A voice message that was uploaded.
        Voice = "voice",
        /// A video that was uploaded.
        Video = "video",
    }
}

words! {
    /// What a message is. Every kind has a `text` that stands for it.
    MessageKind {
        /// A text.
        Text = "text",
        /// An internal note; visitors never see it.
        Note = "note",
        /// A change of the conversation, see [`EventCode`].
        Event = "event",
        /// A picture.
        Image = "image",
        /// A file.
        File = "file",
        /// A voice message.
        Voice = "voice",
        /// A video.
        Video = "video",
        /// A place.
        Location = "location",
        /// A product or an order.
        Card = "card",
        /// Questions, or the answers to them.
        Form = "form",
    }
}

words! {
    /// What became of a message after it was sent.
    Revision {
        /// Its sender changed the text.
        Edited = "edited",
        /// It was taken back.
        Recalled = "recalled",
        /// It was erased for good.
        Erased = "erased",
    }
}

words! {
    /// Who is meant by a party or principal.
    PartyKind {
        /// A customer.
        Visitor = "visitor",
        /// A member of the service desk.
        Agent = "agent",
        /// A program that talks.
        Bot = "bot",
        /// kefu itself.
        System = "system",
    }
}

words! {
    /// What happened to a conversation, as an entry of its log.
    EventCode {
        /// It waits for an agent.
        Queued = "queued",
        /// It was given to an agent.
        Assigned = "assigned",
        /// It was handed to another agent or back to the queue.
        Transferred = "transferred",
        /// It waits for the visitor.
        Pending = "pending",
        /// It is done.
        Resolved = "resolved",
        /// It goes on after it was done.
        Reopened = "reopened",
        /// The visitor rated it.
        Rated = "rated",
        /// The visitor is asked for a rating.
        RatingInvited = "rating_invited",
        /// The sender of an earlier message changed its text; read it again.
        Edited = "edited",
        /// An earlier message was taken back.
        Recalled = "recalled",
        /// Nobody has written for a while: it will end soon.
        IdleWarned = "idle_warned",
        /// An agent takes part beside the one who has it.
        Joined = "joined",
        /// An agent who took part does so no longer.
        Left = "left",
        /// An agent took it from whoever had it.
        TakenOver = "taken_over",
        /// Everything that was said before is erased for good: forget it.
        Erased = "erased",
        /// The bot has it no longer: it is for people from here on.
        HandedOver = "handed_over",
        /// A ticket was made in a system of others; `data` says which.
        TicketCreated = "ticket.external.created",
        /// A ticket in a system of others was changed.
        TicketUpdated = "ticket.external.updated",
        /// A ticket in a system of others was commented on.
        TicketCommented = "ticket.external.commented",
        /// What was asked of a system of others is not done; `data` says why.
        TicketFailed = "ticket.external.failed",
        /// Nobody knows whether what was asked of a system of others is done.
        TicketUnknown = "ticket.external.unknown",
    }
}

words! {
    /// Why a `conversation` hint is sent.
    Change {
        /// It waits for an agent.
        Queued = "queued",
        /// It was given to an agent.
        Assigned = "assigned",
        /// It was handed to another agent or back to the queue.
        Transferred = "transferred",
        /// It waits for the visitor.
        Pending = "pending",
        /// It is done.
        Resolved = "resolved",
        /// It goes on after it was done.
        Reopened = "reopened",
        /// The visitor rated it.
        Rated = "rated",
        /// An agent took it from whoever had it.
        TakenOver = "taken_over",
        /// An agent is asked to accept it.
        Offered = "offered",
        /// An agent let it pass; somebody else is asked.
        OfferMissed = "offer_missed",
        /// It waits or is unanswered for longer than it should.
        Overdue = "overdue",
        /// A note calls the receiver.
        Mentioned = "mentioned",
        /// Something else about it changed.
        Updated = "updated",
    }
}

words! {
    /// What a `watch` adds to a connection.
    Scope {
        /// The messages of one conversation.
        Conversation = "conversation",
        /// The `conversation` hints of one team, or of all own teams.
        Team = "team",
        /// The `conversation` hints of everything.
        All = "all",
    }
}

words! {
    /// Whether somebody is there.
    Status {
        /// There and free for work.
        Online = "online",
        /// There, but not to be given new work.
        Busy = "busy",
        /// Signed in, but not at the desk.
        Away = "away",
        /// Without an open connection.
        Offline = "offline",
    }
}
