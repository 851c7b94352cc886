//! The migration file as it is written; what it means is found out in [`settings`](crate::settings).

use std::{path::PathBuf, time::Duration};

use clap::ValueEnum;
use kefu_app::{ByteSize, Groups, Named, setting_from_choices, settings};

settings! {
    /// A migration file.
    pub(crate) struct MigrateFile {
        /// Version of this format: 1.
        pub(crate) version: u32 = 1,
        /// Whose tables are known already: `generic` means nobody's.
        pub(crate) preset: Preset = Preset::Generic,
        /// Where records come from, by a name of your choice.
        pub(crate) sources: Named<SourceFile> = Named::default(),
        /// Where they go.
        pub(crate) target: TargetFile = TargetFile::default(),
        /// What is done with values that have no place here.
        pub(crate) rules: RulesFile = RulesFile::default(),
        /// What becomes of what.
        pub(crate) tables: Groups<TableFile> = Groups::default(),
        /// How much is done at once.
        pub(crate) copy: CopyFile = CopyFile::default(),
        /// How much a source is asked for.
        pub(crate) throttle: ThrottleFile = ThrottleFile::default(),
        /// How dead letters and reports are kept, which may hold personal data.
        pub(crate) letters: LettersFile = LettersFile::default(),
    }
}

settings! {
    /// Where records come from.
    pub(crate) struct SourceFile {
        /// What it is: `mysql` (MariaDB too), `mongodb`, `mongodump`, or `sqldump`, a file of `mysqldump`, `mariadb-dump` or `pg_dump`.
        pub(crate) kind: Option<SourceKind> = None,
        /// Variable that has the address of a server: `mysql://user:password@host/database`, `mongodb://…` or `mongodb+srv://…`.
        pub(crate) url_env: Option<String> = None,
        /// File that has it.
        pub(crate) url_file: Option<PathBuf> = None,
        /// The same for a user who may write: what is made here flows back after a cutover.
        pub(crate) write_url_env: Option<String> = None,
        /// The same in a file.
        pub(crate) write_url_file: Option<PathBuf> = None,
        /// Folder, archive or file that was dumped, compressed or not.
        pub(crate) path: Option<PathBuf> = None,
        /// Time zone of times that name none.
        pub(crate) timezone: String = "UTC".to_owned(),
    }
}

settings! {
    /// Where records go.
    pub(crate) struct TargetFile {
        /// Data directory of the store.
        pub(crate) data_dir: PathBuf = PathBuf::from("data"),
        /// Inbox of what names none, by its name in embed codes; made if it is missing.
        pub(crate) inbox: String = "web".to_owned(),
        /// What becomes of records that refer to an agent or a requester who is not there.
        pub(crate) orphans: Orphans = Orphans::DeadLetter,
    }
}

settings! {
    /// What is done with values that have no place here. Each value that is changed is counted.
    pub(crate) struct RulesFile {
        /// `0000-00-00`.
        pub(crate) zero_date: ZeroDate = ZeroDate::Empty,
        /// Dates with a month or a day that there is not, such as `2026-02-00`.
        pub(crate) partial_date: PartialDate = PartialDate::Reject,
        /// Bytes that are no UTF-8.
        pub(crate) invalid_utf8: InvalidUtf8 = InvalidUtf8::Reject,
        /// Dead letters at most; one more stops the run.
        pub(crate) max_bad_rows: u64 = 1000,
    }
}

settings! {
    /// How much is done at once.
    pub(crate) struct CopyFile {
        /// Rows of one query and of one transaction.
        pub(crate) rows: u32 = 8192,
        /// Bytes that wait between readers and the writer.
        pub(crate) buffer: ByteSize = ByteSize(16 << 20),
        /// Tables that are read at once.
        pub(crate) readers: u32 = 4,
    }
}

settings! {
    /// How much a source is asked for. While there is a file `migrate/pause` in the data directory, nothing is read.
    pub(crate) struct ThrottleFile {
        /// Rows a second at most, of all tables together; 0 for no limit.
        pub(crate) rows_per_second: u64 = 0,
        /// How long a query of a server may take before the next one asks for fewer rows.
        pub(crate) query_time: Duration = Duration::from_millis(500),
        /// While a server runs more statements than that at once, nothing is read; 0 for no limit.
        pub(crate) threads_running_max: u32 = 0,
    }
}

settings! {
    /// How dead letters and reports are kept.
    pub(crate) struct LettersFile {
        /// For how many days; 0 for ever.
        pub(crate) keep_days: u32 = 90,
        /// File with a key of 32 bytes, in hexadecimal digits or Base64: dead letters are sealed under it.
        pub(crate) key_file: Option<PathBuf> = None,
    }
}

settings! {
    /// What becomes of a table or a collection.
    pub(crate) struct TableFile {
        /// Its name; `database.collection` in a dump of several databases.
        pub(crate) from: String = String::new(),
        /// Its source, where there are several.
        pub(crate) source: Option<String> = None,
        /// What it is called here, where several things become of one table.
        pub(crate) alias: Option<String> = None,
        /// Whether it may be missing.
        pub(crate) optional: bool = false,
        /// What its rows become: `agent`, `visitor`, `conversation`, `message`, `ticket`, `canned` or `article`.
        pub(crate) to: String = String::new(),
        /// Columns that no two rows share; the primary key if it is left out.
        pub(crate) key: Vec<String> = Vec::new(),
        /// Fields here that are columns there.
        pub(crate) columns: Named<String> = Named::default(),
        /// Fields here that are made of columns there.
        pub(crate) fields: Named<FieldFile> = Named::default(),
        /// Rows that are left out unless all of these hold.
        pub(crate) filter: Groups<FilterFile> = Groups::default(),
        /// For messages without conversations: one is made of those that follow each other.
        pub(crate) conversations: GroupFile = GroupFile::default(),
    }
}

settings! {
    /// How a field is made.
    pub(crate) struct FieldFile {
        /// Of this column.
        pub(crate) column: Option<String> = None,
        /// Of these columns, as far as they are not empty.
        pub(crate) join: Vec<String> = Vec::new(),
        /// What stands between joined columns, or where `part` splits.
        pub(crate) separator: String = " ".to_owned(),
        /// Of this text, in which `{column}` stands for a column.
        pub(crate) template: Option<String> = None,
        /// Of these columns, as a JSON object.
        pub(crate) object: Vec<String> = Vec::new(),
        /// Always this.
        pub(crate) value: Option<String> = None,
        /// Only the part of this number, from 1, between separators.
        pub(crate) part: u32 = 0,
        /// What stands for what.
        pub(crate) map: Named<String> = Named::default(),
        /// What a value becomes that `map` does not have: `reject`, `keep` or `empty`.
        pub(crate) otherwise: Otherwise = Otherwise::Reject,
        /// What an empty value becomes.
        pub(crate) default: Option<String> = None,
        /// The table that it refers to by its key.
        pub(crate) refers_to: Option<String> = None,
        /// Looked up in another table.
        pub(crate) lookup: LookupFile = LookupFile::default(),
        /// What a number counts since 1970, for times: `seconds`, `milliseconds` or `microseconds`.
        pub(crate) unit: TimeUnit = TimeUnit::Seconds,
        /// How it is written there: `plain`, `gofly` (the markup of go-fly), `html` or `json` (plain or in Base64).
        pub(crate) markup: Markup = Markup::Plain,
    }
}

settings! {
    /// Another table in which a value is looked up.
    pub(crate) struct LookupFile {
        /// Its name.
        pub(crate) table: Option<String> = None,
        /// The column that is compared.
        pub(crate) key: String = "id".to_owned(),
        /// The column that is taken.
        pub(crate) value: String = "name".to_owned(),
    }
}

settings! {
    /// A condition.
    pub(crate) struct FilterFile {
        /// Of this column.
        pub(crate) column: String = String::new(),
        /// It is one of these.
        pub(crate) is: Vec<String> = Vec::new(),
        /// It is none of these.
        pub(crate) is_not: Vec<String> = Vec::new(),
        /// Whether it has no value.
        pub(crate) empty: Option<bool> = None,
        /// What it says of a row that was taken away there: a message that is recalled here says so, should it flow back.
        pub(crate) gone: Option<String> = None,
    }
}

settings! {
    /// How conversations are made of messages.
    pub(crate) struct GroupFile {
        /// Column that refers to the visitor.
        pub(crate) visitor: Option<String> = None,
        /// The table that it refers to.
        pub(crate) visitors: String = "visitor".to_owned(),
        /// Column that refers to the agent; another agent has another conversation.
        pub(crate) agent: Option<String> = None,
        /// The table that it refers to.
        pub(crate) agents: String = "agent".to_owned(),
        /// After so long a silence a new one begins.
        pub(crate) gap: Duration = Duration::from_secs(600),
    }
}

impl TableFile {
    /// What other tables call it.
    pub(crate) fn name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.from)
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident {
        $(#[$first_doc:meta])* $first:ident,
        $($(#[$variant_doc:meta])* $variant:ident),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
        pub(crate) enum $name {
            $(#[$first_doc])* #[default] $first,
            $($(#[$variant_doc])* $variant),+
        }

        setting_from_choices!($name);
    };
}

choice! {
    /// Whose tables are known already.
    Preset {
        /// Nobody's.
        Generic,
        /// Those of go-fly (GOFLY), all generations.
        Gofly,
        /// Those of Live Helper Chat.
        Livehelperchat,
        /// Those of Chatwoot, in a dump of its PostgreSQL.
        Chatwoot,
    }
}

choice! {
    /// What a source is.
    SourceKind {
        /// MySQL or MariaDB.
        Mysql,
        /// MongoDB, a replica set or the routers of a sharded cluster.
        Mongodb,
        /// Files that mongodump wrote.
        Mongodump,
        /// A file of SQL that mysqldump, mariadb-dump or pg_dump wrote.
        Sqldump,
    }
}

choice! {
    /// What becomes of references that lead nowhere.
    Orphans {
        /// The record is a dead letter.
        DeadLetter,
        /// The record does without; a message is the bot's then.
        Detach,
    }
}

choice! {
    /// What becomes of `0000-00-00`.
    ZeroDate {
        /// Nothing is known.
        Empty,
        /// 1970 began.
        Epoch,
        /// The row is a dead letter.
        Reject,
    }
}

choice! {
    /// What becomes of dates that there are not.
    PartialDate {
        /// Nothing is known.
        Empty,
        /// The first of the month or the year.
        First,
        /// The row is a dead letter.
        Reject,
    }
}

choice! {
    /// What becomes of bytes that are no UTF-8.
    InvalidUtf8 {
        /// Each is shown as U+FFFD.
        Replace,
        /// The row is a dead letter.
        Reject,
    }
}

choice! {
    /// What becomes of values that a map does not have.
    Otherwise {
        /// The row is a dead letter.
        Reject,
        /// They stay.
        Keep,
        /// Nothing is known.
        Empty,
    }
}

choice! {
    /// What a number counts.
    TimeUnit {
        /// Seconds.
        Seconds,
        /// Milliseconds.
        Milliseconds,
        /// Microseconds.
        Microseconds,
    }
}

choice! {
    /// How a text is written.
    Markup {
        /// As it is.
        Plain,
        /// As go-fly does.
        Gofly,
        /// As HTML; it becomes Markdown.
        Html,
        /// As JSON, plain or in Base64.
        Json,
    }
}
