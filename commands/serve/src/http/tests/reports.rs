//! Figures: who may read them, and what they say of what went over the interface.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Ask, Office},
    rights::{Case, case},
};

const RANGE: &str = "from=2026-01-01&to=2026-12-31";

pub(super) fn cases() -> Vec<Case> {
    let get = |path| case(Method::GET, path, None, [401, 403, 403, 403, 403, 200, 200]);
    vec![
        get("/reports?from=2026-01-01&to=2026-01-31&by=team"),
        get("/reports?from=2026-01-01&to=2026-01-31&by=hour&format=csv"),
        get("/reports/now"),
    ]
}

/// The days around now: the clock of these tests is the machine's.
fn around_now() -> String {
    let now = jiff::Timestamp::from_microsecond(crate::clock::now().0).unwrap();
    let hours = |hours| now.saturating_add(jiff::Span::new().hours(hours)).unwrap();
    format!("from={}&to={}", hours(-1), hours(1))
}

#[tokio::test]
async fn what_went_through_the_desk_is_counted() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent).await;
    let qian = office.agent("qian", Role::Supervisor).await;
    let (token, reader) = (office.token_of(lin).await, office.token_of(qian).await);
    let answered = office.taken_by(&token).await;
    let path = format!("/conversations/{}", answered.conversation);
    let message = json!({"client_id": Uuid::from_u128(5), "kind": "text", "text": "您好"});
    assert_eq!(office.post(&format!("{path}/messages"), &token, message.clone()).await.status, 201);
    assert_eq!(
        office.ask(Method::POST, &format!("{path}/resolve"), None, &Ask::by(&token)).await.status,
        200
    );
    let rating = json!({"score": 4});
    assert_eq!(office.post(&format!("{path}/rating"), &answered.token, rating).await.status, 200);
    let waiting = office.guest().await;
    let messages = format!("/conversations/{}/messages", waiting.conversation);
    assert_eq!(office.post(&messages, &waiting.token, message).await.status, 201);

    let now = office.get("/reports/now", &reader).await.body;
    assert_eq!((&now["total"]["waiting"], &now["total"]["open"]), (&json!(1), &json!(0)), "{now}");
    assert!(now["total"]["longest_wait_s"].as_i64().unwrap() < 30, "{now}");
    assert_eq!(now["queues"][0]["counts"]["waiting"], 1);
    assert_eq!(now["queues"][0]["team_id"], Value::Null);
    let agents = now["agents"].as_array().unwrap();
    let busy = agents.iter().find(|agent| agent["name"] == "lin").unwrap();
    assert_eq!((&busy["status"], &busy["load"]), (&json!("offline"), &json!(0)));

    let range = around_now();
    let report = office.get(&format!("/reports?{range}&by=agent&zone=Asia/Shanghai"), &reader).await;
    assert_eq!(report.status, 200, "{}", report.body);
    let total = &report.body["total"];
    for (figure, expected) in [("opened", 2), ("handled", 1), ("resolved", 1), ("missed", 0)] {
        assert_eq!(total[figure], expected, "{figure}: {total}");
    }
    for (figure, expected) in [("messages_in", 2), ("messages_out", 1), ("transfers", 0)] {
        assert_eq!(total[figure], expected, "{figure}: {total}");
    }
    assert_eq!(total["first_response"]["count"], 1);
    assert_eq!(total["ratings"]["mean"], 4.0);
    let rows = report.body["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == "lin").unwrap();
    assert_eq!((&row["id"], &row["figures"]["handled"]), (&json!(lin), &json!(1)));

    let only = office.get(&format!("/reports?{range}&agent={qian}"), &reader).await.body;
    assert_eq!(only["total"]["messages_out"], 0);
}

#[tokio::test]
async fn a_csv_opens_in_excel_and_leaves_a_line_in_the_audit_log() {
    let office = Office::open().await;
    let evil = office.agent("=cmd", Role::Agent).await;
    let qian = office.agent("qian", Role::Supervisor).await;
    let (token, reader) = (office.token_of(evil).await, office.token_of(qian).await);
    office.taken_by(&token).await;
    let path = format!("/reports?{}&by=agent&language=zh", around_now());
    let answer = office.ask(Method::GET, &path, None, &Ask::by(&reader).header("accept", "text/csv")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"kefu-report-agent.csv\"");
    let text = answer.body.as_str().unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("\u{feff}客服,会话量,接待量,漏接量,"), "{text}");
    assert!(lines.iter().any(|line| line.starts_with("'=cmd,")), "{text}");
    assert!(lines.last().unwrap().starts_with("合计,1,"), "{text}");
    let cells = |line: &str| line.split(',').count();
    assert!(lines.iter().all(|line| cells(line) == cells(lines[0])), "{text}");
    assert_eq!(office.trail().await.last().unwrap().0, "report.exported");
    let before = office.trail().await.len();
    assert_eq!(office.get(&format!("/reports?{RANGE}&format=json"), &reader).await.status, 200);
    assert_eq!(office.trail().await.len(), before);
}

#[tokio::test]
async fn what_cannot_be_counted_is_named() {
    let office = Office::open().await;
    let qian = office.agent("qian", Role::Supervisor).await;
    let token = office.token_of(qian).await;
    for (query, field) in [
        ("to=2026-01-01".to_owned(), "from"),
        ("from=2026-01-01".to_owned(), "to"),
        ("from=x&to=2026-01-01".to_owned(), "from"),
        ("from=2026-01-02&to=2026-01-01".to_owned(), "to"),
        ("from=2024-01-01&to=2026-01-01".to_owned(), "to"),
        (format!("{RANGE}&by=hour"), "to"),
        (format!("{RANGE}&by=planet"), "by"),
        (format!("{RANGE}&zone=Mars/Base"), "zone"),
        (format!("{RANGE}&format=pdf"), "format"),
        (format!("{RANGE}&language=fr"), "language"),
        (format!("{RANGE}&agent=x"), "agent"),
        (format!("{RANGE}&agent={}", Uuid::nil()), "agent"),
        (format!("{RANGE}&team={}", Uuid::nil()), "team"),
        (format!("{RANGE}&inbox={}", Uuid::nil()), "inbox"),
        (format!("{RANGE}&tag={}", Uuid::nil()), "tag"),
    ] {
        let answer = office.get(&format!("/reports?{query}"), &token).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!(field)), "{query}");
    }
}

#[tokio::test]
async fn a_role_or_a_key_with_the_permission_reads_figures() {
    let office = Office::open().await;
    let zhao = office.agent("zhao", Role::Admin).await;
    let path = format!("/reports?{RANGE}");
    for (scope, status) in [("reports", 200), ("chat", 403)] {
        let (_, key) = office.key(zhao, &[scope]).await;
        assert_eq!(office.get(&path, &key).await.status, status, "{scope}");
        assert_eq!(office.get("/reports/now", &key).await.status, status, "{scope}");
    }
}
