import { useEffect, useState } from 'preact/hooks';
import { useWidget } from '../context';
import { end } from './requests';
import { useExtraTexts } from './texts';

const ANNOUNCE_AFTER_MS = 5_000;

/** Where the visitor stands, and what else there is to do. */
export function Waiting() {
  const { widget } = useWidget();
  const { t } = useExtraTexts();
  const queue = widget.line.shared.conversation.value?.queue;
  const minutes = queue?.wait_ms ? Math.max(1, Math.round(queue.wait_ms / 60_000)) : null;
  const place = queue ? t('queueNumber', { n: queue.position }) : t('queueTitle');
  const title = minutes === null ? place : `${place} · ${t('queueWait', { n: minutes })}`;
  const isAttended = widget.config.value?.agents_online ?? true;
  const [failed, setFailed] = useState(false);
  return (
    <section class="card waiting">
      <span class="spinner" aria-hidden="true" />
      <div>
        <p class="card-title">{title}</p>
        <p class="card-hint">{t(isAttended ? 'queueOnline' : 'queueAway')}</p>
        <p class="card-links">
          <button type="button" class="link-button" onClick={() => (widget.view.value = 'offline')}>
            {t('leaveInstead')}
          </button>
          {queue && (
            <button
              type="button"
              class="link-button"
              onClick={() => void end(widget).catch(() => setFailed(true))}
            >
              {t('leaveQueue')}
            </button>
          )}
        </p>
        {failed && (
          <p class="form-error" role="alert">
            {t('endFailed')}
          </p>
        )}
      </div>
      <Announced text={title} />
    </section>
  );
}

/** Read out, and no more than once in five seconds: a queue may move fast. */
function Announced({ text }: { text: string }) {
  const [said, setSaid] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), ANNOUNCE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <span class="visually-hidden" role="status">
      {said}
    </span>
  );
}
