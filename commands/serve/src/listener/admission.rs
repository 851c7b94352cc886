use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::sync::OwnedSemaphorePermit;

/// Counts connections, all together and by address.
#[derive(Debug)]
pub(super) struct Gate {
    max: usize,
    max_per_address: u32,
    open: AtomicUsize,
    by_address: Mutex<HashMap<IpAddr, u32>>,
    /// Connections are being refused, and somebody has been told.
    is_full: AtomicBool,
}

/// A connection's place. It is in the extensions of every request; whatever a connection is upgraded to keeps a
/// clone for as long as it lives, and so stays counted.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    place: Arc<Place>,
}

#[derive(Debug)]
struct Place {
    gate: Arc<Gate>,
    address: Option<IpAddr>,
    handshake: Mutex<Option<OwnedSemaphorePermit>>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refused {
    /// There are too many connections, since just now.
    First,
    /// There are too many connections, still.
    Again,
    /// There are too many connections from this address.
    Address,
}

impl Gate {
    /// 0 as `max_per_address` means no limit.
    pub(super) fn new(max: usize, max_per_address: u32) -> Arc<Self> {
        Arc::new(Self {
            max,
            max_per_address,
            open: AtomicUsize::new(0),
            by_address: Mutex::default(),
            is_full: AtomicBool::new(false),
        })
    }

    /// Gives a connection a place, if there is one; `address` is `None` for those that do not count for one.
    pub(super) fn admit(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        handshake: OwnedSemaphorePermit,
    ) -> Result<Admission, (Refused, OwnedSemaphorePermit)> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= self.max {
            self.open.fetch_sub(1, Ordering::Relaxed);
            let told = self.is_full.swap(true, Ordering::Relaxed);
            return Err((if told { Refused::Again } else { Refused::First }, handshake));
        }
        let address = address.filter(|_| self.max_per_address > 0);
        if let Some(address) = address {
            let mut counts = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(address).or_default();
            if *count >= self.max_per_address {
                self.open.fetch_sub(1, Ordering::Relaxed);
                return Err((Refused::Address, handshake));
            }
            *count += 1;
        }
        let place = Place { gate: Arc::clone(self), address, handshake: Mutex::new(Some(handshake)) };
        Ok(Admission { place: Arc::new(place) })
    }

    fn leave(&self, address: Option<IpAddr>) {
        let open = self.open.fetch_sub(1, Ordering::Relaxed) - 1;
        // The next warning comes only after there was room again, not at every connection that ends.
        if open < self.max - self.max / 10 {
            self.is_full.store(false, Ordering::Relaxed);
        }
        if let Some(address) = address {
            let mut counts = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = counts.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&address);
                }
            }
        }
    }
}

impl Admission {
    /// Gives the place among the handshakes back; the place among the connections stays.
    pub(super) fn settle(&self) {
        drop(self.place.handshake.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.leave(self.address);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    #[test]
    fn places_come_back_with_the_last_clone() {
        let handshakes = Arc::new(Semaphore::new(8));
        let permit = || Arc::clone(&handshakes).try_acquire_owned().unwrap();
        let gate = Gate::new(2, 0);
        let first = gate.admit(None, permit()).unwrap();
        let second = gate.admit(None, permit()).unwrap();
        assert_eq!(gate.admit(None, permit()).unwrap_err().0, Refused::First);
        assert_eq!(gate.admit(None, permit()).unwrap_err().0, Refused::Again);
        assert_eq!(handshakes.available_permits(), 6);
        first.settle();
        assert_eq!(handshakes.available_permits(), 7, "a settled connection is no handshake");
        let clone = first.clone();
        drop(first);
        assert!(gate.admit(None, permit()).is_err());
        drop(clone);
        assert!(gate.admit(None, permit()).is_ok());
        drop(second);
        assert_eq!(handshakes.available_permits(), 8);
    }

    #[test]
    fn addresses_count_separately_and_are_forgotten() {
        let handshakes = Arc::new(Semaphore::new(8));
        let permit = || Arc::clone(&handshakes).try_acquire_owned().unwrap();
        let gate = Gate::new(100, 1);
        let address = |last| Some(IpAddr::from([192, 0, 2, last]));
        let held = gate.admit(address(1), permit()).unwrap();
        assert_eq!(gate.admit(address(1), permit()).unwrap_err().0, Refused::Address);
        let other = gate.admit(address(2), permit()).unwrap();
        let proxies = [gate.admit(None, permit()).unwrap(), gate.admit(None, permit()).unwrap()];
        drop((held, other, proxies));
        assert!(gate.by_address.lock().unwrap().is_empty());
        assert!(gate.admit(address(1), permit()).is_ok());
        assert_eq!(gate.open.load(Ordering::Relaxed), 0);
    }
}
