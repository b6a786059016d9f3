/**
 * A server that has left so many questions for its health unanswered in a row, each of them for so long, is down: one that
 * opens directories may stand still for eight seconds at a time, and one that is taken for down degrades all its sessions.
 */
export const FAILED_CHECKS = 3;
export const HEALTH_MS = 15_000;
