//! What is acknowledged is there after a power cut, after a kill, once, in order.

use std::{process::Command, time::Duration};

use crate::support::{
    audit::{audit, whole_log},
    crowd::Crowd,
    random::{Random, Seed, eventually, patience, scale},
    server::{Place, Server, was_cut},
    shim::{self, Shim, last_cut},
    socket::Socket,
    writer::Writer,
};

/// Steps of the file layer that starting on a store in use takes, roughly.
const STEPS_OF_A_START: u64 = 60;

/// What the cuts of one test did.
#[derive(Debug, Default)]
struct Cuts {
    count: u64,
    /// Those that undid something.
    undone: u64,
    /// Those of which a part survived.
    torn: u64,
    /// Those in a checkpoint.
    in_checkpoint: u64,
}

impl Cuts {
    /// Waits for the daemon to end; says whether it was cut off. A clean end is none.
    #[track_caller]
    fn take(&mut self, place: &Place, server: &mut Server) -> bool {
        let status = server.ended(patience()).expect("the daemon ends at the cut");
        assert!(status.success() || was_cut(status), "{status}\n{}", place.log());
        was_cut(status) && self.note(place)
    }

    fn note(&mut self, place: &Place) -> bool {
        let cut = last_cut(place.path()).expect("the file layer says what it did");
        self.count += 1;
        self.undone += u64::from(cut.kept < cut.pending);
        self.torn += u64::from(cut.kept > 0 && cut.kept < cut.pending);
        self.in_checkpoint += u64::from(cut.in_database > 0);
        true
    }
}

/// Starts on a store in use; in some rounds the start itself is cut off first.
#[track_caller]
fn start(place: &Place, random: &mut Random, cuts: &mut Cuts) -> Server {
    loop {
        let is_cut = random.below(4) == 0;
        let cut_after = if is_cut { random.between(1, STEPS_OF_A_START) } else { 0 };
        match place.start_on(&Shim { seed: random.next(), cut_after, ..Shim::default() }) {
            // A start that wrote less than that goes on; then it is ended, so that this is no other case.
            Ok(server) if is_cut => server.kill(),
            Ok(server) => return server,
            Err(status) => {
                assert!(is_cut && was_cut(status), "the daemon does not start: {status}\n{}", place.log());
                cuts.note(place);
            }
        }
    }
}

#[test]
fn power_cuts_lose_nothing_that_was_acknowledged() {
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let rounds = scale("KEFU_CUTS", 12);
    let place = Place::new();
    let mut cuts = Cuts::default();
    let first = place.start();
    let mut crowd = Crowd::new(&first, random.next());
    first.stop();
    while cuts.count < rounds {
        let mut server = start(&place, &mut random, &mut cuts);
        crowd.come_back(&server);
        crowd.change_one(&server);
        let address = server.address;
        match random.below(4) {
            // In a stop that is asked for: folding, and emptying the write-ahead log.
            0 => {
                let (soon, steps) = (random.below(150), random.between(1, 120));
                crowd.write_until_gone(address, &server, || {
                    std::thread::sleep(Duration::from_millis(soon));
                    server.signal("TERM");
                    server.arm(&place, steps);
                });
            }
            // Late enough for a checkpoint under load.
            1 => {
                let steps = random.between(2_000, 8_000);
                crowd.write_until_gone(address, &server, || server.arm(&place, steps));
            }
            _ => {
                let steps = random.between(1, 400);
                crowd.write_until_gone(address, &server, || server.arm(&place, steps));
            }
        }
        if cuts.take(&place, &mut server) {
            place.check();
        }
    }
    let server = place.start();
    crowd.come_back(&server);
    crowd.look_back(&server);
    place.check();
    server.stop();
    place.check();
    let (acked, checked) = crowd.figures();
    println!("{cuts:?}, {acked} acknowledged, {checked} checked on the wire");
    assert!(cuts.undone * 3 > cuts.count, "most cuts hit nothing: {cuts:?}");
    assert!(cuts.in_checkpoint > 0 || cuts.count < 100, "no cut hit a checkpoint: {cuts:?}");
}

#[test]
fn power_cuts_while_a_store_is_made_leave_one_that_works() {
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    for _ in 0..scale("KEFU_CUTS", 12).div_ceil(3) {
        let place = Place::new();
        let cut_after = random.between(1, 160);
        match place.start_on(&Shim { seed: random.next(), cut_after, ..Shim::default() }) {
            Ok(server) => server.kill(),
            Err(status) => assert!(was_cut(status), "cut at {cut_after}: {status}\n{}", place.log()),
        }
        let server = place.start();
        let mut crowd = Crowd::new(&server, random.next());
        crowd.come_back(&server);
        place.check();
    }
}

#[test]
fn kills_lose_nothing_that_was_acknowledged() {
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let place = Place::new();
    let mut server = place.start();
    let mut crowd = Crowd::new(&server, random.next());
    for _ in 0..scale("KEFU_KILLS", 6) {
        crowd.come_back(&server);
        crowd.change_one(&server);
        let (address, moment) = (server.address, Duration::from_micros(random.between(1_000, 400_000)));
        crowd.write_until_gone(address, &server, || {
            std::thread::sleep(moment);
            server.signal("KILL");
        });
        server.kill();
        server = place.start();
    }
    crowd.come_back(&server);
    crowd.look_back(&server);
    place.check();
    let (acked, checked) = crowd.figures();
    println!("{acked} acknowledged, {checked} checked on the wire");
    assert!(acked > 0 && checked > 0, "nothing was checked");
}

#[test]
fn a_stop_under_load_says_so_and_loses_nothing() {
    let place = Place::new();
    let mut server = place.start();
    let mut crowd = Crowd::new(&server, 1);
    crowd.come_back(&server);
    let mut idle = Socket::open(server.address, &server.visitor().0).expect("a connection");
    idle.wait_for("hello");
    crowd.write_until_gone(server.address, &server, || {
        eventually("some messages are there", || (server.metric("kefu_acks_total") > 50.0).then_some(()));
        server.signal("TERM");
    });
    assert!(idle.wait_for("restart")["retry_after_ms"].is_u64());
    assert_eq!(idle.wait_for_close(patience()), Some(1012));
    let status = server.ended(patience()).expect("the daemon stops when it is asked to");
    assert!(status.success(), "{status}");
    place.check();
    let server = place.start();
    crowd.come_back(&server);
}

/// The control of the tests above: below a disk that does not keep what it says is synced, they must fail.
#[test]
fn a_disk_that_lies_is_found_out() {
    let place = Place::new();
    let server = place.start();
    let admin = server.sign_in();
    let mut writer = Writer::visitor(server.visitor(), 1);
    server.stop();
    // The first of the three ways: nothing survives that was not synced.
    let seed = (1..).find(|seed| Random::new(*seed).next().is_multiple_of(3)).unwrap_or_default();
    let lying = Shim { seed, lie_after: 1, ..Shim::default() };
    let mut server = place.start_on(&lying).expect("a lie is not noticed at once");
    writer.connect(server.address).expect("a connection");
    writer.chatter(server.address, 40, 4).expect("acknowledgements");
    server.arm(&place, 1);
    drop(writer.chatter(server.address, usize::MAX, 4));
    assert!(was_cut(server.ended(patience()).expect("the daemon ends at the cut")));
    let server = place.start();
    let conversation = writer.conversations[0].clone();
    let wrong = audit(&conversation, &whole_log(&server, &admin, &conversation), &writer.sent);
    assert!(wrong.contains("lost:"), "the loss of {} messages was not found: {wrong}", writer.sent.len());
}

/// The control of the file layer: a program that acknowledges before it syncs loses records, one that syncs
/// first never does.
#[test]
fn the_file_layer_tells_early_from_late_acknowledgements() {
    let lost = |manner: &str| {
        let mut lost = 0;
        for seed in 1..=30 {
            let dir = tempfile::tempdir().unwrap();
            let mut command = Command::new(shim::appender());
            command.current_dir(dir.path()).arg(dir.path().join("records")).args(["100", manner]);
            Shim { seed, cut_after: 5 + seed, ..Shim::default() }.apply(&mut command, dir.path());
            let output = command.output().unwrap();
            assert!(was_cut(output.status), "{}", output.status);
            let printed = String::from_utf8(output.stdout).unwrap();
            let acked: usize = printed.lines().last().map_or(0, |number| number.parse().unwrap());
            let kept = std::fs::read_to_string(dir.path().join("records")).unwrap_or_default();
            let kept = kept.lines().filter(|line| line.len() == 7).count();
            lost += usize::from(kept < acked);
        }
        lost
    };
    assert_eq!(lost("late"), 0);
    let early = lost("early");
    assert!(early >= 5, "only {early} of 30 cuts show the bug");
}
