export function ConnectionPage({ id }: { id: string }) {
  return id;
}
