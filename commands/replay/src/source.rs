//! What is read: files of records, or of packets, one kind at a time.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use kefu_app::{Exit, Failure, Language, Stop, Text};
use kefu_traffic::{
    Format,
    gor::{GorError, Merge, Reader, Record, View, expand},
    http::{Ended, Limits, PacketCounters, Totals, Traffic},
    pcap,
    tcp::{self, Counters},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    args::{LimitArgs, SourceArgs},
    shown,
};

/// Records that are out of order by no more than so many are put in order.
const WINDOW: usize = 1000;
/// What is read ahead for that, in bytes.
const WINDOW_BYTES: usize = 16 << 20;
/// Records between two looks at whether somebody wants no more.
const STOP_LOOK: u64 = 1000;
/// So many complaints about the input are printed; the others are counted.
const COMPLAINTS_MAX: u64 = 10;

/// The files to be read, opened.
pub(crate) struct Source {
    files: Vec<(PathBuf, Box<dyn Read + Send>)>,
    format: Format,
    ports: Vec<u16>,
    limits: LimitArgs,
}

/// Takes what is read.
pub(crate) trait Sink {
    /// Takes a record.
    ///
    /// # Errors
    ///
    /// It cannot be taken; nothing more is given then.
    fn take(&mut self, record: Record) -> Result<(), Failure>;

    /// Hands on what was kept back: time has passed.
    ///
    /// # Errors
    ///
    /// As for records.
    fn tick(&mut self) -> Result<(), Failure>;

    /// A WebSocket is over, or cannot be followed any further; few need to know.
    fn ended(&mut self, _: Ended) {}
}

/// How reading went.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Places at which the input is damaged or cut off.
    pub(crate) complaints: u64,
    /// What became of packets, if there were any.
    pub(crate) packets: Option<Packets>,
    /// What the interfaces have counted, if there were any.
    pub(crate) interfaces: Vec<Interface>,
    /// The user wants no more.
    pub(crate) is_stopped: bool,
}

/// What has been counted on an interface.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Interface {
    pub(crate) interface: String,
    /// Packets that were taken out of the kernel's ring.
    pub(crate) taken: u64,
    /// Packets that passed the kernel's filter, also those for which the ring had no place; on loopback each is seen twice.
    pub(crate) received: u64,
    /// Packets for which the ring had no place.
    pub(crate) dropped: u64,
    /// Packets that the interface or its driver let go.
    pub(crate) dropped_by_interface: u64,
}

/// What became of packets, segments and messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packets {
    pub(crate) packets: PacketCounters,
    pub(crate) segments: Counters,
    pub(crate) messages: Totals,
}

impl Source {
    /// Opens the files that the arguments name.
    ///
    /// # Errors
    ///
    /// There are none, one cannot be read, or they are of several kinds or of none.
    pub(crate) fn open(patterns: &[PathBuf], args: &SourceArgs) -> Result<Self, Failure> {
        let mut files = Vec::new();
        let mut format = None;
        for pattern in patterns {
            let paths = expand(pattern).map_err(|error| cannot_read(pattern).because(error))?;
            if paths.is_empty() {
                let hint = Text::new("no file has such a name", "没有文件符合这个名称");
                return Err(cannot_read(pattern).hint(hint));
            }
            for path in paths {
                let (found, reader) =
                    kefu_traffic::open(&path).map_err(|error| cannot_read(&path).because(error))?;
                if found == Format::Unknown {
                    let hint = Text::new(
                        "it is neither .gor nor pcap nor pcapng, nor any of these compressed by gzip",
                        "它不是 .gor、pcap 或 pcapng 文件,也不是它们的 gzip 压缩文件",
                    );
                    return Err(unreadable(&path).hint(hint));
                }
                if *format.get_or_insert(found) != found {
                    let hint = Text::new(
                        "packets and records cannot be read together: capture the packets first",
                        "数据包与录制记录不能同时读取:请先从数据包中提取",
                    );
                    return Err(unreadable(&path).hint(hint));
                }
                files.push((path, reader));
            }
        }
        let format = format.unwrap_or(Format::Gor);
        Ok(Self { files, format, ports: args.port.clone(), limits: args.limits })
    }

    /// Refuses what is not packets.
    pub(crate) fn only_packets(self) -> Result<Self, Failure> {
        match (self.format, self.files.first()) {
            (Format::Gor, Some((path, _))) => Err(unreadable(path).hint(Text::new(
                "it holds records already: use `kefu replay convert`",
                "它已经是录制记录:请使用 `kefu replay convert`",
            ))),
            _ => Ok(self),
        }
    }

    /// The records of .gor files one after the other, and between them what is wrong with which file.
    ///
    /// # Errors
    ///
    /// The files hold packets.
    pub(crate) fn into_records(
        self,
    ) -> Result<impl Iterator<Item = Result<Record, (PathBuf, GorError)>> + Send, Failure> {
        if let (Format::Packets, Some((path, _))) = (self.format, self.files.first()) {
            let hint = Text::new(
                "it holds packets: take the messages out with `kefu replay capture` first",
                "它是数据包:请先用 `kefu replay capture` 提取消息",
            );
            return Err(unreadable(path).hint(hint));
        }
        let max = self.limits.max_message.as_usize();
        let (paths, readers): (Vec<_>, Vec<_>) = self.files.into_iter().unzip();
        let sources = readers.into_iter().map(move |reader| Reader::new(reader, max));
        let merge = Merge::new(sources, WINDOW, WINDOW_BYTES);
        Ok(merge.map(move |item| item.map_err(|(source, error)| (paths[source].clone(), error))))
    }

    /// Reads everything, and hands each record to `out`.
    ///
    /// What is damaged is said on standard error, and the rest is read.
    ///
    /// # Errors
    ///
    /// What `out` gives.
    pub(crate) fn read(
        self,
        language: Language,
        stop: &Stop,
        out: &mut impl FnMut(Record) -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        let mut complaints = Complaints::new(language);
        let mut read = match self.format {
            Format::Packets => self.packets(&mut complaints, stop, out)?,
            Format::Gor | Format::Unknown => self.records(&mut complaints, stop, out)?,
        };
        complaints.end();
        read.complaints = complaints.count;
        Ok(read)
    }

    /// Reads everything, and hands each record to `out`; those of a single file are not copied, and come in its order.
    ///
    /// What is damaged is said on standard error, and the rest is read.
    ///
    /// # Errors
    ///
    /// None, but for what reading several files gives.
    pub(crate) fn look(
        mut self,
        language: Language,
        stop: &Stop,
        out: &mut impl FnMut(&View<'_>),
    ) -> Result<Outcome, Failure> {
        if self.format == Format::Packets || self.files.len() != 1 {
            return self.read(language, stop, &mut |record| {
                out(&record.view());
                Ok(())
            });
        }
        let mut complaints = Complaints::new(language);
        let mut is_stopped = false;
        let max = self.limits.max_message.as_usize();
        for (path, reader) in self.files.drain(..) {
            let mut reader = Reader::new(reader, max);
            let mut number = 0_u64;
            while let Some(item) = reader.next_view() {
                match item {
                    Ok(view) => out(&view),
                    Err(error) => complaints.say(&path, &error),
                }
                number += 1;
                is_stopped = number.is_multiple_of(STOP_LOOK) && stop.is_requested();
                if is_stopped {
                    break;
                }
            }
        }
        complaints.end();
        Ok(Outcome { complaints: complaints.count, is_stopped, ..Outcome::default() })
    }

    fn records(
        self,
        complaints: &mut Complaints,
        stop: &Stop,
        out: &mut impl FnMut(Record) -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        for item in self.into_records()? {
            if stop.is_requested() {
                return Ok(Outcome { is_stopped: true, ..Outcome::default() });
            }
            match item {
                Ok(record) => out(record)?,
                Err((path, error)) => complaints.say(&path, &error),
            }
        }
        Ok(Outcome::default())
    }

    fn packets(
        self,
        complaints: &mut Complaints,
        stop: &Stop,
        out: &mut impl FnMut(Record) -> Result<(), Failure>,
    ) -> Result<Outcome, Failure> {
        let mut traffic = traffic(&self.ports, self.limits);
        let mut failed = None;
        let mut give = |record: Record| {
            if failed.is_none() {
                failed = out(record).err();
            }
        };
        let mut is_stopped = false;
        'files: for (path, reader) in self.files {
            let mut reader = pcap::Reader::new(reader);
            loop {
                match reader.next_packet() {
                    Ok(Some(packet)) => traffic.packet(&packet, &mut give),
                    Ok(None) => break,
                    Err(error) => {
                        complaints.say(&path, &error);
                        break;
                    }
                }
                if stop.is_requested() {
                    is_stopped = true;
                    break 'files;
                }
            }
            if let Some((link, offset)) = traffic.foreign() {
                let problem =
                    format!("packets of link type {} are not read, the first at byte {offset}", link.0);
                complaints.say_once(&path, &problem);
            }
        }
        traffic.finish(&mut give);
        if let Some(failure) = failed {
            return Err(failure);
        }
        let packets =
            Packets { packets: traffic.packets(), segments: traffic.segments(), messages: traffic.totals() };
        Ok(Outcome { packets: Some(packets), is_stopped, ..Outcome::default() })
    }
}

/// Reads connections to ports out of packets.
pub(crate) fn traffic(ports: &[u16], limits: LimitArgs) -> Traffic {
    let (message, memory) = (limits.max_message.as_usize(), limits.max_memory.as_usize());
    let tcp = tcp::Limits { bytes: memory / 4, flow_bytes: memory / 4, ..tcp::Limits::default() };
    let http = Limits { message, bytes: memory - memory / 4, ..Limits::default() };
    Traffic::new(ports, tcp, http)
}

/// What is wrong with the input, as far as it is printed.
pub(crate) struct Complaints {
    pub(crate) count: u64,
    language: Language,
}

impl Complaints {
    /// Will say them in a language.
    pub(crate) fn new(language: Language) -> Self {
        Self { count: 0, language }
    }

    /// Says what is wrong with a file, unless enough was said.
    pub(crate) fn say(&mut self, path: &Path, error: &dyn std::error::Error) {
        let mut text = error.to_string();
        let mut cause = error.source().and_then(std::error::Error::source);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        self.say_once(path, &text);
    }

    fn say_once(&mut self, path: &Path, problem: &str) {
        self.count += 1;
        if self.count <= COMPLAINTS_MAX {
            shown::say(&Text::from(format!("{}: {problem}", path.display())), self.language);
        }
    }

    /// Says how much was not said.
    pub(crate) fn end(&self) {
        if let Some(more @ 1..) = self.count.checked_sub(COMPLAINTS_MAX) {
            let text = Text::new(
                format!("{more} more places in the input are damaged"),
                format!("输入中另有 {more} 处损坏"),
            );
            shown::say(&text, self.language);
        }
    }
}

impl Packets {
    /// For programs.
    pub(crate) fn to_json(self) -> Value {
        let Counters { flows, begun_before, segments, out_of_window, evicted, relieved, gaps, gap_bytes } =
            self.segments;
        json!({
            "packets": self.packets,
            "segments": {
                "segments": segments,
                "connections": flows,
                "begun_before": begun_before,
                "out_of_window": out_of_window,
                "evicted": evicted,
                "relieved": relieved,
                "gaps": gaps,
                "gap_bytes": gap_bytes,
            },
            "messages": self.messages,
        })
    }

    /// For people: a table of messages, and what was lost.
    pub(crate) fn to_text(self, language: Language) -> String {
        let zh = language == Language::Chinese;
        let say = |en: &str, chinese: &str| if zh { chinese.to_owned() } else { en.to_owned() };
        let Totals { requests, responses, frames, interim, unanswered, unmatched, other_bytes } =
            self.messages;
        let mut rows = vec![vec![
            String::new(),
            say("seen", "已见"),
            say("given", "已输出"),
            say("gap", "缺失"),
            say("limit", "超限"),
            say("malformed", "格式错误"),
            say("cut off", "中断"),
        ]];
        for (name, account) in [
            (say("requests", "请求"), requests),
            (say("responses", "响应"), responses),
            (say("WebSocket messages", "WebSocket 消息"), frames),
        ] {
            let counts =
                [account.seen, account.emitted, account.gap, account.limit, account.malformed, account.cut];
            rows.push(std::iter::once(name).chain(counts.iter().map(u64::to_string)).collect());
        }
        let (packets, segments) = (self.packets, self.segments);
        let facts = Text::new(
            format!(
                "{} packets ({}) of {} connections; {} gaps of {} in all; {} requests without response, {} responses \
                 without request, {interim} interim responses, {} of other data",
                packets.packets,
                shown::bytes(packets.bytes),
                segments.flows,
                segments.gaps,
                shown::bytes(segments.gap_bytes),
                unanswered,
                unmatched,
                shown::bytes(other_bytes),
            ),
            format!(
                "{} 个数据包({}),{} 个连接;{} 处缺失,共 {};{} 个请求没有响应,{} 个响应没有请求,{interim} 个中间响应,\
                 其他数据 {}",
                packets.packets,
                shown::bytes(packets.bytes),
                segments.flows,
                segments.gaps,
                shown::bytes(segments.gap_bytes),
                unanswered,
                unmatched,
                shown::bytes(other_bytes),
            ),
        );
        format!("{}{}\n", shown::table(&rows), facts.in_language(language))
    }
}

fn cannot_read(path: &Path) -> Failure {
    let name = path.display();
    Failure::new(Exit::Io, Text::new(format!("cannot read {name}"), format!("无法读取 {name}")))
}

fn unreadable(path: &Path) -> Failure {
    let name = path.display();
    Failure::new(Exit::Data, Text::new(format!("cannot read {name}"), format!("无法读取 {name}")))
}
