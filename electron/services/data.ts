/** The process that reads and writes the files of data. */
import { startData } from './data-service.ts';
import { runService } from './service-process.ts';

runService(startData);
