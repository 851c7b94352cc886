import { useState } from 'preact/hooks';
import { texts } from '../../i18n/tickets';
import type { Ticket } from '../../protocol/people';
import type { Conversation, Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf, visitorName } from '../context';
import { ConfirmDialog } from '../customers/confirm-dialog';
import { wordsOf } from '../details/lines';
import { StateTag } from '../list/state-tag';
import { Loaded, notifyFailure } from '../loaded';
import { may } from '../pages';
import { href } from '../router';

/** What stands for a conversation that this agent may not read. */
type Linked = { id: string; conversation: Conversation | null };

interface LinkedConversationsProps {
  ticket: Ticket;
  onTicket(ticket: Ticket): void;
}

export function LinkedConversations({ ticket, onTicket }: LinkedConversationsProps) {
  const desk = useDesk();
  const { t } = useTextsOf(texts);
  const [linking, setLinking] = useState(false);
  const load = useLoad(ticket.conversation_ids.join(), async (signal) =>
    Promise.all(
      ticket.conversation_ids.map(
        async (id): Promise<Linked> => ({
          id,
          conversation: await desk.api
            .get<Conversation>(`conversations/${id}`, {}, { signal })
            .catch(() => null),
        }),
      ),
    ),
  );
  const unlink = async (id: string) => {
    try {
      await desk.api.delete(`tickets/${ticket.id}/conversations/${id}`);
      onTicket(await desk.api.get<Ticket>(`tickets/${ticket.id}`));
    } catch (error) {
      notifyFailure(desk, error);
    }
  };
  return (
    <>
      <Loaded of={load}>
        {(all) =>
          all.length === 0 ? (
            <p class="details-state">{t('noneLinked')}</p>
          ) : (
            <ul class="linked">
              {all.map((linked) => (
                <LinkedRow
                  key={linked.id}
                  linked={linked}
                  onUnlink={() => void unlink(linked.id)}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {ticket.requester && may(desk.me.value, 'customers') && (
        <button type="button" class="button" onClick={() => setLinking(true)}>
          <Icon name="link" size={16} />
          {t('linkConversation')}
        </button>
      )}
      {linking && ticket.requester && (
        <LinkDialog
          ticket={ticket}
          requester={ticket.requester.id}
          onClose={() => setLinking(false)}
          onTicket={onTicket}
        />
      )}
    </>
  );
}

interface LinkedRowProps {
  linked: Linked;
  onUnlink(): void;
}

function LinkedRow({ linked: { id, conversation }, onUnlink }: LinkedRowProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const name = conversation
    ? visitorName(conversation.visitor, i18n)
    : t('hiddenConversation', { id: id.slice(-4) });
  return (
    <li>
      {conversation ? (
        <a href={href(conversation.state === 'resolved' ? 'ended' : 'all', id)}>
          <StateTag state={conversation.state} />
          <span>{name}</span>
          <time dateTime={conversation.updated_at}>{moment(conversation.updated_at, i18n)}</time>
        </a>
      ) : (
        <span class="hint">{name}</span>
      )}
      <button
        type="button"
        class="icon-button is-small"
        aria-label={t('unlink', { name })}
        title={t('unlink', { name })}
        onClick={onUnlink}
      >
        <Icon name="close" size={14} />
      </button>
    </li>
  );
}

interface LinkDialogProps {
  ticket: Ticket;
  requester: string;
  onClose(): void;
  onTicket(ticket: Ticket): void;
}

/** Chooses among the requester's conversations. */
function LinkDialog({ ticket, requester, onClose, onTicket }: LinkDialogProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [chosen, setChosen] = useState<string | null>(null);
  const load = useLoad(requester, async (signal) => {
    const path = `customers/${requester}/conversations`;
    const { items } = await api.get<Page<Conversation>>(path, {}, { signal });
    return items.filter((each) => !ticket.conversation_ids.includes(each.id));
  });
  return (
    <ConfirmDialog
      title={t('linkConversation')}
      action={t('link')}
      disabled={chosen === null}
      onClose={onClose}
      onConfirm={async () =>
        onTicket(await api.post<Ticket>(`tickets/${ticket.id}/conversations/${chosen}`))
      }
    >
      <Loaded of={load}>
        {(all) =>
          all.length === 0 ? (
            <p class="hint">{t('nothingToLink')}</p>
          ) : (
            <fieldset class="candidates">
              <legend class="visually-hidden">{t('linkConversation')}</legend>
              {all.map((each) => (
                <label key={each.id} class="candidate">
                  <input
                    type="radio"
                    name="conversation"
                    checked={chosen === each.id}
                    onChange={() => setChosen(each.id)}
                  />
                  <span>
                    <StateTag state={each.state} /> {moment(each.updated_at, i18n)}
                    <span class="hint">
                      {each.last_message && wordsOf(each.last_message, i18n)}
                    </span>
                  </span>
                </label>
              ))}
            </fieldset>
          )
        }
      </Loaded>
    </ConfirmDialog>
  );
}
