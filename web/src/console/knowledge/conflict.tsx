import { useLayoutEffect, useRef } from 'preact/hooks';
import { texts } from '../../i18n/knowledge';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useTextsOf } from '../context';
import { announce } from '../forms/announce';
import { same } from '../forms/same';
import type { ArticleEditor, Conflict } from './article-editor';
import { DiffView } from './diff-view';
import { type Details, detailsOf } from './draft';
import { type InboxName, useAgentNames } from './lists';
import { type Category, nameOf } from './shapes';
import { useLanguage } from './use-language';

interface ConflictProps {
  editor: ArticleEditor;
  categories: readonly Category[];
  inboxes: readonly InboxName[];
}

/** Somebody else saved meanwhile: both are shown, and one is chosen. */
export function ConflictView({ editor, categories, inboxes }: ConflictProps) {
  const { t } = useTextsOf(texts);
  const root = useRef<HTMLElement>(null);
  const conflict = editor.conflict.value;
  useLayoutEffect(() => {
    if (conflict) root.current?.focus();
  }, [conflict]);
  if (!conflict) return null;
  return (
    <section ref={root} class="form-card article-conflict" role="alert" tabIndex={-1}>
      <h2>
        <Icon name="alert" size={18} />
        {t(conflict.kind === 'text' ? 'conflictText' : 'conflictDetails')}
      </h2>
      {conflict.kind === 'text' ? (
        <TextConflict editor={editor} conflict={conflict} />
      ) : (
        <DetailsConflict
          editor={editor}
          theirs={detailsOf(conflict.theirs)}
          categories={categories}
          inboxes={inboxes}
        />
      )}
      <div class="button-row">
        <button type="button" class="button" onClick={() => editor.takeTheirs()}>
          {t('takeTheirs')}
        </button>
        <button
          type="button"
          class="button is-primary"
          onClick={() => {
            void editor.keepMine().then((done) => done && announce(t('saved')));
          }}
        >
          {t('keepMine')}
        </button>
      </div>
    </section>
  );
}

interface TextConflictProps {
  editor: ArticleEditor;
  conflict: Extract<Conflict, { kind: 'text' }>;
}

function TextConflict({ editor, conflict }: TextConflictProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const agents = useAgentNames();
  const { theirs, language } = conflict;
  const mine = editor.form.value.value[language];
  const author = agents.get(theirs.author_id ?? '') ?? t('somebody');
  return (
    <>
      <p>{t('conflictBy', { name: author, time: moment(theirs.created_at, i18n) })}</p>
      <DiffView
        label={t('conflictDiff')}
        before={`${theirs.title}\n\n${theirs.body}`}
        after={`${mine.title}\n\n${mine.body}`}
      />
    </>
  );
}

interface DetailsConflictProps extends ConflictProps {
  theirs: Details;
}

function DetailsConflict({ editor, theirs, categories, inboxes }: DetailsConflictProps) {
  const { t } = useTextsOf(texts);
  const language = useLanguage();
  const mine = detailsOf(editor.form.value.value);
  const shown = (details: Details, name: keyof Details): string => {
    switch (name) {
      case 'slug':
        return details.slug;
      case 'state':
        return t(`state_${details.state}`);
      case 'pinned':
        return t(details.pinned ? 'pinnedYes' : 'pinnedNo');
      case 'category_id': {
        const category = categories.find(({ id }) => id === details.category_id);
        return category ? nameOf(category, language) : t('noCategory');
      }
      case 'inbox_ids': {
        const names = inboxes.filter(({ id }) => details.inbox_ids.includes(id));
        return names.map(({ name }) => name).join(', ') || t('all_inbox');
      }
    }
  };
  const names = {
    state: 'state',
    pinned: 'pinned',
    category_id: 'category',
    slug: 'slug',
    inbox_ids: 'inboxes',
  } as const;
  const differing = (Object.keys(names) as (keyof Details)[]).filter(
    (name) => !same(mine[name], theirs[name]),
  );
  return (
    <table class="form-table">
      <thead>
        <tr>
          <th scope="col">{t('details')}</th>
          <th scope="col">{t('theirs')}</th>
          <th scope="col">{t('mine')}</th>
        </tr>
      </thead>
      <tbody>
        {differing.map((name) => (
          <tr key={name}>
            <th scope="row">{t(names[name])}</th>
            <td>{shown(theirs, name)}</td>
            <td>{shown(mine, name)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
