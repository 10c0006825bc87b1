/** The app with every message between its processes written down: what `npm run check:secrets` starts in place of main alone. */
import './message-recorder.ts';
import '../../build/main/main.js';
