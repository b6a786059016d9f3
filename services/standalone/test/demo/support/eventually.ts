/** Whether the condition comes to hold in time. */
export async function eventually(condition: () => boolean, withinMs = 10_000): Promise<boolean> {
  const endsAt = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endsAt) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
