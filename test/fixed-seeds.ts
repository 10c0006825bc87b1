/** Loaded before every test file: property tests draw from one fixed seed, so that a run can be repeated. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 20_220_831 });
