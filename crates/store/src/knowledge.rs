//! The knowledge base: categories, articles, and what each says in each language.

mod published;

use std::collections::BTreeMap;

use kefu_core::{ArticleState, Language, Micros, VisitorKey};
use kefu_text::terms::Query;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::reader::first;
use crate::rows::Columns;
use crate::sql::Args;
use crate::{Cursor, Store, StoreError};

/// How many versions of a text are kept; the oldest beyond them go.
pub const VERSIONS_MAX: u32 = 200;

/// A shelf of articles.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Category {
    /// Public id.
    pub id: Uuid,
    /// Where it stands among the others, from the smallest on.
    pub position: u32,
    /// What it is called.
    pub names: BTreeMap<Language, String>,
    /// When it was made.
    pub created_at: Micros,
    /// When it last changed.
    pub updated_at: Micros,
}

/// An article of the knowledge base.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Article {
    /// Public id.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Where it stands, if anywhere.
    pub category: Option<Uuid>,
    /// The inboxes that it is for; all when there are none.
    pub inboxes: Vec<Uuid>,
    /// Whether it is shown.
    pub state: ArticleState,
    /// Whether it stands before the others where nothing is searched for.
    pub pinned: bool,
    /// What it says; in lists the bodies are cut.
    pub texts: BTreeMap<Language, ArticleText>,
    /// How often it went into a reply.
    pub uses: u64,
    /// How many visitors it helped.
    pub helped: u64,
    /// How many it did not help.
    pub failed: u64,
    /// When it was made.
    pub created_at: Micros,
    /// When it last changed.
    pub updated_at: Micros,
    /// Rises with each change of what is not text.
    pub version: u32,
}

/// What an article says in one language.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ArticleText {
    /// 1 is the first that was saved.
    pub version: u32,
    /// The heading.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// The agent who saved it.
    pub author: Option<Uuid>,
    /// When it was saved.
    pub created_at: Micros,
}

/// A version of a text, without the text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ArticleVersion {
    /// Its number.
    pub version: u32,
    /// The heading.
    pub title: String,
    /// The agent who saved it.
    pub author: Option<Uuid>,
    /// When it was saved.
    pub created_at: Micros,
}

/// A text in which something was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ArticleHit {
    /// The article.
    pub id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// The language.
    pub language: Language,
    /// The heading.
    pub title: String,
    /// Markdown.
    pub body: String,
}

/// Which articles are wanted.
#[derive(Clone, Debug, Default)]
pub struct ArticleFilter {
    /// Only in this state; all but archived ones when there is none.
    pub state: Option<ArticleState>,
    /// Only of this category.
    pub category: Option<Uuid>,
    /// Only those for this inbox.
    pub inbox: Option<Uuid>,
    /// Only those that say something in this language.
    pub language: Option<Language>,
}

/// A change of the knowledge base.
#[derive(Clone, Debug)]
pub enum KnowledgeChange {
    /// Adds a category or replaces it.
    PutCategory(Category),
    /// Takes a category away; its articles stand nowhere then.
    RemoveCategory(Uuid),
    /// Adds an article with its first texts.
    Add(Article),
    /// Replaces what is not text.
    Replace {
        /// As it is afterwards.
        article: Article,
        /// Its version, as far as its changer knew.
        seen: u32,
    },
    /// Saves another version of a text.
    Write {
        /// The article.
        article: Uuid,
        /// In which language.
        language: Language,
        /// What it says; its version follows the one that its writer knew.
        text: ArticleText,
    },
    /// Takes away all that an article ever said in a language; it must say something in another one.
    RemoveText {
        /// The article.
        article: Uuid,
        /// In which language.
        language: Language,
        /// The version of its text, as far as its remover knew.
        seen: u32,
        /// When.
        at: Micros,
    },
    /// Takes an article away with all that it ever said.
    Remove(Uuid),
    /// It went into a reply; of one that is gone nothing is counted.
    Used(Uuid),
    /// A visitor says whether it helped; the last word counts.
    Voted {
        /// The article.
        article: Uuid,
        /// Who says so.
        visitor: VisitorKey,
        /// Whether it helped.
        helped: bool,
    },
}

macro_rules! columns {
    ($body:literal) => {
        concat!(
            "article.id, slug, category, inboxes, state, pinned, uses, created_at, updated_at, version,
            (SELECT count(*) FROM article_vote WHERE article = article.key AND helped = 1),
            (SELECT count(*) FROM article_vote WHERE article = article.key AND helped = 0),
            (SELECT json_group_object(language, json_array(version, title, ",
            $body,
            ", hex(author), created_at)) FROM article_text WHERE article = article.key AND is_current = 1),
            article.key"
        )
    };
}

/// What every filter asks for: `?1` a state, `?2` a category, `?3` an inbox in hexadecimal digits, `?4` a language.
const FILTER: &str = "(state = ?1 OR (?1 IS NULL AND state <> 2)) AND (?2 IS NULL OR category = ?2)
    AND (?3 IS NULL OR inboxes = '[]' OR EXISTS (SELECT 1 FROM json_each(inboxes) WHERE value = ?3))
    AND (?4 IS NULL OR EXISTS (SELECT 1 FROM article_text
        WHERE article = article.key AND is_current = 1 AND language = ?4))";

impl Store {
    /// All categories, in their order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn categories(&self) -> Result<Vec<Category>, StoreError> {
        const SQL: &str =
            "SELECT id, position, names, created_at, updated_at FROM category ORDER BY position, created_at";
        self.all(SQL, Args::default(), category).await
    }

    /// The article with this public id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn article(&self, id: Uuid) -> Result<Option<Article>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!("body"), " FROM article WHERE id = ?");
        let found = self.one(SQL, Args::default().blob(id.as_bytes()), article).await?;
        Ok(found.map(|(_, article)| article))
    }

    /// The article with this name in addresses.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn article_by_slug(&self, slug: &str) -> Result<Option<Article>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!("body"), " FROM article WHERE slug = ?");
        let found = self.one(SQL, Args::default().text(slug), article).await?;
        Ok(found.map(|(_, article)| article))
    }

    /// A page of articles, the last changed first, with the beginnings of what they say, and where it goes on if it
    /// does.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn articles(
        &self,
        filter: &ArticleFilter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<Article>, Option<Cursor>), StoreError> {
        let sql = format!(
            "SELECT {} FROM article WHERE {FILTER} AND (updated_at, article.key) < (?5, ?6)
             ORDER BY updated_at DESC, article.key DESC LIMIT ?7",
            columns!("substr(body, 1, 300)")
        );
        let (at, key) = cursor.unwrap_or((i64::MAX, i64::MAX));
        let more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let args = filter.args().int(at).int(key).int(more);
        let mut found = self.all(sqlx::AssertSqlSafe(sql), args, article).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| has_more).map(|(key, article)| (article.updated_at.0, *key));
        Ok((found.into_iter().map(|(_, article)| article).collect(), next))
    }

    /// The texts in which `query` is found, the best first: what a title says counts most.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn search_articles(
        &self,
        query: &Query,
        filter: &ArticleFilter,
        limit: usize,
    ) -> Result<Vec<ArticleHit>, StoreError> {
        if query.is_empty() {
            return Ok(Vec::new());
        }
        self.matching_articles(&query.to_match(), filter, limit).await
    }

    /// The texts in which any term of `query` is found, those first that have more and rarer ones: what may answer a
    /// question, of which an answer has only some words.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn suggest_articles(
        &self,
        query: &Query,
        filter: &ArticleFilter,
        limit: usize,
    ) -> Result<Vec<ArticleHit>, StoreError> {
        // Terms hold letters and digits only: nothing in them ends the string.
        let terms: Vec<_> = query.terms().iter().map(|term| format!("\"{}\"", term.text)).collect();
        self.matching_articles(&terms.join(" OR "), filter, limit).await
    }

    async fn matching_articles(
        &self,
        expression: &str,
        filter: &ArticleFilter,
        limit: usize,
    ) -> Result<Vec<ArticleHit>, StoreError> {
        if expression.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT article.id, slug, text.language, text.title, text.body
             FROM article_search
             JOIN article_text AS text ON text.key = article_search.rowid
             JOIN article ON article.key = text.article
             WHERE article_search MATCH ?5 AND (?4 IS NULL OR text.language = ?4) AND {FILTER}
             ORDER BY bm25(article_search, 8.0, 1.0), article.key LIMIT ?6"
        );
        let args = filter.args().text(expression).int(i64::try_from(limit).unwrap_or(i64::MAX));
        self.all(sqlx::AssertSqlSafe(sql), args, hit).await
    }

    /// The versions of what an article says in a language, the last one first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn article_versions(
        &self,
        article: Uuid,
        language: Language,
    ) -> Result<Vec<ArticleVersion>, StoreError> {
        const SQL: &str = "SELECT version, title, author, created_at FROM article_text
            WHERE article = (SELECT key FROM article WHERE id = ?) AND language = ? ORDER BY version DESC";
        let args = Args::default().blob(article.as_bytes()).int(language_number(language));
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(ArticleVersion {
                version: columns.number()?,
                title: columns.take()?,
                author: columns.optional_uuid()?,
                created_at: Micros(columns.take()?),
            })
        };
        self.all(SQL, args, read).await
    }

    /// One version of what an article says in a language.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn article_text(
        &self,
        article: Uuid,
        language: Language,
        version: u32,
    ) -> Result<Option<ArticleText>, StoreError> {
        const SQL: &str = "SELECT version, title, body, author, created_at FROM article_text
            WHERE article = (SELECT key FROM article WHERE id = ?) AND language = ? AND version = ?";
        let args =
            Args::default().blob(article.as_bytes()).int(language_number(language)).int(i64::from(version));
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(ArticleText {
                version: columns.number()?,
                title: columns.take()?,
                body: columns.take()?,
                author: columns.optional_uuid()?,
                created_at: Micros(columns.take()?),
            })
        };
        self.one(SQL, args, read).await
    }

    /// How many articles there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn count_articles(&self) -> Result<i64, StoreError> {
        Ok(self.one("SELECT count(*) FROM article", Args::default(), first).await?.unwrap_or(0))
    }
}

impl ArticleFilter {
    fn args(&self) -> Args {
        let mut args = Args::default().int(self.state.map(state_number));
        args.add_opt_blob(self.category.as_ref().map(|id| &id.as_bytes()[..]));
        args.add_opt_text(self.inbox.map(|id| id.simple().to_string()).as_deref());
        args.int(self.language.map(language_number))
    }
}

fn category(row: &SqliteRow) -> Result<Category, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Category {
        id: columns.uuid()?,
        position: columns.number()?,
        names: columns.json("the names of a category")?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    })
}

/// Version, title, body, author in hexadecimal digits, time.
type TextColumns = (u32, String, String, String, i64);

fn article(row: &SqliteRow) -> Result<(i64, Article), StoreError> {
    let mut columns = Columns::of(row);
    let article = Article {
        id: columns.uuid()?,
        slug: columns.take()?,
        category: columns.optional_uuid()?,
        inboxes: columns.json("the inboxes of an article")?,
        state: state(columns.take()?)?,
        pinned: columns.take()?,
        uses: columns.number()?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
        version: columns.number()?,
        helped: columns.number()?,
        failed: columns.number()?,
        texts: texts(columns.json("the texts of an article")?)?,
    };
    Ok((columns.take()?, article))
}

fn texts(columns: BTreeMap<String, TextColumns>) -> Result<BTreeMap<Language, ArticleText>, StoreError> {
    let read = |(number, (version, title, body, author, at)): (String, TextColumns)| {
        let number = number.parse().map_err(|_| StoreError::corrupt("a language is no number"))?;
        let author = Some(author).filter(|author| !author.is_empty()).map(|author| Uuid::try_parse(&author));
        let author = author.transpose().map_err(|_| StoreError::corrupt("an id has not 16 bytes"))?;
        Ok((language(number)?, ArticleText { version, title, body, author, created_at: Micros(at) }))
    };
    columns.into_iter().map(read).collect()
}

fn hit(row: &SqliteRow) -> Result<ArticleHit, StoreError> {
    let mut columns = Columns::of(row);
    Ok(ArticleHit {
        id: columns.uuid()?,
        slug: columns.take()?,
        language: language(columns.take()?)?,
        title: columns.take()?,
        body: columns.take()?,
    })
}

pub(crate) fn language_number(language: Language) -> i64 {
    match language {
        Language::Zh => 0,
        Language::En => 1,
    }
}

pub(crate) fn language(number: i64) -> Result<Language, StoreError> {
    match number {
        0 => Ok(Language::Zh),
        1 => Ok(Language::En),
        _ => Err(StoreError::corrupt(format!("{number} is no language"))),
    }
}

pub(crate) fn state_number(state: ArticleState) -> i64 {
    match state {
        ArticleState::Draft => 0,
        ArticleState::Published => 1,
        ArticleState::Archived => 2,
    }
}

pub(crate) fn state(number: i64) -> Result<ArticleState, StoreError> {
    match number {
        0 => Ok(ArticleState::Draft),
        1 => Ok(ArticleState::Published),
        2 => Ok(ArticleState::Archived),
        _ => Err(StoreError::corrupt(format!("{number} is no state of an article"))),
    }
}
