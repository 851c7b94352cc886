//! Some visitors and an agent who write at the same time, and what they hold against the daemon afterwards.

use std::{net::SocketAddr, thread};

use super::{
    audit::{Sent, audit_settled, whole_log},
    random::Random,
    server::Server,
    writer::Writer,
};

/// Visitors who write at once.
const VISITORS: usize = 4;

/// Messages of one writer that wait for their acknowledgement.
const WINDOW: usize = 8;

pub(crate) struct Crowd {
    admin: String,
    visitors: Vec<Writer>,
    agent: Writer,
    /// What was sent to conversations that have ended.
    history: Vec<(String, Vec<Sent>)>,
    /// Tokens and conversations of visitors who came while the daemon was about to end.
    newcomers: Vec<(String, String)>,
    figures_of_gone: (usize, u64),
    random: Random,
}

impl Crowd {
    pub(crate) fn new(server: &Server, seed: u64) -> Self {
        let admin = server.sign_in();
        let mut random = Random::new(seed);
        let agent = Writer::new(admin.clone(), Vec::new(), random.next());
        let (visitors, history, newcomers) = (Vec::new(), Vec::new(), Vec::new());
        let figures_of_gone = (0, 0);
        let mut crowd = Self { admin, visitors, agent, history, newcomers, figures_of_gone, random };
        while crowd.visitors.len() < VISITORS {
            crowd.admit(server);
        }
        crowd
    }

    fn admit(&mut self, server: &Server) {
        self.visitors.push(Writer::visitor(server.visitor(), self.random.next()));
    }

    /// Everybody comes back, sends again what was not acknowledged, and looks at the logs.
    #[track_caller]
    pub(crate) fn come_back(&mut self, server: &Server) {
        let writers = self.visitors.iter_mut().chain([&mut self.agent]);
        thread::scope(|scope| {
            for writer in writers {
                scope.spawn(|| {
                    writer.connect(server.address).expect("a connection after the restart");
                    writer.settle().expect("an answer after the restart");
                });
            }
        });
        for (token, conversation) in std::mem::take(&mut self.newcomers) {
            let path = format!("/api/v1/conversations/{conversation}");
            server.call("GET", &path, Some(&token), None).expect(200);
        }
        let wrong: String =
            self.visitors.iter().map(|visitor| self.look_at(server, &visitor.conversations[0])).collect();
        assert_eq!(wrong, "", "the daemon broke its promise");
    }

    /// What is wrong with one conversation in use.
    fn look_at(&self, server: &Server, conversation: &str) -> String {
        let log = whole_log(server, &self.admin, conversation);
        audit_settled(conversation, &log, &self.sent_to(conversation))
    }

    fn sent_to(&self, conversation: &str) -> Vec<Sent> {
        let writers = self.visitors.iter().chain([&self.agent]);
        let sent = writers.flat_map(|writer| &writer.sent);
        sent.filter(|sent| sent.conversation == conversation).cloned().collect()
    }

    /// The oldest conversation ends, a new visitor takes its visitor's place.
    pub(crate) fn change_one(&mut self, server: &Server) {
        let conversation = self.visitors[0].conversations[0].clone();
        let sent = self.sent_to(&conversation);
        let (acked, checked) = figures(&self.visitors.remove(0));
        self.figures_of_gone = (self.figures_of_gone.0 + acked, self.figures_of_gone.1 + checked);
        self.agent.leave(&conversation);
        // What never began cannot end.
        if !sent.is_empty() {
            let path = format!("/api/v1/conversations/{conversation}/resolve");
            server.call("POST", &path, Some(&self.admin), None).expect(200);
        }
        self.history.push((conversation, sent));
        self.admit(server);
        let newest = self.visitors.last_mut().expect("a visitor was admitted");
        newest.connect(server.address).expect("a connection");
    }

    /// Everybody writes until the daemon is gone; `meanwhile` sees to that.
    pub(crate) fn write_until_gone(
        &mut self,
        address: SocketAddr,
        server: &Server,
        meanwhile: impl FnOnce(),
    ) {
        let writers = self.visitors.iter_mut().chain([&mut self.agent]);
        let newcomers = &mut self.newcomers;
        thread::scope(|scope| {
            for writer in writers {
                scope.spawn(move || drop(writer.chatter(address, usize::MAX, WINDOW)));
            }
            scope.spawn(move || {
                for _ in 0..8 {
                    match server.try_visitor() {
                        Some(visitor) => newcomers.push(visitor),
                        None => break,
                    }
                }
            });
            meanwhile();
        });
    }

    /// Also looks at everything that has ended: it stays so, with all that was said.
    #[track_caller]
    pub(crate) fn look_back(&self, server: &Server) {
        let mut wrong = String::new();
        for (conversation, sent) in &self.history {
            let log = whole_log(server, &self.admin, conversation);
            wrong.push_str(&audit_settled(conversation, &log, sent));
            let path = format!("/api/v1/conversations/{conversation}");
            let now = server.call("GET", &path, Some(&self.admin), None).expect(200);
            if !sent.is_empty() && now["state"] != "resolved" {
                let events = log.iter().filter(|entry| entry.kind == "event");
                let events: Vec<_> = events.map(|entry| (entry.seq, &entry.text)).collect();
                wrong.push_str(&format!("{conversation} was resolved, and is {now} after {events:?}\n"));
            }
        }
        assert_eq!(wrong, "", "the daemon broke its promise");
    }

    /// Messages that were acknowledged so far, and those whose place in the order of the wire was checked.
    pub(crate) fn figures(&self) -> (usize, u64) {
        let writers = self.visitors.iter().chain([&self.agent]);
        writers.fold(self.figures_of_gone, |(acked, checked), writer| {
            let (more, also) = figures(writer);
            (acked + more, checked + also)
        })
    }
}

fn figures(writer: &Writer) -> (usize, u64) {
    (writer.sent.len() - writer.unacked(), writer.checked)
}
