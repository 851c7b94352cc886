import { texts } from '../../i18n/customers';
import type { RevealedCustomer } from '../../protocol/people';
import { useDesk, useTextsOf } from '../context';
import type { PersonDialogProps } from '../details/customer-part';
import { BlockDialog } from './block-dialog';
import { ConfirmDialog } from './confirm-dialog';
import { IdentityDialog } from './identity-dialog';
import { MergeDialog } from './merge-dialog';
import { RevealDialog } from './reveal-dialog';

/** Asks what has to be asked before something is done with a customer. */
export default function PersonDialog(props: PersonDialogProps) {
  const { api } = useDesk();
  const { t } = useTextsOf(texts);
  const { question, customer, onClose } = props;
  const path = `customers/${customer.id}`;
  switch (question.kind) {
    case 'identity':
      return <IdentityDialog {...props} />;
    case 'merge':
      return <MergeDialog {...props} />;
    case 'block':
      return <BlockDialog {...props} />;
    case 'reveal':
      return (
        <RevealDialog<RevealedCustomer>
          path={`${path}/reveal`}
          onClose={onClose}
          onRevealed={props.onRevealed}
        />
      );
    case 'remove': {
      const { id, value } = question.identity;
      return (
        <ConfirmDialog
          title={t('removeTitle')}
          action={t('remove')}
          danger
          onClose={onClose}
          onConfirm={async () => {
            await api.delete(`${path}/identities/${id}`);
            props.onIdentities();
          }}
        >
          <p>{t('removeText', { value })}</p>
        </ConfirmDialog>
      );
    }
    case 'unmerge':
      return (
        <ConfirmDialog
          title={t('unmergeTitle')}
          action={t('unmerge')}
          onClose={onClose}
          onConfirm={async () => {
            await api.post(`${path}/unmerge`, { merge_id: question.merge.merge_id });
            props.onOtherCustomer();
          }}
        >
          <p>{t('unmergeText')}</p>
        </ConfirmDialog>
      );
  }
}
