import { useEffect, useState } from 'preact/hooks';
import type { ReportNow } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { lasting, number } from '../../ui/numbers';
import { poll } from '../../ui/poll';
import { useDesk } from '../context';
import { useReportsTexts } from './texts';

const EVERY_MS = 10_000;

/** What goes on right now, beside what became of things. */
export function NowStrip() {
  const { api } = useDesk();
  const { t, locale } = useReportsTexts();
  const [now, setNow] = useState<ReportNow | null>(null);
  const [stale, setStale] = useState(false);
  useEffect(
    () =>
      poll(EVERY_MS, () =>
        api.get<ReportNow>('reports/now').then(
          (answer) => {
            setNow(answer);
            setStale(false);
          },
          () => setStale(true),
        ),
      ),
    [api],
  );
  const language = locale.value;
  const agents = now?.agents ?? [];
  const here = agents.filter((each) => each.status === 'online').length;
  const wait = now?.total.longest_wait_s ?? null;
  const facts = [
    [t('nowWaiting'), number(now?.total.waiting ?? null, language)],
    [t('nowLongest'), wait === null ? number(null, language) : lasting(wait, language)],
    [t('nowOpen'), number(now?.total.open ?? null, language)],
    [t('nowPending'), number(now?.total.pending ?? null, language)],
    [t('nowAgents'), now ? t('nowAgentsOf', { here, all: agents.length }) : number(null, language)],
  ] as const;
  return (
    <section class="now-strip" aria-label={t('now')}>
      <h2>
        {t('now')}
        {stale && (
          <span class="now-stale" role="status">
            <Icon name="alert" size={14} /> {t('nowStale')}
          </span>
        )}
      </h2>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
