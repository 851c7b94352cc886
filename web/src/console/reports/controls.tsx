import { useMemo } from 'preact/hooks';
import type { Agent, Inbox, Page, Team } from '../../protocol/types';
import { Field } from '../../ui/field';
import { useLoad } from '../../ui/load';
import { useDesk } from '../context';
import { type Choice, type Filter, FILTERS, GROUPINGS } from './choice';
import { choose } from './choices';
import { PRESETS, type Span, type SpanFault } from './range';
import { type ReportsKey, useReportsTexts } from './texts';

interface ControlsProps {
  choice: Choice;
  span: Span;
  fault: SpanFault | null;
}

export function Controls({ choice, span, fault }: ControlsProps) {
  const { t } = useReportsTexts();
  return (
    <section class="report-controls" aria-label={t('choices')}>
      <div class="report-presets" role="group" aria-label={t('range')}>
        {PRESETS.map((preset) => (
          <button
            key={preset}
            type="button"
            class="chip"
            aria-pressed={choice.preset === preset}
            onClick={() => choose({ preset, ...(preset === 'custom' ? span : {}) })}
          >
            {t(`range_${preset}`)}
          </button>
        ))}
      </div>
      <div class="report-fields">
        {choice.preset === 'custom' && <CustomRange span={span} fault={fault} />}
        <ZoneField zone={choice.zone} />
        <Field label={t('by')}>
          {(ties) => (
            <select
              class="input"
              {...ties}
              value={choice.by}
              onChange={(event) =>
                choose({ by: event.currentTarget.value as Choice['by'], sort: '' })
              }
            >
              {GROUPINGS.map((each) => (
                <option key={each} value={each}>
                  {t(`by_${each}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {FILTERS.map((filter) => (
          <FilterField key={filter} filter={filter} value={choice[filter]} />
        ))}
      </div>
      {fault !== null && choice.preset !== 'custom' && (
        <p class="form-error" role="alert">
          {t(`fault_${fault}`)}
        </p>
      )}
    </section>
  );
}

function CustomRange({ span, fault }: { span: Span; fault: SpanFault | null }) {
  const { t } = useReportsTexts();
  return (
    <>
      <Field label={t('from')}>
        {(ties) => (
          <input
            class="input"
            type="date"
            {...ties}
            value={span.from}
            onChange={(event) => choose({ from: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label={t('to')} error={fault === null ? null : t(`fault_${fault}`)}>
        {(ties) => (
          <input
            class="input"
            type="date"
            {...ties}
            value={span.to}
            onChange={(event) => choose({ to: event.currentTarget.value })}
          />
        )}
      </Field>
    </>
  );
}

function ZoneField({ zone }: { zone: string }) {
  const { t } = useReportsTexts();
  const zones = useMemo(
    () => [...new Set(['UTC', ...Intl.supportedValuesOf('timeZone'), zone])].sort(),
    [zone],
  );
  return (
    <Field label={t('zone')}>
      {(ties) => (
        <select
          class="input"
          {...ties}
          value={zone}
          onChange={(event) => choose({ zone: event.currentTarget.value })}
        >
          {zones.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

type Named = Pick<Agent | Inbox | Team, 'id' | 'name'>;

const LISTS: Record<Filter, { path: string; all: ReportsKey }> = {
  agent: { path: 'agents', all: 'allAgents' },
  team: { path: 'teams', all: 'allTeams' },
  inbox: { path: 'inboxes', all: 'allInboxes' },
  tag: { path: 'tags', all: 'allTags' },
};

function FilterField({ filter, value }: { filter: Filter; value: string }) {
  const { api } = useDesk();
  const { t } = useReportsTexts();
  const { path, all } = LISTS[filter];
  const { state, retry } = useLoad(path, (signal) => api.get<Page<Named>>(path, {}, { signal }));
  if (state.status === 'denied') return null;
  const items = state.status === 'ready' ? state.value.items : [];
  const unknown = value !== '' && !items.some((each) => each.id === value);
  return (
    <Field label={t(`by_${filter}`)}>
      {(ties) => (
        <select
          class="input"
          {...ties}
          value={value}
          onFocus={() => state.status === 'error' && retry()}
          onChange={(event) => choose({ [filter]: event.currentTarget.value })}
        >
          <option value="">{t(all)}</option>
          {unknown && <option value={value}>{t('chosenUnknown')}</option>}
          {items.map((each) => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
          {state.status === 'error' && <option disabled>{t('listFailed')}</option>}
        </select>
      )}
    </Field>
  );
}
