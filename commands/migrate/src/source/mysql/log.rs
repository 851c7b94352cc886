//! A server's binary log: whether it can be followed, and from where.

use std::{collections::BTreeMap, time::Duration};

use kefu_app::{Exit, Failure, Text};
use serde::{Deserialize, Serialize};
use sqlx::{
    AssertSqlSafe, Row as _,
    mysql::{MySqlConnection, MySqlRow},
};

use super::{Server, quoted, recopy, refused};
use crate::mapping::TableMap;

/// Where changes are followed from: between two transactions.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// What the server says it is, beyond its name: another one has other files of the same names.
    pub(super) server: String,
    pub(crate) file: String,
    pub(crate) offset: u32,
    /// The last transaction of each domain, where the server numbers them.
    pub(super) gtid: BTreeMap<u32, (u32, u64)>,
}

impl Position {
    /// As people read it: `mbin.000004:4711`.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.file, self.offset)
    }

    /// Files are numbered by their ends, and a log has fewer than 2^31 of them.
    fn number(file: &str) -> u64 {
        file.rsplit('.').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// Whether `other` is not behind this.
    pub(crate) fn has_reached(&self, other: &Self) -> bool {
        self.has_reached_place(&other.file, other.offset)
    }

    pub(super) fn has_reached_place(&self, file: &str, offset: u32) -> bool {
        (Self::number(&self.file), self.offset) >= (Self::number(file), offset)
    }
}

/// Reads `0-1-13,2-1-7`.
fn read_gtid(text: &str) -> BTreeMap<u32, (u32, u64)> {
    let one = |gtid: &str| {
        let mut parts = gtid.trim().splitn(3, '-');
        let (domain, server, number) = (parts.next()?, parts.next()?, parts.next()?);
        Some((domain.parse().ok()?, (server.parse().ok()?, number.parse().ok()?)))
    };
    text.split(',').filter_map(one).collect()
}

impl Server {
    /// A setting of the server; nothing, if it has none of that name.
    pub(super) async fn variable(
        &self,
        conn: &mut MySqlConnection,
        name: &str,
    ) -> Result<Option<String>, Failure> {
        let sql = format!("SHOW GLOBAL VARIABLES LIKE '{name}'");
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_optional(conn).await;
        let row = row.map_err(|error| self.failure(error))?;
        row.map(|row| row.try_get_unchecked(1)).transpose().map_err(|error| self.failure(error))
    }

    /// Files of the log and their lengths.
    async fn files(&self, conn: &mut MySqlConnection) -> Result<Vec<(String, u64)>, sqlx::Error> {
        let rows = sqlx::query("SHOW BINARY LOGS").fetch_all(conn).await?;
        rows.iter().map(|row| Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?))).collect()
    }

    /// Whether the log has a file of this name.
    pub(super) async fn has_file(&self, name: &str) -> Result<bool, Failure> {
        let mut conn = self.connect().await?;
        let files = self.files(&mut conn).await.map_err(|error| self.failure(error))?;
        Ok(files.iter().any(|(file, _)| file == name))
    }

    /// Where the log ends now.
    pub(crate) async fn end(&self) -> Result<Position, Failure> {
        let mut conn = self.connect().await?;
        let row = self.status(&mut conn).await.map_err(|error| self.failure(error))?;
        let row = row.ok_or_else(no_log)?;
        let place = (row.try_get_unchecked::<String, _>(0), row.try_get_unchecked::<u64, _>(1));
        let (Ok(file), Ok(offset)) = place else { return Err(no_log()) };
        self.at(&mut conn, file, offset).await
    }

    /// Its name changed with version 8.4 of MySQL.
    async fn status(&self, conn: &mut MySqlConnection) -> Result<Option<MySqlRow>, sqlx::Error> {
        match sqlx::query("SHOW MASTER STATUS").fetch_optional(&mut *conn).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42000") => {
                sqlx::query("SHOW BINARY LOG STATUS").fetch_optional(conn).await
            }
            status => status,
        }
    }

    async fn at(&self, conn: &mut MySqlConnection, file: String, offset: u64) -> Result<Position, Failure> {
        let offset = u32::try_from(offset).map_err(|_| {
            refused(
                "cannot follow: a file of the binary log has more than 4 GiB; `FLUSH BINARY LOGS`",
                "无法跟随:binlog 文件超过 4 GiB;请执行 `FLUSH BINARY LOGS`",
            )
        })?;
        let gtid = self.gtid_at(conn, &file, offset).await?.unwrap_or_default();
        Ok(Position { server: self.number(conn).await?, file, offset, gtid })
    }

    /// The last transactions before a place, where the server can say so.
    async fn gtid_at(
        &self,
        conn: &mut MySqlConnection,
        file: &str,
        offset: u32,
    ) -> Result<Option<BTreeMap<u32, (u32, u64)>>, Failure> {
        let row = sqlx::query("SELECT CAST(BINLOG_GTID_POS(?, ?) AS CHAR)").bind(file).bind(offset);
        match row.fetch_one(conn).await {
            Ok(row) => {
                let text = row.try_get_unchecked::<Option<String>, _>(0);
                Ok(text.map_err(|error| self.failure(error))?.map(|text| read_gtid(&text)))
            }
            // Only MariaDB has that function.
            Err(sqlx::Error::Database(_)) => Ok(None),
            Err(error) => Err(self.failure(error)),
        }
    }

    async fn number(&self, conn: &mut MySqlConnection) -> Result<String, Failure> {
        let id = self.variable(conn, "server_id").await?.unwrap_or_default();
        let uuid = self.variable(conn, "server_uuid").await?.unwrap_or_default();
        Ok(format!("{id} {uuid}").trim_end().to_owned())
    }

    /// Where changes are followed from that are not in what is read from now on.
    pub(crate) async fn begin(&self) -> Result<Position, Failure> {
        let mut conn = self.connect().await?;
        if let Some((file, offset)) = self.snapshot(&mut conn).await.map_err(|error| self.failure(error))? {
            return self.at(&mut conn, file, u64::from(offset)).await;
        }
        let end = self.end().await?;
        // A transaction is in the log a moment before others see it.
        tokio::time::sleep(VISIBLE).await;
        Ok(end)
    }

    /// Begins a transaction that sees what is committed by now; the place in the log up to which that is, where the
    /// server says so.
    pub(super) async fn snapshot(
        &self,
        conn: &mut MySqlConnection,
    ) -> Result<Option<(String, u32)>, sqlx::Error> {
        sqlx::raw_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").execute(&mut *conn).await?;
        let rows = sqlx::query("SHOW STATUS LIKE 'binlog_snapshot_%'").fetch_all(conn).await?;
        let mut found = BTreeMap::new();
        for row in rows {
            let name: String = row.try_get_unchecked(0)?;
            found.insert(name.to_ascii_lowercase(), row.try_get_unchecked::<String, _>(1)?);
        }
        let file = found.remove("binlog_snapshot_file").filter(|file| !file.is_empty());
        let offset = found.get("binlog_snapshot_position").and_then(|offset| offset.parse().ok());
        Ok(file.zip(offset))
    }

    /// Fails if what comes behind a position cannot be read any more.
    pub(crate) async fn check(&self, position: &Position) -> Result<(), Failure> {
        let mut conn = self.connect().await?;
        let lost = |en: String, zh: String| self.lost(position, &en, &zh);
        let number = self.number(&mut conn).await?;
        if number != position.server {
            return Err(lost(
                format!("the server is number {number}, but it was {}", position.server),
                format!("服务器编号为 {number},之前为 {}", position.server),
            ));
        }
        let files = self.files(&mut conn).await.map_err(|error| self.failure(error))?;
        let found = files.iter().find(|(file, _)| *file == position.file);
        let Some((_, length)) = found else {
            return Err(lost("the server has purged that file".to_owned(), "服务器已清除该文件".to_owned()));
        };
        if *length < u64::from(position.offset) {
            return Err(lost(
                format!("that file has {length} bytes only"),
                format!("该文件只有 {length} 字节"),
            ));
        }
        let known = self.gtid_at(&mut conn, &position.file, position.offset).await?;
        // A place where nothing begins has none; at the beginning of a file it is not said.
        let is_same = known.is_some_and(|known| known.is_empty() || known == position.gtid);
        if !position.gtid.is_empty() && !is_same {
            return Err(lost(
                "other transactions are before it than there were".to_owned(),
                "该位置之前的事务与当时不同".to_owned(),
            ));
        }
        Ok(())
    }

    pub(super) fn lost(&self, position: &Position, en: &str, zh: &str) -> Failure {
        let (name, Position { file, offset, .. }) = (&self.name, position);
        refused(
            format!("cannot follow source `{name}` from {file}:{offset}: {en}"),
            format!("无法从 {file}:{offset} 跟随来源 `{name}`:{zh}"),
        )
        .hint(recopy())
    }

    /// Has nobody but administrators write, or everybody again. This alone changes anything at a source, and only when it
    /// is asked for.
    pub(crate) async fn set_read_only(&self, is_up: bool) -> Result<(), Failure> {
        let mut conn = self.connect().await?;
        let sql = format!("SET GLOBAL read_only = {}", u8::from(is_up));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.map_err(|error| self.failure(error))?;
        Ok(())
    }

    /// How long the server keeps what is behind it in its log; nothing, if for ever.
    pub(crate) async fn retention(&self) -> Result<Option<Duration>, Failure> {
        let mut conn = self.connect().await?;
        let read =
            |text: Option<String>| text.and_then(|text| text.parse::<f64>().ok()).filter(|keep| *keep > 0.0);
        if let Some(seconds) = read(self.variable(&mut conn, "binlog_expire_logs_seconds").await?) {
            return Ok(Duration::try_from_secs_f64(seconds).ok());
        }
        let days = read(self.variable(&mut conn, "expire_logs_days").await?);
        Ok(days.and_then(|days| Duration::try_from_secs_f64(days * 86_400.0).ok()))
    }

    /// Why changes of these tables cannot be followed, and what helps; `keys` are those of the tables.
    pub(crate) async fn obstacles(&self, tables: &[(&TableMap, &[String])]) -> Result<Vec<Text>, Failure> {
        let mut conn = self.connect().await?;
        let mut found = Vec::new();
        let mut setting =
            async |name: &str| Ok::<_, Failure>(self.variable(&mut conn, name).await?.unwrap_or_default());
        if !matches!(setting("log_bin").await?.as_str(), "ON" | "1") {
            found.push(Text::new(
                "the server writes no binary log: start it with `log_bin`",
                "服务器未写 binlog:请以 `log_bin` 启动",
            ));
            return Ok(found);
        }
        let must = |name: &str, value: &str, is: &str| {
            Text::new(
                format!("{name} is {is}: `SET GLOBAL {name} = '{value}'`, and let old connections end"),
                format!("{name} 为 {is}:请执行 `SET GLOBAL {name} = '{value}'`,并断开旧连接"),
            )
        };
        for (name, wanted) in [
            ("binlog_format", "ROW"),
            ("log_bin_compress", "OFF"),
            ("binlog_transaction_compression", "OFF"),
            ("binlog_row_value_options", ""),
        ] {
            let is = setting(name).await?;
            if is != wanted && !(is.is_empty() && name != "binlog_format") {
                found.push(must(name, wanted, &is));
            }
        }
        let image = setting("binlog_row_image").await?;
        let infos = self.tables().await?;
        for (map, key) in tables {
            let info = infos.iter().find(|info| info.name == map.from);
            if image.eq_ignore_ascii_case("MINIMAL") && info.is_some_and(|info| info.key != *key) {
                found.push(must("binlog_row_image", "FULL", &image));
                break;
            }
        }
        let mut conn = self.connect().await?;
        if let Err(error) = self.files(&mut conn).await {
            if !matches!(error, sqlx::Error::Database(_)) {
                return Err(self.failure(error));
            }
            found.push(Text::new(
                "the user may not read the binary log: `GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO` it",
                "该用户无权读取 binlog:请执行 `GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO` 该用户",
            ));
        }
        for (map, key) in tables {
            found.extend(self.table_obstacle(&mut conn, map, key).await?);
        }
        Ok(found)
    }

    async fn table_obstacle(
        &self,
        conn: &mut MySqlConnection,
        map: &TableMap,
        key: &[String],
    ) -> Result<Option<Text>, Failure> {
        let columns = self.columns(conn, &map.from).await?;
        for name in key {
            let column = columns.iter().find(|column| column.name == *name);
            if column.is_some_and(|column| column.key().is_none()) {
                let table = &map.from;
                return Ok(Some(Text::new(
                    format!(
                        "`{table}` has the key {name}, which is neither a whole number nor a text nor bytes: name other columns under `key`"
                    ),
                    format!("`{table}` 的键 {name} 既不是整数,也不是文本或字节:请在 `key` 中写明其他列"),
                )));
            }
        }
        let Some(group) = &map.group else { return Ok(None) };
        let column = &map.columns[group.visitor.0];
        const INDEXES: &str = "SELECT CAST(COLUMN_NAME AS CHAR) FROM information_schema.STATISTICS
            WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND SEQ_IN_INDEX = 1";
        let rows = sqlx::query(INDEXES).bind(&map.from).fetch_all(conn).await;
        let rows = rows.map_err(|error| self.failure(error))?;
        let is_indexed =
            rows.iter().any(|row| row.try_get_unchecked::<String, _>(0).is_ok_and(|name| name == *column));
        Ok((!is_indexed).then(|| {
            let (table, column) = (quoted(&map.from), quoted(column));
            Text::new(
                format!("conversations are made of {table} by {column}, which has no index: `CREATE INDEX … ON {table} ({column})`"),
                format!("{table} 按 {column} 组成会话,但该列没有索引:请执行 `CREATE INDEX … ON {table} ({column})`"),
            )
        }))
    }
}

/// How long after it is in the log a transaction is seen at the latest, where the server does not say up to where one
/// sees.
pub(super) const VISIBLE: Duration = Duration::from_millis(500);

fn no_log() -> Failure {
    Failure::new(
        Exit::Verdict(3),
        Text::new("cannot follow: the server writes no binary log", "无法跟随:服务器未写 binlog"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(file: &str, offset: u32) -> Position {
        Position { file: file.to_owned(), offset, gtid: read_gtid("0-1-13, 2-7-9"), ..Position::default() }
    }

    #[test]
    fn a_position_is_kept_whole_and_files_are_in_the_order_of_their_numbers() {
        let position_ = position("mbin.000004", 4711);
        assert_eq!(position_.gtid, BTreeMap::from([(0, (1, 13)), (2, (7, 9))]));
        let written = serde_json::to_string(&position_).unwrap();
        assert_eq!(serde_json::from_str::<Position>(&written).unwrap(), position_);
        assert!(position("mbin.1000000", 4).has_reached(&position("mbin.999999", 100)));
        assert!(!position("mbin.000004", 4).has_reached(&position("mbin.000004", 5)));
        assert!(serde_json::from_str::<Position>("{}").is_err());
    }
}
