import { useState } from 'preact/hooks';
import { texts } from '../../i18n/settings';
import type { Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { useFailure } from '../forms/failure';
import { Loaded } from '../loaded';
import { SectionHead } from './section';
import type { ShadowCall } from './shapes';

/** What a rehearsal did not send. */
export default function Shadow() {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [more, setMore] = useState<'idle' | 'loading' | { failure: unknown }>('idle');
  const calls = useLoad('shadow/calls', (signal) =>
    api.get<Page<ShadowCall>>('shadow/calls', {}, { signal }),
  );
  const loadMore = async (page: Page<ShadowCall>) => {
    setMore('loading');
    try {
      const cursor = page.next_cursor ?? undefined;
      const next = await api.get<Page<ShadowCall>>('shadow/calls', { cursor });
      calls.set({ ...next, items: [...page.items, ...next.items] });
      setMore('idle');
    } catch (failure) {
      setMore({ failure });
    }
  };
  return (
    <section class="settings-section">
      <SectionHead title={t('shadow')} lead={t('shadowLead')} />
      <Loaded of={calls} pane>
        {(page) =>
          page.items.length === 0 ? (
            <div class="pane-state">
              <Icon name="shield" size={28} />
              <p>{t('shadowEmpty')}</p>
            </div>
          ) : (
            <>
              <Calls calls={page.items} />
              {typeof more === 'object' && (
                <p class="form-error" role="alert">
                  {failureText(more.failure)}
                </p>
              )}
              {page.has_more && (
                <button
                  type="button"
                  class="button"
                  disabled={more === 'loading'}
                  onClick={() => void loadMore(page)}
                >
                  {t('more')}
                </button>
              )}
            </>
          )
        }
      </Loaded>
    </section>
  );
}

function Calls({ calls }: { calls: readonly ShadowCall[] }) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  return (
    <div class="form-table-scroll" tabIndex={0} role="region" aria-label={t('shadow')}>
      <table class="form-table">
        <thead>
          <tr>
            <th scope="col">{t('shadowAt')}</th>
            <th scope="col">{t('shadowKind')}</th>
            <th scope="col">{t('shadowTarget')}</th>
            <th scope="col">{t('shadowSummary')}</th>
          </tr>
        </thead>
        <tbody>
          {calls.map(({ number, at, kind, target, summary }) => (
            <tr key={number}>
              <td>
                <time dateTime={at}>{moment(at, i18n)}</time>
              </td>
              <td>{kind}</td>
              <td>{target}</td>
              <td>{summary}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
