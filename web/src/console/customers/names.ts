import type { Customer } from '../../protocol/people';
import type { Agent, Page } from '../../protocol/types';
import { useLoad } from '../../ui/load';
import { type ConsoleI18n, useDesk } from '../context';

/** What a customer is called: the name, or the end of the id while there is none. */
export function customerName(customer: Pick<Customer, 'id' | 'name'>, { t }: ConsoleI18n): string {
  return customer.name || t('visitorName', { id: customer.id.slice(-4) });
}

/** All agents; none until they are known. */
export function useAgents(): readonly Agent[] {
  const { api } = useDesk();
  const load = useLoad('agents', async (signal) => {
    const { items } = await api.get<Page<Agent>>('agents', {}, { signal });
    return items;
  });
  return load.state.status === 'ready' ? load.state.value : [];
}
