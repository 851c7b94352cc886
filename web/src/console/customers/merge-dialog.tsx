import { useState } from 'preact/hooks';
import { texts } from '../../i18n/customers';
import type { Customer } from '../../protocol/people';
import { Avatar } from '../../ui/avatar';
import { Field } from '../../ui/field';
import { useConsole, useDesk, useTextsOf } from '../context';
import type { PersonDialogProps } from '../details/customer-part';
import { Loaded } from '../loaded';
import { ConfirmDialog } from './confirm-dialog';
import { customerName } from './names';
import { useCustomerSearch } from './search';

/** Finds who is the same person, and says what becomes of both. */
export function MergeDialog({ customer, onClose, onOtherCustomer }: PersonDialogProps) {
  const { api } = useDesk();
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<Customer | null>(null);
  const found = useCustomerSearch(text);
  const target = customerName(customer, i18n);
  return (
    <ConfirmDialog
      title={t('mergeTitle', { name: target })}
      action={t('mergeAction')}
      disabled={chosen === null}
      onClose={onClose}
      onConfirm={async () => {
        if (chosen === null) return;
        await api.post(`customers/${customer.id}/merge`, { from: [chosen.id] });
        onOtherCustomer();
      }}
    >
      <Field label={t('mergeSearch')} hint={t('searchHint')}>
        {(ties) => (
          <input
            {...ties}
            class="input"
            type="search"
            autoComplete="off"
            value={text}
            onInput={({ currentTarget }) => {
              setText(currentTarget.value);
              setChosen(null);
            }}
          />
        )}
      </Field>
      {found && (
        <Loaded of={found.load}>
          {(all) => (
            <Candidates
              all={all.filter((each) => each.id !== customer.id)}
              chosen={chosen}
              onChoose={setChosen}
            />
          )}
        </Loaded>
      )}
      {chosen && (
        <div class="consequences">
          <p>{t('mergeWhat', { source: customerName(chosen, i18n), target })}</p>
          <ul>
            <li>{t('mergeMoves', { target })}</li>
            <li>{t('mergeKeeps', { source: customerName(chosen, i18n) })}</li>
            <li>{t('mergeUndo')}</li>
          </ul>
        </div>
      )}
    </ConfirmDialog>
  );
}

interface CandidatesProps {
  all: readonly Customer[];
  chosen: Customer | null;
  onChoose(customer: Customer): void;
}

function Candidates({ all, chosen, onChoose }: CandidatesProps) {
  const { i18n } = useConsole();
  const { t } = useTextsOf(texts);
  if (all.length === 0) return <p class="hint">{t('nobodyFound')}</p>;
  return (
    <fieldset class="candidates">
      <legend class="visually-hidden">{t('mergeSearch')}</legend>
      {all.map((each) => (
        <label key={each.id} class="candidate">
          <input
            type="radio"
            name="candidate"
            checked={chosen?.id === each.id}
            onChange={() => onChoose(each)}
          />
          <Avatar name={customerName(each, i18n)} seed={each.id} size={28} />
          <span>
            {customerName(each, i18n)}
            <span class="hint">{[each.phone, each.email].filter(Boolean).join(' · ')}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
