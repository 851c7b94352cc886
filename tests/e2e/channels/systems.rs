//! Systems that speak SOAP: their descriptions lie beside the file of the channel.

use serde_json::json;

use crate::support::{
    random::{Random, eventually},
    server::Place,
    vendor::{Asked, Connected, Desk, Said, Vendor},
};

fn envelope(body: &str) -> String {
    format!(
        "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:ticketdesk\">{body}</S:Envelope>"
    )
}

/// The ticket desk: it takes replies of who shows its token, but not to tickets that are closed.
fn desk(asked: &Asked) -> Said {
    let said = asked.text();
    let body = if !said.contains(">t1</") {
        (
            500,
            "<S:Fault xmlns=\"\"><faultcode>S:Client</faultcode><faultstring>no token</faultstring></S:Fault>",
        )
    } else if said.contains(">closed<") {
        let fault = "<S:Fault xmlns=\"\"><faultcode>S:Client</faultcode><faultstring>the ticket is closed</faultstring>\
            <detail><TicketClosed xmlns=\"urn:ticketdesk\"><ticket>T-1</ticket></TicketClosed></detail></S:Fault>";
        (500, fault)
    } else {
        (200, "<AddReplyResponse><id>99</id></AddReplyResponse>")
    };
    let text = envelope(&format!("<S:Body>{}</S:Body>", body.1));
    let headers = vec![("content-type", "text/xml; charset=utf-8".to_owned())];
    Said { status: body.0, headers, body: text.into_bytes() }
}

fn note(token: &str, id: u32, text: &str) -> String {
    envelope(&format!(
        "<S:Header><Token>{token}</Token></S:Header><S:Body><NotesWritten><note><id>{id}</id><ticket>T-1</ticket>\
         <customer><number>42</number><name>李女士</name></customer><text>{text}</text>\
         <written>2026-11-28T09:30:00+08:00</written></note></NotesWritten></S:Body>"
    ))
}

#[test]
fn a_system_behind_soap_is_a_channel() {
    let vendor = Vendor::with(desk);
    let place = Place::new();
    let server = place.start();
    let admin = server.sign_in();
    let (secrets, settings) =
        (json!({"desk_token": "t1"}), json!({"desk_url": format!("http://{}/soap", vendor.address)}));
    let file = ("ticketdesk.yaml", "ticketdesk.wsdl");
    let channel = Connected::to_system(&server, &admin, file, &secrets, &settings);
    let own = format!("/api/v1/channels/{}", channel.id);
    let seen = server.call("GET", &own, Some(&admin), None).expect(200);
    assert_eq!(seen["files"], json!(["ticketdesk.wsdl"]), "{seen}");
    assert_eq!(channel.try_post(server.address, &note("t2", 7, "hello")).unwrap().status, 401);
    for _ in 0..2 {
        let answer = channel.post(&server, &note("t1", 7, "你好 &amp; &lt;世界>"));
        assert!(answer.body.contains(">1</"), "one note is taken: {}", answer.body);
    }
    let admin = {
        let desk = Desk { server: &server, admin };
        let conversation = desk.conversation("你好 & <世界>");
        desk.say(&conversation, &Random::new(1).id(), "您好 <李女士> & all").expect(201);
        desk.all_are(&conversation, "sent");
        desk.admin
    };
    let asked = vendor.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].headers["soapaction"], "\"urn:ticketdesk#AddReply\"");
    let said = asked[0].text();
    assert!(said.contains("T-1") && said.contains("您好 &lt;李女士") && said.contains("&amp; all"), "{said}");
    // The description goes with the file over a restart, and a change without it is refused.
    let taken = json!({"version": 1, "files": {"ticketdesk.wsdl": null}});
    let refused = server.call("PATCH", &own, Some(&admin), Some(&taken)).expect(400);
    assert!(refused["detail"].as_str().unwrap().contains("schema.wsdl"), "{refused}");
    server.stop();
    let server = place.start();
    let desk = Desk { server: &server, admin: server.sign_in() };
    channel.post(&server, &note("t1", 8, "still there"));
    let conversation = desk.conversation("still there");
    desk.say(&conversation, &Random::new(2).id(), "closed").expect(201);
    let failed = eventually("a failure", || {
        let sends = desk.channel(&conversation)["sends"].as_array().unwrap().clone();
        sends.into_iter().find(|send| send["state"] == "failed")
    });
    assert!(failed["error"].as_str().unwrap().contains("the ticket is closed"), "{failed}");
    server.stop();
    place.check();
}
