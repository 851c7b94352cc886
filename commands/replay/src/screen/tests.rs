use super::*;
use crate::args::FilterArgs;

const REQUEST: &str = "GET /api/v1/users?user=17&a=b HTTP/1.1\r\nHost: shop.example\r\nX-User: u1\r\n\
                       Authorization: Basic dG9tOnNlY3JldA==\r\n\r\nbody";

fn record(kind: Kind, id: &str, payload: &str) -> Record {
    let (id, extra) = (id.to_owned(), String::new());
    Record { kind, id, timestamp: 0, latency: None, extra, payload: payload.into() }
}

fn passed(rules: &Rules) -> Result<String, Reason> {
    let mut record = record(Kind::Request, "a", REQUEST);
    Screen::new(rules.clone()).apply(&mut record).map(|()| String::from_utf8(record.payload).unwrap())
}

/// Rules by the words of a command line.
fn rules(line: &str) -> Rules {
    use clap::{Args as _, FromArgMatches as _};
    let command = FilterArgs::augment_args(clap::Command::new("x").no_binary_name(true));
    let matches = command.try_get_matches_from(line.split(' ').filter(|word| !word.is_empty())).unwrap();
    Rules::from(&FilterArgs::from_arg_matches(&matches).unwrap())
}

#[test]
fn what_does_not_pass() {
    for (line, expected) in [
        ("", Ok(())),
        ("--only-method GET,POST", Ok(())),
        ("--only-method POST", Err(Reason::Filter)),
        ("--only-url ^/api --only-url ^/none", Ok(())),
        ("--only-url ^/none", Err(Reason::Filter)),
        // The host is no part of it.
        ("--only-url shop", Err(Reason::Filter)),
        ("--not-url user=17", Err(Reason::Filter)),
        ("--not-url ^/none", Ok(())),
        ("--only-host ^shop\\.", Ok(())),
        ("--only-host ^new\\.", Err(Reason::Filter)),
        ("--not-host example$", Err(Reason::Filter)),
        ("--only-header x-user:^u", Ok(())),
        ("--only-header x-user:^u --only-header X-None:.", Err(Reason::Filter)),
        ("--not-header X-User:^u", Err(Reason::Filter)),
        ("--not-header X-None:.", Ok(())),
        ("--sample 100%", Ok(())),
        ("--sample 0%", Err(Reason::Sample)),
        ("--sample header:X-None:0%", Ok(())),
        ("--sample header:X-User:0%", Err(Reason::Sample)),
        ("--sample param:user:0%", Err(Reason::Sample)),
        ("--sample param:none:0%", Ok(())),
    ] {
        assert_eq!(passed(&rules(line)).map(|_| ()), expected, "{line}");
    }
    let auth = |pattern: &str| Rules { basic_auths: vec![pattern.parse().unwrap()], ..Rules::default() };
    assert_eq!(passed(&auth("^ann:")), Err(Reason::Filter));
    assert!(passed(&auth("^tom:secret$")).is_ok());
}

#[test]
fn what_is_changed_and_nothing_else() {
    for (line, from, to) in [
        ("--set-header X-User:u2", "X-User: u1", "X-User: u2"),
        ("--set-header New:1", "\r\n\r\nbody", "\r\nNew: 1\r\n\r\nbody"),
        ("--set-param user=18", "user=17&", "user=18&"),
        ("--set-param z=1", "&a=b", "&a=b&z=1"),
        ("--rewrite-url /v1/([a-z]+):/v2/$1/x", "/v1/users", "/v2/users/x"),
        ("--rewrite-url ^/none:/x --rewrite-url user=(\\d+):id=$1", "user=17", "id=17"),
        ("--rewrite-host ^shop:new", "shop.example", "new.example"),
        ("--rewrite-header X-User:u(\\d),v$1", "X-User: u1", "X-User: v1"),
        ("--rewrite-header X-None:.,x --rewrite-header X-User:u,v", "", ""),
    ] {
        assert_eq!(passed(&rules(line)), Ok(REQUEST.replacen(from, to, 1)), "{line}");
    }
    let target = |target: &str| {
        let mut record = record(Kind::Request, "a", &format!("GET {target} HTTP/1.1\r\n\r\n"));
        Screen::new(rules("--set-param a=1")).apply(&mut record).unwrap();
        String::from_utf8(record.payload).unwrap()
    };
    assert_eq!(target("/x"), "GET /x?a=1 HTTP/1.1\r\n\r\n");
    assert_eq!(target("/x?"), "GET /x?a=1 HTTP/1.1\r\n\r\n");
    assert_eq!(target("/x?ab=1&a=2"), "GET /x?ab=1&a=1 HTTP/1.1\r\n\r\n");
}

/// Rules with conditions and assignments.
fn expressions(conditions: &[&str], assignments: &[&str]) -> Rules {
    Rules {
        conditions: conditions.iter().map(|text| text.parse().unwrap()).collect(),
        assignments: assignments.iter().map(|text| text.parse().unwrap()).collect(),
        ..Rules::default()
    }
}

#[test]
fn expressions_say_what_passes_and_what_is_set() {
    for (condition, expected) in [
        ("method == 'GET' and path == '/api/v1/users'", Ok(())),
        ("query.user|int > 17", Err(Reason::Filter)),
        ("headers['x-user'] == 'u1' and host == 'shop.example'", Ok(())),
        ("headers['x-none']", Err(Reason::Filter)),
        ("body == 'body'", Ok(())),
        ("body.a.b == 1", Err(Reason::Expression)),
    ] {
        let passed = passed(&expressions(&[condition], &[]));
        assert_eq!(passed.map(|_| ()), expected, "{condition}");
    }
    for (assignment, from, to) in [
        ("path='/v2/' ~ query.user", "/api/v1/users?", "/v2/17?"),
        ("target=path", "?user=17&a=b", ""),
        ("param.user=query.user|int + 1", "user=17", "user=18"),
        ("header.X-User=none", "", ""),
        ("header.X-User=client or 'nobody'", "X-User: u1", "X-User: nobody"),
        ("body={'was': body}", "\r\n\r\nbody", "\r\nContent-Length: 14\r\n\r\n{\"was\":\"body\"}"),
    ] {
        let passed = passed(&expressions(&[], &[assignment]));
        assert_eq!(passed, Ok(REQUEST.replacen(from, to, 1)), "{assignment}");
    }
    for bad in ["path", "nothing='x'", "header.='x'", "path=a |"] {
        assert!(bad.parse::<Assignment>().is_err(), "{bad}");
    }
    assert!("a ==".parse::<Expression>().is_err());
}

#[test]
fn answers_go_with_their_requests() {
    let mut screen = Screen::new(rules("--not-url ^/secret"));
    let mut apply = |kind, id, payload: &str| screen.apply(&mut record(kind, id, payload)).is_ok();
    assert!(!apply(Kind::Request, "1", "GET /secret HTTP/1.1\r\n\r\n"));
    assert!(apply(Kind::Request, "2", "GET /open HTTP/1.1\r\n\r\n"));
    assert!(!apply(Kind::Response, "1", "HTTP/1.1 200 OK\r\n\r\n"));
    assert!(apply(Kind::Response, "2", "HTTP/1.1 200 OK\r\n\r\n"));
    assert!(!apply(Kind::ToClient, "1", "{}"));
    // Another request with the id of the first.
    assert!(apply(Kind::Request, "1", "GET /open HTTP/1.1\r\n\r\n"));
    assert!(apply(Kind::Response, "1", "HTTP/1.1 200 OK\r\n\r\n"));
}

#[test]
fn samples_are_about_as_large_as_they_say_and_the_same_each_time() {
    let rules = rules("--sample header:X-User:25%");
    let taken = || {
        let mut screen = Screen::new(rules.clone());
        let request = |user: usize| format!("GET / HTTP/1.1\r\nX-User: u{user}\r\n\r\n");
        (0..1000)
            .filter(|user| screen.apply(&mut record(Kind::Request, "a", &request(*user))).is_ok())
            .collect::<Vec<_>>()
    };
    let first = taken();
    assert!((200..300).contains(&first.len()), "{}", first.len());
    assert_eq!(first, taken());
}

#[test]
fn what_cannot_be_a_rule_says_why() {
    use crate::args::{HeaderPattern, HeaderRewrite, Parameter, Rewrite, Sample};
    assert!("a".parse::<HeaderPattern>().is_err() && "a:(".parse::<HeaderPattern>().is_err());
    assert!("a".parse::<Rewrite>().is_err() && "a: b".parse::<HeaderRewrite>().is_err());
    assert!("a".parse::<Parameter>().is_err());
    for text in ["", "10", "101%", "x:10%", "header::10%", "header:a:x%"] {
        assert!(text.parse::<Sample>().is_err(), "{text}");
    }
}
