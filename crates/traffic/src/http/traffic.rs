use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
};

use serde::Serialize;

use super::{Answered, Connection, Limits, Message, Output, Totals, connection::Context, head::speaker};
use crate::{
    gor::{Kind, Record},
    packet::{Fragments, NoSegment},
    pcap::{LinkType, Packet},
    tcp::{self, Counters, Ends, Event, Flows, Side},
};

/// What became of packets.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct PacketCounters {
    /// All of them.
    pub packets: u64,
    /// Their bytes, as captured.
    pub bytes: u64,
    /// Those that were captured only in part.
    pub cut: u64,
    /// Those of a link layer that is not read.
    pub foreign_link: u64,
    /// Those that are not IP.
    pub not_ip: u64,
    /// Those that are not TCP.
    pub not_tcp: u64,
    /// Those whose headers are damaged.
    pub malformed: u64,
    /// Parts of packets that were not the last part to come.
    pub fragments: u64,
    /// Those of other ports than were asked for.
    pub other_ports: u64,
}

/// A WebSocket of which no more messages come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ended {
    /// Who opened the connection.
    pub client: SocketAddr,
    /// To whom.
    pub server: SocketAddr,
    /// It may go on, but something of it was missed or not understood.
    pub is_lost: bool,
}

/// So many WebSockets that have ended are kept for whoever asks.
const ENDED_MAX: usize = 10_000;

/// Reads messages from packets.
#[derive(Debug)]
pub struct Traffic {
    ports: Vec<u16>,
    limits: Limits,
    fragments: Fragments,
    flows: Flows<Connection>,
    totals: Totals,
    held: usize,
    ended: VecDeque<Ended>,
    packets: PacketCounters,
    /// The first packet of a link layer that is not read, and where it is.
    foreign: Option<(LinkType, u64)>,
}

impl Traffic {
    /// Will read connections to these ports; to any if there are none.
    pub fn new(ports: &[u16], tcp: tcp::Limits, limits: Limits) -> Self {
        Self {
            ports: ports.to_vec(),
            limits,
            fragments: Fragments::default(),
            flows: Flows::new(tcp, ports, speaker),
            totals: Totals::default(),
            held: 0,
            ended: VecDeque::new(),
            packets: PacketCounters::default(),
            foreign: None,
        }
    }

    /// Takes a packet, and hands the records that it completes to `out`.
    pub fn packet(&mut self, packet: &Packet<'_>, out: &mut impl FnMut(Record)) {
        let Packet { offset, timestamp, link, bytes, missing } = *packet;
        self.packets.packets += 1;
        self.packets.bytes += bytes.len() as u64;
        self.packets.cut += u64::from(missing > 0);
        let Self { ports, limits, fragments, flows, totals, held, ended, .. } = self;
        let taken = fragments.segment(link, bytes, missing, timestamp, |segment| {
            let is_asked_for = |address: SocketAddr| ports.contains(&address.port());
            if !ports.is_empty() && !is_asked_for(segment.source) && !is_asked_for(segment.target) {
                return false;
            }
            flows.take(&segment, timestamp, &mut |connection, ends, side, event| {
                events(connection, ends, side, event, (limits, totals, held, ended), out);
            });
            true
        });
        let counter = match taken {
            Ok(true) => return,
            Ok(false) => &mut self.packets.other_ports,
            Err(NoSegment::Link) => {
                self.foreign.get_or_insert((link, offset));
                &mut self.packets.foreign_link
            }
            Err(NoSegment::NotIp) => &mut self.packets.not_ip,
            Err(NoSegment::NotTcp) => &mut self.packets.not_tcp,
            Err(NoSegment::Malformed) => &mut self.packets.malformed,
            Err(NoSegment::Fragment) => &mut self.packets.fragments,
        };
        *counter += 1;
    }

    /// Ends all connections: no more packets come.
    pub fn finish(&mut self, out: &mut impl FnMut(Record)) {
        let Self { limits, flows, totals, held, ended, .. } = self;
        flows.finish(&mut |connection, ends, side, event| {
            events(connection, ends, side, event, (limits, totals, held, ended), out);
        });
    }

    /// Takes out which WebSockets have ended since this was last asked.
    pub fn take_ended(&mut self) -> impl Iterator<Item = Ended> {
        self.ended.drain(..)
    }

    /// What became of messages.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// What became of segments.
    pub fn segments(&self) -> Counters {
        self.flows.counters()
    }

    /// What became of packets.
    pub fn packets(&self) -> PacketCounters {
        self.packets
    }

    /// The first packet of a link layer that is not read, and where in the file it is.
    pub fn foreign(&self) -> Option<(LinkType, u64)> {
        self.foreign
    }

    /// Messages that have begun and not ended: requests and answers.
    pub fn under_way(&self) -> (u64, u64) {
        self.flows.open().map(Connection::under_way).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// Bytes that are held: what came early, and messages under way.
    pub fn held(&self) -> usize {
        self.held + self.flows.held()
    }
}

fn events(
    connection: &mut Connection,
    ends: Ends,
    side: Side,
    event: Event<'_>,
    (limits, totals, held, ended): (&Limits, &mut Totals, &mut usize, &mut VecDeque<Ended>),
    out: &mut impl FnMut(Record),
) {
    let out = &mut |output: Output| out(record(ends, output));
    let before = totals.frames.dropped();
    connection.take(side, event, &mut Context { limits, totals, held, out });
    let is_lost = totals.frames.dropped() > before;
    if is_lost || (connection.is_upgraded && connection.is_over()) {
        if ended.len() == ENDED_MAX {
            ended.pop_front();
        }
        ended.push_back(Ended { client: ends.client, server: ends.server, is_lost });
    }
}

/// Makes a record of what a connection gives.
fn record(ends: Ends, output: Output) -> Record {
    let addresses = format!("c={} s={}", ends.client, ends.server);
    match output {
        Output::Request { of, message } => message_record(
            Kind::Request,
            id(ends, of.acknowledgement),
            format!("{addresses} n={}", of.number),
            message,
        ),
        Output::Response { of: Some(of), message } => message_record(
            Kind::Response,
            id(ends, of.acknowledgement),
            format!("{addresses} n={}", of.number),
            message,
        ),
        Output::Response { of: None, message } => {
            let acknowledgement = (message.at.offset & 0xffff_ffff) as u32;
            message_record(
                Kind::Response,
                id(ends, acknowledgement),
                format!("{addresses} flags=unmatched"),
                message,
            )
        }
        Output::Frame { of: Answered { number, acknowledgement }, side, is_text, time, payload } => {
            let operation = if is_text { "text" } else { "bin" };
            Record {
                kind: if side == Side::Client { Kind::ToServer } else { Kind::ToClient },
                id: id(ends, acknowledgement),
                timestamp: time,
                latency: Some(0),
                extra: format!("{addresses} n={number} op={operation}"),
                payload,
            }
        }
    }
}

fn message_record(kind: Kind, id: String, extra: String, message: Message) -> Record {
    let Message { bytes, at, ended, .. } = message;
    let latency = Some(ended.saturating_sub(at.time).max(0));
    Record { kind, id, timestamp: at.time, latency, extra, payload: bytes }
}

/// The id as goreplay makes it: ports, the end of the client's address, and what the request acknowledges.
fn id(ends: Ends, acknowledgement: u32) -> String {
    let address = match ends.client.ip() {
        IpAddr::V4(address) => u32::from(address),
        IpAddr::V6(address) => (u128::from(address) & 0xffff_ffff) as u32,
    };
    format!("{:04x}{:04x}{address:08x}{acknowledgement:08x}", ends.client.port(), ends.server.port())
}
