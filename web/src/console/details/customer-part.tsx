import { useEffect, useRef, useState } from 'preact/hooks';
import type {
  Customer,
  CustomerIdentity,
  CustomerMerge,
  RevealedCustomer,
} from '../../protocol/people';
import type { Page } from '../../protocol/types';
import { Icon } from '../../ui/icons';
import { useLoad } from '../../ui/load';
import { Popover } from '../../ui/popover';
import { useConsole, useDesk } from '../context';
import { lazyPart } from '../lazy';
import { Loaded } from '../loaded';
import { may } from '../pages';
import { pageHref, route } from '../router';
import { CARD_TIMEOUT_MS, Fact } from './card';
import { Identities, Merges } from './identities';
import { isMasked } from './masked';

/** What is asked in a dialog about a customer. */
export type PersonQuestion =
  | { kind: 'identity' }
  | { kind: 'remove'; identity: CustomerIdentity }
  | { kind: 'merge' }
  | { kind: 'unmerge'; merge: CustomerMerge }
  | { kind: 'block' }
  | { kind: 'reveal' };

export interface PersonDialogProps {
  question: PersonQuestion;
  customer: Customer;
  /** The visitor who is spoken with, where there is one. */
  visitor: string | null;
  onClose(): void;
  onIdentities(): void;
  /** The customer became another one, by a merge or its undoing. */
  onOtherCustomer(): void;
  onRevealed(revealed: RevealedCustomer): void;
}

const PersonDialog = lazyPart<PersonDialogProps>(() => import('../customers/person-dialog'));
const EditForm = lazyPart<EditFormProps>(() => import('../customers/edit-form'));

export interface EditFormProps {
  customer: Customer;
  onSaved(customer: Customer): void;
  onClose(): void;
}

interface CustomerPartProps {
  /** Of the customer, or of one of its visitors. */
  id: string;
  visitor: string | null;
  /** What stands above it, so that the same name is not said twice. */
  heading: string;
  round: number;
  onOtherCustomer(): void;
}

/** The customer behind a visitor, with all that may be done about it. */
export function CustomerPart(props: CustomerPartProps) {
  const { api } = useDesk();
  const load = useLoad(props.id, (signal) =>
    api.get<Customer>(`customers/${props.id}`, {}, { signal, timeoutMs: CARD_TIMEOUT_MS }),
  );
  useAgain(props.round, load.retry);
  return (
    <Loaded of={load}>
      {(customer) => (
        <CustomerView
          key={customer.id}
          {...props}
          customer={customer}
          onCustomer={load.set}
        />
      )}
    </Loaded>
  );
}

/** Loads anew in another round; until the answer is there, what is shown stays. */
function useAgain(round: number, retry: () => void): void {
  const last = useRef(round);
  useEffect(() => {
    if (last.current === round) return;
    last.current = round;
    retry();
  }, [round, retry]);
}

interface CustomerViewProps extends CustomerPartProps {
  customer: Customer;
  onCustomer(customer: Customer): void;
}

function CustomerView({ customer, visitor, heading, round, ...props }: CustomerViewProps) {
  const desk = useDesk();
  const { t } = useConsole().i18n;
  const [question, setQuestion] = useState<PersonQuestion | null>(null);
  const [revealed, setRevealed] = useState<RevealedCustomer | null>(null);
  const [editing, setEditing] = useState(false);
  const identities = useLoad(customer.id, async (signal) => {
    const options = { signal, timeoutMs: CARD_TIMEOUT_MS };
    const path = `customers/${customer.id}/identities`;
    return (await desk.api.get<Page<CustomerIdentity>>(path, {}, options)).items;
  });
  useAgain(round, identities.retry);
  const shown = revealed?.customer ?? customer;

  if (editing) {
    return (
      <EditForm
        customer={customer}
        onSaved={(changed) => {
          setRevealed(null);
          props.onCustomer(changed);
        }}
        onClose={() => setEditing(false)}
      />
    );
  }
  return (
    <>
      <dl class="facts">
        {shown.name && shown.name !== heading && <Fact name={t('name')}>{shown.name}</Fact>}
        <Fact name={t('phone')}>{shown.phone || t('notKnown')}</Fact>
        <Fact name={t('email')}>{shown.email || t('notKnown')}</Fact>
      </dl>
      {shown.note && <p class="customer-note">{shown.note}</p>}
      <Loaded of={identities}>
        {(items) => (
          <>
            <Identities
              items={revealed?.identities ?? items}
              onRemove={(identity) => setQuestion({ kind: 'remove', identity })}
            />
            <Merges
              merges={customer.merges ?? []}
              onUndo={(merge) => setQuestion({ kind: 'unmerge', merge })}
            />
            <Actions
              customer={customer}
              isMasked={isMasked(
                customer.name,
                customer.phone,
                customer.email,
                customer.note,
                ...items.map((each) => each.value),
              )}
              isRevealed={revealed !== null}
              onHide={() => setRevealed(null)}
              onEdit={() => setEditing(true)}
              onAsk={setQuestion}
            />
          </>
        )}
      </Loaded>
      {question && (
        <PersonDialog
          question={question}
          customer={customer}
          visitor={visitor}
          onClose={() => setQuestion(null)}
          onIdentities={() => {
            setRevealed(null);
            identities.retry();
          }}
          onOtherCustomer={props.onOtherCustomer}
          onRevealed={setRevealed}
        />
      )}
    </>
  );
}

interface ActionsProps {
  customer: Customer;
  isMasked: boolean;
  isRevealed: boolean;
  onHide(): void;
  onEdit(): void;
  onAsk(question: PersonQuestion): void;
}

function Actions(props: ActionsProps) {
  const me = useDesk().me.value;
  const { t } = useConsole().i18n;
  const item = (question: PersonQuestion, text: string, close: () => void) => (
    <button
      type="button"
      class="menu-item"
      onClick={() => {
        close();
        props.onAsk(question);
      }}
    >
      {text}
    </button>
  );
  return (
    <div class="customer-actions">
      <button type="button" class="button" onClick={props.onEdit}>
        <Icon name="edit" size={16} />
        {t('edit')}
      </button>
      {props.isRevealed ? (
        <button type="button" class="button" onClick={props.onHide}>
          <Icon name="lock" size={16} />
          {t('hideAgain')}
        </button>
      ) : (
        props.isMasked &&
        may(me, 'customers.reveal') && (
          <button type="button" class="button" onClick={() => props.onAsk({ kind: 'reveal' })}>
            <Icon name="eye" size={16} />
            {t('showClear')}
          </button>
        )
      )}
      <Popover
        label={t('customerActions')}
        className="button"
        align="end"
        button={<Icon name="dots" size={16} />}
      >
        {(close) => (
          <>
            {route.value.page !== 'customers' && (
              <a class="menu-item" href={pageHref('customers', [props.customer.id])}>
                {t('openProfile')}
              </a>
            )}
            {item({ kind: 'identity' }, t('addIdentity'), close)}
            {item({ kind: 'merge' }, t('mergeCustomer'), close)}
            {may(me, 'blocks') && item({ kind: 'block' }, t('blockCustomer'), close)}
          </>
        )}
      </Popover>
    </div>
  );
}
