//! Time for one message, by rule: `cargo bench -p kefu-text -- [--words N] [--rounds N]`.
//!
//! The hostile texts are there to show that time grows with length alone.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use kefu_text::mask::{Kinds, mask};
use kefu_text::terms::{LastWord, highlights, index_terms, query};
use kefu_text::words::{Direction, Limits, List, Matcher, Scratch};

/// The most frequent characters of Chinese, of which made-up words and messages consist.
const CHARACTERS: &str = "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着\
                          事其里所去行过家十用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只\
                          主没公从问题单退款订货快递客服电话查询";

struct Args {
    words: usize,
    rounds: u32,
}

fn args() -> Args {
    let mut args = Args { words: 10_000, rounds: 20_000 };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().unwrap_or_else(|| panic!("{name} needs a value"));
        match name.as_str() {
            "--words" => args.words = value().parse().expect("a number"),
            "--rounds" => args.rounds = value().parse().expect("a number"),
            "--bench" => {}
            _ => panic!("{name} is not known"),
        }
    }
    args
}

/// A fixed sequence of random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        // Xorshift, Marsaglia 2003.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 32).unwrap_or(0) % bound
    }

    fn chinese(&mut self, length: usize) -> String {
        let characters: Vec<char> = CHARACTERS.chars().collect();
        (0..length).map(|_| characters[self.below(characters.len())]).collect()
    }

    fn latin(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(b"etaoinshrdlu"[self.below(12)])).collect()
    }
}

/// Prints the mean time of one call and of one byte; the smallest of five measurements, to leave out what else runs.
fn measure(name: &str, bytes: usize, rounds: u32, mut call: impl FnMut()) {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        for _ in 0..rounds.div_ceil(5) {
            call();
        }
        best = best.min(begun.elapsed());
    }
    let nanoseconds = best.as_nanos() as f64 / f64::from(rounds.div_ceil(5));
    println!("{name:<44} {nanoseconds:>12.0} ns {:>8.2} ns/byte", nanoseconds / bytes as f64);
}

fn main() {
    let args = args();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let chinese: String = (0..20).map(|_| random.chinese(9) + "，").collect();
    let english: String = (0..36).map(|_| random.latin(4 + 1) + " ").collect::<String>().trim().to_owned();
    let personal = format!(
        "{}我的电话是138 1234 5678，邮箱bob@example.com，寄到北京市朝阳区建国路88号3号楼",
        random.chinese(60)
    );

    println!("mask");
    for (name, text) in [
        ("200 characters of Chinese", &chinese),
        ("200 of English", &english),
        ("with three hits", &personal),
    ] {
        measure(name, text.len(), args.rounds, || drop(black_box(mask(black_box(text), Kinds::ALL))));
    }
    for size in [10_000, 100_000] {
        for (name, piece) in [
            ("digits", "1"),
            ("digits apart", "1 "),
            ("at signs", "a@"),
            ("units", "1号"),
            ("houses", "1 Aa "),
            ("words", "护照A"),
        ] {
            let text = piece.repeat(size / piece.len());
            measure(&format!("{size} bytes of {name}"), text.len(), 10, || {
                drop(black_box(mask(black_box(&text), Kinds::ALL)))
            });
        }
    }

    println!("\nwords, {} of them", args.words);
    let list: String = (0..args.words)
        .map(|index| {
            let length = 3 + random.below(3);
            if index % 10 == 0 { random.latin(length + 2) + "\n" } else { random.chinese(length) + "\n" }
        })
        .collect();
    let limits = Limits { bytes_max: usize::MAX, words_max: usize::MAX };
    let begun = Instant::now();
    let list = List::parse(list.as_bytes(), limits).expect("the list is made right");
    let matcher = Matcher::new(list).expect("the list is small enough");
    println!("read and compiled in {:?}", begun.elapsed());
    let mut scratch = Scratch::default();
    for (name, text) in [("200 characters of Chinese", &chinese), ("200 of English", &english)] {
        let hits = matcher.check(text, Direction::In, &mut scratch).hits.len();
        measure(&format!("{name}, {hits} hits"), text.len(), args.rounds, || {
            drop(black_box(matcher.check(black_box(text), Direction::In, &mut scratch)));
        });
    }

    println!("\nterms");
    let mut out = String::new();
    for (name, text) in [("200 characters of Chinese", &chinese), ("200 of English", &english)] {
        measure(name, text.len(), args.rounds, || {
            out.clear();
            index_terms(black_box(text), &mut out);
        });
    }
    let asked = query("退款 订单", LastWord::Prefix);
    measure("a query", 13, args.rounds, || drop(black_box(query(black_box("退款 订单"), LastWord::Prefix))));
    measure("its highlights", chinese.len(), args.rounds, || {
        drop(black_box(highlights(black_box(&chinese), &asked)))
    });
}
