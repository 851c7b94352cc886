import type { Customer } from '../../protocol/people';
import type { ConsoleI18n } from '../context';

/** What a customer is called: the name, or the end of the id while there is none. */
export function customerName(customer: Pick<Customer, 'id' | 'name'>, { t }: ConsoleI18n): string {
  return customer.name || t('visitorName', { id: customer.id.slice(-4) });
}
