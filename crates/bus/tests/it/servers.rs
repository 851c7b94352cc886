//! Real servers, each with ports and a folder of its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use kefu_bus::{Backoff, Bus, Event, Handler, Limits, Nats, NatsSettings, Nsq, NsqSettings, Subscription};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

use crate::support::{PATIENCE, number};

/// The path of a program; none, said so, if it is not there.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("KEFU_BUS_TOOLS").or_else(|| env::var_os("PATH")).unwrap_or_default();
    let found = env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: {name} is neither in KEFU_BUS_TOOLS nor in PATH");
    }
    found
}

/// What a subscription in a test takes on at once.
pub(crate) fn limits(in_hand_max: usize, concurrency_max: usize) -> Limits {
    let retry = Backoff { first: Duration::from_millis(20), max: Duration::from_millis(200) };
    Limits { in_hand_max, concurrency_max, retry }
}

/// A back-end: a server that a bus can use, or a store.
pub(crate) trait Server: Sized {
    type Client: Client;

    /// Starts one; none if the machine has none.
    async fn start() -> Option<Self>;
    /// One that soon tells again what a client had that is gone, in its place.
    async fn impatient(self) -> Self {
        self
    }
    /// A client of it.
    async fn bus(&self, limits: Limits) -> Self::Client;
    /// Kills it, as with `kill -9`.
    async fn kill(&mut self);
    /// Starts it again where it was.
    async fn restart(&mut self);
    /// Waits until it has put so many events where a group finds them.
    async fn has_sorted(&self, topic: &str, group: &str, count: usize);
    /// Numbers of events of a topic that a group laid aside, and why, once there are so many.
    async fn laid_aside(&self, topic: &str, group: &str, count: usize) -> Vec<(u32, String)>;
}

/// A client of a back-end.
pub(crate) trait Client {
    type Subscription: Subscribed;

    /// Has events happen; they are durable when this returns well.
    async fn publish(&self, events: &[Event]) -> Result<(), String>;
    /// Has a handler hear a topic as a member of a group.
    fn subscribe(&self, topic: &str, group: &str, handler: Arc<dyn Handler>) -> Self::Subscription;
}

/// A handler that hears; it ends when this is dropped.
pub(crate) trait Subscribed {
    /// Waits until what happens from then on is heard.
    async fn ready(&mut self);
    /// Ends, and waits so long for what is with the handler.
    async fn stop(self, grace: Duration);
}

impl Client for Bus {
    type Subscription = Subscription;

    async fn publish(&self, events: &[Event]) -> Result<(), String> {
        Self::publish(self, events).await.map_err(|error| error.to_string())
    }

    fn subscribe(&self, topic: &str, group: &str, handler: Arc<dyn Handler>) -> Subscription {
        Self::subscribe(self, &topic.parse().unwrap(), &group.parse().unwrap(), handler)
    }
}

impl Subscribed for Subscription {
    async fn ready(&mut self) {
        Self::ready(self).await;
    }

    async fn stop(self, grace: Duration) {
        Self::stop(self, grace).await;
    }
}

/// What a letter says that a group laid aside.
fn letter(json: &[u8], group: &str) -> (u32, String) {
    let attributes: Value = serde_json::from_slice(json).unwrap();
    assert_eq!(attributes["kefugroup"], group);
    (number(&Event::from_json(json).unwrap()), attributes["kefuwhy"].as_str().unwrap().to_owned())
}

/// A process that says on its standard error when it is ready.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts a program, and gives what stands behind each of `marks` in what it says.
    pub(crate) async fn start(command: &mut Command, marks: &[&str]) -> (Self, Vec<String>) {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut found = vec![None; marks.len()];
        let all = async {
            let mut said = Vec::new();
            while found.iter().any(Option::is_none) {
                let Some(line) = lines.next_line().await.unwrap() else {
                    panic!("a server ended at once: {}", said.join("\n"));
                };
                for (mark, found) in marks.iter().zip(&mut found) {
                    if let Some((_, rest)) = line.split_once(mark) {
                        found.get_or_insert_with(|| rest.trim().to_owned());
                    }
                }
                said.push(line);
            }
        };
        timeout(PATIENCE, all).await.expect("a server does not get ready");
        // It would stop once nobody reads what it says.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        (Self { child }, found.into_iter().flatten().collect())
    }

    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }
}

/// What a program says until it ends, or until it has said so many lines.
pub(crate) async fn lines(command: &mut Command, input: &str, count: usize) -> Vec<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    let all = async {
        while said.len() < count
            && let Some(line) = lines.next_line().await.unwrap()
        {
            said.push(line);
        }
    };
    timeout(PATIENCE, all).await.expect("a program said too little");
    if said.len() < count {
        child.wait().await.unwrap();
    }
    said
}

/// The JSON at an address of HTTP.
pub(crate) async fn get(address: &str, path: &str) -> Value {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// An nsqd that writes each message to its file before it says that it has it.
pub(crate) struct Nsqd {
    process: Process,
    folder: TempDir,
    more: Vec<String>,
    pub(crate) tcp: String,
    pub(crate) http: String,
}

impl Nsqd {
    pub(crate) async fn with(more: &[&str]) -> Option<Self> {
        let program = tool("nsqd")?;
        let folder = TempDir::new().unwrap();
        let more: Vec<_> = more.iter().map(|option| (*option).to_owned()).collect();
        let any = "127.0.0.1:0";
        let (process, tcp, http) = Self::run(&program, folder.path(), &more, any, any).await;
        Some(Self { process, folder, more, tcp, http })
    }

    async fn run(
        program: &Path,
        folder: &Path,
        more: &[String],
        tcp: &str,
        http: &str,
    ) -> (Process, String, String) {
        let mut command = Command::new(program);
        command
            .args(["--mem-queue-size=0", "--sync-every=1", "--broadcast-address=127.0.0.1"])
            .args([format!("--tcp-address={tcp}"), format!("--http-address={http}")])
            .arg(format!("--data-path={}", folder.display()))
            .args(more);
        let (process, found) =
            Process::start(&mut command, &["TCP: listening on", "HTTP: listening on"]).await;
        let [tcp, http] = found.try_into().unwrap();
        (process, tcp, http)
    }

    pub(crate) fn settings(&self, limits: Limits) -> NsqSettings {
        NsqSettings {
            nsqd: vec![self.tcp.parse().unwrap()],
            limits,
            publish_max: Duration::from_secs(15),
            ..NsqSettings::default()
        }
    }

    /// What it says of a channel.
    pub(crate) async fn channel(&self, topic: &str, channel: &str) -> Value {
        let stats = get(&self.http, &format!("/stats?format=json&topic={topic}&channel={channel}")).await;
        stats["topics"][0]["channels"][0].clone()
    }
}

impl Server for Nsqd {
    type Client = Bus;

    async fn start() -> Option<Self> {
        Self::with(&[]).await
    }

    async fn impatient(self) -> Self {
        // It waits as long for a client that is gone as for one that says nothing.
        Self::with(&["--msg-timeout=2s"]).await.expect("there was one just now")
    }

    async fn bus(&self, limits: Limits) -> Bus {
        Bus::Nsq(Nsq::open(self.settings(limits)).unwrap())
    }

    async fn kill(&mut self) {
        self.process.kill().await;
    }

    async fn restart(&mut self) {
        let program = tool("nsqd").unwrap();
        let (process, ..) = Self::run(&program, self.folder.path(), &self.more, &self.tcp, &self.http).await;
        self.process = process;
    }

    async fn has_sorted(&self, topic: &str, group: &str, count: usize) {
        crate::support::eventually("nsqd sorts its messages", || async {
            self.channel(topic, group).await["depth"] == count
        })
        .await;
    }

    async fn laid_aside(&self, topic: &str, group: &str, count: usize) -> Vec<(u32, String)> {
        self.dead(topic, count).await.iter().map(|json| letter(json, group)).collect()
    }
}

impl Nsqd {
    /// The bodies of so many dead letters of a topic.
    pub(crate) async fn dead(&self, topic: &str, count: usize) -> Vec<Vec<u8>> {
        let mut command = Command::new(tool("nsq_tail").expect("whoever has nsqd has its tools"));
        command.arg(format!("--nsqd-tcp-address={}", self.tcp)).args([
            "--topic",
            &format!("{topic}.dead"),
            "--channel",
            "tail",
            "-n",
            &count.to_string(),
        ]);
        lines(&mut command, "", count).await.into_iter().map(String::into_bytes).collect()
    }
}

/// A nats-server with JetStream.
pub(crate) struct NatsServer {
    process: Process,
    folder: TempDir,
    more: Vec<String>,
    pub(crate) address: String,
}

impl NatsServer {
    pub(crate) async fn with(more: &[&str]) -> Option<Self> {
        let program = tool("nats-server")?;
        let folder = TempDir::new().unwrap();
        let more: Vec<_> = more.iter().map(|option| (*option).to_owned()).collect();
        let (process, address) = Self::run(&program, folder.path(), &more, "-1").await;
        Some(Self { process, folder, more, address })
    }

    async fn run(program: &Path, folder: &Path, more: &[String], port: &str) -> (Process, String) {
        let mut command = Command::new(program);
        command.args(["-a", "127.0.0.1", "-p", port, "-js", "-sd"]).arg(folder).args(more);
        let marks = ["Listening for client connections on ", "Server is ready"];
        let (process, found) = Process::start(&mut command, &marks).await;
        (process, found[0].clone())
    }

    pub(crate) fn settings(&self, limits: Limits) -> NatsSettings {
        NatsSettings {
            servers: vec![format!("nats://{}", self.address)],
            limits,
            ack_wait: Duration::from_secs(3),
            publish_max: Duration::from_secs(15),
            ..NatsSettings::default()
        }
    }

    /// A client that is none of a bus.
    pub(crate) async fn client(&self) -> async_nats::jetstream::Context {
        async_nats::jetstream::new(async_nats::connect(&self.address).await.unwrap())
    }
}

impl Server for NatsServer {
    type Client = Bus;

    async fn start() -> Option<Self> {
        Self::with(&[]).await
    }

    async fn bus(&self, limits: Limits) -> Bus {
        Bus::Nats(Nats::open(self.settings(limits)).await.unwrap())
    }

    async fn kill(&mut self) {
        self.process.kill().await;
    }

    async fn restart(&mut self) {
        let port = self.address.rsplit_once(':').unwrap().1;
        let program = tool("nats-server").unwrap();
        self.process = Self::run(&program, self.folder.path(), &self.more, port).await.0;
    }

    async fn has_sorted(&self, _: &str, _: &str, _: usize) {
        // A stream is one file for all groups.
    }

    async fn laid_aside(&self, topic: &str, group: &str, count: usize) -> Vec<(u32, String)> {
        self.dead(topic, count).await.iter().map(|json| letter(json, group)).collect()
    }
}

impl NatsServer {
    /// The bodies of so many dead letters of a topic.
    pub(crate) async fn dead(&self, topic: &str, count: usize) -> Vec<Vec<u8>> {
        let client = self.client().await;
        crate::support::eventually("dead letters are in their stream", || async {
            let Ok(mut stream) = client.get_stream("KEFU_DEAD").await else { return false };
            stream.info().await.unwrap().state.messages >= count as u64
        })
        .await;
        let stream = client.get_stream("KEFU_DEAD").await.unwrap();
        let mut letters = Vec::new();
        for number in 1..=count {
            let message = stream.get_raw_message(number as u64).await.unwrap();
            assert_eq!(message.subject.as_str(), format!("kefu_dead.{topic}"));
            letters.push(message.payload.to_vec());
        }
        letters
    }
}
