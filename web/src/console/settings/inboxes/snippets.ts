/** The line that puts the widget on a page. */
export function embedSnippet(server: string, key: string): string {
  return `<script async src="${server}/widget/loader.js" data-inbox="${key}"></script>`;
}

/** Tells the widget who its visitor is. */
export function identifySnippet(): string {
  return `kefu('identify', {
  external_id: 'u-1042',
  name: 'Wang Fang',
  email: 'wang@example.com',
  hmac: '…',
});`;
}

export const LANGUAGES = ['Node.js', 'Python', 'PHP'] as const;

/** How a site's server proves who the visitor is: the secret never leaves it. */
export const HMAC_SNIPPETS: Record<(typeof LANGUAGES)[number], string> = {
  'Node.js': `const { createHmac } = require('node:crypto');
const hmac = createHmac('sha256', process.env.KEFU_SECRET)
  .update(userId)
  .digest('hex');`,
  Python: `import hashlib, hmac, os
proof = hmac.new(os.environ["KEFU_SECRET"].encode(),
                 user_id.encode(), hashlib.sha256).hexdigest()`,
  PHP: `$hmac = hash_hmac('sha256', $userId, getenv('KEFU_SECRET'));`,
};
