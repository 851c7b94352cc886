import { expect, it } from 'vitest';
import { languageOf } from '../language';

it.each([
  ['我的包裹在哪里？', 'zh'],
  ['请重启 nginx 再试', 'zh'],
  ['Where is my parcel?', 'en'],
  ['Please tell me what 退款 means here', 'en'],
  ['返品したいです', 'ja'],
  ['배송이 언제 오나요', 'ko'],
  ['Где мой заказ?', 'ru'],
  ['أين طلبي', 'ar'],
  ['สินค้าอยู่ที่ไหน', 'th'],
  ['Où est mon colis ?', undefined],
  ['12345 👍', undefined],
  ['', undefined],
])('%s', (text, language) => {
  expect(languageOf(text)).toBe(language);
});
