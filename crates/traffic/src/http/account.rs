use serde::Serialize;

/// Why a message is not given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dropped {
    /// A part of it was not captured.
    Gap,
    /// It, or all messages together, are larger than may be held.
    Limit,
    /// It is no HTTP, or no WebSocket that is understood.
    Malformed,
    /// The connection or the capture ends within it.
    Cut,
}

/// What became of messages: `seen = emitted + gap + limit + malformed + cut`, and what is under way.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Account {
    /// Messages whose beginning was seen.
    pub seen: u64,
    /// Messages that were given.
    pub emitted: u64,
    /// Messages of which a part was not captured.
    pub gap: u64,
    /// Messages that are larger than may be held.
    pub limit: u64,
    /// Messages that are not understood.
    pub malformed: u64,
    /// Messages within which the connection or the capture ended.
    pub cut: u64,
}

impl Account {
    pub(super) fn drop_one(&mut self, why: Dropped) {
        match why {
            Dropped::Gap => self.gap += 1,
            Dropped::Limit => self.limit += 1,
            Dropped::Malformed => self.malformed += 1,
            Dropped::Cut => self.cut += 1,
        }
    }

    /// Messages that were not given, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.gap + self.limit + self.malformed + self.cut
    }
}

/// What became of all messages of a capture.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Totals {
    /// Requests.
    pub requests: Account,
    /// Final answers.
    pub responses: Account,
    /// WebSocket messages.
    pub frames: Account,
    /// Interim answers such as `100 Continue`; they are part of no record.
    pub interim: u64,
    /// Requests that were given and have no answer.
    pub unanswered: u64,
    /// Answers that were given without their request.
    pub unmatched: u64,
    /// Bytes that are no HTTP: before the first message, after a gap, in tunnels.
    pub other_bytes: u64,
}
