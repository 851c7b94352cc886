//! Rows that the data layer keeps until something happens here.

use std::future;

use kefu_bus::happened::Reader;
use kefu_query::Engine;
use kefu_store::{EventPosition, StoreError};

use crate::services::Services;

/// Places of the log that are looked at in one go.
const SLICE: i64 = 512;

/// Tells the data layer what happens, for ever, if it keeps anything until then.
pub(crate) async fn forget_what_is_old(services: &Services) {
    let Some(engine) = services.graphql.engine().filter(|engine| engine.keeps_until_events()) else {
        return future::pending().await;
    };
    let reader = Reader::new(services.store.clone());
    let mut commits = services.desk.commits();
    let mut at = None;
    loop {
        if let Err(error) = catch_up(engine, &reader, &mut at).await {
            tracing::warn!(%error, "the data layer may give rows that are old until their time is over");
        }
        if commits.changed().await.is_err() {
            return future::pending().await;
        }
    }
}

/// Tells of everything behind `at`; what was there before the first call is no news.
async fn catch_up(
    engine: &Engine,
    reader: &Reader,
    at: &mut Option<EventPosition>,
) -> Result<(), StoreError> {
    let mut from = match *at {
        Some(at) => at,
        None => reader.store().event_end().await?,
    };
    loop {
        let slice = reader.slice(from, SLICE, |_| true).await?;
        for heard in &slice.heard {
            engine.invalidate(heard.event.topic.as_str());
        }
        from = slice.upto;
        *at = Some(from);
        if slice.is_last {
            return Ok(());
        }
    }
}
