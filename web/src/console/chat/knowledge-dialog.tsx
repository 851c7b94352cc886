import { useEffect, useId, useState } from 'preact/hooks';
import type { FoundArticle, Page } from '../../protocol/types';
import { texts } from '../../i18n/chat';
import { Dialog } from '../../ui/dialog';
import { Highlighted } from '../../ui/highlighted';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { RichText } from '../../ui/rich-text';
import { useConsole, useDesk, useTextsOf } from '../context';
import { causeOf, Loaded } from '../loaded';
import { ComboField, optionId } from './combo-field';
import type { PanelProps } from './panel';
import './dialogs.css';

const SEARCH_AFTER_MS = 200;

interface ArticleText {
  title: string;
  body: string;
}

interface Inserted {
  title: string;
  text: string;
  url?: string | null;
}

/** Finds an article and puts what it says into the reply. */
export default function KnowledgeDialog({ chat, conversation, close }: PanelProps) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const [inserting, setInserting] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const listId = useId();
  const asked = useSettled(query.trim(), SEARCH_AFTER_MS);
  const inbox = conversation.inbox.id;
  const hits = useLoad(asked === '' ? null : asked, (signal) =>
    desk.api.get<Page<FoundArticle>>('articles/search', { q: asked, inbox }, { signal }),
  );
  const found = hits.state.status === 'ready' && asked !== '' ? hits.state.value.items : NONE;
  const active = found.find((each) => keyOf(each) === chosen) ?? found[0] ?? null;

  const insert = async (hit: FoundArticle) => {
    if (inserting) return;
    setInserting(true);
    setError(null);
    try {
      const body = { conversation_id: chat.id, language: hit.language };
      const path = `articles/${hit.article_id}/insert`;
      const { text, url } = await desk.api.post<Inserted>(path, body);
      close();
      chat.writing.insert(url ? `${text}\n${url}` : text);
    } catch (cause) {
      setError(causeOf(cause, i18n));
      setInserting(false);
    }
  };
  return (
    <Dialog title={t('knowledgeTitle')} size="large" onClose={close}>
      <div class="dialog-stack">
        <ComboField
          label={t('knowledgeSearch')}
          listId={listId}
          keys={found.map(keyOf)}
          active={active ? keyOf(active) : null}
          value={query}
          onInput={(value) => {
            setQuery(value);
            setChosen(null);
          }}
          onMove={setChosen}
          onPick={() => active && void insert(active)}
        />
        {error !== null && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            {error}
          </p>
        )}
        <div class="knowledge">
          {asked === '' ? (
            <p class="knowledge-state">{t('knowledgeHint')}</p>
          ) : (
            <Loaded of={hits}>
              {({ items }) =>
                items.length === 0 ? (
                  <p class="knowledge-state">{t('knowledgeNone', { query: asked })}</p>
                ) : (
                  <>
                    <ul
                      class="choice-list knowledge-hits"
                      id={listId}
                      role="listbox"
                      aria-label={t('knowledgeTitle')}
                    >
                      {items.map((hit) => (
                        <li
                          key={keyOf(hit)}
                          id={optionId(listId, keyOf(hit))}
                          class="choice"
                          role="option"
                          aria-selected={hit === active}
                          onClick={() => setChosen(keyOf(hit))}
                          onDblClick={() => void insert(hit)}
                        >
                          <span class="choice-text">
                            <Highlighted text={hit.title} ranges={hit.title_highlights} />
                            <span class="hint">
                              {hit.snippet.cut_before && '…'}
                              <Highlighted text={hit.snippet.text} ranges={hit.snippet.highlights} />
                              {hit.snippet.cut_after && '…'}
                            </span>
                          </span>
                        </li>
                      ))}
                    </ul>
                    {active && <Preview hit={active} />}
                  </>
                )
              }
            </Loaded>
          )}
        </div>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={close}>
            {t('cancel')}
          </button>
          <button
            type="button"
            class="button is-primary"
            disabled={active === null || inserting}
            onClick={() => active && void insert(active)}
          >
            <Icon name="check" size={16} />
            {t('insert')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

const NONE: readonly FoundArticle[] = [];

function keyOf(hit: FoundArticle): string {
  return `${hit.article_id}-${hit.language}`;
}

function Preview({ hit }: { hit: FoundArticle }) {
  const desk = useDesk();
  const text = useLoad(keyOf(hit), (signal) =>
    desk.api.get<ArticleText>(
      `articles/${hit.article_id}/texts/${hit.language}`,
      {},
      { signal },
    ),
  );
  return (
    <div class="knowledge-preview" tabIndex={0} role="region" aria-label={hit.title}>
      <Loaded of={text}>
        {({ title, body }) => (
          <>
            <h3>{title}</h3>
            <RichText text={body} plain={false} />
          </>
        )}
      </Loaded>
    </div>
  );
}

/** A value that has not changed for so long. */
function useSettled<T>(value: T, afterMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return settled;
}
