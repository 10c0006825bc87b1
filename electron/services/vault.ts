/** The process of one unlocked profile: the only one with that person's keys. */
import { runService } from './service-process.ts';
import { startVault } from './vault-service.ts';

runService(startVault);
