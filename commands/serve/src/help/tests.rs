use axum::{Router, body::Body, extract::Request};
use http::{HeaderMap, HeaderName, header};
use kefu_core::Role;
use serde_json::json;
use tower::ServiceExt as _;

use crate::{address::Peer, http::tests::Office};

struct Page {
    status: u16,
    headers: HeaderMap,
    html: String,
}

async fn fetch(router: &Router, path: &str, sent: &[(HeaderName, &str)]) -> Page {
    let mut request = Request::builder().uri(path);
    for (name, value) in sent {
        request = request.header(name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(Peer(std::net::Ipv4Addr::LOCALHOST.into()));
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let html = String::from_utf8(bytes.to_vec()).unwrap();
    Page { status: parts.status.as_u16(), headers: parts.headers, html }
}

async fn office() -> (Office, Router) {
    let office = Office::open().await;
    let boss = office.token_of(office.agent("qian", Role::Supervisor).await).await;
    let text = |title: &str, body: &str| json!({"title": title, "body": body});
    let shelf = office.post("/categories", &boss, json!({"names": {"zh": "<售后>"}})).await.body;
    for article in [
        json!({"slug": "refunds", "state": "published", "category_id": shelf["id"],
            "texts": {"zh": text("怎么<退款>", "**三天**内申请退款 <script>x</script>"), "en": text("Refunds", "In 3 days")}}),
        json!({"slug": "draft", "texts": {"zh": text("草稿", "退款")}}),
    ] {
        assert_eq!(office.post("/articles", &boss, article).await.status, 201);
    }
    let router = super::router(office.services.clone());
    (office, router)
}

#[tokio::test]
async fn what_is_published_is_shown_and_cannot_run() {
    let (_office, router) = office().await;
    let list = fetch(&router, "/help/web/zh", &[]).await;
    assert_eq!(list.status, 200);
    assert!(list.html.contains("<h2>&lt;售后&gt;</h2>"), "{}", list.html);
    assert!(list.html.contains("<a href=\"/help/web/zh/refunds\">怎么&lt;退款&gt;</a>"), "{}", list.html);
    assert!(!list.html.contains("草稿"));
    let page = fetch(&router, "/help/web/zh/refunds", &[]).await;
    assert!(page.html.contains("<h1>怎么&lt;退款&gt;</h1>") && page.html.contains("<strong>三天</strong>"));
    assert!(!page.html.contains("<script") && page.html.contains("&lt;script&gt;"));
    assert!(page.html.contains("<a href=\"/help/web/en/refunds\" lang=\"en\""));
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script"));
    let tag = page.headers[header::ETAG].to_str().unwrap();
    assert_eq!(fetch(&router, "/help/web/zh/refunds", &[(header::IF_NONE_MATCH, tag)]).await.status, 304);
    assert_eq!(
        fetch(&router, "/help/style.css", &[]).await.headers["content-type"],
        "text/css; charset=utf-8"
    );
}

#[tokio::test]
async fn two_characters_are_found_and_what_is_typed_is_escaped() {
    let (_office, router) = office().await;
    let found = fetch(&router, "/help/web/zh?q=%E9%80%80%E6%AC%BE", &[]).await;
    assert!(found.html.contains("怎么&lt;<mark>退款</mark>&gt;"), "{}", found.html);
    assert_eq!(found.html.matches("<li>").count(), 1, "drafts are not found");
    let odd = fetch(&router, "/help/web/zh?q=%22%3E%3Cscript%3E", &[]).await;
    assert!(odd.html.contains("value=\"&quot;&gt;&lt;script&gt;\""), "{}", odd.html);
    let long = format!("/help/web/zh?q={}", "x".repeat(5000));
    assert_eq!(fetch(&router, &long, &[]).await.status, 200);
}

#[tokio::test]
async fn readers_are_led_to_their_language_and_nothing_else_is_there() {
    let (office, router) = office().await;
    for (accepted, path) in [("en-GB", "/help/web/en"), ("zh", "/help/web/zh"), ("de", "/help/web/zh")] {
        let page = fetch(&router, "/help/web", &[(header::ACCEPT_LANGUAGE, accepted)]).await;
        assert_eq!((page.status, &page.headers["location"]), (307, &path.parse().unwrap()));
        assert_eq!(page.headers["vary"], "accept-language");
    }
    for path in ["/help/none", "/help/web/de", "/help/none/zh", "/help/web/zh/draft", "/help/web/zh/none"] {
        let page = fetch(&router, path, &[]).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.html.contains("</html>"));
    }
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let inbox = office.services.desk.directory().inbox_by_slug("web").unwrap().id;
    let hide = json!({"settings": {"help_hidden": true}});
    let hidden = office
        .ask(
            http::Method::PATCH,
            &format!("/inboxes/{inbox}"),
            Some(hide),
            &crate::http::tests::Ask::by(&admin),
        )
        .await;
    assert_eq!(hidden.status, 200, "{}", hidden.body);
    for path in ["/help/web", "/help/web/zh", "/help/web/zh/refunds"] {
        assert_eq!(fetch(&router, path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(fetch(&router, "/help/shop/zh/refunds", &[]).await.status, 200);
}
