import { useEffect, useState } from 'preact/hooks';
import type { Customer } from '../../protocol/people';
import type { Page } from '../../protocol/types';
import { useDesk } from '../context';
import { type Paged, usePaged } from '../paged';

const SEARCH_AFTER_MS = 300;

/** `value` as it was when nobody had changed it for a while. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/** Customers of whom something begins with `text`; null while there is nothing to look for. */
export function useCustomerSearch(text: string): Paged<Customer> | null {
  const { api } = useDesk();
  const q = useSettled(text).trim();
  const found = usePaged<Customer>(q === '' ? null : q, (cursor, signal) =>
    api.get<Page<Customer>>('customers', { q, cursor }, signal ? { signal } : {}),
  );
  return q === '' || text.trim() === '' ? null : found;
}
