/**
 * `npm run package`: the app as it is installed. Collects what was built, lets electron-builder lay it out, sets the fuses
 * and reads them back, looks into the archive, and says what came out with sizes and SHA-256. `--check` installs the Debian
 * package and tries it (installed-app.mjs). `--targets A,B` names other targets of electron-builder, as the release does.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SetUpError } from '../setup/failure.mjs';
import { buildFolder, projectRoot } from '../setup/places.mjs';
import { run, runElectronNode } from '../setup/processes.mjs';
import { step } from '../setup/progress.mjs';

const outputFolder = path.join(buildFolder, 'package');
/** Endings of what a user downloads, and of the metadata by which the app finds updates. */
const published = /\.(?:AppImage|deb|rpm|exe|dmg|zip|tar\.gz|blockmap|yml)$/;

/** Targets that need nothing from the network. */
const localTargets = { linux: ['dir', 'deb'], darwin: ['dir'], win32: ['dir'] };

export async function packageApp(words) {
  const check = words.includes('--check');
  const asked = words.includes('--targets') ? words[words.indexOf('--targets') + 1]?.split(',') : undefined;
  const targets = asked ?? localTargets[process.platform] ?? ['dir'];
  const { VOUCHSAFE_UPDATE_URL: updates } = process.env;
  if (updates && !updates.startsWith('https://')) throw failed('VOUCHSAFE_UPDATE_URL is not an address of https');
  rmSync(outputFolder, { recursive: true, force: true });

  await ended('collecting circuits, keys and contracts', () => runElectronNode(['scripts/package/collect-artifacts.ts']));
  await ended(`packaging for ${process.platform}: ${targets.join(', ')}`, async () => {
    const { code } = await run(process.execPath, ['node_modules/electron-builder/cli.js', ...builderWords(targets)], {
      env: builderEnvironment(asked !== undefined),
    });
    return code;
  });
  const unpacked = readdirSync(outputFolder).find((name) => name.endsWith('-unpacked') || name.startsWith('mac'));
  if (unpacked === undefined) throw failed('electron-builder laid out no app');
  const app = packagedApp(path.join(outputFolder, unpacked));
  await requireFuses(app.executable);
  await requireArchive(app);
  if (process.platform === 'linux' && asked === undefined) {
    const archive = path.join(outputFolder, `vouchsafe-${version()}-linux-${process.arch}.tar.gz`);
    await ended('packing the unpacked app', async () => {
      const rename = `--transform=s,^${unpacked},vouchsafe-${version()},`;
      return (await run('tar', ['-C', outputFolder, rename, '--owner=0', '--group=0', '-cf', archive, '-I', 'gzip -1', unpacked])).code;
    });
  }
  await printTable();
  if (check) {
    const { checkInstalledApp } = await import('./installed-app.mjs');
    await checkInstalledApp(outputFolder);
  }
  return 0;
}

function builderWords(targets) {
  const platform = { linux: '--linux', darwin: '--mac', win32: '--win' }[process.platform];
  const { VOUCHSAFE_UPDATE_URL: updates, VOUCHSAFE_HOMEPAGE: homepage, VOUCHSAFE_MAINTAINER: maintainer } = process.env;
  return [
    platform,
    ...targets,
    `--${process.arch}`,
    '--publish=never',
    ...(updates ? ['-c.publish.provider=generic', `-c.publish.url=${updates}`] : []),
    `-c.extraMetadata.homepage=${homepage || 'https://vouchsafe.invalid'}`,
    `-c.linux.maintainer=${maintainer || 'The Vouchsafe authors <vouchsafe@vouchsafe.invalid>'}`,
  ];
}

/** A release is packed as small as it goes; here what counts is that it is soon done, and that nothing is downloaded. */
function builderEnvironment(isRelease) {
  if (isRelease) return process.env;
  return {
    ...process.env,
    ELECTRON_BUILDER_COMPRESSION_LEVEL: '1',
    CUSTOM_FPM_PATH: path.join(projectRoot, 'scripts', 'package', 'debian-package.mjs'),
  };
}

/** Where things are in a laid-out app. */
function packagedApp(folder) {
  if (process.platform === 'darwin') {
    const bundle = path.join(folder, 'Vouchsafe.app');
    return { executable: bundle, resources: path.join(bundle, 'Contents', 'Resources') };
  }
  const name = process.platform === 'win32' ? 'Vouchsafe.exe' : 'vouchsafe';
  return { executable: path.join(folder, name), resources: path.join(folder, 'resources') };
}

async function requireFuses(executable) {
  const { readFuses } = await import('./fuses.mjs');
  const fuses = await readFuses(executable);
  console.log('\nfuses, read back:');
  for (const { name, state } of fuses) console.log(`  ${name.padEnd(40)} ${state}`);
  const wrong = fuses.filter(({ right }) => !right);
  if (wrong.length > 0) throw failed(`these fuses are not as they must be: ${wrong.map(({ name }) => name).join(', ')}`);
}

/** The archive holds the program and nothing of its making; the artifacts beside it are those of its manifest. */
async function requireArchive({ resources }) {
  if (existsSync(path.join(resources, 'default_app.asar'))) throw failed('default_app.asar is still beside the app');
  const { extractFile, listPackage } = await import('@electron/asar');
  const archive = path.join(resources, 'app.asar');
  const names = listPackage(archive, {}).map((name) => name.replaceAll('\\', '/').slice(1));
  const foreign = names.filter((name) =>
    /^(?:test|scripts|renderer|contracts|docs|\.)|^node_modules\/(?:circom2|vite|vitest|typescript)\//.test(name),
  );
  if (foreign.length > 0) throw failed(`the archive holds what does not belong to the program, such as ${foreign[0]}`);
  for (const needed of ['build/main/main.js', 'core/cli/main.ts', 'build/app/renderer/index.html', 'build/app/preload/main.cjs'])
    if (!names.includes(needed)) throw failed(`the archive has no ${needed}`);
  const manifest = JSON.parse(extractFile(archive, path.join('build', 'artifacts.json')).toString('utf8'));
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    const found = await sha256Of(path.join(resources, 'artifacts', name));
    if (`0x${found}` !== sha256) throw failed(`the artifact ${name} is not that of the manifest`);
  }
  console.log(`archive: ${names.length} files; ${Object.keys(manifest.files).length} artifacts beside it, as its manifest says`);
}

async function printTable() {
  const files = readdirSync(outputFolder).filter((name) => published.test(name) && !name.startsWith('builder-'));
  const rows = [];
  for (const name of files.sort()) {
    const file = path.join(outputFolder, name);
    rows.push({ name, bytes: statSync(file).size, sha256: await sha256Of(file) });
  }
  writeFileSync(path.join(outputFolder, 'SHA256SUMS'), rows.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''));
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  console.log('');
  for (const { name, bytes, sha256 } of rows)
    console.log(`${name.padEnd(width)}  ${(bytes / 2 ** 20).toFixed(1).padStart(7)} MiB  ${sha256}`);
  console.log(`in ${path.relative(projectRoot, outputFolder)}`);
}

async function sha256Of(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function version() {
  return JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')).version;
}

async function ended(text, work) {
  const code = await step(text, work, { silent: false });
  if (code !== 0) throw failed(`${text} ended with code ${code}`);
}

function failed(what) {
  return new SetUpError(
    `${what[0].toUpperCase()}${what.slice(1)}.`,
    'There is no package to be given to anybody.',
    'Mend the cause, then run the same command again.',
  );
}
