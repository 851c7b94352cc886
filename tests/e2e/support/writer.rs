//! A chat client as it should be: it gives every message an id, sends again what was not acknowledged,
//! resumes where it was, and does not believe the wire.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    audit::Sent,
    http,
    random::{Random, patience},
    socket::{Lost, Said, Socket},
};

/// One person with one connection at a time.
pub(crate) struct Writer {
    pub(crate) token: String,
    /// Where it writes to.
    pub(crate) conversations: Vec<String>,
    left: Vec<String>,
    /// Everything it ever sent.
    pub(crate) sent: Vec<Sent>,
    /// Refusals, by code.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Messages whose order on the wire was checked.
    pub(crate) checked: u64,
    by_id: HashMap<String, usize>,
    /// The last entry of each conversation that it holds.
    pub(crate) positions: HashMap<String, u64>,
    epoch: String,
    pub(crate) socket: Option<Socket>,
    random: Random,
    /// Tells it from the others, as far as order goes.
    number: u64,
    orders: u64,
}

impl Writer {
    pub(crate) fn new(token: String, conversations: Vec<String>, seed: u64) -> Self {
        Self {
            token,
            conversations,
            left: Vec::new(),
            sent: Vec::new(),
            refused: BTreeMap::new(),
            checked: 0,
            by_id: HashMap::new(),
            positions: HashMap::new(),
            epoch: String::new(),
            socket: None,
            random: Random::new(seed),
            number: seed,
            orders: 0,
        }
    }

    /// A visitor, who holds nothing of its conversation yet.
    pub(crate) fn visitor((token, conversation): (String, String), seed: u64) -> Self {
        let mut writer = Self::new(token, vec![conversation.clone()], seed);
        writer.positions.insert(conversation, 0);
        writer
    }

    /// Connects, says what it holds, sends again what was not acknowledged, and takes in what it missed.
    pub(crate) fn connect(&mut self, address: SocketAddr) -> Result<(), Lost> {
        self.socket = None;
        let mut socket = Socket::open(address, &self.token)?;
        let Some(Said::Frame(hello)) = socket.next(patience())? else { return Err(Lost) };
        assert_eq!(hello["type"], "hello", "the first frame");
        let epoch = hello["epoch"].as_str().unwrap().to_owned();
        assert!(self.epoch.is_empty() || self.epoch == epoch, "the epoch changed without a restore");
        self.epoch = epoch;
        for head in hello["conversations"].as_array().unwrap() {
            let (id, last_seq) = (head["id"].as_str().unwrap(), head["last_seq"].as_u64().unwrap());
            let held = *self.positions.entry(id.to_owned()).or_insert(last_seq);
            assert!(held <= last_seq, "{id}: {held} was delivered, now the log ends at {last_seq}");
            self.join(id);
        }
        let listed =
            |id: &String| hello["conversations"].as_array().unwrap().iter().any(|head| head["id"] == **id);
        let held = self.positions.iter().filter(|(id, _)| listed(id));
        let positions: Vec<_> = held.map(|(id, seq)| json!({ "conversation_id": id, "seq": seq })).collect();
        socket.say(&json!({ "type": "resume", "epoch": self.epoch, "positions": positions }))?;
        self.socket = Some(socket);
        // Not waiting for `resumed`: what is sent meanwhile must find its place too.
        self.send_again()?;
        self.pump_until(|_, frame| frame["type"] == "resumed")
    }

    /// Sends everything again that was not acknowledged.
    pub(crate) fn send_again(&mut self) -> Result<(), Lost> {
        for index in 0..self.sent.len() {
            if self.sent[index].acked.is_none() {
                self.say(index)?;
            }
        }
        Ok(())
    }

    fn join(&mut self, conversation: &str) {
        let is_known = |list: &[String]| list.iter().any(|known| known == conversation);
        if !is_known(&self.conversations) && !is_known(&self.left) {
            self.conversations.push(conversation.to_owned());
        }
    }

    /// Writes there no more, even if it only now hears that it could.
    pub(crate) fn leave(&mut self, conversation: &str) {
        self.conversations.retain(|other| other != conversation);
        self.left.push(conversation.to_owned());
    }

    /// Sends a new message over the WebSocket.
    pub(crate) fn send(&mut self, text: &str) -> Result<(), Lost> {
        let order = self.orders;
        self.orders += 1;
        let index = self.note(text, Some((self.number, order)));
        self.say(index)
    }

    /// Sends a new message over REST. Its outcome may stay unknown: then the next connection sends it again.
    pub(crate) fn post(&mut self, address: SocketAddr, text: &str) -> Result<(), Lost> {
        let index = self.note(text, None);
        let Sent { conversation, client_id, .. } = self.sent[index].clone();
        let path = format!("/api/v1/conversations/{conversation}/messages");
        let body = json!({ "client_id": client_id, "kind": "text", "text": text });
        let answer = http::request(address, "POST", &path, Some(&self.token), Some(&body))?;
        match answer.status {
            201 => self.acknowledged(&client_id, answer.json()["seq"].as_u64().unwrap()),
            503 => *self.refused.entry("unavailable".to_owned()).or_default() += 1,
            _ => panic!("a message was answered with {answer:?}"),
        }
        Ok(())
    }

    /// Messages without an acknowledgement.
    pub(crate) fn unacked(&self) -> usize {
        self.sent.iter().filter(|sent| sent.acked.is_none()).count()
    }

    /// Takes in what comes within `wait`.
    pub(crate) fn pump(&mut self, wait: Duration) -> Result<(), Lost> {
        let mut wait = wait;
        while let Some(said) = self.socket.as_mut().ok_or(Lost)?.next(wait)? {
            let Said::Frame(frame) = said else { return Err(Lost) };
            self.take(&frame);
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// Takes in what comes, up to the frame that `is_last`.
    pub(crate) fn pump_until(&mut self, is_last: impl Fn(&Self, &Value) -> bool) -> Result<(), Lost> {
        let deadline = Instant::now() + patience();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.socket.as_mut().ok_or(Lost)?.next(left)? {
                Some(Said::Frame(frame)) => {
                    self.take(&frame);
                    if is_last(self, &frame) {
                        return Ok(());
                    }
                }
                Some(Said::Close(_)) => return Err(Lost),
                None => panic!("an answer did not come in time; {} messages wait", self.unacked()),
            }
        }
    }

    /// Takes in what comes until every message is acknowledged.
    pub(crate) fn settle(&mut self) -> Result<(), Lost> {
        if self.unacked() == 0 {
            return Ok(());
        }
        self.pump_until(|writer, _| writer.unacked() == 0)
    }

    /// Writes at random, mostly over the WebSocket and now and then twice, until the daemon is gone or so many
    /// messages are sent.
    pub(crate) fn chatter(&mut self, address: SocketAddr, count: usize, window: usize) -> Result<(), Lost> {
        for number in 0..count {
            if self.conversations.is_empty() {
                self.pump(Duration::from_millis(5))?;
                continue;
            }
            let text = self.words(number);
            if self.random.below(8) == 0 {
                self.post(address, &text)?;
            } else {
                self.send(&text)?;
            }
            if self.random.below(12) == 0 {
                // An impatient client says something again; whatever came of it the first time counts.
                let again = self.random.below(self.sent.len() as u64) as usize;
                self.say(again)?;
            }
            self.pump(Duration::ZERO)?;
            while self.unacked() >= window {
                self.pump(Duration::from_millis(5))?;
            }
        }
        self.settle()
    }

    /// A text that is unlike all others, sometimes long.
    fn words(&mut self, number: usize) -> String {
        let len = if self.random.below(20) == 0 { 3000 } else { self.random.below(120) as usize };
        format!("{number} 您好 {}", format!("{:016x}", self.random.next()).repeat(len / 16 + 1))
    }

    fn note(&mut self, text: &str, order: Option<(u64, u64)>) -> usize {
        let chosen = self.random.below(self.conversations.len() as u64) as usize;
        let client_id = self.random.id();
        self.by_id.insert(client_id.clone(), self.sent.len());
        let conversation = self.conversations[chosen].clone();
        self.sent.push(Sent { conversation, client_id, text: text.to_owned(), acked: None, order });
        self.sent.len() - 1
    }

    fn say(&mut self, index: usize) -> Result<(), Lost> {
        let Sent { conversation, client_id, text, .. } = &self.sent[index];
        let frame = json!({
            "type": "send",
            "client_id": client_id,
            "conversation_id": conversation,
            "kind": "text",
            "text": text,
        });
        self.socket.as_mut().ok_or(Lost)?.say(&frame)
    }

    fn take(&mut self, frame: &Value) {
        let text = |name: &str| frame[name].as_str().unwrap_or_default();
        match text("type") {
            "ack" => {
                let seq = frame["seq"].as_u64().unwrap();
                if let Some(prev_seq) = frame["prev_seq"].as_u64() {
                    self.advance(text("conversation_id"), prev_seq, seq);
                }
                self.acknowledged(text("client_id"), seq);
            }
            "message" => {
                let seq = frame["seq"].as_u64().unwrap();
                // Who has no conversation yet is an agent, and writes wherever it is sent to.
                if !self.positions.contains_key(text("conversation_id")) {
                    self.join(text("conversation_id"));
                }
                self.advance(text("conversation_id"), frame["prev_seq"].as_u64().unwrap(), seq);
                if let Some(index) = self.by_id.get(text("client_id")) {
                    assert_eq!(self.sent[*index].text, text("text"), "a message came back changed");
                }
            }
            "error" if self.by_id.contains_key(text("client_id")) => {
                *self.refused.entry(text("code").to_owned()).or_default() += 1;
            }
            "error" | "reset" => panic!("a client that did nothing wrong was answered with {frame}"),
            _ => {}
        }
    }

    /// Within a conversation every number names the one before it, and that is the one that came before.
    fn advance(&mut self, conversation: &str, prev_seq: u64, seq: u64) {
        assert!(seq > prev_seq, "{conversation}: {prev_seq} before {seq}");
        let held = self.positions.entry(conversation.to_owned()).or_insert(prev_seq);
        assert_eq!(*held, prev_seq, "{conversation}: {seq} says that it follows {prev_seq}");
        *held = seq;
        self.checked += 1;
    }

    fn acknowledged(&mut self, client_id: &str, seq: u64) {
        let index = self.by_id.get(client_id).unwrap_or_else(|| panic!("an ack of {client_id}, never sent"));
        let acked = &mut self.sent[*index].acked;
        assert!(acked.is_none_or(|before| before == seq), "acknowledged as {acked:?} and as {seq}");
        *acked = Some(seq);
    }
}
