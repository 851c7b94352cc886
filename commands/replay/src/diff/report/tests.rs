use std::sync::Arc;

use super::*;
use crate::diff::{Answer, Answers, Found, Rules, redaction};

fn tally() -> Tally {
    let rules = Arc::new(Rules::default());
    let mut tally = Tally::new(Arc::clone(&rules), redaction().unwrap(), 2, true);
    let asked = rules.asked("GET", "/a/7");
    let answer =
        |body: String| Ok(Answer::of(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_bytes()).unwrap());
    for number in 0..4 {
        let body =
            |salt: u32, text: &str| answer(format!("{{\"id\":{},\"t\":\"{text}\"}}", salt * 10 + number));
        let right = if number == 2 { "<b>|`\\u0001" } else { "a" };
        let answers =
            Answers { primary: body(1, "a"), secondary: Some(body(2, "a")), candidate: body(3, right) };
        tally.add(&format!("x{number}"), "GET /a/7?<", &asked, Found::of(&answers, &asked, &rules));
    }
    tally
}

fn subject() -> Subject {
    Subject {
        primary: "http://old".to_owned(),
        secondary: Some("http://old2".to_owned()),
        candidate: "http://new".to_owned(),
        counts: vec![Counts::new("damaged", Text::new("damaged places", "损坏之处"), 3)],
        untranslated: BTreeMap::from([("GET /x: <why>".to_owned(), 2)]),
        threshold: Share(0.0),
    }
}

fn all(format: DiffFormat) -> String {
    rendered(format, &tally(), &subject(), Language::English)
}

#[test]
fn people_see_what_differs_and_what_is_noise() {
    let text = all(DiffFormat::Text);
    let row = |field: &str| {
        text.lines()
            .find(|line| line.contains(field))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(row("beyond noise"), "differ beyond noise 1 (25.000 %)");
    assert_eq!(row("damaged"), "damaged places 3");
    assert_eq!(row("body:/t"), "GET /a/{id} body:/t value 1 0 4");
    assert_eq!(row("body:/id"), "GET /a/{id} body:/id value 4 4 4");
    assert!(text.find("Differences").unwrap() < text.find("Taken for noise").unwrap());
    assert!(text.contains("\"a\" → \"<b>|`") && !text.contains('\u{1}'), "{text}");
}

#[test]
fn programs_get_everything() {
    let value: Value = serde_json::from_str(&all(DiffFormat::Json)).unwrap();
    assert_eq!(
        (&value["compared"], &value["beyond_noise"], &value["counts"]["damaged"]),
        (&json!(4), &json!(1), &json!(3))
    );
    assert_eq!(value["differences"][0]["examples"][0]["id"], "x2");
    assert_eq!(value["noise"][0]["field"], "body:/id");
    assert!(value["ignored_headers"].as_array().unwrap().contains(&json!("date")));
}

#[test]
fn pages_and_build_servers_get_text_and_no_markup_of_others() {
    let html = all(DiffFormat::Html);
    assert!(html.contains("&lt;b&gt;|`") && !html.contains("<b>") && !html.contains("<script"), "{html}");
    assert!(html.contains("GET /x: &lt;why&gt;"));
    let xml = all(DiffFormat::Junit);
    assert!(xml.contains("tests=\"1\" failures=\"1\"") && xml.contains("GET /a/{id}"), "{xml}");
    assert!(xml.contains("body:/t: 1 of 4 differ, noise 0") && !xml.contains("body:/id:"), "{xml}");
    let markdown = all(DiffFormat::Markdown);
    assert!(markdown.contains("| `GET /a/{id}` | `body:/t` | value | 1 | 0 | 4 |"), "{markdown}");
    assert!(markdown.contains("``"), "{markdown}");
}

#[test]
fn reports_are_known_by_their_names() {
    let known = ["a.json", "a.xml", "a.html", "a.md", "a.txt", "a"].map(|name| by_name(Path::new(name)));
    let expected = [DiffFormat::Json, DiffFormat::Junit, DiffFormat::Html, DiffFormat::Markdown].map(Some);
    assert_eq!(known[..4], expected);
    assert_eq!(known[4..], [None, None]);
}
