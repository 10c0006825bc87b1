/** The last lines that services wrote, in memory only. */
import { createInterface } from 'node:readline';

/** One line. */
export interface LogLine {
  readonly atMs: number;
  readonly service: string;
  readonly text: string;
}

/** Lines that are kept, of all services together. */
const linesMax = 2000;
const lineLengthMax = 2000;

/** A ring of lines. */
export class ServiceLogs {
  #lines: LogLine[] = [];

  /** Adds what a service said. Anything but text is dropped: only our own services write here. */
  add(service: string, text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.#lines.push({ atMs: Date.now(), service, text: text.slice(0, lineLengthMax) });
    if (this.#lines.length > 2 * linesMax) this.#lines = this.#lines.slice(-linesMax);
  }

  /** Adds the lines of a stream as they come. */
  follow(service: string, stream: NodeJS.ReadableStream | null): void {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.add(service, line));
  }

  /** Lines of one service or of all, the oldest first. */
  lines(service: string | null = null): LogLine[] {
    const wanted = service === null ? this.#lines : this.#lines.filter((line) => line.service === service);
    return wanted.slice(-linesMax);
  }
}
