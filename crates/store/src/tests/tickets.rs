use std::sync::Arc;

use kefu_core::{
    AgentKey, InboxKey, Principal, Ticket, TicketContact, TicketField, TicketPatch, TicketPriority,
    TicketStatus, VisitorKey,
};
use kefu_text::terms::{LastWord, query};
use uuid::Uuid;

use super::{NOW, conversation, open, run};
use crate::{
    Batch, Change, PrivacyChange, RecordSet, StoreError, Tag, TagChange, TicketChange, TicketComment,
    TicketFilter, TicketWords, Writer,
};

const ADA: Principal = Principal::Agent(AgentKey(1));

fn ticket(number: u128, requester: i64) -> Ticket {
    let at = NOW.plus_seconds(i64::try_from(number).unwrap());
    Ticket {
        id: Uuid::from_u128(number),
        number: 0,
        inbox: InboxKey(1),
        requester: Some(VisitorKey(requester)),
        subject: format!("ticket {number}"),
        body: "退款".to_owned(),
        contact: TicketContact { name: "Wang".to_owned(), email: "w@x".to_owned(), phone: "1".to_owned() },
        status: TicketStatus::New,
        priority: TicketPriority::Normal,
        assignee: None,
        team: None,
        due_at: None,
        tags: Vec::new(),
        conversations: Vec::new(),
        created_at: at,
        updated_at: at,
        solved_at: None,
        version: 1,
    }
}

/// What becomes of each change, each in a set of its own.
async fn record(
    writer: &mut Writer,
    changes: impl IntoIterator<Item = TicketChange>,
) -> Vec<Result<(), StoreError>> {
    let set = |change| RecordSet { changes: vec![Change::Ticket(change)], audit: Vec::new() };
    let batch = Batch { records: changes.into_iter().map(set).collect(), ..Batch::default() };
    writer.commit(&batch).await.unwrap().records
}

fn opens(ticket: &Ticket) -> TicketChange {
    TicketChange::Open { ticket: Box::new(ticket.clone()), by: ADA }
}

#[test]
fn a_ticket_is_kept_as_it_is() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let one = conversation(&mut writer, 1).await;
        let tag = Tag {
            id: Uuid::from_u128(7),
            name: "refund".to_owned(),
            colour: "#000000".to_owned(),
            group: String::new(),
            created_at: NOW,
        };
        let set = RecordSet { changes: vec![Change::Tag(TagChange::Add(tag.clone()))], audit: Vec::new() };
        writer.commit(&Batch { records: vec![set], ..Batch::default() }).await.unwrap();
        let made = Ticket {
            team: Some(Uuid::from_u128(9)),
            due_at: Some(NOW),
            assignee: Some(AgentKey(3)),
            tags: vec![tag.id],
            conversations: vec![one.id],
            ..ticket(1, 4)
        };
        let unknown = Ticket { tags: vec![Uuid::from_u128(8)], ..ticket(2, 4) };
        let outcomes = record(&mut writer, [opens(&unknown), opens(&made)]).await;
        assert!(matches!(outcomes[..], [Err(StoreError::Stale("tag")), Ok(())]), "{outcomes:?}");
        let found = store.ticket(made.id).await.unwrap().unwrap();
        assert_eq!(found, Ticket { number: found.number, ..made.clone() });
        assert!(store.ticket(unknown.id).await.unwrap().is_none());
        let of_conversation = TicketFilter { conversation: Some(one.key), ..TicketFilter::default() };
        assert_eq!(store.tickets(&of_conversation, None, 9).await.unwrap().0, [found]);

        let removed = RecordSet { changes: vec![Change::Tag(TagChange::Remove(tag.id))], audit: Vec::new() };
        writer.commit(&Batch { records: vec![removed], ..Batch::default() }).await.unwrap();
        assert!(store.ticket(made.id).await.unwrap().unwrap().tags.is_empty());
        writer.close().await.unwrap();
        let again = open(dir.path()).await.unwrap();
        assert_eq!(again.store.ticket(made.id).await.unwrap().unwrap().subject, "ticket 1");
        again.writer.close().await.unwrap();
    });
}

#[test]
fn the_second_of_two_changes_is_refused() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        record(&mut writer, [opens(&ticket(1, 1))]).await;
        let before = store.ticket(Uuid::from_u128(1)).await.unwrap().unwrap();
        let change = |patch: TicketPatch| {
            let mut ticket = before.clone();
            let lines = ticket.apply(patch, NOW.plus_seconds(60)).unwrap();
            TicketChange::Update { ticket: Box::new(ticket), lines, by: ADA }
        };
        let solve = TicketPatch { status: Some(TicketStatus::Solved), ..TicketPatch::default() };
        let assign = TicketPatch { assignee: Some(Some(AgentKey(2))), ..TicketPatch::default() };
        let outcomes = record(&mut writer, [change(solve), change(assign)]).await;
        assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Stale("ticket"))]), "{outcomes:?}");
        let after = store.ticket(before.id).await.unwrap().unwrap();
        assert_eq!((after.status, after.assignee, after.version), (TicketStatus::Solved, None, 2));
        assert_eq!(after.solved_at, Some(NOW.plus_seconds(60)));
        let (history, more) = store.ticket_history(&after, None, 9).await.unwrap();
        assert_eq!((history.len(), more), (1, None));
        assert_eq!((history[0].actor, history[0].line.field), (ADA, TicketField::Status));
        writer.close().await.unwrap();
    });
}

#[test]
fn comments_come_in_pages_and_internal_ones_for_agents_only() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        record(&mut writer, [opens(&ticket(1, 1))]).await;
        let id = Uuid::from_u128(1);
        let comment = |number: u128| TicketChange::Comment {
            ticket: id,
            comment: TicketComment {
                id: Uuid::from_u128(number),
                author: if number.is_multiple_of(2) { ADA } else { Principal::Visitor(VisitorKey(1)) },
                internal: number.is_multiple_of(2),
                text: number.to_string(),
                created_at: NOW.plus_seconds(100),
            },
        };
        let outcomes = record(&mut writer, (1..=7).map(comment)).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let ticket = store.ticket(id).await.unwrap().unwrap();
        assert_eq!((ticket.version, ticket.updated_at), (1, NOW.plus_seconds(100)));
        for (internal, expected) in [(true, "1234567"), (false, "1357")] {
            let (mut text, mut cursor) = (String::new(), None);
            loop {
                let page = store.ticket_comments(&ticket, internal, cursor, 3).await.unwrap();
                assert!(page.0.len() <= 3);
                text.extend(page.0.iter().map(|comment| comment.text.as_str()));
                cursor = page.1;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(text, expected);
        }
        let nowhere = TicketChange::Comment {
            ticket: Uuid::nil(),
            comment: TicketComment {
                id: Uuid::nil(),
                author: ADA,
                internal: false,
                text: String::new(),
                created_at: NOW,
            },
        };
        assert!(matches!(record(&mut writer, [nowhere]).await[..], [Err(StoreError::Stale("ticket"))]));
        writer.close().await.unwrap();
    });
}

#[test]
fn links_are_made_and_ended_once() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        record(&mut writer, [opens(&ticket(1, 1))]).await;
        let (ticket, conversation) = (Uuid::from_u128(1), conversation(&mut writer, 1).await.id);
        let link = |conversation| TicketChange::Link { ticket, conversation, by: ADA, at: NOW };
        let unlink = || TicketChange::Unlink { ticket, conversation, by: ADA, at: NOW };
        let outcomes = record(&mut writer, [link(conversation), link(conversation), link(Uuid::nil())]).await;
        assert!(matches!(outcomes[..], [Ok(()), Ok(()), Err(StoreError::Stale("conversation"))]));
        assert_eq!(store.ticket(ticket).await.unwrap().unwrap().conversations, [conversation]);
        let outcomes = record(&mut writer, [unlink(), unlink()]).await;
        assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Stale("link"))]));
        let ticket = store.ticket(ticket).await.unwrap().unwrap();
        assert!(ticket.conversations.is_empty());
        let (history, _) = store.ticket_history(&ticket, None, 9).await.unwrap();
        let id = Some(conversation.to_string());
        let lines: Vec<_> = history.into_iter().map(|line| (line.line.before, line.line.after)).collect();
        assert_eq!(lines, [(None, id.clone()), (id, None)]);
        writer.close().await.unwrap();
    });
}

#[test]
fn filters_hold_together_and_pages_have_no_gap() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let tickets = (1..=30_u128).map(|number| Ticket {
            assignee: (number % 3 == 0).then_some(AgentKey(5)),
            status: if number % 2 == 0 { TicketStatus::Open } else { TicketStatus::Solved },
            priority: if number % 5 == 0 { TicketPriority::Urgent } else { TicketPriority::Low },
            due_at: Some(NOW.plus_seconds(i64::try_from(number).unwrap())),
            // Many at the same moment.
            updated_at: NOW.plus_seconds(i64::try_from(number / 4).unwrap()),
            ..ticket(number, i64::try_from(number % 4).unwrap())
        });
        record(&mut writer, tickets.map(|ticket| opens(&ticket))).await;
        let all = |filter: TicketFilter| {
            let store = store.clone();
            async move {
                let (mut numbers, mut cursor) = (Vec::new(), None);
                loop {
                    let (page, next) = store.tickets(&filter, cursor, 4).await.unwrap();
                    numbers.extend(page.iter().map(|ticket| ticket.number));
                    cursor = next;
                    if cursor.is_none() {
                        break numbers;
                    }
                }
            }
        };
        let expected = |keep: fn(&i64) -> bool| (1..=30).rev().filter(keep).collect::<Vec<_>>();
        let none = TicketFilter::default;
        assert_eq!(all(none()).await, expected(|_| true));
        let open = Some(TicketStatus::Open);
        assert_eq!(all(TicketFilter { status: open, ..none() }).await, expected(|n| n % 2 == 0));
        let nobody = TicketFilter { assignee: Some(None), priority: Some(TicketPriority::Urgent), ..none() };
        assert_eq!(all(nobody).await, expected(|n| n % 3 != 0 && n % 5 == 0));
        let both = TicketFilter { assignee: Some(Some(AgentKey(5))), status: open, ..none() };
        assert_eq!(all(both).await, expected(|n| n % 6 == 0));
        let overdue = TicketFilter { due_before: Some(NOW.plus_seconds(11)), ..none() };
        assert_eq!(all(overdue).await, expected(|n| *n <= 10 && n % 2 == 0));
        let whose = TicketFilter { requester: Some(VisitorKey(3)), ..none() };
        assert_eq!(all(whose).await, expected(|n| n % 4 == 3));
        writer.close().await.unwrap();
    });
}

#[test]
fn tickets_are_found_by_what_they_say_until_it_is_erased() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let tickets = [(1, "退款没有到账", "zebrafish"), (2, "发票", "抬头"), (3, "退货", "quagga")];
        let tickets = tickets.map(|(number, subject, body)| Ticket {
            subject: subject.to_owned(),
            body: body.to_owned(),
            team: (number == 3).then_some(Uuid::from_u128(9)),
            ..ticket(number, 1)
        });
        record(&mut writer, tickets.iter().map(opens)).await;
        let comments = [("顺丰 SF1029", false), ("a difficult okapi", true)];
        let comments =
            comments.into_iter().zip(1..).map(|((text, internal), number)| TicketChange::Comment {
                ticket: Uuid::from_u128(2),
                comment: TicketComment {
                    id: Uuid::from_u128(100 + number),
                    author: ADA,
                    internal,
                    text: text.to_owned(),
                    created_at: NOW,
                },
            });
        record(&mut writer, comments).await;
        let found = async |text: &str, internal: bool| {
            let words =
                TicketWords { query: query(text, LastWord::Prefix), internal, number: text.parse().ok() };
            let filter = TicketFilter { words: Some(words), ..TicketFilter::default() };
            let (page, _) = store.tickets(&filter, None, 10).await.unwrap();
            page.iter().map(|ticket| ticket.number).collect::<Vec<_>>()
        };
        assert_eq!(found("退款", true).await, [1], "two characters are enough");
        assert_eq!(found("退款 zebra", true).await, [1], "subject and body together");
        assert_eq!(found("wang", true).await, [3, 2, 1], "the name of the contact");
        assert_eq!(found("sf1029", true).await, [2]);
        assert_eq!((found("okapi", true).await, found("okapi", false).await), (vec![2], vec![]));
        assert_eq!(found("3", true).await, [3], "its number");
        let team = TicketFilter { team: Some(Some(Uuid::from_u128(9))), ..TicketFilter::default() };
        assert_eq!(store.tickets(&team, None, 10).await.unwrap().0[0].number, 3);
        let none = TicketFilter { team: Some(None), ..TicketFilter::default() };
        assert_eq!(store.tickets(&none, None, 10).await.unwrap().0.len(), 2);

        let mut first = store.ticket(Uuid::from_u128(1)).await.unwrap().unwrap();
        let patch = TicketPatch { subject: Some("换货".to_owned()), ..TicketPatch::default() };
        let lines = first.apply(patch, NOW).unwrap();
        record(&mut writer, [TicketChange::Update { ticket: Box::new(first.clone()), lines, by: ADA }]).await;
        assert!(found("退款", true).await.is_empty());
        assert_eq!(found("换货 zebrafish", true).await, [1]);
        assert_eq!(store.ticket_subject_at_first(&first).await.unwrap(), "退款没有到账");

        let erase = Change::Privacy(PrivacyChange::EraseTickets(vec![1, 2]));
        let set = RecordSet { changes: vec![erase], audit: Vec::new() };
        writer.commit(&Batch { records: vec![set], ..Batch::default() }).await.unwrap();
        assert!(found("zebrafish", true).await.is_empty() && found("okapi", true).await.is_empty());
        assert_eq!(found("quagga", true).await, [3]);
        let scrub = writer.scrub(None).await.unwrap();
        while scrub.look().await.unwrap() {}
        writer.scrub(Some(Arc::clone(&scrub))).await.unwrap();
        drop(scrub);
        writer.close().await.unwrap();
        let file = std::fs::read(dir.path().join("kefu.db")).unwrap();
        let holds = |word: &str| file.windows(word.len()).any(|bytes| bytes == word.as_bytes());
        assert!(holds("quagga"));
        for erased in ["zebrafish", "zebra", "okapi", "sf1029", "SF1029"] {
            assert!(!holds(erased), "{erased} is in the file");
        }
    });
}
