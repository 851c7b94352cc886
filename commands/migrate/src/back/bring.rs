//! New rows there, and rows that come to say what is here.

use kefu_app::Failure;
use kefu_core::MessageKind;
use kefu_store::import::{Entity, Record, RecordHere};

use super::{
    fields::{Field, changing, fields, is_needed, made_at},
    flow::{Back, Stop},
    flowed::CONFLICT,
    inverse::{Here, Set},
    known::{Known, There, Touched, conversation_of, hash_here},
    parts::Part,
};
use crate::{
    source::{Cell, Cells, Unwritten},
    target,
};

/// Whether a row says a field.
enum Said {
    Yes,
    /// The mapping has no column for it.
    NoColumn,
    /// Nothing there could say it, for this reason.
    No(String),
}

impl Back<'_> {
    /// Has rows there say what these are here; those without one get one, if they may.
    pub(super) async fn bring(
        &mut self,
        entity: Entity,
        places: &[i64],
        may_add: impl Fn(i64) -> bool,
    ) -> Result<(), Stop> {
        let Some(part) = self.parts.part(entity).cloned() else {
            if entity == Entity::Ticket {
                for place in places {
                    self.leave(entity.number(), *place, "no table there becomes tickets by columns alone");
                }
            }
            return Ok(());
        };
        let here = self.store.records_here(entity, places).await.map_err(|error| self.at_store(error))?;
        let all: Vec<_> = here.iter().map(|here| (here.place, here.record.id())).collect();
        self.look_up(entity, &all).await?;
        let mut changed = Vec::new();
        for here in here {
            let known = self.known.get(&(entity, here.place)).cloned();
            match known {
                None if may_add(here.place) => self.add(&part, &here).await?,
                Some(known) if known.key.is_some() && known.here != Some(hash_here(&here)) => {
                    changed.push((here, known));
                }
                _ => {}
            }
        }
        let keys: Vec<_> = changed.iter().filter_map(|(_, known)| known.key.clone()).collect();
        let mut rows = self.read(&part, &keys).await?;
        for (here, known) in changed {
            let row = known.key.as_ref().and_then(|key| rows.remove(key));
            let there = row.map(|row| self.forward(&part, row, conversation_of(&here.record)));
            self.change(&part, &here, known, there).await?;
        }
        Ok(())
    }

    /// Adds a row; or notes why none can stand for this.
    pub(super) async fn add(&mut self, part: &Part, here: &RecordHere) -> Result<(), Stop> {
        let (entity, place) = (part.map.entity, here.place);
        let made = match self.refused.get(&(entity, place)) {
            Some(why) => Err(why.clone()),
            None => self.new_row(part, here).await?,
        };
        let (row, problem) = match made {
            Ok(made) => made,
            Err(why) => {
                self.leave(entity.number(), place, &why);
                self.known.insert((entity, place), Known { is_noted: true, ..Known::default() });
                return Ok(());
            }
        };
        let key = self.writer.key_of(&part.map.from, &part.map.key).await?;
        let id = (here.record.id(), made_at(&here.record).unwrap_or_default());
        let added = self.writer.add(&part.map.from, &key, &row, id).await;
        let key = self.written(entity, place, added)?;
        let known =
            Known { key: Some(key), is_made: true, here: Some(hash_here(here)), problem, ..Known::default() };
        self.known.insert((entity, place), known.clone());
        let conversation = conversation_of(&here.record);
        let touched = Touched { known, conversation, is_written: true, says_more: true };
        self.touched.insert((entity, place), touched);
        Ok(())
    }

    /// What came of writing a row; one that the server refuses is left out when the page is written again.
    fn written<T>(&mut self, entity: Entity, place: i64, written: Result<T, Unwritten>) -> Result<T, Stop> {
        match written {
            Ok(written) => Ok(written),
            Err(Unwritten::Failure(failure)) => Err(failure.into()),
            Err(Unwritten::Row(why)) => {
                self.refused.insert((entity, place), why);
                Err(Stop::Again)
            }
        }
    }

    /// The columns of a new row, and what they cannot say; or why there can be none.
    async fn new_row(
        &mut self,
        part: &Part,
        here: &RecordHere,
    ) -> Result<Result<(Cells, Option<String>), String>, Stop> {
        let record = &here.record;
        if here.is_gone {
            return Ok(Err("it was taken back before it was there".to_owned()));
        }
        if let Record::Message(message) = record
            && message.text.is_empty()
            && !matches!(message.kind, MessageKind::Text | MessageKind::Note)
        {
            let kind = serde_json::to_string(&message.kind).unwrap_or_default();
            return Ok(Err(format!("a message of kind {kind}, which is nothing but its file")));
        }
        let (mut row, mut problems) = (Cells::new(), Vec::new());
        // Who has no id of the company's is known there by the one of here.
        let own_id = record.id().to_string();
        for (name, field) in fields(record) {
            let field =
                if name == "external_id" && field.is_nothing() { Field::Text(&own_id) } else { field };
            // An empty message says that it is empty.
            if field.is_nothing() && name != "text" || name == "conversation" && part.map.group.is_some() {
                continue;
            }
            match self.say(&mut row, part, name, field).await? {
                Said::Yes => {}
                Said::No(why) if is_needed(record, name) => return Ok(Err(why)),
                // Of what is no note, nothing is wrong without it.
                Said::No(_) if name == "kind" => {}
                Said::No(why) => problems.push(why),
                Said::NoColumn if name == "kind" && is_needed(record, name) => {
                    return Ok(Err(format!(
                        "a note: `{}` has no column that tells it apart",
                        part.map.name()
                    )));
                }
                Said::NoColumn => {}
            }
        }
        if let (Some(_), Record::Message(message)) = (&part.map.group, record)
            && let Some(why) = self.say_whose(&mut row, part, message.conversation).await?
        {
            return Ok(Err(why));
        }
        part.inverse.fix(&mut row);
        let problem = (!problems.is_empty()).then(|| problems.join("; "));
        Ok(Ok((row, problem)))
    }

    /// Adds whose conversation a message is in, where rows say that and no conversation; or why that cannot be said.
    async fn say_whose(
        &mut self,
        row: &mut Cells,
        part: &Part,
        conversation: uuid::Uuid,
    ) -> Result<Option<String>, Stop> {
        let Some(group) = &part.map.group else { return Ok(None) };
        let place = self.store.place_of(Entity::Conversation, conversation).await;
        let place = place.map_err(|error| self.at_store(error))?.unwrap_or_default();
        let head = self.store.records_here(Entity::Conversation, &[place]).await;
        let head = head.map_err(|error| self.at_store(error))?.pop().map(|here| here.record);
        let Some(Record::Conversation(head)) = head else {
            return Ok(Some("its conversation is not here any more".to_owned()));
        };
        let Some(visitor) = Box::pin(self.key_of(Entity::Visitor, head.visitor)).await? else {
            return Ok(Some("no row there could stand for its visitor".to_owned()));
        };
        row.insert(part.map.columns[group.visitor.0].clone(), Cell::Value(visitor));
        if part.inverse.set(row, "inbox", Here::Text(&head.inbox)) == Set::NoWord {
            return Ok(Some(no_value(&part.map.name(), "inbox", &head.inbox)));
        }
        if let (Some((column, _)), Some(assignee)) = (&group.agent, head.assignee)
            && let Some(agent) = Box::pin(self.key_of(Entity::Agent, assignee)).await?
        {
            row.entry(part.map.columns[*column].clone()).or_insert(Cell::Value(agent));
        }
        Ok(None)
    }

    /// Adds what a field is here to a row.
    async fn say(
        &mut self,
        row: &mut Cells,
        part: &Part,
        name: &'static str,
        field: Field<'_>,
    ) -> Result<Said, Stop> {
        let table = part.map.name();
        let (here, what) = match field {
            Field::Text(text) => (Here::Text(text), text),
            Field::Word(word) => (Here::Word(word), word),
            Field::Time(Some(at)) => (Here::Time(at), ""),
            Field::Time(None) | Field::Reference(_, None) => (Here::Nothing, ""),
            Field::Object(json) => (Here::Object(json), "fields without a column"),
            Field::Reference(entity, Some(id)) => {
                let Some(alias) = part.inverse.refers_to(name) else { return Ok(Said::NoColumn) };
                if self.parts.table(entity).is_none_or(|map| map.alias != alias) {
                    return Ok(Said::NoColumn);
                }
                let Some(found) = Box::pin(self.key_of(entity, id)).await? else {
                    return Ok(Said::No(format!(
                        "`{name}` of `{table}`: the old system does not know this one"
                    )));
                };
                (Here::Reference(found), "")
            }
        };
        Ok(match part.inverse.set(row, name, here) {
            Set::Yes => Said::Yes,
            Set::NoColumn => Said::NoColumn,
            Set::NoWord => Said::No(no_value(&table, name, what)),
        })
    }

    /// Has a row say what is here by now, unless somebody else has changed it.
    async fn change(
        &mut self,
        part: &Part,
        here: &RecordHere,
        mut known: Known,
        there: Option<There>,
    ) -> Result<(), Stop> {
        let (entity, place) = (part.map.entity, here.place);
        let problem_before = known.problem.take();
        let mut is_written = false;
        match (there, self.refused.get(&(entity, place)).cloned()) {
            (None, _) => known.problem = Some(format!("{CONFLICT}it was deleted there")),
            (Some(_), Some(why)) => known.problem = Some(why),
            (Some(there), None) => {
                let (row, problems) = self.differences(part, here, &there).await?;
                known.problem = (!problems.is_empty()).then(|| problems.join("; "));
                let is_known = row.is_empty()
                    || is_as_known(part, here, &known, &there)
                    || self.is_as_brought(part, place, &there).await?;
                if !is_known {
                    known.problem = Some(format!("{CONFLICT}it was changed there"));
                } else if !row.is_empty() {
                    let key_columns = self.writer.key_of(&part.map.from, &part.map.key).await?;
                    let key = known.key.clone().unwrap_or_default();
                    let set = self.writer.set(&part.map.from, &key_columns, &key, &row).await;
                    self.written(entity, place, set)?;
                    self.flowed.changed += 1;
                    is_written = true;
                } else {
                    known.there = Some(there.hash);
                }
            }
        }
        known.here = Some(hash_here(here));
        let conversation = conversation_of(&here.record);
        let says_more = known.problem != problem_before;
        self.touched.insert((entity, place), Touched { known, conversation, is_written, says_more });
        Ok(())
    }

    /// The columns that have to say something else, and what cannot be said.
    async fn differences(
        &mut self,
        part: &Part,
        here: &RecordHere,
        there: &There,
    ) -> Result<(Cells, Vec<String>), Stop> {
        let (mut row, mut problems) = (Cells::new(), Vec::new());
        let record = match (&there.record, here.is_gone, part.map.entity) {
            // It is taken away there already; or it is left to whoever erases people there.
            (None, true, _) | (_, true, Entity::Visitor) => return Ok((row, problems)),
            (Some(_), true, Entity::Message) if part.inverse.take_away(&mut row, target::now()) => {
                return Ok((row, problems));
            }
            (Some(record), ..) => record,
            (None, false, _) => {
                problems.push("it is taken away there, and nothing says how it comes back".to_owned());
                return Ok((row, problems));
            }
        };
        let before = fields(record);
        for (name, field) in fields(&here.record) {
            let was = before.iter().find(|(other, _)| *other == name).map(|(_, field)| field);
            let Some(was) = was.filter(|_| changing(part.map.entity).contains(&name)) else { continue };
            if field.is_same(was) || self.is_same_there(part, name, &field, was).await? {
                continue;
            }
            match self.say(&mut row, part, name, field).await? {
                Said::Yes | Said::NoColumn => {}
                Said::No(why) => problems.push(why),
            }
        }
        Ok((row, problems))
    }

    /// Whether two values of a field are one there.
    async fn is_same_there(
        &self,
        part: &Part,
        name: &str,
        here: &Field<'_>,
        there: &Field<'_>,
    ) -> Result<bool, Failure> {
        Ok(match (here, there) {
            (Field::Word(here), Field::Word(there)) => part.inverse.is_one_word(name, here, there),
            // Somebody who never came over is nobody here.
            (Field::Reference(_, None), Field::Reference(entity, Some(id))) => {
                let place = self.store.place_of(*entity, *id).await;
                place.map_err(|error| self.at_store(error))?.is_none()
            }
            _ => false,
        })
    }
}

/// Why a row cannot say what a field is.
fn no_value(table: &str, field: &str, what: &str) -> String {
    format!("`{field}` of `{table}` has nothing that stands for `{what}`")
}

/// Whether a row says what it said when it was last seen. Of one that came over in a conversation made of messages only that is known
/// which does not change here.
fn is_as_known(part: &Part, here: &RecordHere, known: &Known, there: &There) -> bool {
    if part.map.group.is_none() || known.is_noted {
        return known.there.is_none_or(|known| known == there.hash);
    }
    match (&here.record, &there.record) {
        (Record::Message(here), Some(Record::Message(there))) => {
            (here.sender, here.kind, here.occurred_at) == (there.sender, there.kind, there.occurred_at)
        }
        _ => false,
    }
}
