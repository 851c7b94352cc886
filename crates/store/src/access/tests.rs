use kefu_core::{AgentKey, CustomRole, Permission, Rights};
use uuid::Uuid;

use super::{AccessChange, ApiKey};
use crate::tests::{NOW, open, run};
use crate::{Batch, Change, RecordSet, StoreError, Writer};

async fn write(writer: &mut Writer, change: AccessChange) -> Result<(), StoreError> {
    let set = RecordSet { changes: vec![Change::Access(change)], audit: Vec::new() };
    let batch = Batch { records: vec![set], ..Batch::default() };
    writer.commit(&batch).await.unwrap().records.pop().unwrap()
}

#[test]
fn roles_and_keys_come_back_as_they_were() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let rights: Rights = [Permission::Chat, Permission::Audit].into_iter().collect();
        let role = CustomRole { id: Uuid::from_u128(1), name: "质检".to_owned(), rights, created_at: NOW };
        let key = ApiKey {
            token_hash: [7; 32],
            id: Uuid::from_u128(2),
            owner: AgentKey(1),
            name: "reports".to_owned(),
            scopes: rights,
            networks: vec!["10.0.0.0/8".to_owned()],
            created_at: NOW,
            expires_at: Some(NOW.plus_seconds(60)),
            last_used_at: None,
        };
        let writer = &mut opened.writer;
        write(writer, AccessChange::Role(role.clone())).await.unwrap();
        let again = CustomRole { id: Uuid::from_u128(3), ..role.clone() };
        let taken = write(writer, AccessChange::Role(again)).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
        write(writer, AccessChange::Key(key.clone())).await.unwrap();
        assert_eq!(opened.store.roles().await.unwrap(), std::slice::from_ref(&role));
        assert_eq!(opened.store.api_key(&[7; 32]).await.unwrap(), Some(key.clone()));
        assert_eq!(opened.store.api_key(&[8; 32]).await.unwrap(), None);
        write(writer, AccessChange::KeySeen { id: key.id, at: NOW }).await.unwrap();
        assert_eq!(
            opened.store.api_keys().await.unwrap(),
            [ApiKey { last_used_at: Some(NOW), ..key.clone() }]
        );
        write(writer, AccessChange::DropKey(key.id)).await.unwrap();
        assert!(matches!(write(writer, AccessChange::DropKey(key.id)).await, Err(StoreError::Stale("key"))));
        write(writer, AccessChange::DropRole(role.id)).await.unwrap();
        assert!(opened.store.roles().await.unwrap().is_empty());
        opened.store.close().await;
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn a_code_is_taken_once() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, agent) = (&mut opened.writer, AgentKey(5));
        let used = |step| AccessChange::TotpUsed { agent, step };
        let confirmed = |sealed: u8, step| AccessChange::TotpConfirmed {
            agent,
            sealed: vec![sealed],
            step,
            recovery: vec![[1; 32], [2; 32]],
        };
        for sealed in [1, 2] {
            write(writer, AccessChange::Totp { agent, sealed: vec![sealed] }).await.unwrap();
        }
        assert!(write(writer, used(10)).await.is_err(), "it is not confirmed");
        assert!(write(writer, confirmed(1, 10)).await.is_err(), "another secret took its place");
        write(writer, confirmed(2, 10)).await.unwrap();
        assert!(write(writer, confirmed(2, 11)).await.is_err());
        assert!(write(writer, AccessChange::Totp { agent, sealed: vec![3] }).await.is_err());
        for (step, is_taken) in [(10, false), (9, false), (11, true), (11, false)] {
            assert_eq!(write(writer, used(step)).await.is_ok(), is_taken, "{step}");
        }
        let recovery = |hash| AccessChange::RecoveryUsed { agent, hash };
        for (hash, is_taken) in [([1; 32], true), ([1; 32], false), ([3; 32], false)] {
            assert_eq!(write(writer, recovery(hash)).await.is_ok(), is_taken);
        }
        assert_eq!(opened.store.recovery_codes(agent).await.unwrap(), 1);
        let resealed =
            |before: u8| AccessChange::TotpResealed { agent, before: vec![before], after: vec![9] };
        write(writer, resealed(1)).await.unwrap();
        assert_eq!(opened.store.totp(agent).await.unwrap().unwrap().sealed, [2]);
        write(writer, resealed(2)).await.unwrap();
        let [totp] = opened.store.totps(AgentKey(0), 10).await.unwrap().try_into().unwrap();
        assert_eq!((totp.sealed, totp.last_step, totp.is_confirmed), (vec![9], 11, true));
        assert!(opened.store.totps(agent, 10).await.unwrap().is_empty());
        write(writer, AccessChange::DropTotp(agent)).await.unwrap();
        assert!(write(writer, AccessChange::DropTotp(agent)).await.is_err());
        assert_eq!(opened.store.recovery_codes(agent).await.unwrap(), 0);
        opened.store.close().await;
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn how_far_the_audit_log_was_passed_on_is_kept() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        assert_eq!(opened.store.audit_sent().await.unwrap(), 0);
        for number in [7, 9] {
            write(&mut opened.writer, AccessChange::AuditSent(number)).await.unwrap();
            assert_eq!(opened.store.audit_sent().await.unwrap(), number);
        }
        opened.store.close().await;
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn a_store_can_be_read_while_it_is_served_and_after() {
    run(async |dir| {
        assert!(matches!(crate::open_reading(dir.path(), 1).await, Err(StoreError::Missing(_))));
        assert_eq!(crate::holder(dir.path()).unwrap(), None);
        let opened = open(dir.path()).await.unwrap();
        assert_eq!(crate::holder(dir.path()).unwrap(), Some(std::process::id()));
        let store = crate::open_reading(dir.path(), 1).await.unwrap();
        assert_eq!(store.verify_audit().await.unwrap().lines, 0);
        store.close().await;
        opened.store.close().await;
        opened.writer.close().await.unwrap();
        assert_eq!(crate::holder(dir.path()).unwrap(), None);
        let store = crate::open_reading(dir.path(), 1).await.unwrap();
        assert_eq!(store.verify_audit().await.unwrap().lines, 0);
        store.close().await;
    });
}
