/** The second half of `npm run check:secrets`: uses the app with planted secrets and looks for them. Runs on a desktop (scripts/secrets.mjs). */
import { checkAppSecrets } from './app-run.ts';
import { noteSince, printFindings } from './report.ts';

const findings = await checkAppSecrets(noteSince(performance.now()));
printFindings(findings, 'the memory of the window');
process.exitCode = findings.violations.length === 0 ? 0 : 1;
