//! The flow itself: from what changed here to rows there, page by page.
//!
//! A page is a transaction of the old system: rows, the notes of what each is here, and how far the flow has come. What changed is
//! only named by lists of the store; what it is now is read when its turn comes, so the last state wins, and what is said twice
//! changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use kefu_app::{Failure, Language};
use kefu_store::{
    Store,
    import::{ChangedHere, ChangedPosition, Entity, ImportTable},
};
use serde_json::json;

use super::{
    flowed::Flowed,
    known::{Known, Touched},
    obstacles,
    parts::Parts,
};
use crate::{
    check::Sources,
    mapping::Lookups,
    reading::lookups,
    settings::Settings,
    source::{NOTES, Note, Source, Writer, refused},
    target,
};

/// Lines of each list that are looked at together.
const PAGE: u32 = 100;

/// What is remembered of rows.
const KNOWN_MAX: usize = 100_000;

/// The number that notes have for comments on tickets, which are nothing that is brought over.
const COMMENT: i64 = 100;

/// How long a transaction of somebody else may be in the way: MongoDB ends that of who was killed after a minute.
const IN_THE_WAY_MAX: Duration = Duration::from_secs(90);

/// After what time a page is tried again for which something was in the way.
const IN_THE_WAY: Duration = Duration::from_millis(200);

/// Why a page was not written.
pub(super) enum Stop {
    /// Something of it is refused by the server, and known by now: the page is written without it.
    Again,
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The flow to one source.
pub(crate) struct Back<'a> {
    pub(super) settings: &'a Settings,
    pub(super) store: &'a Store,
    pub(super) parts: Arc<Parts>,
    pub(super) writer: Writer,
    pub(super) source: Arc<Source>,
    pub(super) tables: Vec<ImportTable>,
    pub(super) lookups: HashMap<Entity, Lookups>,
    /// Rows there, by what they are here.
    pub(super) known: HashMap<(Entity, i64), Known>,
    /// What this page touches.
    pub(super) touched: BTreeMap<(Entity, i64), Touched>,
    /// What no row can say, of this page.
    pub(super) left: Vec<Note>,
    /// Why the server refuses a row.
    pub(super) refused: HashMap<(Entity, i64), String>,
    pub(super) flowed: Flowed,
    at: Option<ChangedPosition>,
}

impl<'a> Back<'a> {
    /// Opens the flow; fails if the mapping has no inverse, or nobody may write there.
    pub(crate) async fn open(
        settings: &'a Settings,
        sources: &Sources,
        store: &'a Store,
    ) -> Result<Self, Failure> {
        if let Some(problem) = obstacles(settings).first() {
            let (en, zh) = (problem.in_language(Language::English), problem.in_language(Language::Chinese));
            return Err(refused(format!("nothing can flow back: {en}"), format!("无法回流:{zh}")));
        }
        let parts =
            Parts::of(settings).map_err(|_| Failure::internal("a mapping that was looked at has changed"))?;
        let source = parts.source(settings);
        let Some((source, address)) = source.and_then(|source| Some((source, source.write.as_ref()?))) else {
            return Err(Failure::internal("a source that was looked at has changed"));
        };
        let writer = Writer::open(source, address).await?;
        let open = Arc::clone(sources.get(&source.name)?);
        let read = open.identity();
        if writer.identity() != read {
            let (name, written) = (&source.name, writer.identity());
            return Err(refused(
                format!(
                    "nothing can flow back: source `{name}` is `{read}`, and its address for writing leads to `{written}`"
                ),
                format!("无法回流:来源 `{name}` 为 `{read}`,但其写入地址指向 `{written}`"),
            ));
        }
        let tables =
            store.import_tables().await.map_err(|error| target::failure(&settings.data_dir, error))?;
        let mut looked_up = HashMap::new();
        for part in parts.all() {
            looked_up.insert(part.map.entity, lookups(&open, &part.map).await?);
        }
        Ok(Self {
            settings,
            store,
            parts: Arc::new(parts),
            writer,
            source: open,
            tables,
            lookups: looked_up,
            known: HashMap::new(),
            touched: BTreeMap::new(),
            left: Vec::new(),
            refused: HashMap::new(),
            flowed: Flowed::default(),
            at: None,
        })
    }

    /// Fails if whoever follows the source could not tell what flows back from what others write there.
    pub(crate) async fn require_seen(&self) -> Result<(), Failure> {
        if self.source.is_flowed_to().await? {
            return Ok(());
        }
        Err(refused(
            format!("nothing can flow back yet: who follows the source may not read `{NOTES}` there"),
            format!("暂时无法回流:跟随来源的用户无权读取其中的 `{NOTES}`"),
        ))
    }

    pub(super) fn at_store(&self, error: kefu_store::StoreError) -> Failure {
        target::failure(&self.settings.data_dir, error)
    }

    /// Writes what is here by now and not there yet; what has flowed since the beginning.
    pub(crate) async fn drain(&mut self) -> Result<&Flowed, Failure> {
        loop {
            let at = self.position().await?;
            let changed = self.store.changed_here(at, PAGE).await.map_err(|error| self.at_store(error))?;
            if changed.upto == at {
                return Ok(&self.flowed);
            }
            if changed.is_empty() {
                self.at = Some(changed.upto);
                continue;
            }
            let (before, begun) = (self.flowed.clone(), Instant::now());
            loop {
                match self.page(&changed).await {
                    Ok(()) => break,
                    Err(Stop::Failure(failure)) => {
                        if !self.writer.is_passing() || begun.elapsed() > IN_THE_WAY_MAX {
                            return Err(failure);
                        }
                        tokio::time::sleep(IN_THE_WAY).await;
                    }
                    Err(Stop::Again) => {}
                }
                self.writer.undo().await?;
                self.known.clear();
                self.flowed = before.clone();
            }
            self.refused.clear();
            self.at = Some(changed.upto);
            if self.known.len() > KNOWN_MAX {
                self.known.clear();
            }
        }
    }

    /// How far the flow has come: the old system says it, in the transaction of what it has.
    async fn position(&mut self) -> Result<ChangedPosition, Failure> {
        if let Some(at) = self.at {
            return Ok(at);
        }
        let noted = self.writer.notes_of(0, &[0]).await?.pop().and_then(|note| note.row);
        let at = match noted {
            Some((_, json)) => read_position(&json)
                .ok_or_else(|| Failure::internal("it cannot be read how far the flow back has come"))?,
            None => self.store.changed_begin().await.map_err(|error| self.at_store(error))?,
        };
        self.at = Some(at);
        Ok(at)
    }

    async fn page(&mut self, changed: &ChangedHere) -> Result<(), Stop> {
        self.touched.clear();
        self.left.clear();
        self.writer.begin().await?;
        let messages: Vec<i64> = changed.written.union(&changed.revised).copied().collect();
        let places = |places: &BTreeSet<i64>| places.iter().copied().collect::<Vec<_>>();
        self.bring(Entity::Message, &messages, |place| changed.written.contains(&place)).await?;
        let is_new = |place| changed.new_tickets.contains(&place);
        self.bring(Entity::Ticket, &places(&changed.tickets), is_new).await?;
        // These get a row when something is written that needs it.
        self.bring(Entity::Conversation, &places(&changed.conversations), |_| false).await?;
        self.bring(Entity::Visitor, &places(&changed.visitors), |_| false).await?;
        for comment in &changed.comments {
            self.leave(COMMENT, *comment, "a comment on a ticket");
        }
        self.settle().await?;
        let left = std::mem::take(&mut self.left);
        let places: Vec<_> = left.iter().map(|note| (note.entity, note.place)).collect();
        let known = self.noted(&places).await?;
        // What was left once is not left again because something else happened to it.
        let left: Vec<_> =
            left.into_iter().filter(|note| !known.contains(&(note.entity, note.place))).collect();
        for note in &left {
            self.flowed.count(note, true, true);
        }
        self.writer.put(&left).await?;
        let position = written_position(changed.upto);
        let row = Some((String::new(), position.to_string().into_bytes()));
        self.writer.put(&[Note { row, ..Note::default() }]).await?;
        self.writer.commit().await?;
        Ok(())
    }

    /// Which of these have notes already.
    async fn noted(&mut self, all: &[(i64, i64)]) -> Result<Vec<(i64, i64)>, Failure> {
        let mut noted = Vec::new();
        let mut by_entity: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (entity, place) in all {
            by_entity.entry(*entity).or_default().push(*place);
        }
        for (entity, places) in by_entity {
            let notes = self.writer.notes_of(entity, &places).await?;
            noted.extend(notes.iter().map(|note| (note.entity, note.place)));
        }
        Ok(noted)
    }

    /// Notes that nothing there says this.
    pub(super) fn leave(&mut self, entity: i64, place: i64, why: &str) {
        let problem = Some(why.to_owned());
        self.left.push(Note { entity, place, problem, ..Note::default() });
    }

    /// Takes the notes away.
    pub(super) async fn forget(&mut self) -> Result<(), Failure> {
        self.writer.forget().await
    }
}

fn written_position(at: ChangedPosition) -> serde_json::Value {
    json!({ "pos": at.pos, "number": at.number, "audit": at.audit })
}

fn read_position(json: &[u8]) -> Option<ChangedPosition> {
    let read: serde_json::Value = serde_json::from_slice(json).ok()?;
    let number = |name: &str| read.get(name)?.as_i64();
    Some(ChangedPosition { pos: number("pos")?, number: number("number")?, audit: number("audit")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_as_it_was() {
        let at = ChangedPosition { pos: 1 << 60, number: 2, audit: 3 };
        assert_eq!(read_position(written_position(at).to_string().as_bytes()), Some(at));
        assert_eq!(read_position(b"{}"), None);
    }
}
