//! Opening connections by the thousand.

use std::{collections::VecDeque, time::Duration};

use kefu_app::{Failure, Text};

use super::session::{Interruption, Outcome, PATIENCE, Session};
use crate::{
    INVALID,
    engine::{ConnId, Ended},
};

/// Connections being opened at the same time, when there is no hurry.
pub(super) const IN_TURN: usize = 200;
/// Connections being opened at the same time in a storm: about what a listener lets wait.
pub(super) const AT_ONCE: usize = 1000;
/// A connection that the server puts off is tried so often, so long apart.
const ATTEMPTS: u64 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// Opens connections and waits until all of them are caught up; returns how many had to be tried again.
pub(super) fn open(session: &mut Session<'_>, ids: &[ConnId], at_once: usize) -> Outcome<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    let before = session.engine.live();
    let began = session.engine.now();
    let mut waiting: VecDeque<_> = ids.iter().copied().collect();
    let mut again: VecDeque<(Duration, ConnId)> = VecDeque::new();
    let (mut retries, mut last_change) = (0, (before, began));
    session.progress.begin("connections", ids.len() as u64);
    loop {
        let now = session.engine.now();
        while again.front().is_some_and(|(at, _)| *at <= now) {
            waiting.extend(again.pop_front().map(|(_, id)| id));
        }
        while session.engine.opening() < at_once
            && let Some(id) = waiting.pop_front()
        {
            session.engine.open(id);
        }
        for (id, ended) in session.engine.take_failed() {
            retries += 1;
            if !ended.is_passing() || retries > ATTEMPTS * ids.len() as u64 {
                return Err(refused(session, ended, ids.len()));
            }
            again.push_back((now + PAUSE, id));
        }
        let live = session.engine.live();
        if live != last_change.0 {
            last_change = (live, now);
            session.progress.set(live.saturating_sub(before) as u64);
        }
        if waiting.is_empty() && again.is_empty() && session.engine.opening() == 0 {
            let seconds = now.saturating_sub(began).as_secs_f64().max(0.001);
            session.opened_per_s = ids.len() as f64 / seconds;
            return Ok(retries);
        }
        if now > last_change.1 + PATIENCE {
            return Err(stuck(session, ids.len()));
        }
        let until = again.front().map_or(now + PAUSE, |(at, _)| *at);
        session.turn(until)?;
    }
}

fn refused(session: &Session<'_>, ended: Ended, wanted: usize) -> Interruption {
    invalid(session, wanted).because(ended).into()
}

fn stuck(session: &Session<'_>, wanted: usize) -> Interruption {
    let seconds = PATIENCE.as_secs();
    invalid(session, wanted)
        .hint(Text::new(
            format!("nothing came for {seconds} s: see the server's log and its limit of connections and open files"),
            format!("{seconds} 秒没有进展: 请查看服务器日志以及连接数和打开文件数的限制"),
        ))
        .into()
}

fn invalid(session: &Session<'_>, wanted: usize) -> Failure {
    let live = session.engine.live();
    Failure::new(
        INVALID,
        Text::new(
            format!("the run is invalid: cannot open {wanted} more connections, {live} are open"),
            format!("测试无效: 无法再打开 {wanted} 个连接, 已打开 {live} 个"),
        ),
    )
}
