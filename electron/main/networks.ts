/**
 * Networks that this installation made: groups of validators, a PKG and proxies, each a utility process, and the operator's powers
 * in another. They start with the unlock, and run until they are stopped or the program ends.
 */
import { writeFileAtomically } from '../../core/adapters/atomic-file.ts';
import { textFile } from '../../core/adapters/text-file.ts';
import { AppError } from '../../core/base/app-error.ts';
import { utf8 } from '../../core/base/bytes.ts';
import { say } from '../../core/base/sentence.ts';
import { networkFolders } from '../../core/services/network-folders.ts';
import { type OwnNetworkView, ownNetworkView, progressView } from '../views.ts';
import type { CallContext } from './call-routing.ts';
import type { Installation, NetworkRecord } from './installation.ts';
import type { UserPlaces } from './places.ts';
import type { ServicePlan, Services } from './services.ts';
import { newLocalId } from './tasks.ts';
import { whileMaking } from './unfinished.ts';

/** What networks ask of the rest of main. */
export interface NetworkPorts {
  readonly services: Services;
  readonly installation: Installation;
  readonly places: UserPlaces;
  key(): Uint8Array;
  onEvent(service: string, event: string, value: unknown): void;
}

const created = ownNetworkView.pick({ name: true, development: true, groups: true, proxies: true, threshold: true });

/** All own networks. */
export class Networks {
  readonly #ports: NetworkPorts;

  constructor(ports: NetworkPorts) {
    this.#ports = ports;
  }

  /** What windows see. */
  views(): OwnNetworkView[] {
    const { installation, services } = this.#ports;
    return installation.state.networks.map(({ wanted: _, ...network }) => {
      const states = this.#servers(network).map(({ id }) => services.stateOf(id));
      const running = states.filter((state) => state === 'running').length;
      const isStarting = states.some((state) => state === 'starting' || state === 'restarting');
      const partly = isStarting ? 'starting' : 'partly-running';
      const state = running === states.length ? 'running' : states.every((each) => each === 'stopped') ? 'stopped' : partly;
      return { ...network, state };
    });
  }

  /** Makes a network and starts it. A creation that failed leaves nothing. */
  async create(
    plan: { readonly name: string; readonly proxies: number; readonly threshold: number },
    context: CallContext,
  ): Promise<string> {
    const { services, installation, places } = this.#ports;
    const id = newLocalId();
    const making = scaled(context, 0, 0.85);
    const make = async () => {
      await services.start(this.#operator(id, plan.proxies));
      const network = created.parse(await services.call(operatorId(id), 'create', plan, making));
      // Whoever made the network held the keys of all its services for a moment; the operator that works on holds its own alone.
      await services.stop(operatorId(id));
      const record: NetworkRecord = { id, ...network, wanted: true };
      installation.update({ networks: [...installation.state.networks, record] });
    };
    await whileMaking(places.network(id), make, () => services.stop(operatorId(id)));
    await this.start(id, scaled(context, 0.85, 1));
    return id;
  }

  /**
   * Starts a network's services: the chain, and then all who read it. One that does not start keeps none of the others from it: the
   * chain goes on without a group, and whoever lacks something else says so. @throws AppError of the first that did not start
   */
  async start(id: string, { onProgress }: CallContext = silent): Promise<void> {
    const { services, installation } = this.#ports;
    const servers = this.#servers(this.#record(id));
    installation.updateNetwork(id, { wanted: true });
    const others = servers.filter(({ kind }) => kind !== 'validator');
    const failures: unknown[] = [];
    const startAll = (plans: readonly ServicePlan[], onStarted: () => void) =>
      Promise.all(
        plans.map((plan) =>
          services.startAnew(plan).then(onStarted, (error: unknown) => {
            failures.push(error);
          }),
        ),
      );
    onProgress({ step: 'start-validator', fraction: 0 });
    await startAll(
      servers.filter(({ kind }) => kind === 'validator'),
      () => undefined,
    );
    let started = 0;
    const tell = (kind: string) => onProgress({ step: `start-${kind}`, fraction: (1 + started) / (1 + others.length) });
    tell('pkg');
    await startAll(others, () => {
      started++;
      tell('proxy');
    });
    if (failures.length > 0) throw failures[0];
  }

  /** Stops a network's services; the chain last. */
  async stop(id: string): Promise<void> {
    const { services, installation } = this.#ports;
    const servers = this.#servers(this.#record(id));
    installation.updateNetwork(id, { wanted: false });
    await services.stop(operatorId(id));
    for (const { id: server } of servers.reverse()) await services.stop(server);
  }

  /** Starts one group of validators. @throws AppError `NETWORK_UNKNOWN`, `GROUP_UNKNOWN`, and of why it does not run */
  async startGroup(id: string, group: number): Promise<void> {
    await this.#ports.services.startAnew(this.#group(id, group));
  }

  /** Stops one group of validators, until it or the whole network is started again. @throws AppError `NETWORK_UNKNOWN`, `GROUP_UNKNOWN` */
  async stopGroup(id: string, group: number): Promise<void> {
    await this.#ports.services.stop(this.#group(id, group).id);
  }

  #group(id: string, group: number): ServicePlan {
    const plan = this.#servers(this.#record(id)).filter(({ kind }) => kind === 'validator')[group];
    if (plan !== undefined) return plan;
    throw new AppError('GROUP_UNKNOWN', {
      what: say`This network has no group ${group + 1}.`,
      consequence: 'Nothing was started or stopped.',
      remedy: 'Choose one of the groups that are listed.',
    });
  }

  /** Ids of the services of a network. */
  servicesOf(id: string): string[] {
    return [operatorId(id), ...this.#servers(this.#record(id)).map((plan) => plan.id)];
  }

  /** After an unlock: starts what ran before. What fails shows in the state of its service. */
  startWanted(): void {
    const { installation } = this.#ports;
    if (!installation.state.settings.startNetworks) return;
    for (const { id, wanted } of installation.state.networks) if (wanted) this.start(id).catch(() => undefined); // each service says itself why it does not run
  }

  /** Id of the service that operates a network, started if need be. */
  async operatorOf(id: string): Promise<string> {
    await this.#ports.services.start(this.#operator(id, this.#record(id).proxies));
    return operatorId(id);
  }

  /** The network's file, for those who join. */
  networkFile(id: string): Promise<string> {
    this.#record(id);
    return textFile(networkFolders(this.#ports.places.network(id), { proxies: 0, groups: [] }).networkFile, say`the file of this network`);
  }

  /** Id of the own network that a file is of, or null. */
  async idOfFile(text: string): Promise<string | null> {
    for (const { id } of this.#ports.installation.state.networks) {
      const own = await this.networkFile(id).catch(() => null); // one that cannot be read keeps nobody from another network
      if (own === text) return id;
    }
    return null;
  }

  /** Copies the network's file to where the user wants it. */
  async saveFile(id: string, path: string): Promise<void> {
    await writeFileAtomically(path, utf8(await this.networkFile(id)), 0o644);
  }

  /** Name of a network, for the suggestion of a file name. */
  nameOf(id: string): string {
    return this.#record(id).name;
  }

  #record(id: string): NetworkRecord {
    const network = this.#ports.installation.state.networks.find((known) => known.id === id);
    if (network !== undefined) return network;
    throw new AppError('NETWORK_UNKNOWN', {
      what: 'This installation has made no such network.',
      consequence: 'Nothing was changed.',
      remedy: 'Choose one of the networks that are listed.',
    });
  }

  #operator(id: string, proxies: number): ServicePlan {
    const home = this.#ports.places.network(id);
    return {
      id: operatorId(id),
      kind: 'operator',
      belongsTo: id,
      configuration: () => ({ home, key: this.#ports.key() }),
      peers: Array.from({ length: proxies }, (_, position) => ({ id: `proxy-${id}-${position + 1}`, name: `proxy-${position + 1}` })),
      onEvent: (event, value) => this.#ports.onEvent(operatorId(id), event, value),
    };
  }

  #servers({ id, groups, proxies }: Pick<NetworkRecord, 'id' | 'groups' | 'proxies'>): ServicePlan[] {
    const folders = networkFolders(this.#ports.places.network(id), { groups, proxies });
    const server = (kind: ServicePlan['kind'], name: string, homes: readonly string[]): ServicePlan => ({
      id: name,
      kind,
      belongsTo: id,
      configuration: () => ({ homes, key: this.#ports.key() }),
      peers: [],
      onEvent: (event, value) => this.#ports.onEvent(name, event, value),
    });
    return [
      // A process a group: its validators share what they verified.
      ...folders.validators.map((homes, group) => server('validator', `validator-${id}-${group + 1}`, homes)),
      server('pkg', `pkg-${id}`, [folders.pkg]),
      ...folders.proxies.map((home, position) => server('proxy', `proxy-${id}-${position + 1}`, [home])),
    ];
  }
}

const silent: CallContext = { signal: new AbortController().signal, onProgress: () => undefined };

/** The same context, whose fractions are a part of the whole. */
export function scaled({ signal, onProgress }: CallContext, from: number, to: number): CallContext {
  return {
    signal,
    onProgress: (value) => {
      const progress = progressView.safeParse(value).data;
      if (progress === undefined) return;
      const fraction = progress.fraction === null ? null : from + progress.fraction * (to - from);
      onProgress({ ...progress, fraction });
    },
  };
}

function operatorId(network: string): string {
  return `operator-${network}`;
}
