/** Epoch ms with microseconds, as Python's clock has them: who reads a time without them reads another form of it. */
export function now(): number {
  return Date.now() + (performance.now() % 1);
}
