//! Files: the rows of the table of rights, how they come in, are sent and fetched, and what is refused.

use std::{
    fs,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http::Method;
use http_body::Frame;
use kefu_app::ByteSize;
use kefu_core::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Answer, Ask, Guest, Office, unlimited},
    records::id,
    rights::{Case, case},
};
use crate::{
    clock,
    settings::{FileSettings, Settings},
};

/// The rows. `{f}` and `{u}` are files of the conversation's visitor, one that was sent and one that was not.
pub(super) fn cases() -> Vec<Case> {
    let send = json!({"client_id": Uuid::from_u128(3), "kind": "file", "data": {"file_id": "{u}"}});
    vec![
        // Whoever may write there is told that the body is none.
        case(Method::POST, "/conversations/{c}/files", None, [401, 415, 404, 415, 404, 415, 415]),
        case(Method::POST, "/conversations/{n}/files", None, [401, 404, 404, 404, 404, 404, 404]),
        case(Method::GET, "/files/{f}", None, [401, 200, 404, 200, 404, 200, 200]),
        case(Method::GET, "/files/{u}", None, [401, 200, 404, 404, 404, 404, 404]),
        case(Method::GET, "/files/{n}", None, [401, 404, 404, 404, 404, 404, 404]),
        // Nobody sends the file of another side.
        case(Method::POST, "/conversations/{c}/messages", Some(send), [401, 201, 404, 400, 404, 400, 400]),
    ]
}

/// What stands for the placeholders.
pub(super) async fn fixtures(office: &Office, guest: &Guest) -> Vec<(&'static str, Uuid)> {
    let sent = office.uploaded(guest, "sent.txt", b"hello").await;
    assert_eq!(office.send_file(guest, 8, "file", sent).await.status, 201);
    vec![("{f}", sent), ("{u}", office.uploaded(guest, "unsent.txt", b"hello").await)]
}

/// A body with one file.
fn form(name: &str, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--XYZ--\r\n"].concat()
}

impl Office {
    pub(super) async fn upload(&self, guest: &Guest, body: impl Into<Body>) -> Answer {
        let path = format!("/api/v1/conversations/{}/files", guest.conversation);
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", guest.token))
            .header("content-type", "multipart/form-data; boundary=XYZ");
        self.answer(request.body(body.into()).unwrap(), &Ask::default()).await
    }

    pub(super) async fn uploaded(&self, guest: &Guest, name: &str, bytes: &[u8]) -> Uuid {
        let answer = self.upload(guest, form(name, "application/octet-stream", bytes)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        id(&answer.body)
    }

    pub(super) async fn send_file(&self, guest: &Guest, client_id: u128, kind: &str, file: Uuid) -> Answer {
        let body = json!({"client_id": Uuid::from_u128(client_id), "kind": kind, "data": {"file_id": file}});
        self.post(&format!("/conversations/{}/messages", guest.conversation), &guest.token, body).await
    }

    pub(super) async fn fetch(&self, url: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut request = Request::get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request.body(Body::empty()).unwrap(), &Ask::default()).await
    }

    /// The last message of the guest's conversation, events left aside.
    pub(super) async fn last_message(&self, guest: &Guest, token: &str) -> Value {
        let page = self.get(&format!("/conversations/{}/messages", guest.conversation), token).await.body;
        page["items"].as_array().unwrap().iter().rfind(|item| item["kind"] != "event").unwrap().clone()
    }

    fn bytes_of(&self, file: Uuid) -> Option<Vec<u8>> {
        fs::read(self.services.store.file_dir().path(file)).ok()
    }

    /// Files that are still on their way.
    fn incoming(&self) -> usize {
        fs::read_dir(self.services.store.file_dir().root().join("incoming")).map_or(0, Iterator::count)
    }
}

/// A picture of one pixel, with more in it than that.
fn png() -> Vec<u8> {
    let chunk = |name: &[u8], data: &[u8]| {
        let len = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&len, name, data, &[0; 4]].concat()
    };
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(b"IHDR", b"\0\0\0\x02\0\0\0\x03\x08\0\0\0\0"),
        &chunk(b"tEXt", b"Comment\0SECRET-PLACE"),
        &chunk(b"eXIf", b"II*\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0GPS!\0\0\0\0SECRET-PLACE"),
        &chunk(b"IDAT", b"\x78\x9c\x63\0\0\0\x01\0\x01"),
        &chunk(b"IEND", b""),
        b"SECRET-PLACE",
    ]
    .concat()
}

#[tokio::test]
async fn a_file_is_uploaded_sent_and_fetched() {
    let office = Office::open().await;
    let agent = office.agent("lin", Role::Agent).await;
    let agent = office.token_of(agent).await;
    let guest = office.taken_by(&agent).await;
    let answer = office.upload(&guest, form("../发票.PNG", "image/png", &png())).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let file = id(&answer.body);
    let stored = office.bytes_of(file).unwrap();
    let expected = [
        ("name", json!("发票.PNG")),
        ("kind", json!("image")),
        ("media_type", json!("image/png")),
        ("size", json!(stored.len())),
        ("width", json!(2)),
        ("height", json!(3)),
    ];
    for (field, value) in expected {
        assert_eq!(answer.body[field], value, "{}", answer.body);
    }
    assert!(memchr(&stored, b"SECRET-PLACE").is_none(), "what is not the picture is stored");
    assert_eq!(office.incoming(), 0);
    assert_eq!(office.send_file(&guest, 5, "voice", file).await.status, 400);
    assert_eq!(office.send_file(&guest, 5, "image", file).await.status, 201);
    assert_eq!(office.send_file(&guest, 5, "image", file).await.status, 200, "a repeat is the same message");
    assert_eq!(office.send_file(&guest, 6, "image", file).await.status, 409, "a file is sent once");
    let message = office.last_message(&guest, &agent).await;
    assert_eq!((&message["kind"], &message["text"]), (&json!("image"), &json!("[image]")));
    assert_eq!(message["data"]["file_id"], json!(file));
    let url = message["data"]["url"].as_str().unwrap();
    let fetched = office.fetch(url, &[]).await;
    assert_eq!(fetched.status, 200);
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("referrer-policy", "no-referrer"),
        ("accept-ranges", "bytes"),
        ("content-disposition", "inline; filename=\"__.PNG\"; filename*=UTF-8''%E5%8F%91%E7%A5%A8.PNG"),
    ] {
        assert_eq!(fetched.headers[name], value);
    }
    assert!(fetched.headers["cache-control"].to_str().unwrap().starts_with("private"));
    assert_eq!(fetched.headers["content-length"], stored.len().to_string().as_str());
    for bad in
        [url.split('?').next().unwrap().to_owned(), url.replace("expires=", "expires=9"), format!("{url}x")]
    {
        assert_eq!(office.fetch(&bad, &[]).await.status, 403, "{bad}");
    }
    let head = Request::head(url).body(Body::empty()).unwrap();
    let head = office.answer(head, &Ask::default()).await;
    assert_eq!((head.status, &head.body), (200, &Value::Null));
    assert_eq!(head.headers["content-length"], stored.len().to_string().as_str());
}

#[tokio::test]
async fn what_agents_upload_is_in_the_audit_log_without_its_name() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let guest = office.taken_by(&agent).await;
    office.uploaded(&guest, "invoice.txt", b"hello").await;
    assert_eq!(office.trail().await, []);
    let own = Guest { token: agent, ..guest };
    let file = office.uploaded(&own, "invoice.txt", b"hello").await;
    let lines = office.services.store.audit_lines(0, 100).await.unwrap();
    let said: Vec<_> = lines.iter().map(|line| (line.action.as_str(), line.target_id)).collect();
    assert_eq!(said, [("file.uploaded", Some(file))]);
    let detail = json!({"conversation": own.conversation, "type": "text/plain", "size": 5});
    assert_eq!(lines[0].detail, detail);
}

#[tokio::test]
async fn parts_of_files_are_served_and_documents_are_saved() {
    let office = Office::open().await;
    let guest = office.guest().await;
    let file = office.uploaded(&guest, "notes.txt", b"0123456789").await;
    let view = office.get(&format!("/files/{file}"), &guest.token).await.body;
    let url = view["url"].as_str().unwrap();
    let part = office.fetch(url, &[("range", "bytes=2-4")]).await;
    assert_eq!((part.status, &part.body), (206, &json!("234")));
    assert_eq!(part.headers["content-range"], "bytes 2-4/10");
    let tag = part.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(office.fetch(url, &[("range", "bytes=-2"), ("if-range", &tag)]).await.body, json!("89"));
    assert_eq!(office.fetch(url, &[("range", "bytes=-2"), ("if-range", "\"x\"")]).await.status, 200);
    assert_eq!(office.fetch(url, &[("range", "bytes=10-")]).await.status, 416);
    let whole = office.fetch(url, &[]).await;
    assert_eq!(whole.body, json!("0123456789"));
    assert!(
        whole.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment; filename=\"notes.txt\"")
    );
}

#[tokio::test]
async fn a_recalled_file_is_unreachable_at_once_and_then_gone() {
    let office = Office::open().await;
    let guest = office.guest().await;
    let file = office.uploaded(&guest, "notes.txt", b"secret").await;
    let sent = office.send_file(&guest, 5, "file", file).await;
    let url = office.last_message(&guest, &guest.token).await["data"]["url"].as_str().unwrap().to_owned();
    assert_eq!(office.fetch(&url, &[]).await.status, 200);
    let place = format!("/conversations/{}/messages/{}", guest.conversation, sent.body["seq"]);
    assert_eq!(office.ask(Method::DELETE, &place, None, &Ask::by(&guest.token)).await.status, 204);
    assert_eq!(office.fetch(&url, &[]).await.status, 404);
    assert_eq!(office.get(&format!("/files/{file}"), &guest.token).await.status, 404);
    office.services.files.settle().await.unwrap();
    assert_eq!(office.bytes_of(file), None);
    assert!(office.services.store.files_gone(9).await.unwrap().is_empty());
    // A late repeat is still answered as what it is.
    assert_eq!(office.send_file(&guest, 5, "file", file).await.status, 200);
    assert_eq!(office.send_file(&guest, 6, "file", file).await.status, 400);
}

#[tokio::test]
async fn a_file_belongs_to_its_conversation() {
    let office = Office::open().await;
    let (guest, other) = (office.guest().await, office.guest().await);
    let file = office.uploaded(&guest, "notes.txt", b"hello").await;
    let answer = office.send_file(&other, 5, "file", file).await;
    assert_eq!((answer.status, &answer.body["field"]), (400, &json!("data.file_id")));
    for data in [json!(null), json!({}), json!({"file_id": 7}), json!({"file_id": file, "name": "x"})] {
        let body = json!({"client_id": Uuid::from_u128(5), "kind": "file", "data": data});
        let answer =
            office.post(&format!("/conversations/{}/messages", guest.conversation), &guest.token, body).await;
        assert_eq!((answer.status, &answer.body["field"]), (400, &json!("data")), "{}", answer.body);
    }
}

fn memchr(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// A file of this many bytes that says it is a picture of these sides.
fn huge_png(side: u32) -> Vec<u8> {
    let mut bytes = png();
    bytes[16..20].copy_from_slice(&side.to_be_bytes());
    bytes[20..24].copy_from_slice(&side.to_be_bytes());
    bytes
}

#[tokio::test]
async fn what_is_not_taken_is_named() {
    let office = Office::open_with(Settings {
        files: FileSettings { max_size: ByteSize(4000), ..FileSettings::default() },
        ..unlimited()
    })
    .await;
    let guest = office.guest().await;
    let zip_of_4_gib = zip(&[("[Content_Types].xml", 10), ("word/document.xml", 0xf000_0000)]);
    let good = form("a.txt", "text/plain", b"hello");
    let truncated = good[..good.len() - 12].to_vec();
    let twice = [&good[..good.len() - 4], b"\r\n", &form("b.txt", "text/plain", b"x")[7..]].concat();
    let named = |name: &str| String::from_utf8(good.clone()).unwrap().replace("a.txt", name).into_bytes();
    let bad_name = [&good[..54], b"\xff", &good[55..]].concat();
    let other_part =
        String::from_utf8(good.clone()).unwrap().replace("name=\"file\"", "name=\"x\"").into_bytes();
    let no_name = String::from_utf8(good.clone()).unwrap().replace("; filename=\"a.txt\"", "").into_bytes();
    let cases = [
        ("a body that ends early", truncated, 400, "file"),
        ("no body", Vec::new(), 400, "file"),
        ("two parts", twice, 400, "file"),
        ("another part", other_part, 400, "file"),
        ("no name", no_name, 400, "filename"),
        ("a long name", named(&"x".repeat(2000)), 413, "filename"),
        ("a head without end", named(&"x".repeat(6000)), 413, "file"),
        ("a name that is no text", bad_name, 400, "filename"),
        ("too many bytes", form("a.txt", "text/plain", &[b'x'; 5000]), 413, "file"),
        ("no bytes", form("a.txt", "text/plain", b""), 400, "file"),
        ("a page", form("a.html", "text/html", b"<html><script>x"), 400, "file"),
        ("a page that says it is text", form("a.txt", "text/plain", b" <!doctype html>"), 400, "file"),
        ("a drawing", form("a.svg", "image/svg+xml", b"<svg onload=x>"), 400, "file"),
        ("a drawing that says it is a picture", form("a.png", "image/png", b"<svg onload=x>"), 400, "file"),
        ("a program", form("a.exe", "application/octet-stream", b"MZ\x90\0\x03\0\0\0"), 400, "file"),
        (
            "a program that says it is a picture",
            form("a.png", "image/png", b"\x7fELF\x02\x01\x01\0"),
            400,
            "file",
        ),
        ("a picture that says it is a sound", form("a.mp3", "audio/mpeg", &png()), 400, "file"),
        ("an unwanted archive", form("a.zip", "application/zip", &zip(&[("a", 5)])), 400, "file"),
        ("a picture too large", form("a.png", "image/png", &huge_png(50_000)), 413, "file"),
        ("a picture without an end", form("a.png", "image/png", &png()[..60]), 400, "file"),
        ("a document of 4 GiB", form("a.docx", "application/octet-stream", &zip_of_4_gib), 413, "file"),
        ("a document with macros", form("a.docx", "", &zip(&[("word/vbaProject.bin", 5)])), 400, "file"),
        ("a document that leads out", form("a.docx", "", &zip(&[("../../etc/passwd", 5)])), 400, "file"),
    ];
    for (what, body, status, field) in cases {
        let answer = office.upload(&guest, body).await;
        assert_eq!(
            (answer.status, &answer.body["field"]),
            (status, &json!(field)),
            "{what}: {}",
            answer.body
        );
    }
    let request = Request::post(format!("/api/v1/conversations/{}/files", guest.conversation))
        .header("authorization", format!("Bearer {}", guest.token))
        .header("content-type", "multipart/form-data; boundary=XYZ")
        .header("content-length", "5000000000");
    let answer = office.answer(request.body(Body::from(good.clone())).unwrap(), &Ask::default()).await;
    assert_eq!(answer.status, 413, "a body that says it is too long is not read");
    assert_eq!(office.incoming(), 0, "what is refused leaves nothing");
    assert_eq!(office.upload(&guest, good).await.status, 201);
}

/// An archive of entries with these names that say that they unfold to so much.
fn zip(entries: &[(&str, u32)]) -> Vec<u8> {
    let (mut files, mut directory) = (Vec::new(), Vec::new());
    for (name, unpacked) in entries {
        let at = u32::try_from(files.len()).unwrap().to_le_bytes();
        let len = u16::try_from(name.len()).unwrap().to_le_bytes();
        let sizes = [3u32.to_le_bytes(), unpacked.to_le_bytes()].concat();
        let common = [b"\x14\0\0\0\x08\0".as_slice(), &[0; 8], &sizes, &len, &[0; 2]].concat();
        files.extend_from_slice(&[b"PK\x03\x04", &*common, name.as_bytes(), b"abc"].concat());
        let tail = [[0; 10].as_slice(), &at].concat();
        directory.extend_from_slice(&[b"PK\x01\x02\x14\0", &*common, &tail, name.as_bytes()].concat());
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let start = u32::try_from(files.len()).unwrap().to_le_bytes();
    [&*files, &*directory, b"PK\x05\x06\0\0\0\0", &count, &count, &size, &start, &[0; 2]].concat()
}

#[tokio::test]
async fn a_visitor_sends_so_much_a_day_and_all_have_so_much_room() {
    let files =
        FileSettings { visitor_daily: ByteSize(40_000), quota: ByteSize(60_000), ..FileSettings::default() };
    let office = Office::open_with(Settings { files, ..unlimited() }).await;
    let (guest, other) = (office.guest().await, office.guest().await);
    let upload = async |guest: &Guest| {
        let body = form("a.txt", "text/plain", &[b'x'; 15_000]);
        let path = format!("/api/v1/conversations/{}/files", guest.conversation);
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", guest.token))
            .header("content-type", "multipart/form-data; boundary=XYZ")
            .header("content-length", body.len());
        office.answer(request.body(Body::from(body)).unwrap(), &Ask::default()).await.status
    };
    assert_eq!((upload(&guest).await, upload(&guest).await, upload(&guest).await), (201, 201, 429));
    assert_eq!((upload(&other).await, upload(&other).await), (201, 503));
}

/// A body of which the end does not come.
struct Stuck(Option<Bytes>);

impl http_body::Body for Stuck {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
    }
}

#[tokio::test]
async fn an_upload_that_comes_too_slowly_ends_and_leaves_nothing() {
    let files = FileSettings { stall_timeout: Duration::from_millis(50), ..FileSettings::default() };
    let office = Office::open_with(Settings { files, ..unlimited() }).await;
    let guest = office.guest().await;
    let begun = form("a.txt", "text/plain", b"hello")[..100].to_vec();
    let answer = office.upload(&guest, Body::new(Stuck(Some(begun.into())))).await;
    assert_eq!((answer.status, &answer.body["field"]), (408, &json!("file")));
    assert_eq!(office.incoming(), 0);
}

#[tokio::test]
async fn what_nobody_needs_is_swept_and_nothing_else() {
    let office = Office::open().await;
    let guest = office.guest().await;
    let sent = office.uploaded(&guest, "sent.txt", b"sent").await;
    let loose = office.uploaded(&guest, "loose.txt", b"loose").await;
    assert_eq!(office.send_file(&guest, 5, "file", sent).await.status, 201);
    let (files, dir) = (&office.services.files, office.services.store.file_dir());
    let left = Uuid::from_u128(99);
    fs::write(dir.incoming(left).unwrap(), "left").unwrap();
    dir.settle(&dir.incoming(left).unwrap(), left).unwrap();
    fs::write(dir.incoming(Uuid::from_u128(98)).unwrap(), "half").unwrap();
    let now = SystemTime::now();
    files.sweep_all(now - Duration::from_secs(3600)).await.unwrap();
    assert_eq!(
        (office.incoming(), office.bytes_of(left).is_some()),
        (1, true),
        "what is young may be at work"
    );
    files.sweep_all(now + Duration::from_secs(60)).await.unwrap();
    assert_eq!((office.incoming(), office.bytes_of(left)), (0, None));
    files.drop_loose(clock::now().plus_seconds(23 * 3600)).await.unwrap();
    files.settle().await.unwrap();
    assert!(office.bytes_of(sent).is_some() && office.bytes_of(loose).is_some());
    files.drop_loose(clock::now().plus_seconds(25 * 3600)).await.unwrap();
    files.settle().await.unwrap();
    assert_eq!((office.bytes_of(sent).unwrap(), office.bytes_of(loose)), (b"sent".to_vec(), None));
    assert_eq!(office.send_file(&guest, 6, "file", loose).await.status, 400);
}
