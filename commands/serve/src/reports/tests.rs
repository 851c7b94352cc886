//! A scripted day in a store, and what is counted of it. Slices are short in tests, and few conversations are
//! followed at once: see [`super::SLICE`] and [`super::FOLLOWED_MAX`].

use jiff::tz::TimeZone;
use kefu_core::{
    AgentKey, Conversation, ConversationKey, Entry, Event, Figures, Group, Inbox, InboxKey, InboxSettings,
    MessageKind, Met, Micros, Principal, Rating, Refusal, Revision, TeamKey, VisitorKey,
};
use kefu_store::{Batch, Change, OpenOptions, Opened, RecordSet, Tag, TagChange};
use uuid::Uuid;

use super::*;

const LIN: AgentKey = AgentKey(1);
const ZHOU: AgentKey = AgentKey(2);
const REFUNDS: TeamKey = TeamKey(1);

/// 2026-11-28T00:00:00Z.
const MIDNIGHT: i64 = 1_795_824_000;

fn at(second: i64) -> Micros {
    Micros((MIDNIGHT + second) * 1_000_000)
}

/// A store whose log is written by hand.
struct Day {
    opened: Opened,
    heads: Vec<Conversation>,
}

impl Day {
    async fn begin(dir: &std::path::Path) -> Self {
        let options =
            OpenOptions { dir: dir.into(), epoch_if_new: Uuid::nil(), now: at(-86_400), readers: 2 };
        let mut opened = kefu_store::open(options).await.unwrap();
        let settings = InboxSettings {
            waiting_target_s: Some(30),
            first_response_target_s: Some(60),
            ..InboxSettings::default()
        };
        let inbox = |key: i64, slug: &str, settings| Inbox {
            key: InboxKey(key),
            id: Uuid::from_u128(100 + key.unsigned_abs() as u128),
            slug: slug.to_owned(),
            name: slug.to_owned(),
            greeting: String::new(),
            origins: Vec::new(),
            identity_required: false,
            sealed_secret: Vec::new(),
            settings,
            versions: kefu_core::FieldVersions::default(),
            created_at: at(0),
        };
        let inboxes = [inbox(1, "web", settings), inbox(2, "shop", InboxSettings::default())];
        let changes = inboxes.map(|inbox| Change::Inbox(Box::new(inbox))).into();
        let heads: Vec<_> = (1..=3)
            .map(|key| {
                let inbox = InboxKey(if key == 3 { 2 } else { 1 });
                let id = Uuid::from_u128(key as u128);
                let head = Conversation::new(ConversationKey(key), id, inbox, VisitorKey(key), at(-86_400));
                Conversation { team: (key == 1).then_some(REFUNDS), ..head }
            })
            .collect();
        let batch = Batch { conversations: heads.clone(), changes, ..Batch::default() };
        opened.writer.commit(&batch).await.unwrap();
        Self { opened, heads }
    }

    async fn commit(
        &mut self,
        index: usize,
        steps: Vec<(Principal, MessageKind, Option<Event>)>,
        now: Micros,
    ) {
        let head = &mut self.heads[index];
        let mut entries = Vec::new();
        for (pos, (sender, kind, event)) in (self.opened.writer.next_pos()..).zip(steps) {
            let mut entry = Entry {
                pos,
                conversation: head.key,
                seq: 0,
                prev_pos: 0,
                prev_public_seq: 0,
                id: Uuid::from_u128(pos as u128),
                client_id: None,
                sender,
                kind,
                text: "x".to_owned(),
                event,
                data: None,
                quote_seq: None,
                revision: Revision::Intact,
                created_at: now,
            };
            head.append(&mut entry, pos);
            entries.push(entry);
        }
        let batch = Batch { entries, conversations: vec![head.clone()], ..Batch::default() };
        self.opened.writer.commit(&batch).await.unwrap();
    }

    async fn write(&mut self, second: i64, index: usize, sender: Principal) {
        let event = self.heads[index].on_message(sender, MessageKind::Text, at(second));
        let mut steps = vec![(sender, MessageKind::Text, None)];
        let by = event.filter(|event| event.agent.is_some()).map_or(Principal::System, |_| sender);
        steps.extend(event.map(|event| (by, MessageKind::Event, Some(event))));
        self.commit(index, steps, at(second)).await;
    }

    async fn act(
        &mut self,
        second: i64,
        index: usize,
        by: Principal,
        how: impl FnOnce(&mut Conversation) -> Result<Event, Refusal>,
    ) {
        let event = how(&mut self.heads[index]).unwrap();
        self.commit(index, vec![(by, MessageKind::Event, Some(event))], at(second)).await;
    }

    async fn count(&self, from: i64, to: i64, grouping: Grouping) -> Report {
        let filter = ReportFilter { from: at(from), to: at(to), ..ReportFilter::default() };
        count(&self.opened.store, filter, grouping, TimeZone::UTC).await.unwrap()
    }
}

fn visitor(index: usize) -> Principal {
    Principal::Visitor(VisitorKey(index as i64 + 1))
}

/// The first contact begins the evening before; the second conversation is missed, the third rated.
async fn script(day: &mut Day) {
    let (lin, zhou, system) = (Principal::Agent(LIN), Principal::Agent(ZHOU), Principal::System);
    day.write(-3600, 0, visitor(0)).await;
    day.act(-3580, 0, system, |head| head.assign(LIN)).await;
    day.write(-3550, 0, lin).await;
    day.write(-10, 0, visitor(0)).await;
    // Midnight.
    day.write(30, 0, lin).await;
    day.commit(0, vec![(lin, MessageKind::Note, None)], at(31)).await;
    day.act(40, 0, lin, |head| head.transfer(Some(ZHOU), at(40))).await;
    day.write(60, 0, zhou).await;
    day.act(100, 0, zhou, |head| head.resolve(at(100))).await;
    day.write(3600, 1, visitor(1)).await;
    day.write(3605, 1, Principal::Bot).await;
    day.write(3700, 2, visitor(2)).await;
    day.act(3720, 2, system, |head| head.assign(LIN)).await;
    day.act(3900, 1, system, |head| head.resolve(at(3900))).await;
    day.write(3950, 2, lin).await;
    day.act(3960, 2, lin, Conversation::invite_rating).await;
    day.act(4000, 2, lin, |head| head.resolve(at(4000))).await;
    let rating = |score| Rating { score, comment: String::new(), created_at: at(4100) };
    day.act(4100, 2, visitor(2), |head| head.rate(rating(5))).await;
    // The visitor of the first comes back, waits, and is handed to Zhou again.
    day.write(7200, 0, visitor(0)).await;
    day.act(7260, 0, system, |head| head.assign(ZHOU)).await;
    day.write(7270, 0, zhou).await;
}

#[tokio::test]
async fn a_day_is_counted_figure_by_figure() {
    let dir = tempfile::tempdir().unwrap();
    let mut day = Day::begin(dir.path()).await;
    script(&mut day).await;
    let report = day.count(0, 86_400, Grouping::Agent).await;

    let total = &report.total;
    let counted = [
        ("opened", total.opened, 3),
        ("handled", total.handled, 3),
        ("missed", total.missed, 1),
        ("abandoned", total.abandoned, 1),
        ("resolved", total.resolved, 3),
        ("resolved by the clock", total.resolved_by_clock, 1),
        ("transfers", total.transfers, 1),
        ("messages in", total.messages_in, 3),
        ("messages out", total.messages_out, 4),
        ("messages of bots", total.messages_bot, 1),
        ("invited", total.invited, 1),
        ("ratings", total.ratings(), 1),
    ];
    for (figure, counted, expected) in counted {
        assert_eq!(counted, expected, "{figure}");
    }
    let seconds = |durations: &kefu_core::Durations| {
        let all = [durations.percentile(50), durations.percentile(90), durations.mean()];
        (durations.count(), all.map(|micros| micros.map(|micros| micros / 1_000_000)))
    };
    assert_eq!(seconds(&total.queue_wait), (2, [Some(20), Some(60), Some(40)]));
    assert_eq!(seconds(&total.first_response), (2, [Some(70), Some(250), Some(160)]));
    assert_eq!(seconds(&total.response), (3, [Some(70), Some(250), Some(120)]));
    // Lin had the first from the evening before on: 3620 s.
    assert_eq!(seconds(&total.handling), (3, [Some(280), Some(3620), Some(1320)]));
    assert_eq!((total.mean_score(), total.satisfied()), (Some(5.0), Some(1.0)));
    // Only `web` has targets: its waits were 60 s and, given up, 300 s; its answers 70 s and none.
    assert_eq!(total.waiting_target, Met { met: 0, of: 2 });
    assert_eq!(total.first_response_target, Met { met: 0, of: 2 });

    let of = |agent: Option<AgentKey>| &report.rows[&Group::Agent(agent)];
    let figures = |figures: &Figures| {
        (figures.handled, figures.missed, figures.transfers, figures.messages_out, figures.resolved)
    };
    assert_eq!(figures(of(Some(LIN))), (1, 0, 1, 2, 1));
    assert_eq!(figures(of(Some(ZHOU))), (2, 0, 0, 2, 1));
    assert_eq!(figures(of(None)), (0, 1, 0, 0, 1));

    let by = async |grouping| {
        let report = day.count(0, 86_400, grouping).await;
        assert_eq!(report.total, *total, "{grouping:?}");
        report.rows.into_iter().map(|(group, figures)| (group, figures.messages_in)).collect::<Vec<_>>()
    };
    let hour = |hours: i64| Group::Time(at(hours * 3600));
    assert_eq!(by(Grouping::Hour).await, [(hour(0), 0), (hour(1), 2), (hour(2), 1)]);
    assert_eq!(by(Grouping::Day).await, [(hour(0), 3)]);
    assert_eq!(by(Grouping::Team).await, [(Group::Team(None), 2), (Group::Team(Some(REFUNDS)), 1)]);
    let inbox = |key| Group::Inbox(Some(InboxKey(key)));
    assert_eq!(by(Grouping::Inbox).await, [(inbox(1), 2), (inbox(2), 1)]);
}

#[tokio::test]
async fn a_range_may_be_cut_anywhere_and_the_store_opened_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut day = Day::begin(dir.path()).await;
    script(&mut day).await;
    let sums = |figures: &Figures| {
        [
            figures.opened,
            figures.handled,
            figures.missed,
            figures.resolved,
            figures.messages_in,
            figures.messages_out,
            figures.queue_wait.count(),
            figures.first_response.count(),
            figures.response.count(),
            figures.handling.count(),
        ]
    };
    let whole = day.count(-86_400, 86_400, Grouping::Day).await.total;
    for cut in [-3550, -10, 0, 30, 31, 41, 100, 3600, 3650, 3900, 3950, 7200, 7261] {
        let before = sums(&day.count(-86_400, cut, Grouping::Day).await.total);
        let after = sums(&day.count(cut, 86_400, Grouping::Day).await.total);
        let both: Vec<_> = before.iter().zip(after).map(|(before, after)| before + after).collect();
        assert_eq!(both, sums(&whole), "cut at {cut}");
    }
    // Nobody says goodbye to the writer: the log is all that there is.
    let store = kefu_store::open_reading(dir.path(), 1).await.unwrap();
    let filter = ReportFilter { from: at(-86_400), to: at(86_400), ..ReportFilter::default() };
    let again = count(&store, filter, Grouping::Day, TimeZone::UTC).await.unwrap();
    assert_eq!(again.total, whole);
}

#[tokio::test]
async fn tags_and_filters_choose_conversations() {
    let dir = tempfile::tempdir().unwrap();
    let mut day = Day::begin(dir.path()).await;
    script(&mut day).await;
    let tag = |number: u128, name: &str| Tag {
        id: Uuid::from_u128(number),
        name: name.to_owned(),
        colour: "#3366cc".to_owned(),
        group: String::new(),
        created_at: at(0),
    };
    let on = |conversation, tags: &[u128]| TagChange::Conversation {
        conversation: ConversationKey(conversation),
        tags: tags.iter().map(|tag| Uuid::from_u128(*tag)).collect(),
        agent: None,
        at: at(0),
    };
    let changes =
        [TagChange::Add(tag(1, "退款")), TagChange::Add(tag(2, "物流")), on(1, &[1, 2]), on(2, &[1])];
    let changes = changes.into_iter().map(Change::Tag).collect();
    let records = vec![RecordSet { changes, audit: Vec::new() }];
    let committed = day.opened.writer.commit(&Batch { records, ..Batch::default() }).await.unwrap();
    committed.records.into_iter().for_each(|outcome| outcome.unwrap());

    let names = Names::load(&day.opened.store).await.unwrap();
    let [refund, transport] = [1, 2].map(|number| names.tag_by_id(Uuid::from_u128(number)).unwrap());
    let report = day.count(0, 86_400, Grouping::Tag).await;
    let opened: Vec<_> = report.rows.iter().map(|(group, figures)| (*group, figures.opened)).collect();
    let expected = [(Group::Tag(None), 1), (Group::Tag(Some(refund)), 2), (Group::Tag(Some(transport)), 1)];
    assert_eq!((opened.as_slice(), report.total.opened), (&expected[..], 3));

    let with = async |filter: ReportFilter| {
        let filter = ReportFilter { from: at(0), to: at(86_400), ..filter };
        let report = count(&day.opened.store, filter, Grouping::Day, TimeZone::UTC).await.unwrap();
        (report.total.opened, report.total.messages_out)
    };
    assert_eq!(with(ReportFilter { tag: Some(transport), ..ReportFilter::default() }).await, (1, 3));
    assert_eq!(with(ReportFilter { team: Some(REFUNDS), ..ReportFilter::default() }).await, (1, 3));
    assert_eq!(with(ReportFilter { agent: Some(ZHOU), ..ReportFilter::default() }).await, (0, 2));
    assert_eq!(with(ReportFilter { inbox: Some(InboxKey(2)), ..ReportFilter::default() }).await, (1, 1));
}
