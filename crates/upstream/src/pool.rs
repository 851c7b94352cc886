use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that wait for their next call, and places for those that may be open.
///
/// What is taken out comes back only when its holder says that it is in order: on an error, and when a call is
/// dropped half way, it is closed.
#[derive(Debug)]
pub struct Pool<C> {
    idle: Mutex<Vec<(C, Instant)>>,
    places: Arc<Semaphore>,
    max: usize,
    idle_max: Duration,
}

/// How full a pool is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PoolState {
    /// Connections that are in use.
    pub busy: usize,
    /// Connections that wait for their next call.
    pub idle: usize,
}

/// A place in a pool, with or without a connection.
pub struct Place<'p, C> {
    pool: &'p Pool<C>,
    _permit: OwnedSemaphorePermit,
}

impl<C> Pool<C> {
    /// For so many connections, of which one may wait so long for its next call.
    #[must_use]
    pub fn new(max: usize, idle_max: Duration) -> Self {
        Self { idle: Mutex::default(), places: Arc::new(Semaphore::new(max)), max, idle_max }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(C, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place.
    pub async fn place(&self) -> Place<'_, C> {
        let permit = Arc::clone(&self.places).acquire_owned().await;
        Place { pool: self, _permit: permit.expect("the semaphore of a pool is never closed") }
    }

    /// How full it is.
    pub fn state(&self) -> PoolState {
        PoolState { busy: self.max - self.places.available_permits(), idle: self.idle().len() }
    }
}

impl<C> Place<'_, C> {
    /// The connection that was used last, if it is not too old and `is_sound`.
    pub fn take(&self, now: Instant, is_sound: impl Fn(&mut C) -> bool) -> Option<C> {
        loop {
            let (mut connection, since) = self.pool.idle().pop()?;
            if now.duration_since(since) < self.pool.idle_max && is_sound(&mut connection) {
                return Some(connection);
            }
        }
    }

    /// Gives a connection back that is in order.
    pub fn give_back(self, connection: C, now: Instant) {
        let mut idle = self.pool.idle();
        // The oldest ones are at the front: what a crowd left behind goes when the crowd has gone.
        let old =
            idle.iter().take_while(|(_, since)| now.duration_since(*since) >= self.pool.idle_max).count();
        let old: Vec<_> = idle.drain(..old).collect();
        idle.push((connection, now));
        drop(idle);
        drop(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_is_not_given_back_is_gone_and_its_place_is_free() {
        let pool: Pool<u32> = Pool::new(1, IDLE);
        let now = Instant::now();
        let place = pool.place().await;
        assert_eq!(pool.state(), PoolState { busy: 1, idle: 0 });
        place.give_back(7, now);
        assert_eq!(pool.state(), PoolState { busy: 0, idle: 1 });
        let place = pool.place().await;
        assert_eq!(place.take(now, |_| true), Some(7));
        drop(place);
        let place = pool.place().await;
        assert_eq!(place.take(now, |_| true), None);
    }

    #[tokio::test]
    async fn what_is_old_or_broken_is_not_taken() {
        let pool: Pool<u32> = Pool::new(3, IDLE);
        let now = Instant::now();
        pool.place().await.give_back(1, now);
        pool.place().await.give_back(2, now + IDLE / 2);
        assert_eq!(pool.place().await.take(now + IDLE, |number| *number != 2), None);
        assert_eq!(pool.state().idle, 0);
        pool.place().await.give_back(1, now);
        pool.place().await.give_back(2, now + IDLE * 2);
        assert_eq!(pool.state().idle, 1);
    }
}
