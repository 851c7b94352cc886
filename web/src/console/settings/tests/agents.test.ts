import { expect, it } from 'vitest';
import { clientName } from '../agents/client-name';
import { agentPatch } from '../agents/draft';
import { passwordProblem } from '../../forms/password-rules';
import { freshPassword } from '../agents/password';
import { isoOf } from '../times';

it('sends only what was changed of an agent', () => {
  const base = {
    name: 'Lin',
    role: 'agent' as const,
    custom_role_id: null,
    capacity: 8,
    teams: ['t1'],
    skills: { 退款: 3 },
  };
  expect(agentPatch(base, base)).toEqual({});
  expect(agentPatch({ ...base, skills: { 退款: 5 } }, base)).toEqual({ skills: { 退款: 5 } });
  expect(agentPatch({ ...base, custom_role_id: 'r1' }, base)).toEqual({ custom_role_id: 'r1' });
});

it('makes passwords that the server takes, each another one', () => {
  const made = new Set(Array.from({ length: 50 }, freshPassword));
  expect(made.size).toBe(50);
  for (const password of made) {
    expect(password).toMatch(/^[a-zA-Z2-9]{16}$/);
    expect(passwordProblem(password)).toBe(false);
  }
  expect(passwordProblem('九个字符不够的密码')).toBe(true);
  expect(passwordProblem('x'.repeat(257))).toBe(true);
});

it('names clients as people do', () => {
  const chrome =
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';
  expect(clientName(chrome)).toBe('Chrome · Windows');
  expect(clientName('kefu-bench/1')).toBe('kefu-bench/1');
  expect(clientName('')).toBeNull();
});

it('reads a day and time, or nothing', () => {
  expect(isoOf('')).toBeNull();
  expect(isoOf('x')).toBeNull();
  expect(Date.parse(isoOf('2030-01-01T12:00')!)).toBe(new Date(2030, 0, 1, 12).getTime());
});
