//! Waking up on time: the poller's own time-out counts whole milliseconds, too coarse for a schedule.

use std::{io, time::Duration};

use mio::{Interest, Poll, Token};

/// A timer that wakes a poller.
#[derive(Debug)]
pub struct Timer {
    #[cfg(target_os = "linux")]
    clock: std::os::fd::OwnedFd,
}

#[cfg(target_os = "linux")]
impl Timer {
    /// A timer whose wake-ups the poller tells of with `token`.
    ///
    /// # Errors
    ///
    /// The system gives none.
    pub fn new(poll: &Poll, token: Token) -> io::Result<Self> {
        use std::os::fd::AsRawFd as _;

        use mio::unix::SourceFd;
        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};

        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let clock = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        poll.registry().register(&mut SourceFd(&clock.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Self { clock })
    }

    /// Arranges for a wake-up after `wait`; returns the time-out that the poller is to be given.
    ///
    /// # Errors
    ///
    /// The system refuses it.
    pub fn arm(&self, wait: Duration) -> io::Result<Duration> {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};

        if wait.is_zero() {
            return Ok(wait);
        }
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let wake = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: i64::from(wait.subsec_nanos()) };
        let spec = Itimerspec { it_interval: zero, it_value: wake };
        timerfd_settime(&self.clock, TimerfdTimerFlags::empty(), &spec)?;
        // In case that the timer is ever missed.
        Ok(wait + Duration::from_millis(5))
    }
}

#[cfg(not(target_os = "linux"))]
impl Timer {
    /// A timer that needs nothing.
    ///
    /// # Errors
    ///
    /// None.
    pub fn new(_poll: &Poll, _token: Token) -> io::Result<Self> {
        Ok(Self {})
    }

    /// Without a finer timer the poller sleeps whole milliseconds, and only those.
    ///
    /// # Errors
    ///
    /// None.
    pub fn arm(&self, wait: Duration) -> io::Result<Duration> {
        Ok(Duration::from_millis(wait.as_millis() as u64))
    }
}
