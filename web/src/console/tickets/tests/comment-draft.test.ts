import { expect, it } from 'vitest';
import type { TicketComment } from '../../../protocol/people';
import { CommentDraft } from '../comment-draft';

interface Body {
  client_id: string;
  internal: boolean;
  text: string;
}

function server() {
  const sent: Body[] = [];
  let isDown = true;
  return {
    sent,
    up: () => (isDown = false),
    send: (body: Body) => {
      sent.push(body);
      if (isDown) return Promise.reject(new Error('no answer'));
      return Promise.resolve({ id: body.client_id, text: body.text } as TicketComment);
    },
  };
}

it('keeps what failed, and sends it again as the same comment', async () => {
  const { sent, send, up } = server();
  const draft = new CommentDraft();
  draft.write('checked');
  expect(await draft.send(send)).toBe(null);
  expect(draft.state.value.kind).toBe('failed');
  expect(draft.text.value).toBe('checked');
  up();
  expect(await draft.send(send)).toMatchObject({ text: 'checked' });
  expect(sent[1]).toEqual(sent[0]);
  expect(draft.text.value).toBe('');
  draft.write('and again');
  await draft.send(send);
  expect(sent[2]?.client_id).not.toBe(sent[1]?.client_id);
});

it('other words, or another audience, are another comment', async () => {
  const { sent, send } = server();
  const draft = new CommentDraft();
  draft.write('one');
  await draft.send(send);
  draft.write('one more');
  await draft.send(send);
  draft.setInternal(true);
  await draft.send(send);
  expect(new Set(sent.map((body) => body.client_id)).size).toBe(3);
  expect(sent[2]).toMatchObject({ internal: true, text: 'one more' });
});

it('sends nothing twice at once, and nothing empty', async () => {
  const { sent, send, up } = server();
  up();
  const draft = new CommentDraft();
  draft.write('  ');
  expect(await draft.send(send)).toBe(null);
  draft.write('x');
  await Promise.all([draft.send(send), draft.send(send)]);
  expect(sent).toHaveLength(1);
});
