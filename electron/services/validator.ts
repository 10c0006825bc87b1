/** A validator of an own network: blocks, contracts and JSON-RPC of the chain. */
import { runNetworkService } from './network-service.ts';

runNetworkService('validator');
