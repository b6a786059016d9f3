/** Whether the condition comes to hold in time. A condition that throws does not hold yet. */
export async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<boolean> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    if (await holds(condition)) return true;
    if (performance.now() > endsAt) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function holds(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await condition();
  } catch {
    return false;
  }
}
