//! Messages from network interfaces, as they go by.
//!
//! Each interface has a thread that takes packets out of the kernel's ring and hands them on in batches. When nobody
//! takes them, the thread waits and the ring fills up: what finds no place in it the kernel counts, and that is said.

mod device;
mod meter;
mod permission;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use kefu_app::{Exit, Failure, Language, Stop, Text};
use kefu_traffic::{
    gor::Record,
    http::Traffic,
    pcap::{LinkType, Packet},
};

use self::{device::Device, meter::Meter};
use crate::{
    args::{LimitArgs, LiveArgs},
    shown,
    source::{Interface, Outcome, Packets, Sink, traffic},
};

/// So many batches are ahead of the reader.
const BATCHES: usize = 64;
/// A batch is handed on when it has so many bytes.
const BATCH_BYTES: usize = 256 << 10;
/// Time between two looks at what is to be done besides packets.
const TICK: Duration = Duration::from_millis(100);

/// Packets that were taken together.
#[derive(Debug, Default)]
struct Batch {
    link: u16,
    bytes: Vec<u8>,
    packets: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    timestamp: i64,
    captured: usize,
    missing: u32,
}

impl Batch {
    /// Hands each packet to `each`.
    fn each(&self, mut each: impl FnMut(&Packet<'_>)) {
        let mut rest = self.bytes.as_slice();
        for Entry { timestamp, captured, missing } in &self.packets {
            let (bytes, more) = rest.split_at(*captured);
            rest = more;
            let (link, missing) = (LinkType(self.link), *missing);
            each(&Packet { offset: 0, timestamp: *timestamp, link, bytes, missing });
        }
    }
}

/// A capture that runs.
pub(crate) struct Live {
    meters: Vec<Arc<Meter>>,
    batches: Receiver<Batch>,
    threads: Vec<JoinHandle<Result<(), String>>>,
    halt: Arc<AtomicBool>,
    ports: Vec<u16>,
    limits: LimitArgs,
    exit_after: Option<Duration>,
    stats: Duration,
}

impl Live {
    /// Begins to capture; from then on nothing is missed but what the kernel counts.
    ///
    /// # Errors
    ///
    /// libpcap is not there, an interface is not, or this may not be done.
    pub(crate) fn open(args: &LiveArgs, ports: &[u16], limits: LimitArgs) -> Result<Self, Failure> {
        kefu_libpcap::load().map_err(|missing| {
            Failure::new(Exit::Unavailable, Text::new("cannot capture without libpcap", "没有 libpcap,无法抓取"))
                .because(missing)
                .hint(Text::new(
                    "install libpcap0.8 (Debian, Ubuntu) or libpcap (Fedora, Alpine, Arch), or read a file of tcpdump with -i",
                    "请安装 libpcap0.8(Debian、Ubuntu)或 libpcap(Fedora、Alpine、Arch),或用 -i 读取 tcpdump 的文件",
                ))
        })?;
        let devices: Vec<Device> =
            args.interface.iter().map(|name| Device::open(name, args, ports)).collect::<Result<_, _>>()?;
        let (sender, batches) = sync_channel(BATCHES);
        let halt = Arc::new(AtomicBool::new(false));
        let mut meters = Vec::new();
        let mut threads = Vec::new();
        for device in devices {
            let meter = Arc::new(Meter::new(device.name()));
            meters.push(Arc::clone(&meter));
            let (sender, halt) = (sender.clone(), Arc::clone(&halt));
            threads.push(std::thread::spawn(move || device.run(&sender, &meter, &halt)));
        }
        let (ports, exit_after, stats) = (ports.to_vec(), args.exit_after, args.stats);
        Ok(Self { meters, batches, threads, halt, ports, limits, exit_after, stats })
    }

    /// Hands messages to `sink` until it is time to stop.
    ///
    /// # Errors
    ///
    /// What `sink` gives.
    pub(crate) fn read(
        self,
        language: Language,
        stop: &Stop,
        sink: &mut impl Sink,
    ) -> Result<Outcome, Failure> {
        let names: Vec<&str> = self.meters.iter().map(|meter| meter.name()).collect();
        let names = shown::line(&names.join(", "));
        shown::say(&Text::new(format!("capturing on {names}"), format!("正在 {names} 上抓取")), language);
        let mut traffic = traffic(&self.ports, self.limits);
        let begun = Instant::now();
        let (mut ticked, mut told) = (begun, begun);
        let mut dropped = 0;
        let mut failed = None;
        while failed.is_none() {
            match self.batches.recv_timeout(TICK) {
                Ok(batch) => {
                    batch.each(|packet| {
                        traffic.packet(packet, &mut |record| take(sink, record, &mut failed));
                    });
                    traffic.take_ended().for_each(|ended| sink.ended(ended));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = Instant::now();
            if now - ticked < TICK {
                continue;
            }
            ticked = now;
            failed = failed.or_else(|| sink.tick().err());
            if stop.is_requested() || self.exit_after.is_some_and(|after| now - begun >= after) {
                self.halt.store(true, Ordering::Relaxed);
            }
            let lost: u64 = self.meters.iter().map(|meter| meter.interface().dropped).sum();
            // What is lost for the first time is told at once.
            if (!self.stats.is_zero() && now - told >= self.stats) || (lost > 0 && dropped == 0) {
                (told, dropped) = (now, lost);
                shown::say(&progress(&self.meters, &traffic, now - begun), language);
            }
        }
        self.end(traffic, sink, language, failed)
    }

    /// Waits for the threads, and ends all connections.
    fn end(
        self,
        mut traffic: Traffic,
        sink: &mut impl Sink,
        language: Language,
        mut failed: Option<Failure>,
    ) -> Result<Outcome, Failure> {
        drop(self.batches);
        let mut complaints = 0;
        for (thread, meter) in self.threads.into_iter().zip(&self.meters) {
            let ended = thread.join().unwrap_or_else(|_| Err("its thread has panicked".to_owned()));
            if let Err(reason) = ended {
                complaints += 1;
                shown::say(&Text::from(format!("{}: {reason}", meter.name())), language);
            }
        }
        traffic.finish(&mut |record| take(sink, record, &mut failed));
        if let Some(failure) = failed {
            return Err(failure);
        }
        let interfaces: Vec<Interface> = self.meters.iter().map(|meter| meter.interface()).collect();
        let packets =
            Packets { packets: traffic.packets(), segments: traffic.segments(), messages: traffic.totals() };
        Ok(Outcome { complaints, packets: Some(packets), interfaces, is_stopped: false })
    }
}

/// Hands a record on, unless something has failed.
fn take(sink: &mut impl Sink, record: Record, failed: &mut Option<Failure>) {
    if failed.is_none() {
        *failed = sink.take(record).err();
    }
}

/// How it goes, in a line.
fn progress(meters: &[Arc<Meter>], traffic: &Traffic, since: Duration) -> Text {
    let interfaces: Vec<Interface> = meters.iter().map(|meter| meter.interface()).collect();
    let sum = |what: fn(&Interface) -> u64| interfaces.iter().map(what).sum::<u64>();
    let (taken, dropped) = (sum(|one| one.taken), sum(|one| one.dropped));
    let if_dropped = sum(|one| one.dropped_by_interface);
    let totals = traffic.totals();
    let (requests, responses) = (totals.requests.emitted, totals.responses.emitted);
    let seconds = since.as_secs();
    Text::new(
        format!(
            "{seconds} s: {taken} packets, {dropped} dropped by the kernel, {if_dropped} by interfaces; {requests} \
             requests, {responses} responses"
        ),
        format!(
            "{seconds} 秒:{taken} 个数据包,内核丢弃 {dropped} 个,网卡丢弃 {if_dropped} 个;{requests} 个请求,{responses} 个响应"
        ),
    )
}
