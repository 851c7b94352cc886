import { useEffect, useMemo, useState } from 'preact/hooks';
import { texts } from '../../i18n/knowledge';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { all } from '../forms/all';
import { announce } from '../forms/announce';
import { Confirm } from '../forms/confirm';
import { FormView } from '../forms/form-view';
import { Loaded } from '../loaded';
import { may } from '../pages';
import { pageHref } from '../router';
import { ArticleEditor } from './article-editor';
import { ConflictView } from './conflict';
import { DetailsForm } from './details-form';
import { BODY_MAX, draftProblems, TITLE_MAX } from './draft';
import { Figures, StateChip } from './list';
import { type InboxName, useCategories, useInboxes } from './lists';
import { Markdown } from './markdown/view';
import { type Article, type Category, type Language, LANGUAGES, titleOf } from './shapes';
import { TextPane } from './text-pane';
import { useLanguage } from './use-language';

export function ArticlePage({ id }: { id: string }) {
  const { api, me } = useDesk();
  const mayWrite = may(me.value, 'knowledge');
  const article = useLoad<{ article: Article | null }>(`article ${id}`, async (signal) => ({
    article: id === 'new' ? null : await api.get<Article>(`articles/${id}`, {}, { signal }),
  }));
  const categories = useCategories();
  const inboxes = useInboxes();
  const whole = all<[{ article: Article | null }, Category[], InboxName[]]>(
    article,
    categories,
    inboxes,
  );
  return (
    <section class="article">
      <BackToList />
      <Loaded of={whole} pane>
        {([{ article }, categories, inboxes]) => {
          if (mayWrite) {
            return <Writing article={article} categories={categories} inboxes={inboxes} />;
          }
          return article ? <Reading article={article} inboxes={inboxes} /> : <Denied />;
        }}
      </Loaded>
    </section>
  );
}

function Denied() {
  const { t } = useConsole().i18n;
  return (
    <div class="pane-state" role="alert">
      <Icon name="lock" size={28} />
      <p>{t('errorForbidden')}</p>
    </div>
  );
}

function BackToList() {
  const { t } = useTextsOf(texts);
  return (
    <a class="page-back" href={pageHref('knowledge')}>
      <Icon name="back" size={18} />
      {t('title')}
    </a>
  );
}

interface WritingProps {
  article: Article | null;
  categories: readonly Category[];
  inboxes: readonly InboxName[];
}

type Shown = Language | 'both';

function Writing({ article, categories, inboxes }: WritingProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const language = useLanguage();
  const [shown, setShown] = useState<Shown>(() => firstShown(article, language));
  const editor = useMemo(
    () =>
      new ArticleEditor(api, {
        article,
        check: (draft, base) => {
          const limits = { title: TITLE_MAX, body: BODY_MAX };
          const problems = Object.entries(draftProblems(draft, base, article === null));
          return Object.fromEntries(
            problems.map(([field, problem]) => [
              field,
              t(`problem_${problem}`, problem in limits ? { n: limits[problem as 'body'] } : {}),
            ]),
          );
        },
        saved: (saved) => {
          if (!article) location.hash = pageHref('knowledge', [saved.id]);
        },
      }),
    [],
  );
  useEffect(() => {
    const leave = () => editor.keep();
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      editor.close();
    };
  }, [editor]);

  const { form } = editor;
  const known = editor.article.value;
  const place = ['knowledge', known?.id ?? 'new'] as const;
  const languages = shown === 'both' ? LANGUAGES : [shown];
  return (
    <>
      <header class="knowledge-head">
        <div>
          <h1>{known ? titleOf(known, language) : t('articleNew')}</h1>
          {known && (
            <p class="article-facts">
              <StateChip state={known.state} />
              <Figures article={known} />
            </p>
          )}
        </div>
        {known && <ArticleLinks article={known} inboxes={inboxes} />}
      </header>
      {editor.found.value !== null && form.dirty.value && (
        <div class="article-notice" role="status">
          <Icon name="info" size={16} />
          <p>{t('draftFound', { time: moment(editor.found.value, i18n) })}</p>
          <button type="button" class="link-button" onClick={() => editor.discard()}>
            {t('draftDiscard')}
          </button>
        </div>
      )}
      <ConflictView editor={editor} categories={categories} inboxes={inboxes} />
      <FormView
        form={form}
        scope={pageHref(place[0], [place[1]])}
        creates={known === null}
        onRefused={([field]) => {
          // The choice between both stands above; an error beside it would say less.
          if (editor.conflict.peek()) form.failure.value = null;
          const wrong = LANGUAGES.find((each) => field?.startsWith(`${each}.`));
          if (wrong && shown !== 'both') setShown(wrong);
        }}
      >
        <div class="article-languages form-segments" role="group" aria-label={t('languages')}>
          {(['zh', 'en', 'both'] as const).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === shown}
              data-shown={each}
              onClick={() => setShown(each)}
            >
              {t(`show_${each}`)}
            </button>
          ))}
        </div>
        <div class="article-texts" data-count={languages.length}>
          {languages.map((each) => (
            <TextPane key={each} editor={editor} language={each} />
          ))}
        </div>
        <DetailsForm form={form} categories={categories} inboxes={inboxes} isNew={known === null} />
      </FormView>
      {known && (
        <div class="article-end">
          {LANGUAGES.filter((each) => known.texts[each]).length > 1 &&
            languages.map((each) => <RemoveText key={each} language={each} editor={editor} />)}
          <RemoveArticle article={known} editor={editor} />
        </div>
      )}
    </>
  );
}

/** Both where there is room for both and something in both. */
function firstShown(article: Article | null, language: Language): Shown {
  if (!article) return language;
  const written = LANGUAGES.filter((each) => article.texts[each]);
  const isWide = matchMedia('(min-width: 1280px)').matches;
  if (written.length === 2) return isWide ? 'both' : language;
  return written[0] ?? language;
}

function ArticleLinks({ article, inboxes }: { article: Article; inboxes: readonly InboxName[] }) {
  const { t } = useTextsOf(texts);
  const language = useLanguage();
  const shownIn = inboxes.filter(
    ({ id, settings }) =>
      !settings.help_hidden && (article.inbox_ids.length === 0 || article.inbox_ids.includes(id)),
  );
  const written = LANGUAGES.filter((each) => article.texts[each]);
  const read = written.includes(language) ? language : (written[0] ?? language);
  return (
    <div class="article-links">
      {written.map((each) => (
        <a key={each} class="button" href={pageHref('knowledge', [article.id, 'history', each])}>
          <Icon name="clock" size={16} />
          {t('history', { language: t(`language_${each}`) })}
        </a>
      ))}
      {article.state === 'published' &&
        shownIn.slice(0, 3).map(({ id, key, name }) => (
          <a
            key={id}
            class="button"
            href={`/help/${key}/${read}/${article.slug}`}
            target="_blank"
            rel="noopener"
          >
            <Icon name="external" size={16} />
            {t('helpPage', { inbox: name })}
          </a>
        ))}
    </div>
  );
}

function RemoveText({ language, editor }: { language: Language; editor: ArticleEditor }) {
  const { t } = useTextsOf(texts);
  const [asking, setAsking] = useState(false);
  const named = { language: t(`language_${language}`) };
  return (
    <>
      <button type="button" class="button is-quiet-danger" onClick={() => setAsking(true)}>
        <Icon name="trash" size={16} />
        {t('textRemove', named)}
      </button>
      {asking && (
        <Confirm
          title={t('textRemoveTitle', named)}
          action={t('textRemove', named)}
          danger
          onClose={() => setAsking(false)}
          run={async () => {
            await editor.removeText(language);
            announce(t('removed'));
          }}
        >
          <p>{t('textRemoveText', named)}</p>
        </Confirm>
      )}
    </>
  );
}

function RemoveArticle({ article, editor }: { article: Article; editor: ArticleEditor }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const language = useLanguage();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" class="button is-quiet-danger" onClick={() => setAsking(true)}>
        <Icon name="trash" size={16} />
        {t('articleRemove')}
      </button>
      {asking && (
        <Confirm
          title={t('articleRemoveTitle', { title: titleOf(article, language) })}
          action={t('articleRemove')}
          danger
          onClose={() => setAsking(false)}
          run={async () => {
            await api.delete(`articles/${article.id}`);
            editor.discard();
            announce(t('removed'));
            // Once the form knows that nothing is left to be lost.
            setTimeout(() => (location.hash = pageHref('knowledge')));
          }}
        >
          <p>{t('articleRemoveText')}</p>
        </Confirm>
      )}
    </>
  );
}

/** For those who read the knowledge base and do not write it. */
function Reading({ article, inboxes }: { article: Article; inboxes: readonly InboxName[] }) {
  const { t } = useTextsOf(texts);
  const language = useLanguage();
  const written = LANGUAGES.filter((each) => article.texts[each]);
  const [shown, setShown] = useState(written.includes(language) ? language : written[0]);
  const text = shown && article.texts[shown];
  return (
    <>
      <header class="knowledge-head">
        <div>
          <h1>{text?.title ?? article.slug}</h1>
          <p class="article-facts">
            <StateChip state={article.state} />
            <Figures article={article} />
          </p>
        </div>
        <ArticleLinks article={article} inboxes={inboxes} />
      </header>
      {written.length > 1 && (
        <div class="form-segments" role="group" aria-label={t('languages')}>
          {written.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === shown}
              onClick={() => setShown(each)}
            >
              {t(`show_${each}`)}
            </button>
          ))}
        </div>
      )}
      {text && (
        <div class="form-card" lang={shown}>
          <Markdown text={text.body} />
        </div>
      )}
    </>
  );
}
