/** The app with every message between its processes written down: what `npm run check:secrets` starts in place of main alone. */
import './message-recorder.ts';

/** Built, so that no type of it is known here. */
const main = new URL('../../build/main/main.js', import.meta.url).href;
void import(main);
