use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    time::Duration,
};

use mio::{Interest, Registry, Token};

use super::{
    Plan,
    answer::{Answer, Whole},
    figures::Trouble,
};
use crate::link::Link;

/// A place for a connection, and the request that is under way on it.
#[derive(Debug, Default)]
pub(super) struct Conn {
    link: Option<Link>,
    phase: Phase,
    answer: Answer,
    pub(super) current: Option<Current>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Phase {
    /// Until the socket is writable.
    #[default]
    Connecting,
    /// Until both sides of TLS are ready.
    Shaking,
    Open,
}

/// A request under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Current {
    /// When it was due.
    pub(super) due: Duration,
    /// When its turn came.
    pub(super) begun: Duration,
    written: usize,
}

/// What became of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// It goes on.
    Pending,
    /// It is open now, and has nothing to do.
    Opened,
    /// The request has its answer.
    Answered(Current, Whole),
    /// The connection ended, and with it the request if there was one.
    Ended(Option<Current>, Trouble),
}

impl Conn {
    /// Whether there is a connection, open or being opened.
    pub(super) fn has_link(&self) -> bool {
        self.link.is_some()
    }

    pub(super) fn is_open(&self) -> bool {
        self.has_link() && self.phase == Phase::Open
    }

    /// Begins to connect.
    pub(super) fn open(&mut self, plan: &Plan, index: usize, registry: &Registry) -> io::Result<()> {
        let mut link = Link::open(&plan.target, index)?;
        registry.register(link.socket(), Token(index), Interest::READABLE | Interest::WRITABLE)?;
        (self.link, self.phase) = (Some(link), Phase::Connecting);
        self.answer.reset();
        Ok(())
    }

    /// Begins a request; it is written as soon as the connection is open.
    pub(super) fn begin(&mut self, plan: &Plan, due: Duration, now: Duration) -> Event {
        self.current = Some(Current { due, begun: now, written: 0 });
        if self.is_open() { self.write(plan) } else { Event::Pending }
    }

    /// Ends the connection.
    pub(super) fn close(&mut self, why: Trouble) -> Event {
        self.link = None;
        Event::Ended(self.current.take(), why)
    }

    /// Something has happened to the socket.
    pub(super) fn ready(
        &mut self,
        plan: &Plan,
        buffer: &mut [u8],
        received: &mut u64,
        is_ended: bool,
    ) -> Event {
        let Some(link) = &mut self.link else { return Event::Pending };
        let is_opening = self.phase != Phase::Open;
        if self.phase == Phase::Connecting {
            match link.is_connected() {
                Ok(true) => self.phase = Phase::Shaking,
                Ok(false) => return Event::Pending,
                Err(error) => return self.close(Trouble::of(&error)),
            }
        }
        if self.phase == Phase::Shaking {
            match link.shake() {
                Ok(true) => self.phase = Phase::Open,
                Ok(false) => return Event::Pending,
                Err(_) => return self.close(Trouble::Tls),
            }
        }
        match (self.write(plan), &self.current) {
            (Event::Pending, None) if is_opening => Event::Opened,
            (Event::Pending, _) => self.read(plan, buffer, received, is_ended),
            (event, _) => event,
        }
    }

    fn write(&mut self, plan: &Plan) -> Event {
        let (Some(link), Some(current)) = (&mut self.link, &mut self.current) else { return Event::Pending };
        let bytes = &plan.request;
        while current.written < bytes.len() {
            match link.write(&bytes[current.written..]) {
                Ok(0) => return self.close(Trouble::Closed),
                Ok(written) => current.written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // What the server has said before it left tells more.
                Err(_) => break,
            }
        }
        match link.flush() {
            Ok(()) => Event::Pending,
            Err(_) => self.close(Trouble::Closed),
        }
    }

    fn read(&mut self, plan: &Plan, buffer: &mut [u8], received: &mut u64, is_ended: bool) -> Event {
        loop {
            let Some(link) = &mut self.link else { return Event::Pending };
            let read = match link.read(buffer) {
                Ok(0) => return self.ended(),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Event::Pending,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return self.close(Trouble::Closed),
            };
            // Less than was asked for: the next bytes are a new event, and so is the end unless it has come.
            let is_all = link.is_plain() && read < buffer.len() && !is_ended;
            *received += read as u64;
            let Some(current) = self.current else { return self.close(Trouble::Unreadable) };
            match self.answer.take(&buffer[..read], plan.is_bodiless) {
                Err(_) => return self.close(Trouble::Unreadable),
                Ok(Some(whole)) => {
                    // What is not written yet will not be asked for any more.
                    let is_whole = current.written == plan.request.len();
                    let is_last = whole.is_last || !is_whole || !plan.keep_alive;
                    return self.answered(current, Whole { is_last, ..whole });
                }
                Ok(None) if is_all => return Event::Pending,
                Ok(None) => {}
            }
        }
    }

    fn answered(&mut self, current: Current, whole: Whole) -> Event {
        self.current = None;
        if whole.is_last {
            self.link = None;
        }
        Event::Answered(current, whole)
    }

    /// The server has closed the connection.
    fn ended(&mut self) -> Event {
        match (self.answer.end(), self.current) {
            (Some(whole), Some(current)) => self.answered(current, whole),
            _ => self.close(Trouble::Closed),
        }
    }

    /// Whether the request has waited since before `deadline`.
    pub(super) fn is_late(&self, deadline: Duration) -> bool {
        self.current.is_some_and(|current| current.begun < deadline)
    }
}
