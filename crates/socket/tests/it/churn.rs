use std::sync::Arc;

use kefu_protocol::ws::CloseCode;
use kefu_socket::{Hub, run};
use tokio::{net::TcpStream, runtime::Handle, task::JoinSet};

use crate::peer::{Peer, echo, pair, patiently, registry};

const CONNECTIONS: u32 = 2000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_connections_that_have_ended() {
    let tasks_before = Handle::current().metrics().num_alive_tasks();
    let registry = registry();
    let mut hub = Hub::new(8);
    for cycle in 0..3 {
        let mut tasks = JoinSet::new();
        let mut peers: Vec<TcpStream> = Vec::new();
        for n in 0..CONNECTIONS {
            let (server, client) = pair().await;
            let outbox = registry.open();
            // Ten to a principal, so that some are replaced.
            let (id, replaced) = hub.open(n / 10, Arc::clone(&outbox), ());
            hub.subscribe(id, n / 100);
            let connection = run(server, &[], Arc::clone(&outbox), echo(&outbox));
            tasks.spawn(async move { (id, connection.await) });
            if let Some(old) = replaced {
                let conn = hub.close(old).expect("it is open");
                conn.outbox.close(CloseCode::REPLACED, "replaced");
            }
            peers.push(client);
        }
        assert_eq!(hub.len(), 1600);
        let frame = kefu_protocol::ws::text_frame("to all");
        let heard: usize = (0..20).map(|topic| hub.publish(&topic, None, |_| Some(frame.clone()))).sum();
        assert_eq!(heard, 1600);
        // They end in all ways: by the peer, by the server, by neither, as dead.
        let mut closing = Vec::new();
        for (n, stream) in peers.into_iter().enumerate() {
            match n % 3 {
                0 => drop(stream),
                1 => {
                    let mut peer = Peer::new(stream);
                    peer.close(1001).await;
                    closing.push(peer);
                }
                _ => closing.push(Peer::new(stream)),
            }
        }
        for (n, (_, conn)) in hub.iter().enumerate() {
            if n % 2 == 0 {
                conn.outbox.close(CloseCode::RESTART, "restart");
            }
        }
        registry.sweep(1000 + (cycle + 1) * 1000);
        while let Some(ended) = patiently(tasks.join_next()).await {
            let (id, _) = ended.unwrap();
            hub.close(id);
        }
        assert!(hub.is_empty());
        assert_eq!((hub.topic_count(), hub.principal_count()), (0, 0));
        assert!(registry.is_empty());
        assert_eq!(registry.metrics().connections(), 0);
        assert_eq!(registry.metrics().bytes_queued(), 0);
        // A task is joined just before it is gone.
        patiently(async {
            while Handle::current().metrics().num_alive_tasks() > tasks_before {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(Arc::strong_count(&registry), 1);
        drop(closing);
    }
}
