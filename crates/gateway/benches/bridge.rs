//! What a bridge adds to a call: JSON over HTTP before a Thrift service, beside the same calls without the bridge.
//!
//! An open loop: calls are due at a constant rate, and their latency counts from when they were due. Rounds with and
//! without the bridge take turns, so that whatever else the machine does falls on both.
//!
//!     cargo bench -p kefu-gateway --bench bridge -- [--rate 5000] [--seconds 10] [--rounds 3]

#![expect(clippy::print_stdout, reason = "what was measured is the output")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use kefu_app::{ByteSize, Stop};
use kefu_gateway::Server;
use kefu_traffic::{Latency, Lateness, Schedule, Summary, Verdict};
use kefu_upstream::{
    Framing, HttpClient, HttpSettings, Reach, ThriftClient, ThriftSettings, ThriftStream, TlsSettings, frame,
};
use kefu_wire::{
    Limits, MemoryLoader,
    thrift::{
        Options, Protocol, Schema, idl,
        rpc::{self, Send as Message},
    },
};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
};

const IDL: &str = include_str!("../../../fixtures/good/bridge/shop.thrift");
const ORDER: &[u8] =
    br#"{"id":7,"items":[{"name":"tea","price":12.5},{"name":"cup","price":3.25}],"state":"PAID"}"#;

fn main() {
    let argument = |name: &str, default: f64| {
        let arguments: Vec<String> = std::env::args().collect();
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let rate = argument("--rate", 5000.0);
    let seconds = argument("--seconds", 10.0);
    let rounds = argument("--rounds", 3.0) as u32;

    let loader = MemoryLoader::default().with("shop.thrift", IDL);
    let (schema, _) =
        idl::load(&loader, "shop.thrift", &[], &Limits::default()).expect("the example is right");
    let schema = Arc::new(schema);
    let (upstream, bridge, load) = (runtime(), runtime(), runtime());
    let upstream_address = upstream.block_on(serve(Arc::clone(&schema)));
    let dir = tempfile::tempdir().expect("a folder");
    let address = bridge.block_on(start(&dir, &upstream_address));

    let direct = thrift(&upstream_address, schema);
    let over = http(&address);
    let direct_call: Call = Arc::new(move || {
        let client = Arc::clone(&direct);
        Box::pin(async move { client.call("getOrder", br#"{"id":7}"#).await.is_ok() })
    });
    let over_call: Call = Arc::new(move || {
        let client = Arc::clone(&over);
        Box::pin(async move {
            let request = Request::get("/shop/orders/7").body(Bytes::new()).expect("it is a request");
            client.send(request).await.is_ok_and(|response| response.status() == 200)
        })
    });
    println!("{rate} calls/s, {seconds} s a round, latency in ms from when a call was due");
    let mut added = Vec::new();
    for round in 0..=rounds {
        // The first round warms up and is not counted.
        let time = Duration::from_secs_f64(if round == 0 { 2.0 } else { seconds });
        let (without, with) = (run(&load, &direct_call, rate, time), run(&load, &over_call, rate, time));
        if round > 0 {
            print(round, "direct", &without);
            print(round, "bridge", &with);
            // A late generator measures itself.
            if [&without, &with].iter().all(|run| run.2.judge(run.0.p99) == Verdict::Valid) {
                added.push((with.0.p99 - without.0.p99, with.0.p50 - without.0.p50));
            }
        }
    }
    added.sort_by(|a, b| a.0.total_cmp(&b.0));
    match added.get(added.len() / 2) {
        Some((p99, p50)) => {
            let count = added.len();
            println!("added by the bridge, median of {count} rounds: p50 {p50:.3} ms, p99 {p99:.3} ms");
        }
        None => println!("void: the generator was late in every round, the machine is too busy"),
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads")
}

/// A Thrift service that answers every call with the same order.
async fn serve(schema: Arc<Schema>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it is bound").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream.set_nodelay(true));
            let schema = Arc::clone(&schema);
            tokio::spawn(async move {
                let limits = Limits::default();
                let service = schema.find_service("Shop").expect("the example has it");
                let function = schema.find_function(service, "getOrder").expect("the example has it");
                let mut stream = ThriftStream::new(stream, limits);
                while let Ok(Some(call)) = stream.receive(Protocol::Binary, Framing::Framed).await {
                    let head =
                        rpc::read_head(Protocol::Binary, &call.message, &limits).expect("it is a call");
                    let mut reply = Vec::new();
                    let options = Options::default();
                    let body = Message::Reply(ORDER);
                    rpc::write_message(
                        &schema,
                        function,
                        Protocol::Binary,
                        "getOrder",
                        head.sequence,
                        body,
                        &limits,
                        &options,
                        &mut reply,
                    )
                    .expect("the order fits");
                    let reply =
                        frame(reply, Framing::Framed, Protocol::Binary, 0, Vec::new()).expect("it is short");
                    if stream.send(&reply).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

async fn start(dir: &tempfile::TempDir, upstream: &str) -> String {
    std::fs::write(dir.path().join("shop.thrift"), IDL).expect("a file");
    let text = format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: shop
    inbound: {{kind: json, path: /shop}}
    upstream: {{kind: thrift, idl: shop.thrift, address: '{upstream}'}}
    operations: {{getOrder: {{method: GET, path: '/orders/{{id}}'}}}}
    concurrency: 4096
"
    );
    let path = dir.path().join("bridge.yaml");
    std::fs::write(&path, text).expect("a file");
    let server = Server::load(&path).expect("the file is right");
    server.open().await.expect("a port");
    let address = server.addresses()[0].1.to_string();
    tokio::spawn(async move {
        let (_handle, stop) = Stop::new();
        server.run(stop).await;
    });
    address
}

fn thrift(address: &str, schema: Arc<Schema>) -> Arc<ThriftClient> {
    let settings = ThriftSettings {
        endpoint: address.parse().expect("it is an address"),
        reach: Reach::Internal,
        tls: TlsSettings::default(),
        connections_max: 64,
        authorization: None,
        protocol: Protocol::Binary,
        framing: Framing::Framed,
        multiplexed: None,
        limits: Limits::default(),
        options: Options::default(),
    };
    Arc::new(ThriftClient::new(&settings, schema, "Shop").expect("there is no TLS in it"))
}

fn http(address: &str) -> Arc<HttpClient> {
    let settings = HttpSettings {
        endpoint: format!("http://{address}/").parse().expect("it is an address"),
        reach: Reach::Internal,
        tls: TlsSettings::default(),
        connections_max: 64,
        body_bytes_max: ByteSize(1 << 20).as_usize(),
        authorization: None,
    };
    Arc::new(HttpClient::new(&settings).expect("there is no TLS in it"))
}

type Call = Arc<dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// Makes calls when they are due, and gives their latencies, how many failed, and how late they were made.
fn run(load: &Runtime, call: &Call, rate: f64, time: Duration) -> (Summary, u64, Lateness) {
    let schedule = Schedule::new(rate, Duration::ZERO).expect("it is a rate");
    let latency = Arc::new(Mutex::new(Latency::new()));
    let failed = Arc::new(AtomicU64::new(0));
    let mut lateness = Lateness::default();
    let calls = schedule.due(time);
    let start = Instant::now();
    let mut tasks = Vec::new();
    for number in 0..calls {
        let due = schedule.offset(number);
        if let Some(wait) = due.checked_sub(start.elapsed()) {
            std::thread::sleep(wait);
        }
        lateness.record(due, start.elapsed());
        let (call, latency, failed) = (Arc::clone(call), Arc::clone(&latency), Arc::clone(&failed));
        tasks.push(load.spawn(async move {
            let is_good = call().await;
            let done = start.elapsed();
            if is_good {
                latency.lock().expect("nothing panics while it is held").record(due, done);
            } else {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    load.block_on(async {
        for task in tasks {
            drop(task.await);
        }
    });
    let summary = latency.lock().expect("nothing panics while it is held").summary();
    (summary, failed.load(Ordering::Relaxed), lateness)
}

fn print(round: u32, name: &str, (summary, failed, lateness): &(Summary, u64, Lateness)) {
    let Summary { count, p50, p90, p99, p999, max, .. } = summary;
    let (late, verdict) = (lateness.p99_ms(), lateness.judge(*p99));
    println!(
        "round {round} {name}: {count} calls, {failed} failed, p50 {p50:.3} p90 {p90:.3} p99 {p99:.3} p99.9 {p999:.3} \
         max {max:.3}; the generator was late by {late:.3} at p99: {verdict:?}"
    );
}
