/** The process of the operator of an own network. */
import { startOperator } from './operator-service.ts';
import { runService } from './service-process.ts';

runService(startOperator);
