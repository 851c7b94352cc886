import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/events';
import type { Page } from '../../../protocol/types';
import { Icon } from '../../../ui/icons';
import { moment } from '../../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { announce } from '../../forms/announce';
import { CodeBox } from '../../forms/copy';
import { useFailure } from '../../forms/failure';
import { Loaded } from '../../loaded';
import { More } from '../../more';
import { usePaged } from '../../paged';
import { Part } from '../section';
import { type Attempt, type Delivery, type DeliveryState, STATES, type Subscription } from './shapes';

const PAGE_SIZE = 20;

/** What a subscription was told, and what was answered. */
export function Deliveries({ subscription }: { subscription: Subscription }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [state, setState] = useState<DeliveryState>('all');
  const path = `subscriptions/${subscription.id}/deliveries`;
  const { waiting, dead, skipped = 0 } = subscription;
  const paged = usePaged<Delivery>(`${path} ${state}`, (cursor, signal) =>
    api.get<Page<Delivery>>(
      path,
      { cursor, limit: PAGE_SIZE, ...(state !== 'all' && { state }) },
      signal ? { signal } : {},
    ),
  );
  return (
    <Part title={t('deliveries')} lead={t('figures', { waiting, dead })}>
      {skipped > 0 && <p class="form-error">{t('skipped', { n: skipped })}</p>}
      <div class="button-row">
        <div class="form-segments" role="group" aria-label={t('deliveries')}>
          {STATES.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === state}
              onClick={() => setState(each)}
            >
              {t(`state_${each}`)}
            </button>
          ))}
        </div>
        <button type="button" class="button is-small" onClick={paged.load.retry}>
          {t('refresh')}
        </button>
      </div>
      <Loaded of={paged.load}>
        {(items) =>
          items.length === 0 ? (
            <p class="part-state">{t('deliveriesNone')}</p>
          ) : (
            <ul class="form-cards">
              {items.map((item) => (
                <li key={item.id} class="form-card">
                  <DeliveryCard item={item} path={`${path}/${item.id}`} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <More paged={paged} />
    </Part>
  );
}

function DeliveryCard({ item, path }: { item: Delivery; path: string }) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t, count } = useTextsOf(texts);
  const failureText = useFailure();
  const [failure, setFailure] = useState<unknown>(null);
  const [body, setBody] = useState<string | null>(null);
  const time = moment(item.created_at, i18n);
  const attempt = (request: Promise<void>) => {
    setFailure(null);
    request.catch(setFailure);
  };
  const again = async () => {
    await api.post(`${path}/redeliver`);
    announce(t('redelivered'));
  };
  const show = async () => setBody((await api.get<Delivery>(path)).request_body ?? '');
  return (
    <>
      <div class="form-card-head">
        <h4>
          <code>{item.topic}</code>
          <span class={`form-chip is-${item.state}`}>{t(`state_${item.state}`)}</span>
        </h4>
        <time class="hint" dateTime={item.created_at}>
          {time}
        </time>
      </div>
      <p class="hint">
        {count('attempts', item.attempts.length)}
        {item.next_at !== null && ` · ${t('nextAt', { time: moment(item.next_at, i18n) })}`}
      </p>
      <ol class="delivery-attempts">
        {item.attempts.map((each) => (
          <AttemptLine key={each.at} attempt={each} />
        ))}
      </ol>
      <div class="button-row">
        <button type="button" class="button is-small" onClick={() => attempt(show())}>
          {t('show')}
        </button>
        <button
          type="button"
          class="button is-small"
          aria-label={t('redeliverOf', { topic: item.topic, time })}
          onClick={() => attempt(again())}
        >
          {t('redeliver')}
        </button>
      </div>
      {body !== null && <CodeBox what={t('request')} text={pretty(body)} />}
      {failure !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {failureText(failure)}
        </p>
      )}
    </>
  );
}

function AttemptLine({ attempt }: { attempt: Attempt }) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const { at, status, latency_ms, error, request_headers, response_body } = attempt;
  const ms = latency_ms ?? 0;
  const headers = Object.entries(request_headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <li>
      <details>
        <summary>
          <time dateTime={at}>{moment(at, i18n)}</time>{' '}
          {status === null ? t('attemptNone', { ms }) : t('attemptStatus', { status, ms })}
          {error !== null && <span class="form-error">{error}</span>}
        </summary>
        {headers.length > 0 && <CodeBox what={t('request')} text={headers.join('\n')} />}
        {response_body !== null && response_body !== '' && (
          <CodeBox what={t('answer')} text={response_body} />
        )}
      </details>
    </li>
  );
}

/** JSON as people read it. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
