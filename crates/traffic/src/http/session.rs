use super::{Connection, Limits, Output, Totals, connection::Context};
use crate::tcp::{End, Event, Position, Side};

/// One connection as its client sees it: what was sent and received, in the order in which that happened.
///
/// It reads answers exactly as they are read from captures.
#[derive(Debug, Default)]
pub struct Session {
    connection: Connection,
    limits: Limits,
    totals: Totals,
    held: usize,
    /// Where the next bytes of client and server are.
    places: [u64; 2],
}

impl Session {
    /// Begins a connection whose messages may take so much.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes bytes that one side sent.
    pub fn data(&mut self, side: Side, bytes: &[u8], time: i64, out: &mut impl FnMut(Output)) {
        let place = &mut self.places[usize::from(side == Side::Server)];
        let at = Position { time, offset: *place, acknowledged: None, acknowledgement: 0 };
        *place += bytes.len() as u64;
        self.event(side, Event::Data { bytes, at }, out);
    }

    /// One side has said everything.
    pub fn ended(&mut self, side: Side, out: &mut impl FnMut(Output)) {
        self.event(side, Event::End(End::Closed), out);
    }

    /// Whether everything that was asked is answered, and nothing but HTTP is spoken.
    pub fn is_idle(&self) -> bool {
        self.connection.is_idle()
    }

    /// Whether another protocol than HTTP is spoken.
    pub fn is_upgraded(&self) -> bool {
        self.connection.is_upgraded
    }

    /// Bytes of messages under way.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Lets messages under way have so many bytes from now on; bodies that do not fit are lost.
    pub fn set_room(&mut self, bytes: usize) {
        self.limits.bytes = bytes;
    }

    /// What became of messages.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn event(&mut self, side: Side, event: Event<'_>, out: &mut impl FnMut(Output)) {
        let Self { connection, limits, totals, held, .. } = self;
        connection.take(side, event, &mut Context { limits, totals, held, out });
    }
}
