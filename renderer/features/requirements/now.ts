/** The time of this machine, for what depends on whether a moment has passed. */
import { useEffect, useState } from 'react';

const EVERY_MS = 15_000;

/** Unix seconds, renewed now and then. */
export function useNowSeconds(): number {
  const [now, setNow] = useState(() => Math.floor(Date.now() / 1000));
  useEffect(() => {
    const timer = setInterval(() => setNow(Math.floor(Date.now() / 1000)), EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
