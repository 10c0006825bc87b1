/** Locks when nobody is there: after a time without input, when the machine sleeps, when the desktop is locked. */

/** What auto-lock asks of the rest. */
export interface AutoLockPorts {
  idleSeconds(): number;
  /** 0 never locks on idleness. */
  minutes(): number;
  lock(): void;
}

/** Where the machine's sleep is heard: Electron's powerMonitor. */
export interface PowerEvents {
  on(event: 'suspend', listener: () => void): unknown;
  on(event: 'lock-screen', listener: () => void): unknown;
}

const lookEveryMs = 15_000;

/** Watches, for as long as the program runs. */
export class AutoLock {
  readonly #ports: AutoLockPorts;

  constructor(ports: AutoLockPorts) {
    this.#ports = ports;
  }

  watch(power: PowerEvents): void {
    power.on('suspend', () => this.#ports.lock());
    power.on('lock-screen', () => this.#ports.lock());
    setInterval(() => this.look(), lookEveryMs).unref();
  }

  /** Locks if the time has come. */
  look(): void {
    const minutes = this.#ports.minutes();
    if (minutes > 0 && this.#ports.idleSeconds() >= minutes * 60) this.#ports.lock();
  }
}
