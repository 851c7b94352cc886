//! The knowledge base over REST, and its rows of the table of rights.

use http::Method;
use kefu_core::Role;
use serde_json::{Value, json};

use super::{
    office::{Ask, Office},
    records::id,
    rights::{Case, case},
};

/// The rows; `{d}` and `{b}` are a published article and a category.
pub(super) fn cases() -> Vec<Case> {
    let get = |path, statuses| case(Method::GET, path, None, statuses);
    let post = |path, body, statuses| case(Method::POST, path, Some(body), statuses);
    let patch = |path, body, statuses| case(Method::PATCH, path, Some(body), statuses);
    let delete = |path, statuses| case(Method::DELETE, path, None, statuses);
    let writers = |status| [401, 403, 403, 403, 403, status, status];
    let readers = [401, 403, 403, 200, 200, 200, 200];
    let text = |version| json!({"version": version, "title": "x", "body": "y"});
    vec![
        get("/categories", readers),
        post("/categories", json!({"names": {"zh": "售后"}}), writers(201)),
        patch("/categories/{b}", json!({"position": 2}), writers(200)),
        patch("/categories/{n}", json!({"position": 2}), writers(404)),
        delete("/categories/{b}", writers(204)),
        get("/articles", readers),
        post("/articles", json!({"texts": {"zh": {"title": "x", "body": "y"}}}), writers(201)),
        get("/articles/search?q=x", readers),
        get("/widget/articles?inbox=web&q=x", [200; 7]),
        get("/widget/articles?inbox=none&q=x", [404; 7]),
        get("/widget/articles?inbox=web", [200; 7]),
        get("/articles/{d}", readers),
        get("/articles/{n}", [401, 403, 403, 404, 404, 404, 404]),
        patch("/articles/{d}", json!({"version": 1, "state": "archived"}), writers(200)),
        patch("/articles/{d}", json!({"version": 7}), writers(409)),
        delete("/articles/{d}", writers(204)),
        get("/articles/{d}/texts/zh", readers),
        get("/articles/{d}/texts/zh?version=9", [401, 403, 403, 404, 404, 404, 404]),
        get("/articles/{d}/texts/en", [401, 403, 403, 404, 404, 404, 404]),
        case(Method::PUT, "/articles/{d}/texts/zh", Some(text(1)), writers(200)),
        case(Method::PUT, "/articles/{d}/texts/en", Some(text(1)), writers(409)),
        // It is the only one that the article has.
        delete("/articles/{d}/texts/zh?version=1", writers(409)),
        delete("/articles/{d}/texts/en?version=1", writers(404)),
        get("/articles/{d}/texts/zh/versions", readers),
        post("/articles/{d}/texts/zh/restore", json!({"version": 1}), writers(200)),
        post("/articles/{d}/insert", json!({"conversation_id": "{c}"}), [401, 403, 403, 200, 404, 200, 200]),
        post("/articles/{d}/vote", json!({"helped": true}), [401, 204, 204, 403, 403, 403, 403]),
        post("/articles/{n}/vote", json!({"helped": true}), [401, 404, 404, 403, 403, 403, 403]),
    ]
}

async fn boss(office: &Office) -> String {
    office.token_of(office.agent("qian", Role::Supervisor).await).await
}

#[tokio::test]
async fn an_article_is_written_found_and_taken_back() {
    let office = Office::open().await;
    let boss = boss(&office).await;
    let texts = json!({"zh": {"title": "怎么退款", "body": "# 退款\n三天 [这里](https://shop.example/r)"}});
    let made = office.post("/articles", &boss, json!({"slug": "refunds", "texts": texts})).await;
    assert_eq!((made.status, &made.body["state"]), (201, &json!("draft")));
    let path = format!("/articles/{}", id(&made.body));
    let published = async |q: &str| -> usize {
        let path = format!("/widget/articles?inbox=web&q={q}");
        let answer = office.ask(Method::GET, &path, None, &Ask::default()).await;
        answer.body["items"].as_array().unwrap().len()
    };
    assert_eq!(published("%E9%80%80%E6%AC%BE").await, 0, "a draft is for agents");
    let publish = json!({"version": 1, "state": "published"});
    let answer = office.ask(Method::PATCH, &path, Some(publish), &Ask::by(&boss)).await;
    assert_eq!((answer.status, &answer.body["version"]), (200, &json!(2)));
    assert_eq!(published("%E9%80%80%E6%AC%BE").await, 1);
    let found = office.get("/articles/search?q=%E9%80%80%E6%AC%BE", &boss).await.body["items"][0].clone();
    assert_eq!(found["title_highlights"], json!([[2, 4]]));
    assert_eq!(found["snippet"]["text"], "退款\n三天 这里 (https://shop.example/r)");

    let write = |version: u32, body: &str| json!({"version": version, "title": "怎么退款", "body": body});
    let text = format!("{path}/texts/zh");
    let put = async |body| office.ask(Method::PUT, &text, Some(body), &Ask::by(&boss)).await;
    assert_eq!(put(write(1, "五天")).await.body["texts"]["zh"]["version"], 2);
    assert_eq!(put(write(1, "七天")).await.status, 409, "who did not see version 2 does not replace it");
    assert_eq!(published("%E4%B8%89%E5%A4%A9").await, 0);
    let restored = office.post(&format!("{text}/restore"), &boss, json!({"version": 1})).await;
    assert_eq!(restored.body["texts"]["zh"]["version"], 3);
    assert_eq!(published("%E4%B8%89%E5%A4%A9").await, 1);
    let versions = office.get(&format!("{text}/versions"), &boss).await.body;
    assert_eq!(versions["items"].as_array().unwrap().len(), 3);

    let guest = office.taken_by(&boss).await;
    let inserted =
        office.post(&format!("{path}/insert"), &boss, json!({"conversation_id": guest.conversation})).await;
    assert_eq!(inserted.body["url"], "/help/web/zh/refunds");
    for helped in [true, false] {
        let vote = office.post(&format!("{path}/vote"), &guest.token, json!({"helped": helped})).await;
        assert_eq!(vote.status, 204);
    }
    let seen = office.get(&path, &boss).await.body;
    assert_eq!((&seen["uses"], &seen["helped"], &seen["not_helped"]), (&json!(1), &json!(0), &json!(1)));
    let actions: Vec<_> = office.trail().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["article.made", "article.changed", "article.written", "article.written"]);
}

#[tokio::test]
async fn visitors_see_the_top_articles_before_they_search() {
    let office = Office::open().await;
    let boss = boss(&office).await;
    let zh = |title: &str| json!({"zh": {"title": title, "body": "x"}});
    let has_articles = async || {
        let config = office.ask(Method::GET, "/widget/config?inbox=web", None, &Ask::default()).await;
        config.body["articles"].clone()
    };
    let make = async |article: Value| office.post("/articles", &boss, article).await.body;
    make(json!({"texts": zh("a draft")})).await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let elsewhere = office.post("/inboxes", &admin, json!({"key": "other", "name": "x"})).await;
    let elsewhere = id(&elsewhere.body);
    make(json!({"texts": zh("elsewhere"), "state": "published", "inbox_ids": [elsewhere]})).await;
    assert_eq!(has_articles().await, json!(false), "nothing is published for this inbox");

    for number in 0..5 {
        make(json!({"texts": zh(&format!("{number}")), "state": "published"})).await;
    }
    assert_eq!(has_articles().await, json!(true));
    let used = make(json!({"texts": zh("used"), "state": "published"})).await;
    make(json!({"texts": zh("late"), "state": "published"})).await;
    let texts =
        json!({"zh": {"title": "置顶", "body": "# 三天"}, "en": {"title": "pinned", "body": "three days"}});
    let pinned = make(json!({"texts": texts, "state": "published"})).await;
    let pin = json!({"version": 1, "pinned": true});
    let path = format!("/articles/{}", id(&pinned));
    let answer = office.ask(Method::PATCH, &path, Some(pin), &Ask::by(&boss)).await;
    assert_eq!((answer.status, &answer.body["pinned"]), (200, &json!(true)));
    let guest = office.taken_by(&boss).await;
    let insert = json!({"conversation_id": guest.conversation});
    office.post(&format!("/articles/{}/insert", id(&used)), &boss, insert).await;

    let top = async |more: &str| -> Vec<String> {
        let path = format!("/widget/articles?inbox=web{more}");
        let answer = office.ask(Method::GET, &path, None, &Ask::default()).await.body;
        let items = answer["items"].as_array().unwrap();
        items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(top("").await, ["置顶", "used", "late", "4", "3"]);
    assert_eq!(top("&language=en").await, ["pinned"]);
    let shown = office.ask(Method::GET, "/widget/articles?inbox=web", None, &Ask::default()).await.body;
    assert_eq!(shown["items"][0]["snippet"]["text"], "三天");
    assert_eq!(shown["items"][0]["title_highlights"], json!([]));
}

#[tokio::test]
async fn a_language_is_taken_out_of_an_article() {
    let office = Office::open().await;
    let boss = boss(&office).await;
    let texts =
        json!({"zh": {"title": "退款", "body": "三天"}, "en": {"title": "refunds", "body": "three days"}});
    let made = office.post("/articles", &boss, json!({"texts": texts, "state": "published"})).await.body;
    let path = format!("/articles/{}", id(&made));
    let ask = async |method, path: &str| office.ask(method, path, None, &Ask::by(&boss)).await;
    let missing = ask(Method::DELETE, &format!("{path}/texts/en")).await;
    assert_eq!((missing.status, &missing.body["field"]), (400, &json!("version")));
    let again = json!({"version": 1, "title": "refunds", "body": "five days"});
    office.ask(Method::PUT, &format!("{path}/texts/en"), Some(again), &Ask::by(&boss)).await;
    let stale = ask(Method::DELETE, &format!("{path}/texts/en?version=1")).await;
    assert_eq!(stale.status, 409, "who did not see version 2 does not remove it");
    let left = ask(Method::DELETE, &format!("{path}/texts/en?version=2")).await;
    assert_eq!((left.status, left.body["texts"].as_object().unwrap().len()), (200, 1), "{}", left.body);
    assert!(office.get("/articles/search?q=days", &boss).await.body["items"].as_array().unwrap().is_empty());
    let versions = office.get(&format!("{path}/texts/en/versions"), &boss).await.body;
    assert_eq!(versions["items"], json!([]), "nothing of it is kept");
    let last = ask(Method::DELETE, &format!("{path}/texts/zh?version=1")).await;
    assert_eq!((last.status, &last.body["field"]), (409, &json!("language")));
    let anew = json!({"version": 0, "title": "refunds", "body": "a week"});
    let written = office.ask(Method::PUT, &format!("{path}/texts/en"), Some(anew), &Ask::by(&boss)).await;
    assert_eq!((written.status, &written.body["texts"]["en"]["version"]), (200, &json!(1)));
    let actions: Vec<_> = office.trail().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["article.made", "article.written", "article.text_removed", "article.written"]);
}

#[tokio::test]
async fn what_does_not_fit_names_its_field() {
    let office = Office::open().await;
    let boss = boss(&office).await;
    let texts = |title: &str, body: &str| json!({"zh": {"title": title, "body": body}});
    let long = "字".repeat(50_001);
    let mut cases: Vec<(Value, u16, &str)> = vec![
        (json!({"texts": {}}), 400, "texts"),
        (json!({"texts": {"de": {"title": "x", "body": "y"}}}), 400, "texts"),
        (json!({"texts": texts("", "y")}), 400, "title"),
        (json!({"texts": texts("x", " ")}), 400, "body"),
        (json!({"texts": texts("x", &long)}), 413, "body"),
        (json!({"slug": "../etc", "texts": texts("x", "y")}), 400, "slug"),
        (json!({"state": "gone", "texts": texts("x", "y")}), 400, "state"),
        (json!({"category_id": uuid::Uuid::from_u128(9), "texts": texts("x", "y")}), 400, "category_id"),
        (json!({"inbox_ids": [uuid::Uuid::from_u128(9)], "texts": texts("x", "y")}), 400, "inbox_ids"),
    ];
    assert_eq!(
        office.post("/articles", &boss, json!({"slug": "a", "texts": texts("x", "y")})).await.status,
        201
    );
    cases.push((json!({"slug": "a", "texts": texts("x", "y")}), 409, "slug"));
    for (body, status, field) in cases {
        let answer = office.post("/articles", &boss, body.clone()).await;
        assert_eq!((answer.status, &answer.body["field"]), (status, &json!(field)), "{body}");
    }
    for names in [json!({}), json!({"de": "x"}), json!({"zh": ""})] {
        let answer = office.post("/categories", &boss, json!({"names": names})).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!("names")));
    }
    for path in ["/articles/search?q=", "/articles/search?q=%20"] {
        assert_eq!(office.get(path, &boss).await.body["field"], "q");
    }
}
