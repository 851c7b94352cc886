import { expect, it } from 'vitest';
import { clientOf } from '../user-agent';

it.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    'Chrome Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15',
    'Safari macOS',
  ],
  ['Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0', 'Firefox Android'],
  [
    'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 MicroMessenger/8.0',
    'WeChat Android',
  ],
])('%s', (userAgent, expected) => {
  const { browser, system } = clientOf(userAgent)!;
  expect(`${browser} ${system}`).toBe(expected);
});

it.each(['curl/8.9.1', ''])('"%s" is no browser', (userAgent) => {
  expect(clientOf(userAgent)).toBeNull();
});
