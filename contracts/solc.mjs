#!/usr/bin/env node
/**
 * The npm package `solc` behind the command line that forge expects of a Solidity compiler (`--version`, `--standard-json`), so that
 * forge and build.ts compile with one and the same compiler and nothing is downloaded.
 */
import solc from 'solc';

if (process.argv.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  let input = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) input += chunk;
  process.stdout.write(solc.compile(input));
}
