//! Files of mongodump, written here byte by byte and by PyMongo's own `bson`.

use std::process::Command;

use serde_json::{Value, json};

use super::{Migration, dispositions, python, table};

/// Makes dumps of a chat with `bson` of PyMongo: `python3 -c WRITER DIR MESSAGES`; a folder, one that is compressed, and an
/// archive whose collections come by turns.
const WRITER: &str = r#"
import datetime, gzip, os, struct, sys
import bson
from bson import Decimal128, Int64, ObjectId

out, messages = sys.argv[1], int(sys.argv[2])

def crc64(data, table=[]):
    if not table:
        for byte in range(256):
            crc = byte
            for _ in range(8):
                crc = crc >> 1 ^ (0xC96C5795D7870F42 if crc & 1 else 0)
            table.append(crc)
    crc = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFFFFFFFFFF

oid = lambda number: ObjectId("%024x" % number)
at = lambda number: datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=number)
users = [{"_id": oid(1), "profile": {"name": "小李"}, "mail": "li@example.com"}]
# Seven types of ids in one collection.
ids = [1, 1.5, "1", oid(7), Int64(2 ** 40), True, {"a": 1}]
guests = [{"_id": key, "name": "guest %d" % n, "tags": ["a", {"b.c": n, "": None}], "money": Decimal128("12.50"),
           "nan": float("nan"), "year1": datetime.datetime(1, 1, 1)} for n, key in enumerate(ids)]
chats = [{"_id": oid(100 + n), "guest": key, "opened": at(n)} for n, key in enumerate(ids)]
said = [{"_id": oid(1000 + n), "chat": oid(100 + n % 7), "body": {"text": "m-%d 你好" % n}, "at": at(n),
         **({"by": oid(1)} if n % 3 == 0 else {})} for n in range(messages)]
said.append({"_id": oid(10 ** 9), "chat": oid(100), "body": {"text": "x" * (3 << 20)}, "at": at(0)})
collections = {"users": users, "guests": guests, "chats": chats, "said": said}
encoded = {name: [bson.encode(doc) for doc in docs] for name, docs in collections.items()}
for folder, opened, suffix in (("plain", open, ""), ("packed", gzip.open, ".gz")):
    os.makedirs(os.path.join(out, folder, "chat"))
    for name, docs in encoded.items():
        with opened(os.path.join(out, folder, "chat", name + ".bson" + suffix), "wb") as file:
            file.write(b"".join(docs))
END = struct.pack("<i", -1)
parts = [b"\x6d\xe2\x99\x81", bson.encode({"concurrent_collections": 4, "version": "0.1"})]
parts += [bson.encode({"db": "chat", "collection": name, "metadata": "{}", "size": 0}) for name in encoded] + [END]
rest = {name: list(docs) for name, docs in encoded.items()}
while any(rest.values()):
    for name, docs in rest.items():
        if docs:
            parts.append(bson.encode({"db": "chat", "collection": name, "EOF": False, "CRC": Int64(0)}))
            parts += docs[:50] + [END]
            del docs[:50]
for name, docs in encoded.items():
    crc = struct.unpack("<q", struct.pack("<Q", crc64(b"".join(docs))))[0]
    parts += [bson.encode({"db": "chat", "collection": name, "EOF": True, "CRC": Int64(crc)}), END]
for suffix, opened in (("", open), (".gz", gzip.open)):
    with opened(os.path.join(out, "dump.archive" + suffix), "wb") as file:
        file.write(b"".join(parts))
"#;

fn yaml(path: &str) -> String {
    format!(
        "version: 1
sources:
  chat: {{ kind: mongodump, path: {path} }}
copy: {{ rows: 100 }}
tables:
  - from: users
    to: agent
    columns: {{ name: profile.name, email: mail }}
  - from: guests
    to: visitor
    columns: {{ name: name }}
    fields:
      attributes: {{ object: [tags, money, nan, year1] }}
  - {{ from: chats, to: conversation, columns: {{ visitor: guest, created_at: opened }} }}
  - from: said
    to: message
    columns: {{ conversation: chat, text: body.text, occurred_at: at, agent: by }}
    fields:
      sender: {{ column: by, map: {{ \"*\": agent }}, default: visitor }}
"
    )
}

/// Whether PyMongo is there; a test that needs it is skipped without.
fn written(migration: &Migration, messages: u64) -> bool {
    let output = Command::new(python())
        .args(["-c", WRITER])
        .arg(migration.path())
        .arg(messages.to_string())
        .output()
        .unwrap();
    if output.status.success() {
        return true;
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("No module named"), "{said}");
    assert!(std::env::var("KEFU_REQUIRE_PEERS").as_deref() != Ok("1"), "{said}");
    eprintln!("SKIPPED: PyMongo is not there");
    false
}

#[test]
fn folders_and_archives_compressed_or_not_come_over_alike() {
    let mut contents: Vec<Vec<Vec<Value>>> = Vec::new();
    let origin = Migration::new("");
    if !written(&origin, 500) {
        return;
    }
    for path in ["plain", "packed", "dump.archive", "dump.archive.gz"] {
        let migration = Migration::new(&yaml(&origin.path().join(path).display().to_string()));
        let report = migration.report(&["run"], 4);
        assert_eq!(dispositions(&report, "chat/guests"), [7, 0, 0], "{path}");
        // One text is longer than any message may be.
        assert_eq!(dispositions(&report, "chat/said"), [500, 0, 1], "{path}");
        assert_eq!(migration.letters()[0]["code"], "too_long");
        assert_eq!(migration.report(&["verify"], 0)["same"], true, "{path}");
        contents.push(migration.query(
            "SELECT text, log.created_at, sender_kind, seq, hex(visitor.id), visitor.attributes FROM log
             JOIN conversation ON conversation.key = conversation JOIN visitor ON visitor.key = visitor ORDER BY pos",
        ));
    }
    assert!(contents.windows(2).all(|pair| pair[0] == pair[1]));
    let said: Vec<_> =
        contents[0].iter().take(4).map(|row| json!([row[0], row[1], row[2], row[3]])).collect();
    let at = |number: i64| (1_767_225_600 + number) * 1_000_000;
    assert_eq!(
        said,
        [
            json!(["m-0 你好", at(0), 1, 1]),
            json!(["m-1 你好", at(1), 0, 1]),
            json!(["m-2 你好", at(2), 0, 1]),
            json!(["m-3 你好", at(3), 1, 1])
        ]
    );
    let attributes: Value = serde_json::from_str(contents[0][1][5].as_str().unwrap()).unwrap();
    assert_eq!(
        attributes,
        json!({ "tags": ["a", { "b.c": 1, "": null }], "money": "12.50", "nan": "NaN", "year1": "0001-01-01T00:00:00Z" })
    );
}

#[test]
fn killed_within_a_dump_it_goes_on_at_its_byte() {
    let origin = Migration::new("");
    if !written(&origin, 8000) {
        return;
    }
    let mut random = crate::support::random::Random::new(3);
    for path in ["plain", "dump.archive.gz"] {
        let migration = Migration::new(&yaml(&origin.path().join(path).display().to_string()));
        for _ in 0..6 {
            let mut child = migration.start(&["run"]);
            std::thread::sleep(std::time::Duration::from_millis(random.below(700)));
            child.kill().ok();
            child.wait().unwrap();
        }
        let report = migration.report(&["run"], 4);
        assert_eq!(dispositions(&report, "chat/said"), [8000, 0, 1], "{path}");
        let count = migration.query("SELECT count(*), count(DISTINCT id), count(DISTINCT text) FROM log");
        assert_eq!(count, [[json!(8000), json!(8000), json!(8000)]], "{path}");
        super::gofly::assert_sound(&migration);
        assert_eq!(migration.report(&["verify"], 0)["same"], true);
    }
}

/// A document `{_id: number, name: "x"}` as BSON.
fn document(number: i32) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend(b"\x10_id\0");
    out.extend(number.to_le_bytes());
    out.extend(b"\x02name\0\x02\0\0\0x\0\0");
    let length = i32::try_from(out.len()).unwrap().to_le_bytes();
    out[..4].copy_from_slice(&length);
    out
}

fn people(path: &str) -> String {
    format!(
        "version: 1\nsources:\n  old: {{ kind: mongodump, path: {path} }}\ntables:\n  - {{ from: people, to: visitor, columns: {{ name: name }} }}\n"
    )
}

#[test]
fn a_damaged_dump_is_said_with_its_byte_and_what_came_before_is_here() {
    let length = document(1).len();
    let whole: Vec<u8> = (0..10).flat_map(document).collect();
    let with = |bytes: &[u8]| {
        let migration = Migration::new(&people("dump"));
        std::fs::create_dir(migration.path().join("dump")).unwrap();
        std::fs::write(migration.path().join("dump/people.bson"), bytes).unwrap();
        migration
    };
    let cut = with(&whole[..whole.len() - 3]);
    let refusal = cut.refusal(&["run"], 65);
    assert!(
        refusal.contains(&format!("damaged at byte {}: it ends too early", whole.len() - 3)),
        "{refusal}"
    );
    let mut spliced = whole.clone();
    spliced[4 * length..][..4].copy_from_slice(&7_i32.to_le_bytes());
    let refusal = with(&spliced).refusal(&["run"], 65);
    assert!(refusal.contains("is damaged at byte "), "{refusal}");
    let mut odd = whole.clone();
    // The type of the second field of the third document is none.
    odd[2 * length + 13] = 0x66;
    let refusal = with(&odd).refusal(&["run"], 65);
    let at = 2 * length + 19;
    assert!(
        refusal.contains(&format!("damaged at byte {at}: a value is cut off or of no known type")),
        "{refusal}"
    );
    assert_eq!(dispositions(&with(&whole).report(&["run"], 0), "old/people"), [10, 0, 0]);

    // Only if that is asked for it is read as far as it is whole, and never without saying so.
    for (bytes, rows) in [(&whole[..whole.len() - 3], 9), (&spliced, 4), (&odd, 2)] {
        let migration = with(bytes);
        let report = migration.report(&["run", "--skip-corrupt-tail"], 4);
        assert_eq!(dispositions(&report, "old/people"), [rows, 0, 0]);
        let damaged = report["damaged"][0].as_str().unwrap();
        assert!(damaged.contains("damaged at byte"), "{damaged}");
        assert!(migration.refusal(&["verify"], 65).contains("damaged at byte"));
        let verified = migration.report(&["verify", "--skip-corrupt-tail"], 0);
        assert_eq!((&verified["same"], &verified["damaged"][0]), (&json!(true), &report["damaged"][0]));
    }
}

#[test]
fn a_file_is_taken_for_what_it_is_and_not_for_what_it_is_called() {
    let migration = Migration::new(&people("dump"));
    std::fs::create_dir(migration.path().join("dump")).unwrap();
    let file = migration.path().join("dump/people.bson");
    std::fs::write(&file, [document(1), document(2)].concat()).unwrap();
    const PACK: &str = "import gzip, sys
data = open(sys.argv[1], 'rb').read()
open(sys.argv[1], 'wb').write(gzip.compress(data))";
    assert!(Command::new(python()).args(["-c", PACK]).arg(&file).status().unwrap().success());
    assert_eq!(dispositions(&migration.report(&["run"], 0), "old/people"), [2, 0, 0]);
    std::fs::rename(&file, migration.path().join("dump/people.bson.gz")).unwrap();
    let verified = migration.report(&["verify"], 0);
    assert_eq!(verified["same"], true);
}

#[test]
fn what_is_no_dump_is_refused_in_one_line() {
    let migration = Migration::new(&people("dump"));
    let refusal = migration.refusal(&["run"], 74);
    assert!(refusal.contains("cannot read") && refusal.lines().count() == 1, "{refusal}");
    std::fs::create_dir(migration.path().join("dump")).unwrap();
    let refusal = migration.refusal(&["run"], 3);
    assert!(refusal.contains("there is no .bson file in it"), "{refusal}");
    std::fs::write(migration.path().join("dump/other.bson"), b"").unwrap();
    let refusal = migration.refusal(&["run"], 3);
    assert!(refusal.contains("there is no table `people`"), "{refusal}");
    let wrong = Migration::new(&people("file"));
    std::fs::write(wrong.path().join("file"), b"PK\x03\x04 this is a zip").unwrap();
    let refusal = wrong.refusal(&["run"], 3);
    assert!(refusal.contains("it is neither a folder nor an archive of mongodump"), "{refusal}");
}

#[test]
fn a_checksum_that_is_wrong_is_found() {
    fn text(name: &str, value: &str) -> Vec<u8> {
        let length = i32::try_from(value.len() + 1).unwrap().to_le_bytes();
        [b"\x02", name.as_bytes(), b"\0", &length[..], value.as_bytes(), b"\0"].concat()
    }
    fn framed(fields: &[Vec<u8>]) -> Vec<u8> {
        let inner = fields.concat();
        let length = i32::try_from(inner.len() + 5).unwrap().to_le_bytes();
        [&length[..], &inner, b"\0"].concat()
    }
    let header = |is_end: bool, crc: u64| {
        let end = [b"\x08EOF\0".as_slice(), &[u8::from(is_end)]].concat();
        let crc = [b"\x12CRC\0".as_slice(), &crc.to_le_bytes()].concat();
        framed(&[text("db", "d"), text("collection", "people"), end, crc])
    };
    let end: &[u8] = &[0xff; 4];
    let archive = |crc| {
        let prelude = framed(&[text("db", "d"), text("collection", "people")]);
        [
            b"\x6d\xe2\x99\x81",
            &framed(&[])[..],
            &prelude,
            end,
            &header(false, 0),
            &document(1),
            end,
            &header(true, crc),
            end,
        ]
        .concat()
    };
    let migration = Migration::new(&people("archive"));
    std::fs::write(migration.path().join("archive"), archive(1)).unwrap();
    let refusal = migration.refusal(&["run"], 65);
    assert!(refusal.contains("the checksum of the collection is not that of its documents"), "{refusal}");
}

#[test]
fn a_dump_that_is_another_one_is_noticed() {
    let migration = Migration::new(&people("dump"));
    std::fs::create_dir(migration.path().join("dump")).unwrap();
    let file = migration.path().join("dump/people.bson");
    std::fs::write(&file, document(1)).unwrap();
    migration.report(&["run"], 0);
    std::fs::write(&file, [document(1), document(2)].concat()).unwrap();
    let refusal = migration.refusal(&["run"], 3);
    assert!(refusal.contains("when it was first read"), "{refusal}");
    let report = migration.report(&["run", "--accept-change"], 0);
    assert_eq!(table(&report, "old/people")["written"], 1);
}

/// Two shards may have the same id: they are two sources, whose rows are not each other's.
#[test]
fn the_same_id_in_two_sources_is_two_rows() {
    let yaml = "version: 1
sources:
  one: { kind: mongodump, path: one }
  two: { kind: mongodump, path: two }
tables:
  - { from: people, source: one, to: visitor, columns: { name: name } }
  - { from: people, source: two, alias: more, to: visitor, columns: { name: name } }
";
    let migration = Migration::new(yaml);
    for shard in ["one", "two"] {
        std::fs::create_dir(migration.path().join(shard)).unwrap();
        let rows: Vec<u8> = (0..3).flat_map(document).collect();
        std::fs::write(migration.path().join(shard).join("people.bson"), rows).unwrap();
    }
    let report = migration.report(&["run"], 0);
    assert_eq!(dispositions(&report, "one/people"), [3, 0, 0]);
    assert_eq!(dispositions(&report, "two/more"), [3, 0, 0]);
    assert_eq!(migration.query("SELECT count(DISTINCT id) FROM visitor"), [[json!(6)]]);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}

#[test]
fn a_document_of_sixteen_megabytes_is_a_dead_letter_of_a_few_kilobytes() {
    let migration = Migration::new(&people("dump"));
    std::fs::create_dir(migration.path().join("dump")).unwrap();
    let text = "x".repeat((16 << 20) - 64);
    let mut large = vec![0; 4];
    large.extend(b"\x10_id\0\x07\0\0\0\x02name\0");
    large.extend(i32::try_from(text.len() + 1).unwrap().to_le_bytes());
    large.extend(text.as_bytes());
    large.extend(b"\0\0");
    let length = i32::try_from(large.len()).unwrap().to_le_bytes();
    large[..4].copy_from_slice(&length);
    let rows = [document(1), large, document(8)].concat();
    std::fs::write(migration.path().join("dump/people.bson"), rows).unwrap();
    let report = migration.report(&["run"], 4);
    assert_eq!(dispositions(&report, "old/people"), [2, 0, 1]);
    let letters = migration.letters();
    assert_eq!((&letters[0]["key"], &letters[0]["code"]), (&json!("7"), &json!("too_long")));
    assert_eq!(letters[0]["raw"].as_str().unwrap().len(), 4096);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}
