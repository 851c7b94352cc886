//! Where a server's changes stand.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mongodb::{
    bson::{RawDocument, Timestamp},
    change_stream::event::ResumeToken,
};
use serde::{Deserialize, Serialize};

/// Where changes are followed from.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// Everything up to this time of the cluster is known: seconds since 1970, and a number within the second.
    pub(super) time: [u32; 2],
    /// The server's own word for the place, in Base64; nothing before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
}

impl Position {
    pub(super) fn at(time: Timestamp) -> Self {
        Self { time: [time.time, time.increment], token: None }
    }

    /// As people read it: `1764406342:3`.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.time[0], self.time[1])
    }

    /// Whether `other` is not behind this.
    pub(crate) fn has_reached(&self, other: &Self) -> bool {
        self.time >= other.time
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        let [time, increment] = self.time;
        Timestamp { time, increment }
    }

    /// Knows everything up to `time`.
    pub(super) fn reach(&mut self, time: Timestamp) {
        self.time = self.time.max([time.time, time.increment]);
    }

    /// Has met a change of this time: there may be more of the same time.
    pub(super) fn meet(&mut self, time: Timestamp) {
        let before = match time.increment.checked_sub(1) {
            Some(increment) => [time.time, increment],
            None => [time.time.saturating_sub(1), u32::MAX],
        };
        self.time = self.time.max(before);
    }

    pub(super) fn set_token(&mut self, token: &ResumeToken) {
        if let Ok(bytes) = mongodb::bson::serialize_to_vec(token) {
            self.token = Some(STANDARD.encode(bytes));
        }
    }

    pub(super) fn resume_token(&self) -> Option<ResumeToken> {
        let bytes = STANDARD.decode(self.token.as_ref()?).ok()?;
        mongodb::bson::deserialize_from_slice(&bytes).ok()
    }

    /// The time that the token has in it: MongoDB's begins with a byte 0x82 and the time, in hexadecimal digits; it stands for
    /// everything before it. Those of other servers say nothing.
    pub(super) fn token_time(&self) -> Option<Timestamp> {
        let bytes = STANDARD.decode(self.token.as_ref()?).ok()?;
        let data = RawDocument::from_bytes(&bytes).ok()?.get_str("_data").ok()?;
        let digits = data.strip_prefix("82")?.get(..16)?;
        let number = |range| u32::from_str_radix(digits.get(range)?, 16).ok();
        Some(Timestamp { time: number(0..8)?, increment: number(8..16)? })
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{doc, serialize_to_vec};

    use super::*;

    #[test]
    fn the_time_of_a_token_is_known_if_it_is_one_of_mongodb() {
        let with = |data: &str| {
            let token = serialize_to_vec(&doc! { "_data": data }).unwrap();
            Position { token: Some(STANDARD.encode(token)), ..Position::default() }
        };
        let time = |time, increment| Some(Timestamp { time, increment });
        assert_eq!(with("826123abcd000000072b0229296e04").token_time(), time(0x6123_abcd, 7));
        for other in ["", "82", "8", "7a00", "826123abcd0000", "82zzzzzzzz00000007"] {
            assert_eq!(with(other).token_time(), None, "{other}");
        }
        assert_eq!(Position::default().token_time(), None);
        let token = with("82ff").resume_token().unwrap();
        let mut position = Position::default();
        position.set_token(&token);
        assert_eq!(position.token, with("82ff").token);
    }

    #[test]
    fn a_change_is_met_before_its_time_is_over() {
        let mut position = Position::at(Timestamp { time: 100, increment: 2 });
        let end = Position::at(Timestamp { time: 101, increment: 0 });
        position.meet(Timestamp { time: 101, increment: 0 });
        assert_eq!(position.place(), "100:4294967295");
        assert!(!position.has_reached(&end));
        position.reach(Timestamp { time: 101, increment: 0 });
        assert!(position.has_reached(&end));
        // Nothing goes back.
        position.meet(Timestamp { time: 7, increment: 7 });
        assert!(position.has_reached(&end));
    }
}
