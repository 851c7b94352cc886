import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { texts } from '../../i18n/settings';
import { Icon, type IconName } from '../../ui/icons';
import type { Load } from '../../ui/load';
import { useTextsOf } from '../context';
import { announce } from '../forms/announce';
import { Confirm } from '../forms/confirm';
import { Loaded } from '../loaded';
import { pageHref, route } from '../router';

/** From so many on, a list can be searched. */
const SEARCHED_FROM = 8;

interface HeadProps {
  title: string;
  lead: string;
  children?: ComponentChildren;
}

export function SectionHead({ title, lead, children }: HeadProps) {
  return (
    <header class="settings-section-head">
      <div>
        <h2>{title}</h2>
        <p>{lead}</p>
      </div>
      {children}
    </header>
  );
}

interface ListEditorProps<T extends { id: string }> {
  /** The section's name in addresses. */
  name: string;
  title: string;
  lead: string;
  load: Load<T[]>;
  /** What is searched. */
  textOf(item: T): string;
  row(item: T): ComponentChildren;
  groupOf?(item: T): string;
  /** What the button says that begins a new one; null for who may not. */
  add: string | null;
  empty: string;
  editor(item: T | null, list: T[]): ComponentChildren;
}

/** A list, and what was chosen from it beside it; on narrow screens one at a time. */
export function ListEditor<T extends { id: string }>(props: ListEditorProps<T>) {
  const { name, load } = props;
  const { t } = useTextsOf(texts);
  const [, chosen] = route.value.path;
  return (
    <section class="list-editor" data-chosen={chosen !== undefined}>
      <div class="list-editor-list">
        <SectionHead title={props.title} lead={props.lead}>
          {props.add !== null && (
            <a class="button" href={pageHref('settings', [name, 'new'])}>
              <Icon name="plus" size={16} />
              {props.add}
            </a>
          )}
        </SectionHead>
        <Loaded of={load} pane>
          {(list) => <Items {...props} list={list} chosen={chosen} />}
        </Loaded>
      </div>
      <div class="list-editor-editor">
        {chosen === undefined ? (
          <div class="pane-state">
            <p>{t('pickOne')}</p>
          </div>
        ) : (
          <>
            <BackLink name={name} title={props.title} />
            <Loaded of={load} pane>
              {(list) => {
                const item = chosen === 'new' ? null : list.find(({ id }) => id === chosen);
                const refused = item === undefined || (item === null && props.add === null);
                if (!refused) return <Editor key={chosen}>{props.editor(item, list)}</Editor>;
                return (
                  <div class="pane-state" role="alert">
                    <Icon name="alert" size={28} />
                    <p>{t('notThere')}</p>
                  </div>
                );
              }}
            </Loaded>
          </>
        )}
      </div>
    </section>
  );
}

function BackLink({ name, title }: { name: string; title: string }) {
  return (
    <a class="page-back" href={pageHref('settings', [name])}>
      <Icon name="back" size={18} />
      {title}
    </a>
  );
}

/** On narrow screens the list is gone, and the focus with it. */
function Editor({ children }: { children: ComponentChildren }) {
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (document.activeElement === document.body) root.current?.focus();
  }, []);
  return (
    <div ref={root} class="settings-editor" tabIndex={-1}>
      {children}
    </div>
  );
}

type ItemsProps<T extends { id: string }> = ListEditorProps<T> & {
  list: readonly T[];
  chosen: string | undefined;
};

function Items<T extends { id: string }>(props: ItemsProps<T>) {
  const { name, list, chosen, textOf, groupOf } = props;
  const { t } = useTextsOf(texts);
  const [query, setQuery] = useState('');
  if (list.length === 0) {
    return (
      <div class="pane-state">
        <p>{props.empty}</p>
      </div>
    );
  }
  const wanted = query.trim().toLowerCase();
  const found = list.filter((item) => textOf(item).toLowerCase().includes(wanted));
  const groups = new Map<string, T[]>();
  for (const item of found) {
    const group = groupOf?.(item) ?? '';
    groups.set(group, [...(groups.get(group) ?? []), item]);
  }
  return (
    <>
      {list.length >= SEARCHED_FROM && (
        <input
          type="search"
          class="input list-editor-search"
          aria-label={t('search')}
          placeholder={t('search')}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      )}
      {found.length === 0 && (
        <p class="part-state" role="status">
          {t('nothingFound')}
        </p>
      )}
      {[...groups].map(([group, items]) => (
        <div key={group} class="list-editor-group">
          {group !== '' && <h3>{group}</h3>}
          <ul aria-label={group || props.title}>
            {items.map((item) => (
              <li key={item.id}>
                <a
                  class="list-editor-row"
                  href={pageHref('settings', [name, item.id])}
                  aria-current={item.id === chosen ? 'true' : undefined}
                >
                  {props.row(item)}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

interface RemoveProps {
  /** What the button says. */
  label: string;
  title: string;
  text: string;
  icon?: IconName;
  run(): Promise<void>;
}

/** A button that removes or ends something once that was confirmed. */
export function RemoveButton({ label, title, text, icon = 'trash', run }: RemoveProps) {
  const { t } = useTextsOf(texts);
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" class="button is-quiet-danger" onClick={() => setAsking(true)}>
        <Icon name={icon} size={16} />
        {label}
      </button>
      {asking && (
        <Confirm
          title={title}
          action={label}
          danger
          onClose={() => setAsking(false)}
          run={async () => {
            await run();
            announce(t('done', { what: label }));
          }}
        >
          <p>{text}</p>
        </Confirm>
      )}
    </>
  );
}

interface PartProps {
  title: string;
  lead?: ComponentChildren;
  children: ComponentChildren;
}

/** A part of an editor under a title of its own. */
export function Part({ title, lead, children }: PartProps) {
  return (
    <section class="settings-part">
      <h3>{title}</h3>
      {lead && <p class="settings-part-lead">{lead}</p>}
      {children}
    </section>
  );
}
