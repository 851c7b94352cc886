import { useState } from 'preact/hooks';
import { texts as formTexts } from '../../i18n/forms';
import { texts } from '../../i18n/knowledge';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import type { Load } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { announce } from '../forms/announce';
import { Confirm } from '../forms/confirm';
import { useFailure } from '../forms/failure';
import { TextInput } from '../forms/inputs';
import { Loaded } from '../loaded';
import { may } from '../pages';
import { pageHref } from '../router';
import { useCategories } from './lists';
import { type Category, type Language, LANGUAGES, nameOf } from './shapes';
import { useLanguage } from './use-language';

export function Categories() {
  const me = useDesk().me.value;
  const { t } = useTextsOf(texts);
  const categories = useCategories();
  const [editing, setEditing] = useState<Category | 'new' | null>(null);
  const mayWrite = may(me, 'knowledge');
  return (
    <section class="knowledge-list is-narrow">
      <a class="page-back" href={pageHref('knowledge')}>
        <Icon name="back" size={18} />
        {t('title')}
      </a>
      <header class="knowledge-head">
        <div>
          <h1>{t('categories')}</h1>
          <p>{t('categoriesLead')}</p>
        </div>
        {mayWrite && (
          <button type="button" class="button" onClick={() => setEditing('new')}>
            <Icon name="plus" size={16} />
            {t('categoryNew')}
          </button>
        )}
      </header>
      <Loaded of={categories} pane>
        {(list) => (
          <>
            {list.length === 0 ? (
              <div class="pane-state">
                <p>{t('categoriesEmpty')}</p>
              </div>
            ) : (
              <Shelves categories={categories} list={list} mayWrite={mayWrite} edit={setEditing} />
            )}
            {editing !== null && (
              <CategoryDialog
                category={editing === 'new' ? null : editing}
                list={list}
                categories={categories}
                onClose={() => setEditing(null)}
              />
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

interface ShelvesProps {
  categories: Load<Category[]>;
  list: readonly Category[];
  mayWrite: boolean;
  edit(category: Category): void;
}

function Shelves({ categories, list, mayWrite, edit }: ShelvesProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const language = useLanguage();
  const [removing, setRemoving] = useState<Category | null>(null);
  const [state, setState] = useState<{ busy: boolean; failure: unknown }>({
    busy: false,
    failure: null,
  });
  /** Positions may be the same for several: after a move each has its own. */
  const move = async (index: number, by: number) => {
    const next = [...list];
    next.splice(index + by, 0, ...next.splice(index, 1));
    const numbered = next.map((each, position) => ({ ...each, position }));
    categories.set(numbered);
    setState({ busy: true, failure: null });
    try {
      for (const { id, position } of numbered) {
        if (list.find((each) => each.id === id)?.position === position) continue;
        await api.patch<Category>(`categories/${id}`, { position });
      }
      setState({ busy: false, failure: null });
    } catch (failure) {
      setState({ busy: false, failure });
      categories.retry();
    }
  };
  return (
    <>
      <ol class="category-list">
        {list.map((category, index) => {
          const name = nameOf(category, language);
          return (
            <li key={category.id}>
              <span class="article-name">
                <strong>{name}</strong>
                <span class="hint">
                  {LANGUAGES.map(
                    (each) => `${t(`language_${each}`)}: ${category.names[each] ?? '–'}`,
                  ).join(' · ')}
                </span>
              </span>
              {mayWrite && (
                <>
                  <button
                    type="button"
                    class="icon-button is-small"
                    aria-label={t('moveUp', { name })}
                    disabled={index === 0 || state.busy}
                    onClick={() => void move(index, -1)}
                  >
                    <Icon name="up" size={16} />
                  </button>
                  <button
                    type="button"
                    class="icon-button is-small"
                    aria-label={t('moveDown', { name })}
                    disabled={index === list.length - 1 || state.busy}
                    onClick={() => void move(index, 1)}
                  >
                    <Icon name="down" size={16} />
                  </button>
                  <button type="button" class="button is-small" onClick={() => edit(category)}>
                    {t('edit')}
                    <span class="visually-hidden"> {name}</span>
                  </button>
                  <button
                    type="button"
                    class="icon-button is-small"
                    aria-label={t('removeWhat', { name })}
                    onClick={() => setRemoving(category)}
                  >
                    <Icon name="trash" size={16} />
                  </button>
                </>
              )}
            </li>
          );
        })}
      </ol>
      {state.failure !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {failureText(state.failure)}
        </p>
      )}
      {removing && (
        <Confirm
          title={t('categoryRemoveTitle', { name: nameOf(removing, language) })}
          action={t('remove')}
          danger
          onClose={() => setRemoving(null)}
          run={async () => {
            await api.delete(`categories/${removing.id}`);
            categories.set(list.filter(({ id }) => id !== removing.id));
            announce(t('removed'));
          }}
        >
          <p>{t('categoryRemoveText')}</p>
        </Confirm>
      )}
    </>
  );
}

interface CategoryDialogProps {
  category: Category | null;
  list: readonly Category[];
  categories: Load<Category[]>;
  onClose(): void;
}

function CategoryDialog({ category, list, categories, onClose }: CategoryDialogProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const failureText = useFailure();
  const [names, setNames] = useState<Partial<Record<Language, string>>>(category?.names ?? {});
  const [error, setError] = useState<string | null>(null);
  const save = async () => {
    const said = LANGUAGES.map((each) => [each, names[each]?.trim() ?? ''] as const);
    const given = Object.fromEntries(said.filter(([, name]) => name !== ''));
    if (Object.keys(given).length === 0) return setError(t('categoryNameNeeded'));
    try {
      const saved = category
        ? await api.patch<Category>(`categories/${category.id}`, { names: given })
        : await api.post<Category>('categories', { names: given, position: list.length });
      categories.set(
        category ? list.map((each) => (each.id === saved.id ? saved : each)) : [...list, saved],
      );
      announce(say('saved'));
      onClose();
    } catch (failure) {
      setError(failureText(failure));
    }
  };
  return (
    <Dialog title={t(category ? 'categoryEdit' : 'categoryNew')} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {LANGUAGES.map((each) => (
          <TextInput
            key={each}
            label={t('categoryName', { language: t(`language_${each}`) })}
            value={names[each] ?? ''}
            max={200}
            onInput={(name) => setNames({ ...names, [each]: name })}
          />
        ))}
        {error !== null && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            {error}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {say('cancel')}
          </button>
          <button type="submit" class="button is-primary">
            {say('save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
