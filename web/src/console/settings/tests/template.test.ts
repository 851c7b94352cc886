import { expect, it } from 'vitest';
import { parseTemplate, VARIABLES_MAX } from '../template';

it('takes texts and variables apart', () => {
  expect(parseTemplate('Hello {{visitor.name|there}}, { {x} } }}')).toEqual({
    parts: [
      { text: 'Hello ' },
      { variable: 'visitor.name', fallback: 'there' },
      { text: ', { {x} } }}' },
    ],
  });
  expect(parseTemplate('{{ visitor.attributes.套餐 | - }}')).toEqual({
    parts: [{ variable: 'visitor.attributes.套餐', fallback: ' - ' }],
  });
});

it('names the place of what is no variable', () => {
  expect(parseTemplate('退款 {{visitor.name')).toEqual({ problem: 'unclosed', at: 3 });
  expect(parseTemplate('{{visitor.name}} {{x}}')).toEqual({ problem: 'unknown', at: 17 });
  expect(parseTemplate('{{visitor.name|{{x}}}}')).toEqual({ problem: 'nested', at: 0 });
  for (const unknown of [
    '{{}}',
    '{{visitor.attributes.}}',
    '{{visitor.attributes.a b}}',
    '{{VISITOR.name}}',
  ]) {
    expect(parseTemplate(unknown), unknown).toEqual({ problem: 'unknown', at: 0 });
  }
  const many = '{{inbox.name}}'.repeat(VARIABLES_MAX);
  expect(parseTemplate(many)).toHaveProperty('parts');
  expect(parseTemplate(`${many}{{inbox.name}}`)).toEqual({ problem: 'tooMany', at: many.length });
});
