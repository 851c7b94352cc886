import { useState } from 'preact/hooks';
import { texts } from '../../../i18n/channels';
import type { Page } from '../../../protocol/types';
import { Dialog } from '../../../ui/dialog';
import { Icon } from '../../../ui/icons';
import { moment } from '../../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../../context';
import { useFailure } from '../../forms/failure';
import { Loaded } from '../../loaded';
import { More } from '../../more';
import { usePaged } from '../../paged';
import type { Channel, ChannelRefusal } from './channel-shapes';

type Kept = ChannelRefusal & { id: string };

const PAGE_SIZE = 50;

/** What came over a channel and could not be read: read again once the file is mended, or dropped. */
export function RefusedDialog({ channel, onClose }: { channel: Channel; onClose(): void }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const [told, setTold] = useState<string | null>(null);
  const path = `channels/${channel.id}/refused`;
  const paged = usePaged<Kept>(path, async (cursor, signal) => {
    const page = await api.get<Page<ChannelRefusal>>(
      path,
      { cursor, limit: PAGE_SIZE },
      signal ? { signal } : {},
    );
    return { ...page, items: page.items.map((item) => ({ ...item, id: String(item.number) })) };
  });
  const { load } = paged;
  const drop = (id: string, said: string) => {
    setTold(said);
    if (load.state.status === 'ready') load.set(load.state.value.filter((item) => item.id !== id));
  };
  return (
    <Dialog title={t('refusedTitle', { name: channel.name })} size="large" onClose={onClose}>
      <div class="dialog-stack">
        <div>
          <p class="hint">{t('refusedHint')}</p>
          <p class="hint" role="status">
            {told}
          </p>
        </div>
        <Loaded of={load}>
          {(items) =>
            items.length === 0 ? (
              <p class="part-state">{t('noneRefused')}</p>
            ) : (
              <ul class="channel-refused">
                {items.map((item) => (
                  <Refusal
                    key={item.id}
                    item={item}
                    path={`${path}/${item.number}`}
                    isOn={channel.enabled}
                    onGone={(said) => drop(item.id, said)}
                  />
                ))}
              </ul>
            )
          }
        </Loaded>
        <More paged={paged} />
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {t('close')}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

interface RefusalProps {
  item: Kept;
  path: string;
  isOn: boolean;
  onGone(said: string): void;
}

function Refusal({ item, path, isOn, onGone }: RefusalProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const failureText = useFailure();
  const [state, setState] = useState<{ busy: boolean; failure: unknown }>({
    busy: false,
    failure: null,
  });
  const attempt = (request: Promise<string>) => {
    setState({ busy: true, failure: null });
    request.then(onGone, (failure: unknown) => setState({ busy: false, failure }));
  };
  const readAgain = async () => {
    const { messages } = await api.post<{ messages: number }>(`${path}/retry`);
    return t('readAgainDone', { n: messages });
  };
  const forget = async () => {
    await api.delete(path);
    return t('dropped');
  };
  const time = moment(item.at, i18n);
  return (
    <li>
      <p class="channel-refused-reason">
        <time dateTime={item.at}>{time}</time>
        <span>{item.reason}</span>
      </p>
      {!item.retryable && <p class="hint">{t('notKept')}</p>}
      {item.retryable && !isOn && <p class="hint">{t('readWhenOn')}</p>}
      <div class="button-row">
        {item.retryable && (
          <button
            type="button"
            class="button is-small"
            disabled={state.busy || !isOn}
            aria-label={t('readAgainOf', { time })}
            onClick={() => attempt(readAgain())}
          >
            {t('readAgain')}
          </button>
        )}
        <button
          type="button"
          class="button is-small is-quiet-danger"
          disabled={state.busy}
          aria-label={t('dropOf', { time })}
          onClick={() => attempt(forget())}
        >
          {t('drop')}
        </button>
      </div>
      {state.failure !== null && (
        <p class="form-error" role="alert">
          <Icon name="alert" size={16} />
          {failureText(state.failure)}
        </p>
      )}
    </li>
  );
}
