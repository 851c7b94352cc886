//! What of a request's body nobody has read when its answer is there.
//!
//! A connection that is closed with unread bytes is reset, and the reset may overtake the answer: a refusal then looks
//! like a broken network. So a little more is read first, and thrown away; RFC 9112, section 9.6, asks for this.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http::{HeaderMap, header::EXPECT};
use http_body::{Body as _, Frame, SizeHint};

/// Most bytes that are read in vain.
const BYTES_MAX: usize = 1024 * 1024;

/// For how long they are read at most.
const TIME_MAX: Duration = Duration::from_secs(2);

type Slot = Arc<Mutex<Option<Body>>>;

/// Where a body comes back to when whoever read it stops early.
pub(super) struct Leftover(Option<Slot>);

impl Leftover {
    /// The same body, whose rest is not lost.
    pub(super) fn of(headers: &HeaderMap, body: Body) -> (Body, Self) {
        if body.is_end_stream() {
            return (body, Self(None));
        }
        let slot = Slot::default();
        // Who asks before sending waits until somebody reads; not to read is the answer.
        let is_coming = !headers.contains_key(EXPECT);
        let watched = Watched { body: Some(body), is_coming, slot: Arc::clone(&slot) };
        (Body::new(watched), Self(Some(slot)))
    }

    /// Reads on where reading stopped, within bounds.
    pub(super) async fn discard(self) {
        let rest = self.0.and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        let Some(mut rest) = rest else { return };
        let read = async {
            let mut bytes = 0;
            while bytes <= BYTES_MAX {
                let frame = std::future::poll_fn(|cx| Pin::new(&mut rest).poll_frame(cx)).await;
                let Some(Ok(frame)) = frame else { return };
                bytes += frame.data_ref().map_or(0, Bytes::len);
            }
        };
        // Who is slower than that is not waited for.
        drop(tokio::time::timeout(TIME_MAX, read).await);
    }
}

struct Watched {
    body: Option<Body>,
    /// It is under way, whether or not anybody reads it.
    is_coming: bool,
    slot: Slot,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_coming = true;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, http_body::Body::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let is_coming = self.is_coming;
        let rest = self.body.take().filter(|body| is_coming && !body.is_end_stream());
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }
}
