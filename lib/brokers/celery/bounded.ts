/** Longest id of a task, a worker or a group that is taken for one. Celery's own have 36 characters, and applications' are short. */
const LONGEST_ID = 512;
/** Names, queues, states and types are kept for every task: what is longer is cut. */
const LONGEST_WORD = 512;

export const TOO_LONG = `an id is longer than ${LONGEST_ID} characters`;

/** The id, or undefined when it cannot be one. Never cut: two ids that begin alike are two. */
export function boundedId(id: string | null): string | undefined {
  return id === null || id === "" || id.length > LONGEST_ID ? undefined : id;
}

export function boundedWord(word: string): string {
  return word.length > LONGEST_WORD ? `${word.slice(0, LONGEST_WORD - 1)}…` : word;
}
