//! One interface: opened, filtered, and read on a thread of its own.

use std::{
    os::fd::AsFd as _,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kefu_app::{Exit, Failure, Text};
use pcap::{Active, Capture};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{BATCH_BYTES, Batch, Entry, meter::Meter, permission};
use crate::args::LiveArgs;

/// The kernel hands a block of packets on after this time, full or not.
const BLOCK: Duration = Duration::from_millis(20);
/// Looks at the wish to stop, and at the kernel's counters, are so far apart.
const LOOK: Duration = Duration::from_millis(50);
/// After the wish to stop, what came before it is read out of the ring for so long at most.
const DRAIN: Duration = Duration::from_secs(5);
/// libpcap is asked for so many packets at once.
const PACKETS: usize = 4096;
const LOOPBACK: &str = "lo";
/// `DLT_EN10MB`, which alone may have tags of VLANs.
const ETHERNET: i32 = 1;

/// An interface that is captured.
pub(super) struct Device {
    name: String,
    capture: Capture<Active>,
    link: u16,
}

pub(super) fn cannot_capture(interface: &str) -> Failure {
    Failure::new(
        Exit::Unavailable,
        Text::new(format!("cannot capture on {interface}"), format!("无法在 {interface} 上抓取")),
    )
}

impl Device {
    pub(super) fn open(name: &str, args: &LiveArgs, ports: &[u16]) -> Result<Self, Failure> {
        let failed = |error: pcap::Error| cannot_capture(name).because(error);
        let bytes = i32::try_from(args.ring.as_usize()).unwrap_or(i32::MAX);
        let inactive = Capture::from_device(name).map_err(failed)?;
        let capture = inactive
            .snaplen(i32::try_from(args.snaplen).unwrap_or(i32::MAX))
            .buffer_size(bytes)
            .promisc(args.promisc)
            .precision(pcap::Precision::Nano)
            .timeout(i32::try_from(BLOCK.as_millis()).unwrap_or(i32::MAX))
            .open()
            .map_err(|error| permission::refused(name, args.promisc, error))?;
        let mut capture = capture.setnonblock().map_err(failed)?;
        let link = capture.get_datalink().0;
        let text = args.bpf.clone().unwrap_or_else(|| filter(ports, link == ETHERNET && name != LOOPBACK));
        capture.filter(&text, true).map_err(|error| {
            let hint = Text::new(format!("the filter is `{text}`"), format!("过滤器为 `{text}`"));
            failed(error).hint(hint)
        })?;
        let link = u16::try_from(link).map_err(Failure::internal)?;
        Ok(Self { name: name.to_owned(), capture, link })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Hands packets on until `halt` says so or nobody takes them any more.
    pub(super) fn run(
        mut self,
        sender: &SyncSender<Batch>,
        meter: &Meter,
        halt: &AtomicBool,
    ) -> Result<(), String> {
        let link = self.link;
        let fresh = || Batch { link, ..Batch::default() };
        let mut batch = fresh();
        let mut is_wanted = true;
        let (mut looked, mut halted) = (Instant::now(), None);
        let mut latest = 0;
        while is_wanted {
            // From before the ring is read: it is not empty for a block that came while this thread did not run.
            let now = Instant::now();
            let taken = self.capture.dispatch(Some(PACKETS), |packet| {
                let header = packet.header;
                let captured = packet.data.len();
                latest = nanos(header.ts.tv_sec, header.ts.tv_usec);
                batch.bytes.extend_from_slice(packet.data);
                batch.packets.push(Entry {
                    timestamp: latest,
                    captured,
                    missing: header.len.saturating_sub(header.caplen),
                });
                if batch.bytes.len() >= BATCH_BYTES {
                    is_wanted &= sender.send(std::mem::replace(&mut batch, fresh())).is_ok();
                }
            });
            let taken = taken.map_err(|error| error.to_string())?;
            meter.take(taken as u64);
            if !batch.packets.is_empty() {
                is_wanted &= sender.send(std::mem::replace(&mut batch, fresh())).is_ok();
            }
            if taken == 0 || now - looked >= LOOK {
                looked = now;
                meter.update(self.capture.stats().map_err(|error| error.to_string())?);
                if halt.load(Ordering::Relaxed) {
                    // The last block comes a little later than its packets.
                    let (halted, last) =
                        *halted.get_or_insert_with(|| (Instant::now(), clock(SystemTime::now() + 2 * BLOCK)));
                    let is_empty = taken == 0 && now.saturating_duration_since(halted) >= 2 * BLOCK;
                    is_wanted &= !is_empty && latest <= last && halted.elapsed() < DRAIN;
                }
            }
            if taken == 0 && is_wanted {
                self.wait()?;
            }
        }
        self.capture.stats().map(|counted| meter.update(counted)).map_err(|error| error.to_string())
    }

    /// Waits until there is something in the ring, but not for long.
    fn wait(&self) -> Result<(), String> {
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(BLOCK.subsec_nanos()) };
        let mut polled = [PollFd::from_borrowed_fd(self.capture.as_fd(), PollFlags::IN)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A time in nanoseconds: with the precision that was asked for, what is called microseconds are nanoseconds.
fn nanos(seconds: i64, nanos: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// The same of a time by the clock that the kernel has for packets.
fn clock(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// What the kernel is to let through: segments of TCP from and to the ports, within VLANs as well.
///
/// It names nothing that only the kernel knows of a packet, such as `inbound`: what comes before the filter is in place, libpcap
/// filters itself, and would let nothing of it pass.
fn filter(ports: &[u16], has_vlans: bool) -> String {
    let ports: Vec<String> = ports.iter().map(|port| format!("tcp port {port}")).collect();
    let wanted = if ports.is_empty() { "tcp".to_owned() } else { ports.join(" or ") };
    if has_vlans { format!("({wanted}) or (vlan and ({wanted}))") } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_asked_for_no_more_than_is_wanted() {
        assert_eq!(filter(&[], false), "tcp");
        assert_eq!(filter(&[80, 8080], false), "tcp port 80 or tcp port 8080");
        assert_eq!(filter(&[80], true), "(tcp port 80) or (vlan and (tcp port 80))");
    }
}
