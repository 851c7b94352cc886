//! Visitors who leave the queue or end what they began.

use super::*;

#[tokio::test]
async fn who_leaves_the_queue_makes_room_and_who_ends_a_conversation_frees_its_agent() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent, 1).await;
    let lin_line = office.line(&lin).await;
    lin_line.resume(&[]).await;
    lin_line.until("resumed").await;
    let mut guests = Vec::new();
    for number in 1..=3 {
        let (visitor, opened) = office.visitor(number).await;
        let id = opened.conversation_id;
        office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
        guests.push((visitor, id));
    }
    let [(first, one), (second, two), (third, three)] = &guests[..] else { unreachable!() };
    let place = async |who: &Identity, id: Uuid| {
        office.desk.conversation(who, id).await.unwrap().queue.map(|queue| queue.position)
    };
    assert_eq!((place(second, *two).await, place(third, *three).await), (Some(1), Some(2)));
    let left = office.desk.act(second, *two, Act::End).await.unwrap();
    assert_eq!((left.state, left.queue), (State::Resolved, None));
    assert_eq!(place(third, *three).await, Some(1), "who stood behind moves up");
    let again = office.desk.act(second, *two, Act::End).await.unwrap();
    assert_eq!(again.last_seq, left.last_seq, "it ends once");
    assert!(office.desk.act(second, *one, Act::End).await.is_err(), "of others it ends nothing");
    assert!(office.desk.act(&lin, *one, Act::End).await.is_err(), "an agent resolves");

    office.desk.act(first, *one, Act::End).await.unwrap();
    let ended = loop {
        let message = lin_line.next("message").await;
        if message["event"]["code"] == "resolved" {
            break message;
        }
    };
    assert_eq!(
        (&ended["event"]["by"]["kind"], &ended["text"]),
        (&Value::from("visitor"), &Value::from("the visitor has ended the conversation"),)
    );
    let taken = office.desk.conversation(third, *three).await.unwrap();
    assert_eq!(taken.assignee.unwrap().id, lin.id, "the place that came free is given on");
    office.desk.send(first, *one, Uuid::from_u128(2), text("one more thing")).await.unwrap();
    assert_eq!(place(first, *one).await, Some(1), "the next message takes it up again");
}
