//! The heap of an idle connection, counted by the allocator.
#![expect(unsafe_code, reason = "a global allocator is an unsafe trait")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicIsize, Ordering::Relaxed},
    },
};

use kefu_protocol::ws::{PING, PONG};
use kefu_socket::{Flow, Handler, Hub, Limits, Registry, run};
use std::io::{Read as _, Write as _};

/// Bytes that are allocated.
static BYTES: AtomicIsize = AtomicIsize::new(0);

/// Counts what the system's allocator gives.
struct Counting;

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size().cast_signed(), Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size().cast_signed(), Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most heap that an idle connection may take beside its handler.
const BYTES_MAX: isize = 700;

/// Connections before and after which the heap is counted.
const FEW: usize = 1000;
const MANY: usize = 4000;

/// A handler without state.
struct Deaf;

impl Handler for Deaf {
    fn message(&mut self, _: &str) -> Flow {
        Flow::Continue
    }
}

/// One principal of the size that a chat server's has, and a topic alike.
type Sixteen = (u64, u64);

fn bytes() -> isize {
    BYTES.load(Relaxed)
}

/// The slope of the heap from a few connections to many, for each one.
fn slope(mut open: impl FnMut(usize)) -> isize {
    (0..FEW).for_each(&mut open);
    let before = bytes();
    (FEW..MANY).for_each(&mut open);
    (bytes() - before) / (MANY - FEW).cast_signed()
}

// One test: another one beside it would be counted too.
#[test]
fn an_idle_connection_takes_little() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let registry = Registry::new(Limits::default(), 0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut peers = Vec::with_capacity(MANY);
    let mut tasks = Vec::with_capacity(MANY);
    let start = bytes();
    let connection = slope(|_| {
        let mut peer = TcpStream::connect(address).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let outbox = registry.open();
        let _context = runtime.enter();
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        tasks.push(runtime.spawn(run(stream, &[], outbox, Deaf)));
        // It has read and written once before it is idle.
        peer.write_all(&[0x89, 0x80, 0, 0, 0, 0]).unwrap();
        let mut pong = [0; 2];
        peer.read_exact(&mut pong).unwrap();
        assert_eq!(pong, PONG);
        peers.push(peer);
    });
    println!("an idle connection takes {connection} bytes of heap");

    // A ping to all and the answers leave nothing behind.
    let idle = bytes();
    registry.sweep(30);
    for peer in &mut peers {
        let mut ping = [0; 2];
        peer.read_exact(&mut ping).unwrap();
        assert_eq!(ping, PING);
    }
    let after_ping = (bytes() - idle) / MANY.cast_signed();
    println!("and {after_ping} more after a ping");

    drop(peers);
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert!(registry.is_empty());
    registry.sweep(31);
    let left = bytes() - start;
    println!("{left} bytes are left of {MANY} connections");
    drop(runtime);

    let outbox = registry.open();
    let mut hub: Hub<Sixteen, Sixteen> = Hub::new(8);
    let visitor = slope(|n| {
        let (id, _) = hub.open((1, n as u64), Arc::clone(&outbox), ());
        hub.subscribe(id, (2, n as u64));
    });
    println!("a visitor with one topic takes {visitor} bytes of the hub");

    assert!(connection <= BYTES_MAX, "{connection}");
    assert!(after_ping <= 16, "{after_ping}");
    assert!(visitor <= 150, "{visitor}");
}
