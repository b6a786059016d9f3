import test from 'ava';
import { createInProcessBus } from '../src/in-process-bus.ts';
import { busContract } from '../src/testing/bus-contract.ts';

busContract(test, async () => createInProcessBus());
