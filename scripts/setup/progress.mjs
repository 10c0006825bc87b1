/** What a person sees while the set-up works: one line when a step begins, one when it is done, signs of life between. */

const heartbeatMs = 15_000;

/** Announces `text`, runs `work`, and says how long it took; a result of false means that it did not work. `silent` work gets signs of life. */
export async function step(text, work, { silent = true } = {}) {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  console.log(`set-up: ${text} ...`);
  const heartbeat = silent ? setInterval(() => console.log(`set-up: ${text}, ${seconds()} so far`), heartbeatMs) : undefined;
  try {
    const result = await work();
    console.log(`set-up: ${text}: ${result === false ? 'not possible, tried for' : 'done in'} ${seconds()}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}
