import { useMemo } from 'preact/hooks';
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
import { CardList } from './card-list';
import { type List, useList } from './lists';
import type { Block } from './shapes';
import { isoOf } from './times';

export default function Blocks() {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const blocks = useList<Block>('blocks');
  const agents = useList<Agent>('agents');
  return (
    <CardList
      path="blocks"
      list={blocks}
      title={t('blocks')}
      lead={t('blocksLead')}
      add={t('blockAdd')}
      empty={t('blocksEmpty')}
      emptyIcon="shield"
      nameOf={({ address, visitor_id, customer_id }) =>
        address ??
        (visitor_id
          ? t('blockedVisitor', { id: visitor_id })
          : t('blockedCustomer', { id: customer_id ?? '' }))
      }
      body={({ reason, made_at, made_by, expires_at }) => {
        const maker = agents.now().find(({ id }) => id === made_by);
        return (
          <>
            {reason && <p>{reason}</p>}
            <dl class="facts is-start">
              <dt>{t('blockMade')}</dt>
              <dd>
                {moment(made_at, i18n)}
                {maker && ` · ${maker.name}`}
              </dd>
              <dt>{t('blockUntil')}</dt>
              <dd>{expires_at ? moment(expires_at, i18n) : t('blockForever')}</dd>
            </dl>
          </>
        );
      }}
      ending={{
        label: t('blockEnd'),
        titleOf: (whom) => t('blockEndTitle', { whom }),
        text: t('blockEndText'),
      }}
      maker={(close) => <NewBlock blocks={blocks} onClose={close} />}
    />
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
