import { useId } from 'preact/hooks';
import { texts } from '../../i18n/search';
import type { Agent, Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useDesk, useTextsOf } from '../context';
import { dateOf, endOf, startOf } from './days';
import { FILTERS, type Filter, type Query } from './search';

interface FiltersProps {
  query: Query;
  /** "" takes a filter away. */
  onChange(change: Partial<Record<Filter, string>>): void;
}

export function Filters({ query, onChange }: FiltersProps) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const agents = useLoad('agents', (signal) =>
    desk.api.get<Page<Agent>>('agents', {}, { signal }),
  ).state;
  const isSet = FILTERS.some((name) => query[name] !== undefined);
  const named = (items: Iterable<{ id: string; name: string }>) =>
    [...items].map(({ id, name }) => ({ value: id, text: name }));
  return (
    <div class="search-filters" role="group" aria-label={t('filters')}>
      <Select
        label={t('agent')}
        any={t('anyAgent')}
        value={query.agent_id}
        options={agents.status === 'ready' ? named(agents.value.items) : []}
        onChange={(agent_id) => onChange({ agent_id })}
      />
      <Select
        label={t('tag')}
        any={t('anyTag')}
        value={query.tag_id}
        options={named(desk.directory.tags.value.values())}
        onChange={(tag_id) => onChange({ tag_id })}
      />
      <Select
        label={t('inbox')}
        any={t('anyInbox')}
        value={query.inbox}
        options={named(desk.directory.inboxes.value.values())}
        onChange={(inbox) => onChange({ inbox })}
      />
      <Select
        label={t('kind')}
        any={t('anyKind')}
        value={query.kind}
        options={[
          { value: 'text', text: t('kindText') },
          { value: 'note', text: t('kindNote') },
        ]}
        onChange={(kind) => onChange({ kind })}
      />
      <Day
        label={t('from')}
        value={query.after ? dateOf(query.after) : ''}
        onChange={(day) => onChange({ after: startOf(day) })}
      />
      <Day
        label={t('to')}
        value={query.before ? dateOf(query.before, -1) : ''}
        onChange={(day) => onChange({ before: endOf(day) })}
      />
      {query.customer_id && (
        <button type="button" class="button" onClick={() => onChange({ customer_id: '' })}>
          {t('customerOnly')}
          <Icon name="close" size={14} />
        </button>
      )}
      {isSet && (
        <button
          type="button"
          class="link-button"
          onClick={() => onChange(Object.fromEntries(FILTERS.map((name) => [name, ''])))}
        >
          {t('clear')}
        </button>
      )}
      {agents.status === 'error' && (
        <p class="hint" role="alert">
          {t('filterFailed')}
        </p>
      )}
    </div>
  );
}

interface SelectProps {
  label: string;
  any: string;
  value: string | undefined;
  options: readonly { value: string; text: string }[];
  onChange(value: string): void;
}

function Select({ label, any, value = '', options, onChange }: SelectProps) {
  return (
    <select
      class={`input ${value === '' ? '' : 'is-on'}`}
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      <option value="">{any}</option>
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  );
}

interface DayProps {
  label: string;
  value: string;
  onChange(day: string): void;
}

function Day({ label, value, onChange }: DayProps) {
  const id = useId();
  return (
    <span class="search-day">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="date"
        class={`input ${value === '' ? '' : 'is-on'}`}
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </span>
  );
}
