import { useEffect, useMemo } from 'preact/hooks';
import type { Agent, Page } from '../../protocol/types';
import { useSlow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { useConsole, useDesk } from '../context';
import '../insight.css';
import { causeOf } from '../loaded';
import './audit.css';
import { Export } from './export-button';
import { type AuditFilter, currentFilter, faultOf } from './filter';
import { Filters } from './filters';
import { Lines } from './lines';
import { AuditLog } from './log';
import { useAuditTexts } from './texts';
import { Verify } from './verify';

export default function AuditPage() {
  const { api } = useDesk();
  const { t } = useAuditTexts();
  const filter = currentFilter();
  const agents = useLoad('agents', (signal) => api.get<Page<Agent>>('agents', {}, { signal }));
  const people = agents.state.status === 'ready' ? agents.state.value.items : [];
  const fault = faultOf(filter);
  return (
    <div class="audit">
      <header class="page-head">
        <h1>{t('title')}</h1>
        <Export filter={filter} disabled={fault !== null} />
      </header>
      <p class="audit-lead">{t('lead')}</p>
      <Verify />
      <Filters filter={filter} fault={fault} agents={people} />
      {fault === null && <Log key={JSON.stringify(filter)} filter={filter} agents={people} />}
    </div>
  );
}

function Log({ filter, agents }: { filter: AuditFilter; agents: readonly Agent[] }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useAuditTexts();
  const log = useMemo(() => new AuditLog(api, filter), [api]);
  useEffect(() => () => log.close(), [log]);
  const state = log.state.value;
  const slow = useSlow(state.kind === 'loading', 150);
  switch (state.kind) {
    case 'loading':
      return (
        <div class="audit-skeleton" role="status" aria-label={i18n.t('loading')}>
          {slow && Array.from({ length: 8 }, (_, index) => <i key={index} />)}
        </div>
      );
    case 'denied':
      return (
        <div class="pane-state" role="alert">
          <Icon name="lock" size={28} />
          <p>{i18n.t('errorForbidden')}</p>
        </div>
      );
    case 'error':
      return (
        <div class="pane-state" role="alert">
          <Icon name="alert" size={28} />
          <p>{causeOf(state.error, i18n)}</p>
          <button type="button" class="button" onClick={() => void log.load()}>
            {i18n.t('retry')}
          </button>
        </div>
      );
    case 'ready':
      if (state.lines.length === 0) {
        return (
          <div class="pane-state">
            <Icon name="ledger" size={28} />
            <p>{t('empty')}</p>
          </div>
        );
      }
      return (
        <>
          <Lines lines={state.lines} agents={agents} />
          {state.cursor !== null && (
            <div class="audit-more">
              <button
                type="button"
                class="button"
                disabled={state.more === 'loading'}
                onClick={() => void log.more()}
              >
                {t(MORE_TEXTS[state.more])}
              </button>
            </div>
          )}
        </>
      );
  }
}

const MORE_TEXTS = { idle: 'more', loading: 'moreLoading', error: 'moreFailed' } as const;
