/** The private key generator of an own network: applications, enrolments, identity keys. */
import { runNetworkService } from './network-service.ts';

runNetworkService('pkg');
