// Whether the service of this container can be given work: what Docker asks, as a program that ends with 0 or 1.
const url = `http://127.0.0.1:${process.env.HEALTH_PORT}/health/ready`;
const response = await fetch(url, { signal: AbortSignal.timeout(4_000) }).catch((error) => ({ ok: false, error }));
if (!response.ok) console.error(response.error?.message ?? (await response.text()));
process.exit(response.ok ? 0 : 1);
