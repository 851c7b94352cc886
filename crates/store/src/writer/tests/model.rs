//! Random histories against a model that is a plain list.

use std::fs;
use std::path::Path;

use kefu_core::{
    AgentKey, Audience, Conversation, Entry, Event, EventCode, MessageKind, Principal, State, VisitorKey,
};
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use crate::tests::{NOW, conversation, open, run, shown, text};
use crate::{Batch, Opened, Range};

#[derive(Clone, Debug)]
enum Step {
    Begin,
    /// Entries of one batch: which conversation, who, what.
    Write(Vec<(usize, u8, u8)>),
    /// The agent reads up to here, for good.
    Read(usize, u64),
    /// What has gathered is to be folded.
    Run,
    /// Folds so many rows.
    Fold(usize),
    Checkpoint,
    Close,
    Drop,
    /// The files as they are now are all that is left.
    Kill,
    Pages(usize, u64, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => Just(Step::Begin),
        8 => prop::collection::vec((any::<usize>(), 0..4_u8, 0..8_u8), 1..60).prop_map(Step::Write),
        1 => (any::<usize>(), 0..200_u64).prop_map(|(which, seq)| Step::Read(which, seq)),
        3 => Just(Step::Run),
        3 => (1..40_usize).prop_map(Step::Fold),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Close),
        1 => Just(Step::Drop),
        1 => Just(Step::Kill),
        3 => (any::<usize>(), 0..200_u64, 1..70_usize).prop_map(|(which, seq, limit)| Step::Pages(which, seq, limit)),
    ];
    prop::collection::vec(step, 1..40)
}

/// What must be in the store.
#[derive(Default)]
struct Model {
    heads: Vec<Conversation>,
    logs: Vec<Vec<Entry>>,
}

impl Model {
    fn append(&mut self, which: usize, sender: u8, what: u8, pos: i64, batch: &mut Batch) {
        let index = which % self.heads.len();
        let head = &mut self.heads[index];
        let sender = match sender {
            0 => Principal::Visitor(head.visitor),
            1 => Principal::Agent(AgentKey(1)),
            2 => Principal::Bot,
            _ => Principal::System,
        };
        let id = u128::try_from(pos).unwrap();
        let mut entry = text(sender, id, &"x".repeat(usize::try_from(pos % 97).unwrap()));
        if what < 3 {
            entry.kind = MessageKind::Note;
        } else if what == 3 {
            let event = match head.resolve(NOW) {
                Ok(event) => event,
                Err(_) => Event { score: Some(4), ..Event::of(EventCode::Rated) },
            };
            entry.kind = MessageKind::Event;
            entry.event = Some(event);
            entry.client_id = None;
            batch.conversations.push(head.clone());
        } else {
            head.on_message(sender, MessageKind::Text, NOW);
            batch.conversations.push(head.clone());
        }
        head.append(&mut entry, pos);
        self.logs[index].push(entry.clone());
        batch.entries.push(entry);
    }

    /// The heads of the batch: whole rows for those that changed state, growth for the others.
    fn settle(&self, batch: &mut Batch) {
        let changed: Vec<_> = batch.conversations.drain(..).map(|head| (head.key, head.state)).collect();
        for head in &self.heads {
            let touched = batch.entries.iter().any(|entry| entry.conversation == head.key);
            // Every second conversation pretends that texts change nothing, so that its heads lag.
            let whole = changed.iter().any(|(key, _)| *key == head.key) && head.key.0 % 2 == 0;
            match (touched, whole) {
                (false, _) => {}
                (true, true) => batch.conversations.push(head.clone()),
                (true, false) => batch.grown.push(head.clone().into()),
            }
        }
    }

    fn page(&self, index: usize, audience: Audience, range: Range) -> (String, bool) {
        let seen: Vec<_> = self.logs[index].iter().filter(|entry| audience.sees(entry.kind)).collect();
        let (items, has_more) = match range {
            Range::After { seq, limit } => {
                let after: Vec<_> = seen.into_iter().filter(|entry| entry.seq > seq).collect();
                (after.iter().copied().take(limit).collect::<Vec<_>>(), after.len() > limit)
            }
            Range::Before { seq, limit } => {
                let before: Vec<_> = seen.into_iter().filter(|entry| entry.seq < seq).collect();
                let skip = before.len().saturating_sub(limit);
                (before[skip..].to_vec(), skip > 0)
            }
            Range::Newest { limit } => {
                let skip = seen.len().saturating_sub(limit);
                (seen[skip..].to_vec(), skip > 0)
            }
        };
        (shown(items), has_more)
    }

    async fn compare_pages(&self, opened: &Opened, index: usize, seq: u64, limit: usize) {
        let ranges = [Range::After { seq, limit }, Range::Before { seq, limit }, Range::Newest { limit }];
        for audience in [Audience::Agent, Audience::Visitor] {
            for range in ranges {
                let page = opened.store.messages(&self.heads[index], audience, range).await.unwrap();
                let expected = self.page(index, audience, range);
                assert_eq!((shown(&page.items), page.has_more), expected, "{audience:?} {range:?}");
            }
        }
    }

    async fn compare(&self, opened: &mut Opened) {
        let keys: Vec<_> = self.heads.iter().map(|head| head.key).collect();
        let heads = opened.writer.conversations_by_key(&keys).await.unwrap();
        assert_eq!(comparable(&heads), comparable(&self.heads));
        let ids: Vec<_> = self.heads.iter().map(|head| head.id).collect();
        assert_eq!(opened.writer.conversations(&ids).await.unwrap().len(), ids.len());
        for index in 0..self.heads.len() {
            self.compare_pages(opened, index, 0, 100_000).await;
        }
        let entries = self.logs.iter().flatten().filter(|entry| entry.client_id.is_some());
        let known: Vec<_> = entries.collect();
        let ask = |entry: &Entry, other: u128| {
            (entry.conversation, entry.sender, Uuid::from_u128(entry.client_id.unwrap().as_u128() ^ other))
        };
        let asked: Vec<_> = known.iter().flat_map(|entry| [ask(entry, 0), ask(entry, 1)]).collect();
        let found = opened.writer.duplicates(&asked).await.unwrap();
        let expected: Vec<_> = known.iter().flat_map(|entry| [Some(*entry), None]).collect();
        assert_eq!(shown(found), shown(expected));
        let positions: Vec<_> = known.iter().map(|entry| entry.pos).collect();
        assert_eq!(opened.store.entries_at(&positions).await.unwrap().len(), positions.len());
    }
}

/// What can be told: of the odd ones, states that only a whole row would have kept are left out.
fn comparable(heads: &[Conversation]) -> Vec<String> {
    let known = heads.iter().cloned().map(|mut head| {
        if head.key.0 % 2 == 1 {
            head.state = State::New;
            head.assignee = None;
            head.last_assignee = None;
            head.last_met_at = None;
            head.asked_at = None;
            head.answered_at = None;
            head.unanswered_at = None;
            head.queued_at = None;
            head.resolved_at = None;
        }
        shown(head)
    });
    known.collect()
}

async fn end(opened: Opened) {
    opened.writer.close().await.unwrap();
    opened.store.close().await;
}

/// What a power cut leaves: the file and its write-ahead log, nothing of the memory shared beside them.
fn copy(from: &Path) -> TempDir {
    let dir = TempDir::new().unwrap();
    for name in ["kefu.db", "kefu.db-wal"] {
        fs::copy(from.join(name), dir.path().join(name)).unwrap();
    }
    dir
}

async fn play(dir: TempDir, steps: Vec<Step>) {
    let mut dir = dir;
    let mut opened = open(dir.path()).await.unwrap();
    let mut model = Model::default();
    for step in steps {
        let some = model.heads.len();
        match step {
            Step::Begin => {
                let head = conversation(&mut opened.writer, i64::try_from(some).unwrap()).await;
                assert_eq!(head.visitor, VisitorKey(i64::try_from(some).unwrap()));
                model.heads.push(head);
                model.logs.push(Vec::new());
            }
            Step::Write(entries) if some > 0 => {
                let mut batch = Batch::default();
                for (pos, (which, sender, what)) in (opened.writer.next_pos()..).zip(entries) {
                    model.append(which, sender, what, pos, &mut batch);
                }
                model.settle(&mut batch);
                let committed = opened.writer.commit(&batch).await.unwrap();
                assert_eq!(committed.entries, batch.entries.len());
            }
            Step::Read(which, seq) if some > 0 => {
                let head = &mut model.heads[which % some];
                if head.read(Audience::Agent, seq) {
                    let batch = Batch { conversations: vec![head.clone()], ..Batch::default() };
                    opened.writer.commit(&batch).await.unwrap();
                }
            }
            Step::Run => {
                let next = opened.writer.next_pos();
                opened.writer.tail.start_run(next);
            }
            Step::Fold(rows) => {
                opened.writer.fold(rows).await.unwrap();
            }
            Step::Checkpoint => {
                crate::sql::script(&mut opened.writer.conn, "PRAGMA wal_checkpoint").await.unwrap();
            }
            Step::Close => {
                end(opened).await;
                opened = open(dir.path()).await.unwrap();
                assert_eq!(opened.recovered, 0);
                model.compare(&mut opened).await;
            }
            Step::Drop => {
                drop(opened);
                opened = open(dir.path()).await.unwrap();
                model.compare(&mut opened).await;
            }
            Step::Kill => {
                let copied = copy(dir.path());
                drop(opened);
                dir = copied;
                opened = open(dir.path()).await.unwrap();
                model.compare(&mut opened).await;
            }
            Step::Pages(which, seq, limit) if some > 0 => {
                model.compare_pages(&opened, which % some, seq, limit).await;
            }
            Step::Write(_) | Step::Read(..) | Step::Pages(..) => {}
        }
    }
    model.compare(&mut opened).await;
    assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    end(opened).await;
    assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    tokio::task::yield_now().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_reads_back_as_it_was_committed(steps in steps()) {
        run(|dir| play(dir, steps));
    }
}
