//! What visitors find without a search.

use kefu_core::Language;
use uuid::Uuid;

use super::{ArticleHit, hit, language_number};
use crate::reader::first;
use crate::sql::Args;
use crate::{Store, StoreError};

/// What is published for the inbox `?1`, in hexadecimal digits.
const PUBLISHED: &str =
    "state = 1 AND (inboxes = '[]' OR EXISTS (SELECT 1 FROM json_each(inboxes) WHERE value = ?1))";

impl Store {
    /// What is published for an inbox: pinned articles first, then those that went into most replies, then the last
    /// changed. Each stands once, in `language`, or in the first that it says something in when there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn top_articles(
        &self,
        inbox: Uuid,
        language: Option<Language>,
        limit: usize,
    ) -> Result<Vec<ArticleHit>, StoreError> {
        let sql = format!(
            "SELECT article.id, slug, text.language, text.title, text.body
             FROM article INDEXED BY article_top
             JOIN article_text AS text ON text.article = article.key AND text.is_current = 1
             WHERE {PUBLISHED} AND text.language = coalesce(?2, (SELECT min(language) FROM article_text
                WHERE article = article.key AND is_current = 1))
             ORDER BY pinned DESC, uses DESC, updated_at DESC LIMIT ?3"
        );
        let args = Args::default().text(&inbox.simple().to_string()).int(language.map(language_number));
        let args = args.int(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sqlx::AssertSqlSafe(sql), args, hit).await
    }

    /// Whether anything is published for an inbox.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_articles(&self, inbox: Uuid) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM article WHERE {PUBLISHED} LIMIT 1");
        let args = Args::default().text(&inbox.simple().to_string());
        Ok(self.one(sqlx::AssertSqlSafe(sql), args, first::<i64>).await?.is_some())
    }
}
