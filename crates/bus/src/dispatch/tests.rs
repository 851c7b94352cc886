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

/// What is said of events that are given, one word at a time.
struct Ear {
    inlet: Inlet<u32>,
    way: Arc<Way<u32>>,
    words: Words<u32>,
    came: VecDeque<(u32, Word)>,
}

impl Ear {
    fn new(inlet: Inlet<u32>) -> Self {
        let (way, words) = inlet.words();
        Self { inlet, way, words, came: VecDeque::new() }
    }

    fn give(&mut self, number: u32, key: &str) {
        self.inlet.give(event(u128::from(number), key), 1, number, &self.way);
        self.inlet.hand_over();
    }

    async fn next(&mut self) -> (u32, Word) {
        if self.came.is_empty() {
            self.came = self.words.next(1).await.into();
        }
        self.came.pop_front().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn those_with_the_same_key_wait_behind_one_that_is_to_be_told_again() {
    let handler =
        script(|number, attempt| if (number, attempt) == (1, 1) { again(30) } else { Some(Outcome::Done) });
    let (dispatcher, inlet) = Dispatcher::start(handler.clone(), &Limits::default(), Duration::MAX);
    let mut ear = Ear::new(inlet);
    for (number, key) in [(1_u32, "a"), (2, "a"), (3, "b")] {
        ear.give(number, key);
    }
    let begun = Instant::now();
    assert!(matches!(ear.next().await, (3, Word::Done)));
    assert!(matches!(ear.next().await, (1, Word::Done)));
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
    assert!(matches!(ear.next().await, (2, Word::Done)));
    let calls: Vec<_> =
        handler.calls.lock().unwrap().iter().copied().filter(|(number, _)| *number != 3).collect();
    assert_eq!(calls, [(1, 1), (1, 2), (2, 1)]);
    assert_eq!(ear.inlet.room(), Limits::default().in_hand_max);
    dispatcher.stop(Instant::now()).await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_goes_back_and_gives_the_key_free() {
    let handler = script(|number, _| if number == 1 { again(61) } else { Some(Outcome::Done) });
    let (dispatcher, inlet) = Dispatcher::start(handler, &Limits::default(), Duration::from_secs(60));
    let mut ear = Ear::new(inlet);
    ear.give(1, "a");
    ear.give(2, "a");
    assert!(matches!(ear.next().await, (1, Word::Later(wait)) if wait.as_secs() == 61));
    assert!(matches!(ear.next().await, (2, Word::Done)));
    dispatcher.stop(Instant::now()).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_is_called_again() {
    let handler = script(|_, attempt| if attempt < 3 { panic!("not well") } else { Some(Outcome::Done) });
    let (dispatcher, inlet) = Dispatcher::start(handler, &Limits::default(), Duration::MAX);
    let mut ear = Ear::new(inlet);
    ear.give(1, "a");
    assert!(matches!(ear.next().await, (1, Word::Failed)));
    assert!(matches!(ear.next().await, (1, Word::Failed)));
    assert!(matches!(ear.next().await, (1, Word::Done)));
    dispatcher.stop(Instant::now()).await;
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limits_say_is_taken_on() {
    let handler = script(|_, _| None);
    let limits = Limits { in_hand_max: 3, concurrency_max: 2, ..Limits::default() };
    let (dispatcher, inlet) = Dispatcher::start(handler.clone(), &limits, Duration::MAX);
    let mut ear = Ear::new(inlet);
    for number in 0..5_u32 {
        assert_eq!(ear.inlet.room(), 3_usize.saturating_sub(number as usize));
        ear.give(number, &number.to_string());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(handler.calls.lock().unwrap().len(), 2);
    // Whoever gives more than there is room for gets it back at once when the queue is full as well.
    for number in 5..20_u32 {
        ear.give(number, &number.to_string());
    }
    assert!(matches!(ear.next().await, (_, Word::Later(Duration::ZERO))));
    dispatcher.stop(Instant::now()).await;
    let mut back = 1;
    for (_, word) in ear.came.drain(..).chain(ear.words.now()) {
        assert!(matches!(word, Word::Later(Duration::ZERO)), "{word:?}");
        back += 1;
    }
    assert_eq!((back, ear.inlet.room()), (20, 3));
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
    let mut ear = Ear::new(inlet);
    for (number, key) in [(1_u32, "a"), (2, "a"), (3, "b")] {
        ear.give(number, key);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    dispatcher.stop(Instant::now() + Duration::from_secs(10)).await;
    let mut last = Vec::new();
    for (number, word) in ear.words.now() {
        last.push((number, matches!(word, Word::Done)));
    }
    last.sort_unstable();
    assert_eq!(last, [(1, true), (2, false), (3, false)]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_says_why_in_few_words() {
    let handler = script(|_, _| Some(Outcome::Dead { why: "é".repeat(2000) }));
    let (dispatcher, inlet) = Dispatcher::start(handler, &Limits::default(), Duration::MAX);
    let mut ear = Ear::new(inlet);
    ear.give(1, "a");
    let (_, word) = ear.next().await;
    assert!(matches!(word, Word::Dead(event, why) if event.id.as_u128() == 1 && why.len() == WHY_BYTES_MAX));
    dispatcher.stop(Instant::now()).await;
}

#[tokio::test(start_paused = true)]
async fn words_are_heard_together_or_a_moment_after_the_first() {
    let handler = script(|number, _| (number < 10).then_some(Outcome::Done));
    let (dispatcher, inlet) = Dispatcher::start(handler, &Limits::default(), Duration::MAX);
    let mut ear = Ear::new(inlet);
    let begun = Instant::now();
    for number in 1..=3 {
        ear.give(number, &number.to_string());
    }
    assert_eq!(ear.words.next(3).await.len(), 3);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    // One that is still being worked on is not waited for.
    for number in [4, 5, 10] {
        ear.give(number, &number.to_string());
    }
    assert_eq!(ear.words.next(3).await.len(), 2);
    assert_eq!(begun.elapsed(), Duration::from_millis(1));
    // Left half way, nothing is lost.
    ear.give(6, "6");
    assert!(timeout_at(begun, ear.words.next(2)).await.is_err());
    assert_eq!(ear.words.next(2).await.len(), 1);
    dispatcher.stop(Instant::now()).await;
}
