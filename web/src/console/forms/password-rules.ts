const CHARS_MIN = 10;
const CHARS_MAX = 256;

/** Whether the server would refuse a password. */
export function passwordProblem(password: string): boolean {
  const { length } = [...password];
  return length < CHARS_MIN || length > CHARS_MAX;
}
