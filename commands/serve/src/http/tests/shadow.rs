//! What a rehearsal did not send.

use http::Method;
use kefu_core::Role;
use kefu_store::RecordSet;
use serde_json::json;

use super::{
    office::Office,
    rights::{Case, case},
};
use crate::outgoing::Outgoing;

/// The rows of the table of rights.
pub(super) fn cases() -> Vec<Case> {
    vec![case(Method::GET, "/shadow/calls", None, [401, 403, 403, 403, 403, 403, 200])]
}

#[tokio::test]
async fn calls_come_in_pages_newest_first() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let outgoing = Outgoing::new(office.services.metrics.clone(), true);
    for number in 1..=3 {
        let long = "x".repeat(600);
        let call = outgoing.held_back("webhook", &"https://crm.example", || format!("{number} {long}"));
        let set = RecordSet { changes: call.into_iter().collect(), audit: Vec::new() };
        office.services.desk.record(set).await.unwrap();
    }
    let first = office.get("/shadow/calls?limit=2", &admin).await.body;
    assert_eq!((&first["items"][0]["number"], &first["items"][1]["number"]), (&json!(3), &json!(2)));
    assert_eq!(first["items"][0]["kind"], "webhook");
    assert_eq!(first["items"][0]["summary"].as_str().unwrap().len(), 500);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = office.get(&format!("/shadow/calls?cursor={cursor}"), &admin).await.body;
    assert_eq!((second["items"].as_array().unwrap().len(), &second["has_more"]), (1, &json!(false)));
    let config = office.get("/widget/config?inbox=web", "").await.body;
    assert_eq!(config["shadow"], false);
    assert!(Outgoing::new(office.services.metrics.clone(), false).held_back("x", &"", String::new).is_none());
}
