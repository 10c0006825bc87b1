/** One semi-trusted proxy of an own network: ciphertexts, shares, fragments. */
import { runNetworkService } from './network-service.ts';

runNetworkService('proxy');
