use kefu_channel::read_file;
use serde_json::json;

use super::*;

const FILE: &str = "
kefu_tickets: 1
name: 工单系统
bridge: tickets
link: \"= 'https://tickets.example/t/' ~ number\"
statuses: {open: [OPEN, DOING], pending: [3], closed: [DONE]}
priorities: {urgent: [P1]}
ticket:
  number: '= item.no'
  subject: '= item.title'
  status: '= item.state'
  priority: '= item.level'
  updated_at: '= item.changed'
list: {operation: List, arguments: {customer: '= external_id'}, items: '= result.tickets'}
create:
  operation: Create
  arguments: {customer: '= external_id', title: '= subject', level: '= priority', more: {by: '= agent.name'}}
  idempotency: more.request
  number: '= result.no'
";

fn rules() -> Rules {
    read_file(FILE).unwrap()
}

#[test]
fn tickets_are_read_by_the_rules() {
    let result = json!({"tickets": [
        {"no": "T-1", "title": "x".repeat(600), "state": "DOING", "level": "P1", "changed": "2027-01-02T03:04:05"},
        {"no": 2, "state": "3", "changed": 1_700_000_000_000_i64},
        {"no": "T 3/4", "state": "SLEEPS", "changed": "yesterday"},
    ]});
    let tickets = rules().tickets(&result).unwrap();
    assert_eq!(tickets[0].subject.len(), 500);
    assert_eq!(
        (tickets[0].status, tickets[0].priority),
        (Some(TicketStatus::Open), Some(TicketPriority::Urgent))
    );
    assert_eq!(tickets[0].updated_at.unwrap().to_string(), "2027-01-02T03:04:05.000Z");
    assert_eq!(tickets[0].url.as_deref(), Some("https://tickets.example/t/T-1"));
    assert_eq!((tickets[1].number.as_str(), tickets[1].status), ("2", Some(TicketStatus::Pending)));
    assert_eq!(tickets[1].updated_at.unwrap().to_string(), "2023-11-14T22:13:20.000Z");
    assert_eq!((tickets[2].status, tickets[2].status_text.as_str()), (None, "SLEEPS"));
    assert_eq!((&tickets[2].updated_at, &tickets[2].url), (&None, &None), "an address has no blanks");

    let read = |result| rules().tickets(&result).map(|tickets| tickets.len());
    assert_eq!(read(json!({"tickets": {"no": 7}})), Ok(1), "one that came without a list");
    assert_eq!((read(json!({})), read(json!({"tickets": null}))), (Ok(0), Ok(0)));
    assert_eq!(read(json!({"tickets": vec![json!({"no": 1}); 500]})), Ok(200));
    for (result, error) in [
        (json!({"tickets": "none"}), "list.items: is no list"),
        (json!({"tickets": [{}]}), "the ticket's number must be a line"),
        (json!({"tickets": [{"no": "x".repeat(101)}]}), "the ticket's number must be a line"),
        (json!({"tickets": [{"no": [1]}]}), "ticket.number: is no text"),
        (json!({"tickets": [{"no": 1, "state": {}}]}), "ticket.status: is no text"),
    ] {
        let why = read(result).unwrap_err();
        assert!(why.starts_with(error), "{why}");
    }
}

#[test]
fn what_is_asked_for_is_written_by_the_rules() {
    let rules = rules();
    let create = rules.create.as_ref().unwrap();
    let scope = json!({
        "id": "0197", "external_id": "u-7", "subject": "打印机", "priority": rules.their_priority("urgent"),
        "agent": {"name": "Lin"},
    });
    let arguments = create.arguments(&scope).unwrap();
    let expected = json!({"customer": "u-7", "title": "打印机", "level": "P1", "more": {"by": "Lin", "request": "0197"}});
    assert_eq!(arguments, expected);
    let without =
        json!({"id": "1", "external_id": null, "subject": "x", "priority": null, "agent": {"name": null}});
    let arguments = create.arguments(&without).unwrap();
    assert_eq!(arguments, json!({"title": "x", "more": {"request": "1"}}), "what is not there is left out");
    assert_eq!(create.number(&json!({"no": 12})), Ok(Some("12".to_owned())));
    assert!(create.number(&json!({})).is_err());
    assert_eq!(rules.their_status("open"), Some(json!("OPEN")));
    assert_eq!(rules.their_status("pending"), Some(json!(3)));
}
