import { useSignal } from '@preact/signals';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { Message, Person } from '../protocol/types';
import { filesOf } from '../ui/attach';
import { Avatar } from '../ui/avatar';
import { MessageText, TimelineView } from '../ui/timeline-view';
import { Composer, type SendFiles } from './composer';
import { useWidget } from './context';
import { extras, OnDemand } from './on-demand';

export function Chat() {
  const { widget, i18n } = useWidget();
  const { t } = i18n;
  const { shared } = widget.line;
  const config = widget.config.value;
  const conversation = shared.conversation.value;
  const history = shared.history.value;
  const company = config?.name ?? '';
  const nameOf = useCallback((person: Person) => person.name || company, [company]);
  const textOf = useEventTexts(history.items);
  const dragged = useSignal(false);
  const [problem, setProblem] = useState('');
  const sendFiles = useCallback<SendFiles>((files) => {
    void widget.sendFiles(files, i18n.locale).then(setProblem, () => setProblem(t('loadFailed')));
  }, []);
  // One node, so that what comes and goes above it does not render it anew.
  const composer = useMemo(() => <Composer sendFiles={sendFiles} problem={problem} />, [problem]);
  return (
    <div
      class="chat"
      onDragOver={(event) => {
        event.preventDefault();
        dragged.value = true;
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) dragged.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        dragged.value = false;
        sendFiles(filesOf(event));
      }}
    >
      <TimelineView
        side="visitor"
        me={widget.me.value}
        label={t('conversation', { name: company })}
        history={history}
        outbox={widget.outbox.value}
        progress={shared.uploads}
        readSeq={conversation?.agent_read_seq ?? 0}
        typing={shared.typing.value}
        nameOf={nameOf}
        eventText={textOf}
        content={widget.content}
        unreadSeq={widget.unreadSeq.value}
        onReach={(seq) => widget.reach(seq)}
        onOlder={() => widget.line.run({ do: 'older' })}
        onResend={(id) => widget.line.run({ do: 'resend', id })}
        onDiscard={(id) => widget.line.run({ do: 'discard', id })}
        before={config && config.greeting !== '' && !history.hasOlder && <Greeting />}
        after={
          <>
            {conversation?.state === 'queued' && !widget.withBot.value && <OnDemand name="Waiting" quiet />}
            {(widget.isEnded.value || isInvited(history.items)) && <OnDemand name="RatingCard" />}
          </>
        }
      />
      {widget.withBot.value && <OnDemand name="BotBar" quiet />}
      {composer}
      {dragged.value && <p class="drop">{t('dropHere')}</p>}
    </div>
  );
}

/** What events say; nothing while the words are on their way, and what the server says if they do not come. */
function useEventTexts(items: readonly Message[]): (message: Message) => string {
  const { locale } = useWidget().i18n;
  const words = extras.loaded.value;
  const hasEvents = items.some(({ kind }) => kind === 'event');
  useEffect(() => {
    if (hasEvents) extras.prefetch();
  }, [hasEvents]);
  return useCallback(
    (message) => {
      if (words === 'failed') return message.text;
      return words?.eventText(message, locale) ?? '';
    },
    [words, locale.value],
  );
}

function Greeting() {
  const { widget } = useWidget();
  const config = widget.config.value;
  if (!config) return null;
  return (
    <div class="group is-other is-bare">
      <Avatar name={config.name} seed={config.name} size={28} />
      <div class="group-column">
        <div class="bubble-line">
          <div class="bubble has-tail">
            <MessageText text={config.greeting} />
          </div>
        </div>
      </div>
    </div>
  );
}

/** Whether a rating was asked for that has not been given. */
function isInvited(items: readonly Message[]): boolean {
  const asked = items.filter(({ event }) =>
    ['rating_invited', 'rated', 'resolved'].includes(event?.code ?? ''),
  );
  return asked[asked.length - 1]?.event?.code === 'rating_invited';
}
