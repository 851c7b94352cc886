/* Cards of the details column that ask the data layer, as REST tells them. */

export interface CardText {
  en: string;
  'zh-CN': string;
}

export interface CardRow {
  label: CardText;
  path: string;
  format?: 'text' | 'date' | 'number' | 'link' | 'badge';
}

export interface CardField {
  name: string;
  label: CardText;
  type: 'text' | 'textarea' | 'select';
  options?: string[];
  required?: boolean;
}

export interface CardAction {
  label: CardText;
  mutation: string;
  variables?: Record<string, string>;
  form?: CardField[];
}

export interface CardView {
  kind: 'fields' | 'list';
  /** Where in the answer that is which is shown. */
  at: string;
  rows?: CardRow[];
  title?: string;
  subtitle?: string;
  at_time?: string;
  link?: string;
  insert?: string;
  empty?: CardText;
  actions?: CardAction[];
}

export interface QueryCard {
  id: string;
  title: CardText;
  /** All when it is empty. */
  inboxes: string[];
  query: string;
  /** Where the value of each comes from. */
  variables: Record<string, string>;
  view: CardView;
  is_enabled: boolean;
  position: number;
  version: number;
}

export interface CardError {
  message: string;
  extensions?: { code?: string; source?: string };
}

export interface CardAnswer {
  data: unknown;
  errors: CardError[];
  /** Variables without a value: then nothing was asked. */
  missing: string[];
}
