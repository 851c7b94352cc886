use kefu_query::{Column, Comparison, Filter, Keys, Scalar, Value};
use kefu_store::{Condition, Field, Readable, SelectKey, Sign};
use serde_json::json;

use super::*;

fn target(records: &str, names: &[&str]) -> Target {
    let column = |name: &&str| Column {
        field: (*name).to_owned(),
        name: (*name).to_owned(),
        scalar: Scalar::String,
        is_list: false,
        is_nullable: true,
    };
    Target {
        name: "Thing".to_owned(),
        columns: names.iter().map(column).collect(),
        key: Vec::new(),
        access: json!({ "access": { "records": records } }),
    }
}

fn fetch(target: Target) -> Fetch {
    Fetch {
        columns: (0..target.columns.len()).collect(),
        target: Arc::new(target),
        is_count: false,
        filter: None,
        keys: None,
        order: Vec::new(),
        after: None,
        limit: Some(10),
        limit_per_key: None,
        arguments: Vec::new(),
        rows_max: 100,
        deadline: std::time::Instant::now(),
    }
}

#[test]
fn what_there_is_not_is_named() {
    assert_eq!(check(&target("conversations", &["id", "visitorId", "last_seq"])), Ok(()));
    let wrong = check(&target("conversations", &["id", "colour"])).unwrap_err();
    assert!(wrong.starts_with("there is no column `colour`; there are id, inbox_id, "), "{wrong}");
    let wrong = check(&target("orders", &["id"])).unwrap_err();
    assert!(wrong.starts_with("`records` must be one of conversations, messages, "), "{wrong}");
    // What each kind offers are columns that it has.
    for (word, records) in Records::ALL {
        let Offer { filters, sorts, keys, .. } = records.offer();
        let names = filters.iter().chain(sorts).copied().chain(keys.iter().map(|(name, _)| *name));
        for name in names {
            assert!(records.columns().contains(&name), "{word}.{name}");
        }
    }
}

#[test]
fn abilities_are_those_of_the_columns_that_a_type_has() {
    let offered = abilities(&target("tickets", &["subject", "updatedAt", "number"]));
    assert_eq!((offered.filters, offered.sorts, offered.keys), (vec![1, 2], vec![1, 2], vec![(2, 500)]));
    assert!(offered.lists && offered.limits && offered.limits_per_key && offered.is_idempotent);
    assert!(!abilities(&target("messages", &["seq"])).lists);
}

#[test]
fn words_are_compared_before_the_store_is_asked() {
    let compare = |by, values: &[&str]| Filter::Compare {
        column: 0,
        by,
        values: values.iter().map(|value| Value::Text((*value).to_owned())).collect(),
    };
    let select = |filter| {
        let fetch = Fetch { filter: Some(filter), ..fetch(target("conversations", &["state", "updatedAt"])) };
        select::select(&fetch, Readable::All, |_, _| None).map(|select| format!("{:?}", select.condition))
    };
    assert_eq!(select(compare(Comparison::Equal, &["open"])).unwrap(), "States([Open])");
    assert_eq!(select(compare(Comparison::In, &["open", "none"])).unwrap(), "States([Open])");
    assert_eq!(select(compare(Comparison::Begins, &["p"])).unwrap(), "States([Pending])");
    assert_eq!(select(compare(Comparison::AtLeast, &["q"])).unwrap(), "States([Queued, Resolved])");
    let at = Filter::Compare {
        column: 1,
        by: Comparison::Below,
        values: vec![Value::Moment(kefu_core::Micros(5))],
    };
    let both = Filter::All(vec![Filter::Not(Box::new(at)), Filter::Any(Vec::new())]);
    let expected = Condition::All(vec![
        Condition::Not(Box::new(Condition::Compare(Field::UpdatedAt, Sign::Below, 5))),
        Condition::Any(Vec::new()),
    ]);
    assert_eq!(select(both).unwrap(), format!("{expected:?}"));
}

#[test]
fn what_is_no_id_names_nothing() {
    let values = vec![Value::Text("x".to_owned()), Value::Text(uuid::Uuid::nil().to_string()), Value::Int(1)];
    let keys = Keys { column: 0, values };
    let fetch = Fetch { keys: Some(keys), ..fetch(target("conversations", &["id"])) };
    let select = select::select(&fetch, Readable::All, |_, keys| Some(SelectKey::Ids(select::ids(keys))));
    assert_eq!(
        format!("{:?}", select.unwrap().keys),
        format!("{:?}", Some(SelectKey::Ids(vec![uuid::Uuid::nil()])))
    );
}

#[tokio::test]
async fn nobody_reads_nothing() {
    let fetch = fetch(target("conversations", &["id"]));
    let refused = OwnRecords.fetch(&fetch).await.unwrap_err();
    assert_eq!((refused.kind, refused.text.as_str()), (TroubleKind::Refused, "nobody asks"));
}
