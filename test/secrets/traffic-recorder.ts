/** Stands in front of a service and writes down every byte that goes either way, one file for each direction of a connection. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

export class TrafficRecorder {
  readonly #server: Server;
  readonly #files: WriteStream[] = [];
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  #bytes = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on `port` and passes on to `target`, both of 127.0.0.1. Files are named `<name>-<number>-request` and `-answer`. */
  static async start(options: { name: string; folder: string; port: number; target: number }): Promise<TrafficRecorder> {
    const server = createServer();
    const recorder = new TrafficRecorder(server);
    server.on('connection', (client) => recorder.#connect(client, options));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, '127.0.0.1', resolve);
    });
    return recorder;
  }

  get connections(): number {
    return this.#connections;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Ends all connections; every file is complete when this returns. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    for (const file of this.#files) {
      file.end();
      await finished(file);
    }
  }

  #connect(client: Socket, { name, folder, target }: { name: string; folder: string; target: number }): void {
    const number = ++this.#connections;
    const service = connect(target, '127.0.0.1');
    this.#pass(client, service, createWriteStream(join(folder, `${name}-${number}-request`)));
    this.#pass(service, client, createWriteStream(join(folder, `${name}-${number}-answer`)));
  }

  #pass(from: Socket, to: Socket, file: WriteStream): void {
    this.#files.push(file);
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      this.#bytes += bytes.length;
      file.write(bytes);
    });
    from.pipe(to);
    // A connection that breaks on one side breaks on the other: the processes speak of it themselves.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroySoon();
    });
  }
}
