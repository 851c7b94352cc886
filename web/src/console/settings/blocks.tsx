import { useMemo, useState } from 'preact/hooks';
import { texts as formTexts } from '../../i18n/forms';
import { texts } from '../../i18n/settings';
import type { Agent } from '../../protocol/types';
import { Dialog } from '../../ui/dialog';
import { Icon } from '../../ui/icons';
import { moment } from '../../ui/time';
import { useConsole, useDesk, useTextsOf } from '../context';
import { announce } from '../forms/announce';
import { useFailure } from '../forms/failure';
import { Form, type Problems } from '../forms/form';
import { Choices, TextArea, TextInput } from '../forms/inputs';
import { Loaded } from '../loaded';
import { type List, useList } from './lists';
import { RemoveButton, SectionHead } from './section';
import type { Block } from './shapes';
import { isoOf } from './times';

export default function Blocks() {
  const { t } = useTextsOf(texts);
  const blocks = useList<Block>('blocks');
  const agents = useList<Agent>('agents');
  const [making, setMaking] = useState(false);
  const people = agents.state.status === 'ready' ? agents.state.value : [];
  return (
    <section class="settings-section">
      <SectionHead title={t('blocks')} lead={t('blocksLead')}>
        <button type="button" class="button" onClick={() => setMaking(true)}>
          <Icon name="plus" size={16} />
          {t('blockAdd')}
        </button>
      </SectionHead>
      <Loaded of={blocks} pane>
        {(list) =>
          list.length === 0 ? (
            <div class="pane-state">
              <Icon name="shield" size={28} />
              <p>{t('blocksEmpty')}</p>
            </div>
          ) : (
            <ul class="form-cards">
              {list.map((block) => (
                <li key={block.id} class="form-card">
                  <BlockCard
                    block={block}
                    maker={people.find(({ id }) => id === block.made_by)?.name ?? null}
                    removed={() => blocks.drop(block.id)}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {making && <NewBlock blocks={blocks} onClose={() => setMaking(false)} />}
    </section>
  );
}

interface BlockCardProps {
  block: Block;
  maker: string | null;
  removed(): void;
}

function BlockCard({ block, maker, removed }: BlockCardProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const whom =
    block.address ??
    (block.visitor_id
      ? t('blockedVisitor', { id: block.visitor_id })
      : t('blockedCustomer', { id: block.customer_id ?? '' }));
  return (
    <>
      <div class="form-card-head">
        <h3>{whom}</h3>
        <RemoveButton
          label={t('blockEnd')}
          title={t('blockEndTitle', { whom })}
          text={t('blockEndText')}
          icon="close"
          run={async () => {
            await api.delete(`blocks/${block.id}`);
            removed();
          }}
        />
      </div>
      {block.reason && <p>{block.reason}</p>}
      <dl class="facts is-start">
        <dt>{t('blockMade')}</dt>
        <dd>
          {moment(block.made_at, i18n)}
          {maker && ` · ${maker}`}
        </dd>
        <dt>{t('blockUntil')}</dt>
        <dd>{block.expires_at ? moment(block.expires_at, i18n) : t('blockForever')}</dd>
      </dl>
    </>
  );
}

type Kind = 'address' | 'visitor_id' | 'customer_id';

interface BlockDraft {
  kind: Kind;
  whom: string;
  reason: string;
  expires: string;
}

function NewBlock({ blocks, onClose }: { blocks: List<Block>; onClose(): void }) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { t: say } = useTextsOf(formTexts);
  const failureText = useFailure();
  const form = useMemo(
    () =>
      new Form<BlockDraft>({
        value: { kind: 'address', whom: '', reason: '', expires: '' },
        check: ({ kind, whom }): Problems => {
          if (whom.trim() === '') return { [kind]: say('required') };
          const isId = /^[0-9a-f-]{36}$/i.test(whom.trim());
          return kind === 'address' || isId ? {} : { [kind]: t('blockIdWrong') };
        },
        save: async (draft) => {
          const expires_at = isoOf(draft.expires);
          const made = await api.post<Block>('blocks', {
            [draft.kind]: draft.whom.trim(),
            reason: draft.reason,
            ...(expires_at === null ? {} : { expires_at }),
          });
          blocks.put(made, 'first');
          announce(t('blockDone'));
          onClose();
          return draft;
        },
      }),
    [],
  );
  const { kind, whom, reason, expires } = form.value.value;
  const failure = form.failure.value;
  return (
    <Dialog title={t('blockAdd')} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void form.save();
        }}
      >
        <Choices
          label={t('blockKind')}
          value={kind}
          options={[
            { value: 'address', label: t('blockAddress') },
            { value: 'visitor_id', label: t('blockVisitor') },
            { value: 'customer_id', label: t('blockCustomer') },
          ]}
          onChange={(next) => form.set({ kind: next, whom: '' })}
        />
        <TextInput
          label={t(kind === 'address' ? 'blockAddressLabel' : 'blockId')}
          hint={t(kind === 'address' ? 'blockAddressHint' : 'blockIdHint')}
          placeholder={kind === 'address' ? '192.0.2.0/24' : ''}
          mono
          value={whom}
          error={form.errorAt(kind)}
          onInput={(next) => form.set({ whom: next })}
        />
        <TextArea
          label={t('blockReason')}
          value={reason}
          error={form.errorAt('reason')}
          onInput={(next) => form.set({ reason: next })}
        />
        <TextInput
          label={t('blockUntil')}
          hint={t('expiresHint')}
          type="datetime-local"
          value={expires}
          error={form.errorAt('expires_at')}
          onInput={(next) => form.set({ expires: next })}
        />
        {failure !== null && (
          <p class="form-error" role="alert">
            <Icon name="alert" size={16} />
            {failureText(failure)}
          </p>
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            {say('cancel')}
          </button>
          <button type="submit" class="button is-danger" disabled={form.busy.value}>
            {t('blockDo')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
