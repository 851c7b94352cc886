//! Groups of a few requests are kept a little apart.

use std::time::{Duration, Instant};

use tokio::{sync::mpsc, time::sleep};

/// How few requests are worth waiting for more.
const FEW: usize = 16;

/// How long after the group before a group of a few begins at the earliest. The timer rounds up to milliseconds.
const APART: Duration = Duration::from_micros(500);

/// Lets a few requests wait for more, up to `most`, when the group before them `began` just now: a commit costs about
/// the same for one as for ten. What comes after a pause goes ahead at once.
pub(super) async fn gather<T>(
    requests: &mut mpsc::Receiver<T>,
    waiting: &mut Vec<T>,
    most: usize,
    began: Option<Instant>,
) {
    let pause = began.and_then(|began| APART.checked_sub(began.elapsed()));
    let Some(pause) = pause.filter(|_| waiting.len() < FEW) else { return };
    sleep(pause).await;
    while waiting.len() < most
        && let Ok(request) = requests.try_recv()
    {
        waiting.push(request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is taken of ten requests that come later, when so many wait and the last group began so long ago.
    async fn gathered(waiting: usize, most: usize, began: Option<Instant>) -> usize {
        let (sender, mut requests) = mpsc::channel(10);
        let mut waiting = vec![0; waiting];
        (0..10).for_each(|request| sender.try_send(request).unwrap());
        gather(&mut requests, &mut waiting, most, began).await;
        waiting.len()
    }

    #[tokio::test]
    async fn a_few_wait_for_more_only_when_a_group_has_just_begun() {
        let soon = Instant::now().checked_add(Duration::from_secs(3600));
        assert_eq!(gathered(1, 1024, None).await, 1);
        assert_eq!(gathered(1, 1024, Instant::now().checked_sub(APART)).await, 1);
        assert_eq!(gathered(FEW, 1024, soon).await, FEW);
        assert_eq!(gathered(1, 1024, soon).await, 11);
        assert_eq!(gathered(1, 4, soon).await, 4);
    }
}
