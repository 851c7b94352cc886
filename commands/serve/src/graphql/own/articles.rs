use kefu_core::{ArticleState, Language, Micros, Permission};
use kefu_query::{Fetch, Rows, SourceError, TroubleKind};
use kefu_store::{Article, ArticleFilter};
use kefu_text::terms::{self, LastWord};
use uuid::Uuid;

use super::{
    Offer, Own,
    column::{self, Columns, Out},
    not_allowed, select, trouble, unread,
};

pub(super) const OFFER: Offer = Offer {
    lists: true,
    limits: true,
    limits_per_key: false,
    filters: &[],
    sorts: &[],
    keys: &[("id", 100)],
};

/// Articles of a list at most, as in the REST interface.
const LIST_MAX: usize = 500;
/// Articles that a search finds at most.
const FOUND_MAX: usize = 20;

/// What an article says in one language.
pub(super) struct Text {
    id: Uuid,
    slug: String,
    language: Language,
    title: String,
    body: String,
    /// When it was saved, where that was looked up.
    updated_at: Option<Micros>,
}

pub(super) const COLUMNS: Columns<Text, ()> = &[
    ("id", |text, ()| Out::id(text.id)),
    ("slug", |text, ()| Out::word(&text.slug)),
    ("language", |text, ()| Out::word(text.language.as_str())),
    ("title", |text, ()| Out::word(&text.title)),
    ("body", |text, ()| Out::word(&text.body)),
    ("updated_at", |text, ()| Out::some(text.updated_at, Out::At)),
];

/// Published articles: all of a language, those in which the argument `q` is found, or by id.
pub(super) async fn fetch(own: &Own, fetch: &Fetch) -> Result<Rows, SourceError> {
    if own.readable().is_none() && !own.may(Permission::Knowledge) {
        return Err(not_allowed());
    }
    let argument = |name: &str| {
        fetch.arguments.iter().find(|(known, _)| known == name).and_then(|(_, value)| select::text(value))
    };
    let language = match argument("language") {
        None => None,
        Some(word) => {
            let language = Language::from_word(word);
            Some(language.ok_or_else(|| trouble(TroubleKind::Refused, "`language` must be zh or en"))?)
        }
    };
    let limit = fetch.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LIST_MAX).min(LIST_MAX);
    let filter = ArticleFilter { state: Some(ArticleState::Published), language, ..ArticleFilter::default() };
    let texts = match (&fetch.keys, argument("q")) {
        (Some(keys), _) => {
            let mut texts = Vec::new();
            for id in select::ids(keys) {
                let article = own.store.article(id).await.map_err(|error| unread(&error))?;
                let article = article.filter(|article| article.state == ArticleState::Published);
                texts.extend(article.into_iter().flat_map(|article| texts_of(article, language)));
            }
            texts
        }
        (None, Some(words)) => {
            let query = terms::query(words, LastWord::Prefix);
            let hits = own.store.search_articles(&query, &filter, limit.min(FOUND_MAX)).await;
            let hits = hits.map_err(|error| unread(&error))?.into_iter();
            let texts = hits.map(|hit| Text {
                id: hit.id,
                slug: hit.slug,
                language: hit.language,
                title: hit.title,
                body: hit.body,
                updated_at: None,
            });
            texts.collect()
        }
        (None, None) => {
            let listed = own.store.articles(&filter, None, limit).await;
            let (articles, _) = listed.map_err(|error| unread(&error))?;
            let texts = articles.into_iter().flat_map(|article| texts_of(article, language));
            texts.take(limit).collect()
        }
    };
    column::rows(fetch, COLUMNS, &texts, &())
}

fn texts_of(article: Article, wanted: Option<Language>) -> impl Iterator<Item = Text> {
    let Article { id, slug, texts, .. } = article;
    let texts =
        texts.into_iter().filter(move |(language, _)| wanted.is_none_or(|wanted| wanted == *language));
    texts.map(move |(language, text)| Text {
        id,
        slug: slug.clone(),
        language,
        title: text.title,
        body: text.body,
        updated_at: Some(text.created_at),
    })
}
