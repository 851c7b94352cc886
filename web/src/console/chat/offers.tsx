import { useComputed } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { useNow } from '../../ui/hooks';
import { Icon } from '../../ui/icons';
import { useConsole, useDesk, visitorName } from '../context';
import { keysOf, keyText, useShortcut } from '../shell/shortcuts';
import { accept } from './accept';
import { type Offered, offersTo } from './offered';

const RING_RADIUS = 16;
const RING_LENGTH = 2 * Math.PI * RING_RADIUS;

/** Conversations that this agent is asked to take: beside the work, never in its way. */
export function Offers() {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  // Without an offer nothing here is drawn again, whatever else changes.
  const any = useComputed(() => offersTo(desk).length > 0).value;
  const offered = any ? offersTo(desk) : [];
  const first = offered[0];

  useShortcut(
    'accept',
    () => {
      if (first) void accept(desk, first.id);
    },
    first !== undefined,
  );

  return (
    <section class="offers" aria-label={t('offers')}>
      <div role="status" class="visually-hidden">
        {offered.map((each) => (
          <p key={each.id}>
            {t('offerAnnounced', {
              name: visitorName(each.visitor, i18n),
              keys: keyText(keysOf('accept')),
            })}
          </p>
        ))}
      </div>
      {offered.map((each) => (
        <OfferCard
          key={`${each.id} ${each.offer.until}`}
          conversation={each}
          first={each === first}
        />
      ))}
    </section>
  );
}

function OfferCard({ conversation, first }: { conversation: Offered; first: boolean }) {
  const desk = useDesk();
  const { i18n } = useConsole();
  const { t } = i18n;
  const { id, visitor, inbox, last_message, offer } = conversation;
  const now = useNow(250);
  const until = Date.parse(offer.until);
  // The server says when it ends, not when it began: the ring is full when the card comes.
  const whole = useRef(Math.max(until - now, 1));
  const left = Math.max(until - now, 0);
  const seconds = Math.ceil(left / 1_000);
  return (
    <article class="offer">
      <span class="offer-ring" role="timer" aria-label={t('secondsLeft', { n: seconds })}>
        <svg width="40" height="40" viewBox="0 0 40 40" aria-hidden="true">
          <circle cx="20" cy="20" r={RING_RADIUS} />
          <circle
            class="offer-left"
            cx="20"
            cy="20"
            r={RING_RADIUS}
            stroke-dasharray={RING_LENGTH}
            stroke-dashoffset={RING_LENGTH * (1 - Math.min(left / whole.current, 1))}
          />
        </svg>
        <span class="count" aria-hidden="true">
          {seconds}
        </span>
      </span>
      <div class="offer-text">
        <p class="offer-name">{visitorName(visitor, i18n)}</p>
        <p class="hint">
          {t('offeredToYou')} · {inbox.name}
        </p>
        {last_message && <p class="offer-message">{last_message.text}</p>}
      </div>
      <div class="offer-actions">
        <button
          type="button"
          class="button"
          disabled={desk.busy.value}
          onClick={() => void desk.decline(id)}
        >
          {t('decline')}
        </button>
        <button
          type="button"
          class="button is-primary"
          disabled={desk.busy.value}
          onClick={() => void accept(desk, id)}
        >
          <Icon name="check" size={16} />
          {first ? t('acceptKeys', { keys: keyText(keysOf('accept')) }) : t('accept')}
        </button>
      </div>
    </article>
  );
}
