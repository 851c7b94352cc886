use std::sync::Mutex;

use kefu_core::Micros;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::*;
use crate::handler::Handling;

/// Does what a function says, and notes each call.
struct Script<F> {
    act: F,
    calls: Mutex<Vec<(u128, u32)>>,
}

impl<F: Fn(u128, u32) -> Option<Outcome> + Send + Sync + 'static> Handler for Script<F> {
    fn handle<'a>(&'a self, event: &'a Event, attempt: u32) -> Handling<'a> {
        let number = event.id.as_u128();
        self.calls.lock().unwrap().push((number, attempt));
        let outcome = (self.act)(number, attempt);
        Box::pin(async move {
            match outcome {
                Some(outcome) => outcome,
                None => std::future::pending().await,
            }
        })
    }
}

fn script<F: Fn(u128, u32) -> Option<Outcome> + Send + Sync + 'static>(act: F) -> Arc<Script<F>> {
    Arc::new(Script { act, calls: Mutex::default() })
}

fn event(number: u128, key: &str) -> Event {
    Event {
        id: Uuid::from_u128(number),
        topic: "chat.rated".parse().unwrap(),
        key: key.to_owned(),
        position: None,
        at: Micros(0),
        version: 1,
        data: RawValue::NULL.to_owned(),
    }
}

fn again(after_s: u64) -> Option<Outcome> {
    Some(Outcome::Again { after: Some(Duration::from_secs(after_s)), why: String::new() })
}

type Words = mpsc::UnboundedReceiver<(u32, Word)>;

async fn next(words: &mut Words) -> (u32, Word) {
    words.recv().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn those_with_the_same_key_wait_behind_one_that_is_to_be_told_again() {
    let handler =
        script(|number, attempt| if (number, attempt) == (1, 1) { again(30) } else { Some(Outcome::Done) });
    let (dispatcher, inlet) = Dispatcher::start(handler.clone(), &Limits::default(), Duration::MAX);
    let (words, mut heard) = mpsc::unbounded_channel();
    for (number, key) in [(1_u32, "a"), (2, "a"), (3, "b")] {
        inlet.give(event(u128::from(number), key), 1, number, &words);
    }
    let begun = Instant::now();
    assert!(matches!(next(&mut heard).await, (3, Word::Done)));
    assert!(matches!(next(&mut heard).await, (1, Word::Done)));
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
    assert!(matches!(next(&mut heard).await, (2, Word::Done)));
    let calls: Vec<_> =
        handler.calls.lock().unwrap().iter().copied().filter(|(number, _)| *number != 3).collect();
    assert_eq!(calls, [(1, 1), (1, 2), (2, 1)]);
    assert_eq!(inlet.room(), Limits::default().in_hand_max);
    dispatcher.stop(Instant::now()).await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_goes_back_and_gives_the_key_free() {
    let handler = script(|number, _| if number == 1 { again(61) } else { Some(Outcome::Done) });
    let (dispatcher, inlet) = Dispatcher::start(handler, &Limits::default(), Duration::from_secs(60));
    let (words, mut heard) = mpsc::unbounded_channel();
    inlet.give(event(1, "a"), 1, 1, &words);
    inlet.give(event(2, "a"), 1, 2, &words);
    assert!(matches!(next(&mut heard).await, (1, Word::Later(wait)) if wait.as_secs() == 61));
    assert!(matches!(next(&mut heard).await, (2, Word::Done)));
    dispatcher.stop(Instant::now()).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_is_called_again() {
    let handler = script(|_, attempt| if attempt < 3 { panic!("not well") } else { Some(Outcome::Done) });
    let (dispatcher, inlet) = Dispatcher::start(handler, &Limits::default(), Duration::MAX);
    let (words, mut heard) = mpsc::unbounded_channel();
    inlet.give(event(1, "a"), 1, 1, &words);
    assert!(matches!(next(&mut heard).await, (1, Word::Failed)));
    assert!(matches!(next(&mut heard).await, (1, Word::Failed)));
    assert!(matches!(next(&mut heard).await, (1, Word::Done)));
    dispatcher.stop(Instant::now()).await;
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limits_say_is_taken_on() {
    let handler = script(|_, _| None);
    let limits = Limits { in_hand_max: 3, concurrency_max: 2, ..Limits::default() };
    let (dispatcher, inlet) = Dispatcher::start(handler.clone(), &limits, Duration::MAX);
    let (words, mut heard) = mpsc::unbounded_channel();
    for number in 0..5_u32 {
        assert_eq!(inlet.room(), 3_usize.saturating_sub(number as usize));
        inlet.give(event(u128::from(number), &number.to_string()), 1, number, &words);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(handler.calls.lock().unwrap().len(), 2);
    // Whoever gives more than there is room for gets it back at once when the queue is full as well.
    for number in 5..20_u32 {
        inlet.give(event(u128::from(number), &number.to_string()), 1, number, &words);
    }
    assert!(matches!(next(&mut heard).await, (_, Word::Later(Duration::ZERO))));
    dispatcher.stop(Instant::now()).await;
    drop(words);
    let mut back = 1;
    while let Some((_, word)) = heard.recv().await {
        assert!(matches!(word, Word::Later(Duration::ZERO)), "{word:?}");
        back += 1;
    }
    assert_eq!((back, inlet.room()), (20, 3));
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_what_is_with_the_handler_and_gives_the_rest_back() {
    struct Slow;
    impl Handler for Slow {
        fn handle<'a>(&'a self, _: &'a Event, _: u32) -> Handling<'a> {
            Box::pin(async {
                sleep_until(Instant::now() + Duration::from_secs(5)).await;
                Outcome::Done
            })
        }
    }
    let limits = Limits { concurrency_max: 1, ..Limits::default() };
    let (dispatcher, inlet) = Dispatcher::start(Arc::new(Slow), &limits, Duration::MAX);
    let (words, mut heard) = mpsc::unbounded_channel();
    for (number, key) in [(1_u32, "a"), (2, "a"), (3, "b")] {
        inlet.give(event(u128::from(number), key), 1, number, &words);
    }
    drop(words);
    tokio::time::sleep(Duration::from_secs(1)).await;
    dispatcher.stop(Instant::now() + Duration::from_secs(10)).await;
    let mut last = Vec::new();
    while let Some((number, word)) = heard.recv().await {
        last.push((number, matches!(word, Word::Done)));
    }
    last.sort_unstable();
    assert_eq!(last, [(1, true), (2, false), (3, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_says_why_in_few_words() {
    let handler = script(|_, _| Some(Outcome::Dead { why: "é".repeat(2000) }));
    let (dispatcher, inlet) = Dispatcher::start(handler, &Limits::default(), Duration::MAX);
    let (words, mut heard) = mpsc::unbounded_channel();
    inlet.give(event(1, "a"), 1, 1, &words);
    let (_, word) = next(&mut heard).await;
    assert!(matches!(word, Word::Dead(event, why) if event.id.as_u128() == 1 && why.len() == WHY_BYTES_MAX));
    dispatcher.stop(Instant::now()).await;
}
