/** What every combination beyond the bound is called. */
const OTHER = 'other';

/** Which tenant used which model. Both are named by strangers, so that there could be any number. */
export interface UsageLabels {
  readonly tenant: string;
  readonly model: string;
}

/** Lets the first `most` combinations of tenant and model through, in the order of the history; the rest count together. */
export function boundedLabels(most: number): (labels: UsageLabels) => UsageLabels {
  const known = new Set<string>();
  return (labels) => {
    const key = JSON.stringify([labels.tenant, labels.model]);
    if (known.has(key)) return labels;
    if (known.size >= most) return { tenant: OTHER, model: OTHER };
    known.add(key);
    return labels;
  };
}
