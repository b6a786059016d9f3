import { epochCheckDropped } from './epoch-check-dropped.ts';
import type { Plant } from './plant.ts';

export const PLANTS: readonly Plant[] = [epochCheckDropped];
