/** What the audit log may hold, by what it is about. A later server may know more. */
export const ACTIONS = {
  sign_in: ['sign_in.done', 'sign_in.failed', 'sign_in.throttled', 'sign_out'],
  totp: ['totp.begun', 'totp.enabled', 'totp.disabled', 'totp.reset'],
  password: ['password.changed'],
  session: ['session.revoked'],
  agent: ['agent.made', 'agent.changed', 'agent.status_set'],
  role: ['role.made', 'role.changed', 'role.deleted'],
  key: ['key.made', 'key.revoked'],
  conversation: [
    'conversation.whispered',
    'conversation.joined',
    'conversation.left',
    'conversation.taken_over',
    'conversation.watched',
    'conversation.read',
  ],
  message: ['message.revealed'],
  ticket: ['ticket.revealed'],
  customer: [
    'customer.changed',
    'customer.merged',
    'customer.unmerged',
    'customer.identity_added',
    'customer.identity_ended',
    'customer.revealed',
    'customer.exported',
    'customer.held',
    'customer.released',
    'customer.erase_asked',
    'customer.erased',
  ],
  flagged: ['flagged.message', 'flagged.ticket'],
  block: ['block.made', 'block.ended'],
  team: ['team.made', 'team.changed', 'team.ended'],
  inbox: ['inbox.made', 'inbox.changed', 'inbox.secret_rotated'],
  article: [
    'article.made',
    'article.written',
    'article.text_removed',
    'article.changed',
    'article.removed',
  ],
  category: ['category.made', 'category.changed', 'category.removed'],
  canned_reply: ['canned_reply.made', 'canned_reply.changed', 'canned_reply.removed'],
  tag: ['tag.made', 'tag.changed', 'tag.removed'],
  file: ['file.uploaded'],
  transcript: ['transcript.exported'],
  report: ['report.exported'],
  audit: ['audit.read'],
  retention: ['retention.swept'],
  secrets: ['secrets.rotated', 'secrets.resealed'],
} as const;

export type Subject = keyof typeof ACTIONS;
export type Action = (typeof ACTIONS)[Subject][number];
export const SUBJECTS = Object.keys(ACTIONS) as Subject[];

const KNOWN: ReadonlySet<string> = new Set(Object.values(ACTIONS).flat());

export function isKnown(action: string): action is Action {
  return KNOWN.has(action);
}
