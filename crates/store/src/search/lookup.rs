use std::ops::RangeInclusive;

use sqlx::sqlite::SqliteConnection;

use super::block;
use super::key::Term;
use super::offsets::Offsets;
use super::plan::Plan;
use super::state::State;
use super::tail::Tail;
use crate::StoreError;
use crate::rows::Columns;
use crate::sql::{self, Args};

/// The entries of these segments, which come newest first, that may have all that is wanted; segments without any are
/// left out.
pub(super) async fn find(
    index: &mut SqliteConnection,
    plan: &Plan,
    state: &State,
    numbers: &[usize],
) -> Result<Vec<(usize, Offsets)>, StoreError> {
    let mut found = find_indexed(index, plan, numbers).await?;
    for number in numbers {
        let Some(segment) = state.segments.get(*number) else { continue };
        let revised = plan.revised_in(segment.start, segment.end);
        if revised.is_empty() {
            continue;
        }
        let place = found.partition_point(|(other, _)| other > number);
        if found.get(place).is_none_or(|(other, _)| other != number) {
            found.insert(place, (*number, Offsets::default()));
        }
        let (_, offsets) = &mut found[place];
        revised.iter().for_each(|pos| offsets.insert((pos - segment.start) as u16));
    }
    Ok(found)
}

async fn find_indexed(
    index: &mut SqliteConnection,
    plan: &Plan,
    numbers: &[usize],
) -> Result<Vec<(usize, Offsets)>, StoreError> {
    let mut found: Vec<(usize, Offsets)> = Vec::new();
    for (turn, alternatives) in plan.wanted.iter().enumerate() {
        let numbers: Vec<_> = match turn {
            0 => numbers.to_vec(),
            _ => found.iter().map(|(number, _)| *number).collect(),
        };
        if numbers.is_empty() {
            break;
        }
        let mut these: Vec<_> = numbers.iter().map(|number| (*number, Offsets::default())).collect();
        for range in alternatives {
            read_blocks(index, range, &mut these).await?;
        }
        if turn > 0 {
            these.iter_mut().zip(&found).for_each(|((_, these), (_, before))| these.intersect(before));
        }
        these.retain(|(_, offsets)| !offsets.is_empty());
        found = these;
    }
    if plan.conversations.is_some() && !found.is_empty() {
        keep_conversations(index, plan, &mut found).await?;
        found.retain(|(_, offsets)| !offsets.is_empty());
    }
    Ok(found)
}

/// The entries of the tail that have all that is wanted.
pub(super) fn find_in_tail(tail: &Tail, plan: &Plan) -> Offsets {
    let mut found: Option<Offsets> = None;
    for alternatives in &plan.wanted {
        let mut these = Offsets::default();
        alternatives.iter().for_each(|range| tail.find(range, &mut these));
        found = Some(match found {
            Some(mut before) => {
                before.intersect(&these);
                before
            }
            None => these,
        });
    }
    found.unwrap_or_default()
}

/// Adds what these segments have of a range of terms.
async fn read_blocks(
    index: &mut SqliteConnection,
    range: &RangeInclusive<Term>,
    segments: &mut [(usize, Offsets)],
) -> Result<(), StoreError> {
    // The blocks from the one that begins at or before the range on.
    const SQL: &str = "SELECT wanted.key, block.row, block.bytes
        FROM json_each(?1) AS wanted CROSS JOIN block ON block.row BETWEEN
            coalesce((SELECT max(row) FROM block WHERE row <= wanted.value + ?2), 0) AND wanted.value + ?3";
    let (first, last) = (range.start().row(0), range.end().row(0));
    let starts = segments.iter().map(|(number, _)| Term::FIRST.row(*number));
    let args = Args::default().ints(starts).int(first).int(last);
    for row in &sql::rows(index, SQL, args).await? {
        let mut columns = Columns::of(row);
        let (which, row): (usize, i64) = (columns.number()?, columns.take()?);
        let Some((number, offsets)) = segments.get_mut(which) else { continue };
        if row >= Term::FIRST.row(*number) {
            block::read(columns.take()?, Term::of_row(row), range, offsets);
        }
    }
    Ok(())
}

/// Drops the entries of conversations that cannot have hits.
async fn keep_conversations(
    index: &mut SqliteConnection,
    plan: &Plan,
    segments: &mut [(usize, Offsets)],
) -> Result<(), StoreError> {
    const SQL: &str = "SELECT wanted.key, segment.conversations
        FROM json_each(?1) AS wanted CROSS JOIN segment ON segment.number = wanted.value";
    let numbers = Args::default().ints(segments.iter().map(|(number, _)| *number as i64));
    for row in &sql::rows(index, SQL, numbers).await? {
        let mut columns = Columns::of(row);
        let which: usize = columns.number()?;
        let conversations: &[u8] = columns.take()?;
        let (conversations, _) = conversations.as_chunks::<4>();
        let Some((_, offsets)) = segments.get_mut(which) else { continue };
        let is_other = |offset: &u16| {
            let conversation = conversations.get(usize::from(*offset)).map(|key| u32::from_le_bytes(*key));
            conversation.is_some_and(|key| !plan.may_have(key))
        };
        let others: Offsets = offsets.ascending().filter(is_other).collect();
        offsets.subtract(&others);
    }
    Ok(())
}
