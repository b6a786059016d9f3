/** Waits until the condition holds. Throws when it does not in time. */
export async function eventually(what: string, condition: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  const endsAt = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > endsAt) throw new Error(`Waited in vain for: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
