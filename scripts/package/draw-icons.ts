/**
 * Draws the app's icons from resources/icons/vouchsafe.svg, after the drawing was changed: PNG in the sizes of Linux
 * desktops, one .ico for Windows and one .icns for macOS. Run with Electron itself, which draws as browsers do, on a display:
 * `node_modules/electron/dist/electron scripts/package/draw-icons.ts`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow } from 'electron';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'resources', 'icons');
const linuxSizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024];
const windowsSizes = [16, 24, 32, 48, 64, 128, 256];
/** Apple's names of the sizes in an .icns file. */
const appleTypes = { icp4: 16, icp5: 32, icp6: 64, ic07: 128, ic08: 256, ic09: 512, ic10: 1024 } as const;

const drawing = readFileSync(path.join(folder, 'vouchsafe.svg'), 'utf8');

/** The drawing at `size` pixels a side, as PNG with a transparent ground. */
async function draw(size: number): Promise<Buffer> {
  const window = new BrowserWindow({
    width: size,
    height: size,
    useContentSize: true,
    frame: false,
    show: false,
    transparent: true,
    webPreferences: { offscreen: true },
  });
  const sized = drawing.replace('<svg ', `<svg width="${size}" height="${size}" `);
  const page = `<style>html,body{margin:0;background:transparent;overflow:hidden}svg{display:block}</style>${sized}`;
  await window.loadURL(`data:text/html;base64,${Buffer.from(page).toString('base64')}`);
  const image = await window.webContents.capturePage({ x: 0, y: 0, width: size, height: size });
  window.destroy();
  if (image.getSize().width !== size) throw new Error(`the screen draws ${image.getSize().width} pixels for ${size}: use a scale of 1`);
  return image.toPNG();
}

/** An .ico file: a directory of sizes, then the PNG files. */
function icoOf(images: ReadonlyMap<number, Buffer>): Buffer {
  const header = Buffer.alloc(6 + 16 * images.size);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(images.size, 4);
  let entry = 6;
  let offset = header.length;
  for (const [size, png] of images) {
    // 256 is written as 0.
    header.writeUInt8(size % 256, entry);
    header.writeUInt8(size % 256, entry + 1);
    header.writeUInt16LE(1, entry + 4);
    header.writeUInt16LE(32, entry + 6);
    header.writeUInt32LE(png.length, entry + 8);
    header.writeUInt32LE(offset, entry + 12);
    entry += 16;
    offset += png.length;
  }
  return Buffer.concat([header, ...images.values()]);
}

/** An .icns file: PNG files, each behind its type and length. */
function icnsOf(images: ReadonlyMap<string, Buffer>): Buffer {
  const labelled = (type: string, content: Buffer): Buffer => {
    const label = Buffer.alloc(8);
    label.write(type, 'latin1');
    label.writeUInt32BE(8 + content.length, 4);
    return Buffer.concat([label, content]);
  };
  return labelled('icns', Buffer.concat([...images].map(([type, png]) => labelled(type, png))));
}

async function drawAll(): Promise<void> {
  const drawn = new Map<number, Buffer>();
  for (const size of linuxSizes) drawn.set(size, await draw(size));
  const at = (size: number) => drawn.get(size) as Buffer;
  mkdirSync(path.join(folder, 'linux'), { recursive: true });
  for (const [size, png] of drawn) writeFileSync(path.join(folder, 'linux', `${size}x${size}.png`), png);
  writeFileSync(path.join(folder, 'vouchsafe.ico'), icoOf(new Map(windowsSizes.map((size) => [size, at(size)]))));
  writeFileSync(path.join(folder, 'vouchsafe.icns'), icnsOf(new Map(Object.entries(appleTypes).map(([type, size]) => [type, at(size)]))));
}

app.commandLine.appendSwitch('force-device-scale-factor', '1');
app.on('window-all-closed', () => undefined);
app
  .whenReady()
  .then(drawAll)
  .then(
    () => app.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      app.exit(1);
    },
  );
