import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation, Message, Page } from '../../protocol/types';
import { useNow } from '../../ui/hooks';
import { useLoad } from '../../ui/load';
import { ago, moment } from '../../ui/time';
import { useConsole, useDesk } from '../context';
import { StateTag } from '../list/state-tag';
import { Loaded } from '../loaded';
import { CARD_TIMEOUT_MS } from './card';
import type { CardProps } from './cards';
import { Lines, wordsOf } from './lines';

const SHOWN = 5;
const PREVIEW_AFTER_MS = 200;
const PREVIEW_MESSAGES = 6;

/** What was spoken about before with the same customer. */
export function PreviousCard({ conversation, round, onRead }: CardProps) {
  const { api } = useDesk();
  const { t } = useConsole().i18n;
  const { id, visitor } = conversation;
  const load = useLoad(`${id} ${round}`, async (signal) => {
    const options = { signal, timeoutMs: CARD_TIMEOUT_MS };
    const path = `customers/${visitor.id}/conversations`;
    const page = await api.get<Page<Conversation>>(path, { limit: SHOWN + 1 }, options);
    return page.items.filter((each) => each.id !== id).slice(0, SHOWN);
  });
  return (
    <Loaded of={load}>
      {(all) =>
        all.length === 0 ? (
          <p class="details-state">{t('firstVisit')}</p>
        ) : (
          <ul class="previous">
            {all.map((each) => (
              <Previous key={each.id} conversation={each} onRead={onRead} />
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

interface PreviousProps {
  conversation: Conversation;
  onRead(conversation: Conversation): void;
}

function Previous({ conversation, onRead }: PreviousProps) {
  const { i18n } = useConsole();
  const { t } = i18n;
  const now = useNow(60_000);
  const last = conversation.last_message;
  const preview = useId();
  const row = useRef<HTMLLIElement>(null);
  const [previewed, setPreviewed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const hide = () => {
    clearTimeout(timer.current);
    setPreviewed(false);
  };
  const show = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setPreviewed(true), PREVIEW_AFTER_MS);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <li
      ref={row}
      onPointerEnter={(event) => event.pointerType === 'mouse' && show()}
      onPointerLeave={hide}
      onFocusIn={show}
      onFocusOut={hide}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !previewed) return;
        event.preventDefault();
        event.stopPropagation();
        hide();
      }}
    >
      <button
        type="button"
        class="previous-row"
        aria-describedby={previewed ? preview : undefined}
        onClick={() => {
          hide();
          onRead(conversation);
        }}
      >
        <span class="previous-line">
          <StateTag state={conversation.state} />
          <span class="hint">{conversation.assignee?.name ?? conversation.inbox.name}</span>
          <time dateTime={conversation.updated_at} title={moment(conversation.updated_at, i18n)}>
            {ago(conversation.updated_at, i18n, now)}
          </time>
        </span>
        <span class="previous-text">{last ? wordsOf(last, i18n) : t('noMessage')}</span>
      </button>
      {previewed && <Preview id={preview} conversation={conversation} row={row} />}
    </li>
  );
}

interface PreviewProps {
  id: string;
  conversation: Conversation;
  row: { readonly current: HTMLElement | null };
}

/** The last words of a conversation, in a panel beside the column. */
function Preview({ id, conversation, row }: PreviewProps) {
  const { api } = useDesk();
  const panel = useRef<HTMLDivElement>(null);
  const load = useLoad(conversation.id, async (signal) => {
    const options = { signal, timeoutMs: CARD_TIMEOUT_MS };
    const path = `conversations/${conversation.id}/messages`;
    return (await api.get<Page<Message>>(path, { limit: PREVIEW_MESSAGES }, options)).items;
  });
  // In the top layer, where neither the column's edge nor its transform holds it.
  useLayoutEffect(() => {
    const element = panel.current;
    if (!element || !row.current) return;
    if (!element.matches(':popover-open')) element.showPopover();
    const place = row.current.getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    const beside = place.left - width - 8;
    const top = beside >= 8 ? place.top : place.bottom + 4;
    element.style.left = `${Math.max(8, beside)}px`;
    element.style.top = `${Math.max(8, Math.min(top, window.innerHeight - height - 8))}px`;
  });
  return (
    <div class="preview" id={id} ref={panel} popover="manual">
      <Loaded of={load}>{(messages) => <Lines messages={messages} />}</Loaded>
    </div>
  );
}
