//! The `serve` section of the configuration, and what is checked before anything is opened.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use clap::ValueEnum as _;
use kefu_app::{App, ByteSize, Effective, Exit, Failure, Flags, Named, Secret, Text};
use kefu_core::{Limit, RETENTION_DAYS_MAX, Retention};
use kefu_media::{MediaType, UnknownMediaType};
use kefu_text::mask::{Kind, Kinds};

use crate::{address::Network, args::Args, descriptors, masking::Masking, syslog::Receiver};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

kefu_app::settings! {
    /// The `serve` section: the chat daemon.
    pub struct Settings {
        /// Address to listen on; port 0 takes any free one. TLS is a proxy's business.
        pub listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)),
        /// Directory of the store. Where nothing is set: `$XDG_DATA_HOME/kefu` or `~/.local/share/kefu`.
        pub data_dir: Option<PathBuf> = None,
        /// Where users reach the daemon, such as `https://chat.example.com`: for links, for cookies (https makes
        /// them `Secure`) and as an allowed origin of the console. Where nothing is set: the address it listens on.
        pub public_url: Option<String> = None,
        /// Proxies whose `X-Forwarded-For` is believed; everybody else's is ignored.
        pub trusted_proxies: Vec<Network> = Vec::new(),
        /// Token that `/metrics` demands as `Authorization: Bearer …`. Where nothing is set: open to everyone who
        /// reaches the port.
        pub metrics_token: Option<Secret> = None,
        /// Key that seals secrets in the store: 32 bytes in hexadecimal or base64. Several, separated by commas: the
        /// last one seals, all of them open. Where nothing is set: the file `secret.key` in the data directory, made
        /// when it is missing, which `kefu serve rotate-key` changes without a restart.
        pub secret_key: Option<Secret> = None,
        /// Who must have a second factor: none, admins (whoever may change agents, roles or keys) or all. Who has none
        /// yet can do nothing but set one up.
        pub require_totp: RequireTotp = RequireTotp::None,
        /// The audit log.
        pub audit: Audit = Audit::default(),
        /// What agents see of visitors' personal data.
        pub privacy: Privacy = Privacy::default(),
        /// File with words that are not wanted in messages, one a line, with what is done about each: block, mask, warn
        /// or flag. It is read again when it changes and at SIGHUP. Where nothing is set: no word is looked for.
        pub words: Option<PathBuf> = None,
        /// Bridge files, see docs/gateway.md: each bridge is served under `/gateway/` and its name, for API keys with the
        /// scope `gateway`, or for everybody if it says `public: true`. They are read again at SIGHUP.
        pub gateway: Vec<PathBuf> = Vec::new(),
        /// File that says which operations of these bridges are a ticket system of others, see docs/gateway.md: its tickets
        /// are read and written beside kefu's own. Where nothing is set: there is none.
        pub ticket_service: Option<PathBuf> = None,
        /// How often clients send a sign of life; a connection without two in a row is closed.
        pub heartbeat: Duration = Duration::from_secs(25),
        /// How long conversations stay with an agent whose last connection has ended; then they go back to the queue.
        pub agent_grace: Duration = Duration::from_secs(180),
        /// Why agents may say they are busy or away, at most 20 of at most 40 characters each. The console has words of
        /// its own for meal, rest, meeting and training, in each language, and shows others as they are.
        pub break_reasons: Vec<BreakReason> = BreakReason::usual(),
        /// How long a graceful stop may take; what is still open then is cut.
        pub stop_timeout: Duration = Duration::from_secs(10),
        /// Limits. None of them can be switched off unless it says so.
        pub limits: Limits = Limits::default(),
        /// Files of conversations.
        pub files: FileSettings = FileSettings::default(),
        /// Chat services that are connected to inboxes.
        pub channels: ChannelSettings = ChannelSettings::default(),
        /// Departments that hear of what happens.
        pub events: EventSettings = EventSettings::default(),
        /// The data layer: one GraphQL query over many systems.
        pub graphql: GraphqlSettings = GraphqlSettings::default(),
        /// How often something may happen; `per_minute: 0` means no limit.
        pub rate: Rates = Rates::default(),
    }
}

/// Why an agent is busy or away.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BreakReason(pub(crate) Arc<str>);

/// How many reasons agents may choose from.
const BREAK_REASONS_MAX: usize = 20;

impl BreakReason {
    fn usual() -> Vec<Self> {
        ["meal", "rest", "meeting", "training"].map(|word| Self(word.into())).into()
    }
}

impl fmt::Display for BreakReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BreakReason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > 40 || text.chars().any(char::is_control) {
            return Err("must have 1 to 40 characters and no control characters");
        }
        Ok(Self(text.into()))
    }
}

kefu_app::setting_from_text!(BreakReason, "a word such as meal", "形如 meal 的词");

/// Who must have a second factor.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum RequireTotp {
    /// Nobody.
    None,
    /// Whoever may change agents, roles or keys.
    Admins,
    /// Every agent.
    All,
}

kefu_app::setting_from_choices!(RequireTotp);

kefu_app::settings! {
    /// The `serve.audit` group.
    pub struct Audit {
        /// Where each line of the audit log is sent, too, as RFC 5424: `unix:/dev/log`, `udp://HOST:PORT` or
        /// `tcp://HOST:PORT`. Where nothing is set: nowhere.
        pub syslog: Option<Receiver> = None,
    }
}

kefu_app::settings! {
    /// The `serve.privacy` group.
    pub struct Privacy {
        /// Kinds of personal data that agents, programs, searches and exports get masked: phone, landline, identity,
        /// card, email, passport, address. What is stored stays whole; whoever may reveal it does so one at a time,
        /// with a reason. An empty list masks nothing.
        pub mask: Vec<Masked> = Masked::value_variants().to_vec(),
        /// For how many days things are kept, in inboxes that say nothing else.
        pub retention: RetentionDays = RetentionDays::default(),
    }
}

kefu_app::settings! {
    /// The `serve.privacy.retention` group. 0 means for ever.
    pub struct RetentionDays {
        /// What was said in a conversation that has ended, since its last entry; its files go with it.
        pub messages: u32 = 0,
        /// Files of conversations, since the upload.
        pub files: u32 = 0,
        /// What was written in a ticket that is solved or closed, since its last change.
        pub tickets: u32 = 0,
        /// Pages that visitors saw.
        pub pages: u32 = 0,
    }
}

impl RetentionDays {
    /// As inboxes have it.
    pub(crate) fn defaults(&self) -> Retention {
        let days = |days| Some(days).filter(|days| *days > 0);
        Retention {
            messages_days: days(self.messages),
            files_days: days(self.files),
            tickets_days: days(self.tickets),
            pages_days: days(self.pages),
        }
    }
}

/// A kind of personal data.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum Masked {
    /// Mobile numbers, and numbers with a country's code.
    #[default]
    Phone,
    /// Landlines.
    Landline,
    /// Identity-card numbers.
    Identity,
    /// Bank-card numbers.
    Card,
    /// E-mail addresses.
    Email,
    /// Passport numbers.
    Passport,
    /// Postal addresses.
    Address,
}

kefu_app::setting_from_choices!(Masked);

impl Privacy {
    /// As views take it.
    pub(crate) fn masking(&self) -> Masking {
        Masking::new(self.mask.iter().fold(Kinds::NONE, |kinds, kind| kinds.with((*kind).into())))
    }
}

impl From<Masked> for Kind {
    fn from(masked: Masked) -> Self {
        match masked {
            Masked::Phone => Self::Phone,
            Masked::Landline => Self::Landline,
            Masked::Identity => Self::Identity,
            Masked::Card => Self::Card,
            Masked::Email => Self::Email,
            Masked::Passport => Self::Passport,
            Masked::Address => Self::Address,
        }
    }
}

kefu_app::settings! {
    /// The `serve.limits` group.
    pub struct Limits {
        /// Connections at most, of all kinds; further ones get 503. Lowered to what the system's limit of open
        /// files leaves.
        pub max_connections: u32 = 20_000,
        /// Connections at most that wait for their first answer or for becoming a WebSocket; the system holds
        /// further ones back.
        pub max_handshakes: u32 = 256,
        /// Connections at most from one IPv4 address or one IPv6 /64, trusted proxies excepted; 0 means no limit.
        pub max_connections_per_address: u32 = 0,
        /// Largest body of a request.
        pub max_body: ByteSize = ByteSize(256 * 1024),
        /// How long a new connection may take to send its first request's head.
        pub header_timeout: Duration = Duration::from_secs(10),
        /// How long a connection may be idle between two requests; more than what a proxy in front allows.
        pub idle_timeout: Duration = Duration::from_secs(75),
        /// How long a request may take from its head to the start of its answer, the body included.
        pub request_timeout: Duration = Duration::from_secs(30),
        /// What may wait for one connection; a reader that falls behind by more is closed and resumes later.
        pub outbox: ByteSize = ByteSize(256 * 1024),
        /// Largest frame from a client.
        pub frame: ByteSize = ByteSize(kefu_protocol::frame::MAX_CLIENT_FRAME as u64),
        /// What may wait for the store, all connections together; beyond it `unavailable` is answered.
        pub queue: ByteSize = ByteSize(16 * 1024 * 1024),
        /// Open conversations that routing gives an agent for whom nothing else is said.
        pub agent_capacity_default: u32 = 8,
        /// How long an agent stays signed in without being seen.
        pub agent_session: Duration = Duration::from_secs(12 * HOUR),
        /// How long a visitor is known without being seen.
        pub visitor_session: Duration = Duration::from_secs(180 * DAY),
        /// Conversations kept in memory; the rest is read from the store when it is needed.
        pub hot_conversations: u32 = 50_000,
    }
}

kefu_app::settings! {
    /// The `serve.files` group.
    pub struct FileSettings {
        /// Largest file that is taken.
        pub max_size: ByteSize = ByteSize(20 * 1024 * 1024),
        /// Types that are taken, of those that are recognised: pages, scripts, programs and drawings with scripts never are.
        /// `application/zip` is recognised, too.
        pub types: Vec<FileType> = FileType::usual(),
        /// Pixels of a picture at most.
        pub max_pixels: u32 = 100_000_000,
        /// What a document or archive may unfold to, by what it says.
        pub max_unpacked: ByteSize = ByteSize(512 * 1024 * 1024),
        /// What a visitor may send within 24 hours; 0 means no limit.
        pub visitor_daily: ByteSize = ByteSize(200 * 1024 * 1024),
        /// What all files together may take; 0 means no limit.
        pub quota: ByteSize = ByteSize(0),
        /// What must stay free on the disk: beyond it no files are taken.
        pub min_free: ByteSize = ByteSize(1024 * 1024 * 1024),
        /// Files at most that come in at once.
        pub max_uploads: u32 = 32,
        /// How long an upload may take from its head to its answer.
        pub upload_timeout: Duration = Duration::from_secs(5 * 60),
        /// How long an upload may bring nothing.
        pub stall_timeout: Duration = Duration::from_secs(20),
        /// How long the address of a file holds at most.
        pub link_life: Duration = Duration::from_secs(HOUR),
    }
}

/// A type of files.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FileType(pub(crate) MediaType);

impl FileType {
    fn usual() -> Vec<Self> {
        MediaType::usual().into_iter().map(Self).collect()
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for FileType {
    type Err = UnknownMediaType;

    fn from_str(text: &str) -> Result<Self, UnknownMediaType> {
        text.parse().map(Self)
    }
}

kefu_app::setting_from_text!(FileType, "a type such as image/png", "形如 image/png 的类型");

kefu_app::settings! {
    /// The `serve.channels` group.
    pub struct ChannelSettings {
        /// Requests for a host that go somewhere else, such as `api.weixin.qq.com=http://10.0.0.5:8080`: for machines
        /// that reach services only over another one, whose address the service knows.
        pub relays: Vec<ChannelRelay> = Vec::new(),
        /// How long a request of a channel may take until its whole answer is there.
        pub timeout: Duration = Duration::from_secs(15),
    }
}

kefu_app::settings! {
    /// The `serve.events` group.
    pub struct EventSettings {
        /// Whether webhooks may go to addresses of the network that this machine is in. Link-local ones, where clouds
        /// keep their secrets, are never connected to.
        pub allow_internal: bool = false,
        /// How long a webhook may take until its whole answer is there.
        pub timeout: Duration = Duration::from_secs(10),
        /// For how many days it is listed what webhooks were told.
        pub log_days: u32 = 7,
        /// For how many days an event waits for a subscription that is slow or switched off; what is older when its
        /// turn comes is counted and not told. Dead letters are kept for as long.
        pub keep_days: u32 = 30,
        /// After how many days in which nothing was taken a subscription is switched off.
        pub give_up_days: u32 = 3,
        /// Instances of nsqd such as `127.0.0.1:4150`: subscriptions of the kind `topic` tell the first that answers.
        pub nsq: Vec<String> = Vec::new(),
        /// Servers of NATS with JetStream such as `nats://127.0.0.1:4222`, in the place of NSQ.
        pub nats: Vec<String> = Vec::new(),
        /// Subscriptions under names of your choice, see docs/events.md; further ones are made over the API.
        pub subscriptions: Named<SubscriptionSettings> = Named::default(),
    }
}

kefu_app::settings! {
    /// A group of `serve.events.subscriptions`. One of `url`, `topic` and `action` says how it hears.
    pub struct SubscriptionSettings {
        /// Topics such as `chat.rated` or `conversation.*`.
        pub topics: Vec<String> = Vec::new(),
        /// Ids of inboxes; all when it is empty.
        pub inboxes: Vec<String> = Vec::new(),
        /// Where a webhook goes.
        pub url: Option<String> = None,
        /// What its requests are signed with.
        pub secret: Option<Secret> = None,
        /// Headers that its requests have besides.
        pub headers: Named<String> = Named::default(),
        /// Begin of topics of a bus: `sales` has `chat.rated` told as `sales.chat.rated`.
        pub topic: Option<String> = None,
        /// What kefu does itself, such as `do: assign` and `team_id`; lists are written with commas.
        pub action: Named<String> = Named::default(),
    }
}

kefu_app::settings! {
    /// The `serve.graphql` group.
    pub struct GraphqlSettings {
        /// File that says which systems there are and how their records hang together, see docs/graphql.md: what it
        /// describes is served at `/graphql`, and cards of the console ask it. Where nothing is set: there is no data layer.
        pub file: Option<PathBuf> = None,
        /// Whether `/graphql` shows browsers GraphiQL, where queries are written and tried.
        pub graphiql: bool = false,
    }
}

/// A host whose requests go somewhere else.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ChannelRelay(pub(crate) String);

impl fmt::Display for ChannelRelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ChannelRelay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A build without channels takes the configuration of one with them.
        #[cfg(feature = "channels")]
        text.parse::<kefu_gateway::Relay>()?;
        Ok(Self(text.to_owned()))
    }
}

kefu_app::setting_from_text!(
    ChannelRelay,
    "a host and an address such as api.example.com=http://10.0.0.5:8080",
    "形如 api.example.com=http://10.0.0.5:8080 的主机与地址"
);

kefu_app::settings! {
    /// The `serve.rate` group. The defaults let an office of hundreds behind one address work.
    pub struct Rates {
        /// Messages of one visitor.
        pub visitor_messages: Rate = Rate { per_minute: 120, burst: 30 },
        /// Messages of one agent.
        pub agent_messages: Rate = Rate { per_minute: 600, burst: 100 },
        /// Requests from one IPv4 address or one IPv6 /64, whoever makes them.
        pub address_requests: Rate = Rate { per_minute: 6000, burst: 1000 },
        /// Visitors' sessions opened from one address.
        pub address_sessions: Rate = Rate { per_minute: 600, burst: 200 },
        /// Attempts to sign in from one address.
        pub login_address: Rate = Rate { per_minute: 60, burst: 30 },
        /// Attempts to sign in to one account.
        pub login_account: Rate = Rate { per_minute: 6, burst: 10 },
        /// Requests of one API key.
        pub key_requests: Rate = Rate { per_minute: 1200, burst: 200 },
    }
}

kefu_app::settings! {
    /// One rate limit.
    pub struct Rate {
        /// Sustained, evenly spread; 0 means no limit.
        pub per_minute: u32 = 60,
        /// At once.
        pub burst: u32 = 10,
    }
}

impl Rate {
    /// As the meters take it.
    pub(crate) fn limit(&self) -> Limit {
        Limit { per_minute: self.per_minute, burst: self.burst }
    }
}

/// Where the platform keeps a user's data: shown as the origin of `data_dir`.
const PLATFORM: &str = "platform default";

impl Settings {
    /// Lays the configuration and the flags on each other, and checks what one value alone cannot tell.
    ///
    /// # Errors
    /// For the first wrong value, with its place.
    pub(crate) fn load(app: &App, args: &Args) -> Result<Effective<Self>, Failure> {
        let mut flags = Flags::new();
        flags.set("listen", "--listen", args.listen).path("data_dir", "--data-dir", args.data_dir.as_deref());
        Self::load_with(app, flags)
    }

    /// The same for the commands that only need to know where the store is.
    ///
    /// # Errors
    /// For the first wrong value, with its place.
    pub(crate) fn load_for_store(app: &App, data_dir: Option<&PathBuf>) -> Result<PathBuf, Failure> {
        Self::load_for_care(app, data_dir)?.store_dir()
    }

    /// The same for the commands that need to know more.
    ///
    /// # Errors
    /// For the first wrong value, with its place.
    pub(crate) fn load_for_care(app: &App, data_dir: Option<&PathBuf>) -> Result<Self, Failure> {
        let mut flags = Flags::new();
        flags.path("data_dir", "--data-dir", data_dir.map(PathBuf::as_path));
        Self::load_with(app, flags).map(Effective::into_inner)
    }

    fn load_with(app: &App, mut flags: Flags) -> Result<Effective<Self>, Failure> {
        let mut settings: Effective<Self> = app.load("serve", &flags)?;
        if settings.data_dir.is_none()
            && let Some(default) = platform_data_dir(|name| std::env::var_os(name).map(PathBuf::from))
        {
            flags.path("data_dir", PLATFORM, Some(&default));
            settings = app.load("serve", &flags)?;
        }
        check(&settings)?;
        Ok(settings)
    }

    /// The directory of the store.
    ///
    /// # Errors
    /// When none is set and the platform has none.
    pub(crate) fn store_dir(&self) -> Result<PathBuf, Failure> {
        self.data_dir.clone().ok_or_else(|| {
            Failure::new(Exit::Config, Text::new("cannot tell where to keep the store", "无法确定数据目录"))
                .hint(Text::new("name a directory with --data-dir", "请用 --data-dir 指定目录"))
        })
    }

    /// The settings with no more connections than the system has open files for; raises the soft limit first.
    #[must_use]
    pub(crate) fn fitted(mut self) -> Self {
        let limits = &mut self.limits;
        let available = descriptors::available(u64::from(limits.max_connections), limits.max_handshakes);
        limits.max_connections = limits.max_connections.min(available);
        self
    }
}

/// `$XDG_DATA_HOME/kefu`, or `~/.local/share/kefu`.
fn platform_data_dir(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    let base = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(base.join("kefu"))
}

fn check(settings: &Effective<Settings>) -> Result<(), Failure> {
    let limits = &settings.limits;
    let positive = [
        ("heartbeat", settings.heartbeat.is_zero()),
        ("limits.max_connections", limits.max_connections == 0),
        ("limits.max_handshakes", limits.max_handshakes == 0),
        ("limits.max_body", limits.max_body.0 == 0),
        ("limits.header_timeout", limits.header_timeout.is_zero()),
        ("limits.idle_timeout", limits.idle_timeout.is_zero()),
        ("limits.request_timeout", limits.request_timeout.is_zero()),
        ("limits.agent_session", limits.agent_session.is_zero()),
        ("limits.visitor_session", limits.visitor_session.is_zero()),
        ("limits.hot_conversations", limits.hot_conversations == 0),
        ("files.max_size", settings.files.max_size.0 == 0),
        ("files.max_pixels", settings.files.max_pixels == 0),
        ("files.max_uploads", settings.files.max_uploads == 0),
        ("files.upload_timeout", settings.files.upload_timeout.is_zero()),
        ("files.stall_timeout", settings.files.stall_timeout.is_zero()),
        ("files.link_life", settings.files.link_life.is_zero()),
        ("channels.timeout", settings.channels.timeout.is_zero()),
        ("events.timeout", settings.events.timeout.is_zero()),
        ("events.log_days", settings.events.log_days == 0),
        ("events.keep_days", settings.events.keep_days == 0),
        ("events.give_up_days", settings.events.give_up_days == 0),
    ];
    if let Some((path, _)) = positive.iter().find(|(_, is_zero)| *is_zero) {
        return Err(settings.reject(path, Text::new("must be more than zero", "必须大于零")));
    }
    if settings.break_reasons.len() > BREAK_REASONS_MAX {
        let text =
            Text::new(format!("must be {BREAK_REASONS_MAX} at most"), format!("最多 {BREAK_REASONS_MAX} 个"));
        return Err(settings.reject("break_reasons", text));
    }
    let retention = &settings.privacy.retention;
    for (path, days) in [
        ("privacy.retention.messages", retention.messages),
        ("privacy.retention.files", retention.files),
        ("privacy.retention.tickets", retention.tickets),
        ("privacy.retention.pages", retention.pages),
    ] {
        if days > RETENTION_DAYS_MAX {
            let text = Text::new(
                format!("must be at most {RETENTION_DAYS_MAX} days"),
                format!("最多为 {RETENTION_DAYS_MAX} 天"),
            );
            return Err(settings.reject(path, text));
        }
    }
    check_subscriptions(settings)?;
    for (path, secret) in [("metrics_token", &settings.metrics_token), ("secret_key", &settings.secret_key)] {
        if secret.as_ref().is_some_and(Secret::is_empty) {
            return Err(settings.reject(path, Text::new("must not be empty", "不能为空")));
        }
    }
    if settings.heartbeat > Duration::from_secs(30) {
        let text = Text::new(
            "must be 30s at most: half-open connections are to be found within a minute",
            "最多为 30s:半开连接须在一分钟内被发现",
        );
        return Err(settings.reject("heartbeat", text));
    }
    for (path, size, least) in [
        ("limits.frame", limits.frame, 1024),
        ("limits.outbox", limits.outbox, 16 * 1024),
        ("limits.queue", limits.queue, 1024 * 1024),
    ] {
        if size.0 < least || size.0 > u64::from(u32::MAX) {
            let least = ByteSize(least);
            let text = Text::new(
                format!("must be between {least} and 4 GiB"),
                format!("必须在 {least} 与 4 GiB 之间"),
            );
            return Err(settings.reject(path, text));
        }
    }
    match settings.public_url.as_deref() {
        Some(url) if !is_origin(url) => Err(settings.reject(
            "public_url",
            Text::new(
                "must be an origin such as https://chat.example.com, without a path",
                "必须是形如 https://chat.example.com 的源,不含路径",
            ),
        )),
        _ => Ok(()),
    }
}

#[cfg(feature = "events")]
fn check_subscriptions(settings: &Effective<Settings>) -> Result<(), Failure> {
    for (name, subscription) in settings.events.subscriptions.iter() {
        let read = crate::events::read_fixed(subscription);
        let checked = read.and_then(|(spec, _)| spec.check(&settings.events));
        if let Err(error) = checked {
            let path = format!("events.subscriptions.{name}.{}", error.field);
            let detail = error.detail;
            return Err(settings.reject(&path, Text::new(detail.clone(), format!("无效:{detail}"))));
        }
    }
    Ok(())
}

#[cfg(not(feature = "events"))]
fn check_subscriptions(settings: &Effective<Settings>) -> Result<(), Failure> {
    if settings.events.subscriptions.iter().next().is_none() {
        return Ok(());
    }
    let text = Text::new(
        "this kefu was built without events (the feature `events`)",
        "此 kefu 构建时未包含事件功能(特性 `events`)",
    );
    Err(settings.reject("events.subscriptions", text))
}

/// Says whether `text` is a scheme and an authority, as browsers write an origin.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let parsed = authority.parse::<http::uri::Authority>();
    matches!(scheme, "http" | "https")
        && parsed.is_ok_and(|parsed| !parsed.host().is_empty() && !authority.contains('@'))
        && !text.contains(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use kefu_app::{Language, Layers, Setting as _};

    use super::*;

    fn load(yaml: &str) -> Result<Settings, String> {
        let layers = Layers::new(Some(("kefu.yaml", yaml)), Vec::new(), &["serve"]);
        layers
            .and_then(|layers| layers.load::<Settings>("serve", &Flags::new()))
            .and_then(|settings| check(&settings).map(|()| settings.into_inner()))
            .map_err(|failure| failure.line(Language::English))
    }

    #[test]
    fn the_defaults_hold() {
        assert_eq!(load("serve: {}").unwrap(), Settings::default());
    }

    #[test]
    fn a_value_that_cannot_work_names_its_line() {
        let refused = |yaml: &str| load(yaml).unwrap_err();
        assert_eq!(
            refused("serve:\n  limits:\n    max_handshakes: 0\n"),
            "cannot use the configuration: kefu.yaml:3: `serve.limits.max_handshakes`: must be more than zero"
        );
        assert!(refused("serve:\n  metrics_token: \"\"\n").contains("must not be empty"));
        assert!(refused("serve:\n  heartbeat: 45s\n").contains("must be 30s at most"));
        assert!(refused("serve:\n  limits:\n    outbox: 1 B\n").contains("between 16 KiB and 4 GiB"));
        assert!(refused("serve:\n  break_reasons: [meal, \" \"]\n").contains("1 to 40 characters"));
        let many = vec!["x"; 21].join(", ");
        assert!(refused(&format!("serve:\n  break_reasons: [{many}]\n")).contains("20 at most"));
        assert!(refused("serve:\n  trusted_proxies: [10.1.0.0/8]\n").contains("bits are set beyond"));
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for good in ["https://chat.example.com", "http://127.0.0.1:8080", "https://[2001:db8::1]:8443"] {
            assert!(load(&format!("serve:\n  public_url: \"{good}\"\n")).is_ok(), "{good}");
        }
        for bad in ["chat.example.com", "https://a/", "https://a/b", "ftp://a", "https://", "https://u@a"] {
            assert!(load(&format!("serve:\n  public_url: \"{bad}\"\n")).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_rates_and_secrets_are_read() {
        let settings = load(
            "serve:\n  trusted_proxies: [10.0.0.0/8, \"::1\"]\n  metrics_token: hush\n  rate:\n    \
             visitor_messages:\n      per_minute: 0\n",
        )
        .unwrap();
        assert_eq!(settings.trusted_proxies.len(), 2);
        assert_eq!(settings.rate.visitor_messages.limit(), Limit { per_minute: 0, burst: 30 });
        assert!(!format!("{settings:?} {:?}", settings.describe()).contains("hush"));
    }

    #[test]
    fn the_platform_names_the_data_directory() {
        let home = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/lin"));
        assert_eq!(platform_data_dir(home), Some("/home/lin/.local/share/kefu".into()));
        let xdg = |name: &str| (name == "XDG_DATA_HOME").then(|| PathBuf::from("/data"));
        assert_eq!(platform_data_dir(xdg), Some("/data/kefu".into()));
        assert_eq!(platform_data_dir(|_| Some("relative".into())), None);
        assert_eq!(platform_data_dir(|_| None), None);
    }
}
