use kefu_core::{AgentKey, AgentStatus, InboxKey, Principal, VisitorKey};
use uuid::Uuid;

use super::{NOW, agent, inbox, open, run, shown, visitor};
use crate::{Batch, Change, Session, StoreError};

fn of(changes: impl Into<Vec<Change>>) -> Batch {
    Batch { changes: changes.into(), ..Batch::default() }
}

fn session(number: u8, principal: Principal) -> Session {
    Session {
        token_hash: [number; 32],
        id: Uuid::from_u128(number.into()),
        principal,
        inbox: Some(InboxKey(1)),
        created_at: NOW,
        last_seen_at: NOW.plus_seconds(number.into()),
        expires_at: Some(NOW.plus_seconds(3_600)),
        user_agent: "test".to_owned(),
        address: "192.0.2.1".to_owned(),
    }
}

#[test]
fn agents_and_their_passwords() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        assert!(store.is_empty().await.unwrap());
        writer.commit(&of([Change::SetupToken(Some([9; 32]))])).await.unwrap();
        assert_eq!(store.setup_token_hash().await.unwrap(), Some([9; 32]));

        let mut ada = agent(writer.next_agent_key(), "ada@example.com");
        let password = Change::Password { agent: ada.key, hash: "$argon2id$…".to_owned() };
        let batch = of([Change::Agent(ada.clone()), password, Change::SetupToken(None)]);
        writer.commit(&batch).await.unwrap();
        assert!(!store.is_empty().await.unwrap());
        assert_eq!(store.setup_token_hash().await.unwrap(), None);

        ada.status = AgentStatus::Online;
        ada.disabled = true;
        writer.commit(&of([Change::Agent(ada.clone())])).await.unwrap();
        let (found, hash) = store.agent_by_email("ada@example.com").await.unwrap().unwrap();
        assert_eq!((shown(&found), hash.as_str()), (shown(&ada), "$argon2id$…"));
        assert_eq!(store.password_hash(ada.key).await.unwrap().as_deref(), Some("$argon2id$…"));
        assert_eq!(store.password_hash(AgentKey(99)).await.unwrap(), None);
        assert_eq!(shown(store.agents().await.unwrap()), shown([&ada]));

        let twin = agent(writer.next_agent_key(), "ada@example.com");
        let result =
            writer.commit(&of([Change::Inbox(Box::new(inbox(InboxKey(5), "x"))), Change::Agent(twin)])).await;
        assert!(matches!(result, Err(StoreError::Conflict(what)) if what.contains("email")));
        assert_eq!(store.inboxes().await.unwrap().len(), 0);
        writer.close().await.unwrap();
    });
}

#[test]
fn inboxes_and_visitors() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let web = inbox(writer.next_inbox_key(), "web");
        let first = visitor(writer.next_visitor_key(), Some("42"), false);
        let second = visitor(writer.next_visitor_key(), Some("42"), true);
        let mut third = visitor(writer.next_visitor_key(), None, false);
        let all = [&first, &second, &third].map(|visitor| Change::Visitor(visitor.clone()));
        writer.commit(&of(all)).await.unwrap();
        writer.commit(&of([Change::Inbox(Box::new(web.clone()))])).await.unwrap();
        assert_eq!(shown(store.inbox_by_slug("web").await.unwrap()), shown(Some(&web)));
        assert_eq!(shown(store.inboxes().await.unwrap()), shown([&web]));

        let verified = store.verified_visitor(InboxKey(1), "42").await.unwrap();
        assert_eq!(shown(verified), shown(Some(&second)));
        third.email = "grace@example.com".to_owned();
        writer.commit(&of([Change::Visitor(third.clone())])).await.unwrap();
        assert_eq!(shown(store.visitor_by_id(third.id).await.unwrap()), shown(Some(&third)));
        assert_eq!(shown(store.visitor(third.key).await.unwrap()), shown(Some(&third)));
        let some = store.visitors(&[first.key, third.key, VisitorKey(77)]).await.unwrap();
        assert_eq!(shown(some), shown([&first, &third]));
        writer.close().await.unwrap();
        let mut writer = open(dir.path()).await.unwrap().writer;
        assert_eq!(writer.next_visitor_key(), VisitorKey(4));
        writer.close().await.unwrap();
    });
}

#[test]
fn sessions_begin_and_end() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let ada = Principal::Agent(AgentKey(1));
        let grace = Principal::Visitor(VisitorKey(1));
        let all = [session(1, ada), session(2, ada), session(3, ada), session(4, grace)];
        writer.commit(&of(all.clone().map(Change::Session))).await.unwrap();
        assert_eq!(store.session(&[2; 32]).await.unwrap().as_ref(), Some(&all[1]));
        assert_eq!(store.session(&[5; 32]).await.unwrap(), None);

        let seen = Change::SessionSeen { token_hash: [1; 32], at: NOW.plus_seconds(60) };
        writer.commit(&of([seen])).await.unwrap();
        let ids = |sessions: Vec<Session>| sessions.iter().map(|one| one.id.as_u128()).collect::<Vec<_>>();
        assert_eq!(ids(store.sessions_of(ada).await.unwrap()), [1, 3, 2]);
        writer.commit(&of([Change::EndSession(all[1].id), Change::EndToken([3; 32])])).await.unwrap();
        assert_eq!(ids(store.sessions_of(ada).await.unwrap()), [1]);
        writer.commit(&of([Change::EndSessionsOf(ada)])).await.unwrap();
        assert_eq!(ids(store.sessions_of(ada).await.unwrap()), Vec::<u128>::new());
        assert_eq!(ids(store.sessions_of(grace).await.unwrap()), [4]);
        writer.close().await.unwrap();
    });
}

#[test]
fn a_renewed_session_lives_on_and_an_ended_one_does_not() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let known = session(1, Principal::Visitor(VisitorKey(1)));
        writer.commit(&of([Change::Session(known.clone())])).await.unwrap();
        let renewed = |number: u8| Change::SessionRenewed {
            token_hash: [number; 32],
            at: NOW.plus_seconds(60),
            expires_at: Some(NOW.plus_seconds(7_200)),
            user_agent: "another".to_owned(),
            address: "192.0.2.9".to_owned(),
        };
        writer.commit(&of([renewed(1), renewed(2)])).await.unwrap();
        let expected = Session {
            last_seen_at: NOW.plus_seconds(60),
            expires_at: Some(NOW.plus_seconds(7_200)),
            user_agent: "another".to_owned(),
            address: "192.0.2.9".to_owned(),
            ..known
        };
        assert_eq!(store.session(&[1; 32]).await.unwrap(), Some(expected));
        assert_eq!(store.session(&[2; 32]).await.unwrap(), None);
        writer.close().await.unwrap();
    });
}

#[test]
fn expired_sessions_go_in_slices() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let visitor = Principal::Visitor(VisitorKey(1));
        // Every third one stays: one for an hour, the other for ever.
        let all = (1..=60).map(|number| Session {
            expires_at: (number % 6 != 0).then(|| match number % 3 {
                0 => NOW.plus_seconds(3_600),
                _ => NOW.plus_seconds(-i64::from(number)),
            }),
            ..session(number, visitor)
        });
        writer.commit(&of(all.map(Change::Session).collect::<Vec<_>>())).await.unwrap();
        let left = async || store.sessions_of(visitor).await.unwrap().len();

        let first = writer.drop_expired_sessions(NOW, 15).await.unwrap();
        assert_eq!((first, left().await), (10, 50), "fifteen are looked at");
        let mut dropped = first;
        for _ in 0..4 {
            dropped += writer.drop_expired_sessions(NOW, 15).await.unwrap();
        }
        assert_eq!((dropped, left().await), (40, 20));
        // Round and round: what expires later goes later.
        let late = NOW.plus_seconds(3_600);
        let mut later = 0;
        for _ in 0..3 {
            later += writer.drop_expired_sessions(late, 15).await.unwrap();
        }
        assert_eq!((later, left().await), (10, 10));
        writer.close().await.unwrap();
        assert_eq!(crate::check(dir.path()).await.unwrap(), Vec::<String>::new());
    });
}
