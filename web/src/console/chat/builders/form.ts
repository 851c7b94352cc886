import type { FormData, FormField } from '../../../protocol/types';

export const QUESTIONS_MAX = 6;
export const QUESTION_TYPES = [
  'text',
  'multiline',
  'select',
  'email',
  'phone',
  'number',
  'date',
  'checkbox',
] as const satisfies FormField['type'][];

export interface Question {
  label: string;
  type: FormField['type'];
  required: boolean;
  /** Of a `select`, one a line. */
  options: string;
}

export interface FormDraft {
  title: string;
  questions: readonly Question[];
}

export const NEW_QUESTION: Question = { label: '', type: 'text', required: false, options: '' };
export const EMPTY_FORM: FormDraft = { title: '', questions: [NEW_QUESTION] };

function optionsOf({ options }: Question): string[] {
  return [...new Set(options.split('\n').map((each) => each.trim()))].filter((each) => each !== '');
}

/** Every question says something, and one with a choice has at least two. */
export function isComplete({ questions }: FormDraft): boolean {
  return (
    questions.length > 0 &&
    questions.every(
      (each) => each.label.trim() !== '' && (each.type !== 'select' || optionsOf(each).length > 1),
    )
  );
}

export function formData({ title, questions }: FormDraft): FormData {
  return {
    ...(title.trim() !== '' && { title: title.trim() }),
    fields: questions.map((each, at) => ({
      name: `q${at + 1}`,
      label: each.label.trim(),
      type: each.type,
      required: each.required,
      ...(each.type === 'select' && { options: optionsOf(each) }),
    })),
  };
}
