// Whether everybody is on this machine yet; until then a count is of those who are.
import { useQuery } from "@tanstack/react-query";

import { statusQuery } from "@/ipc/queries";

/**
 * How many users are here while the first load has not ended; absent once everybody is. A load after the first one
 * leaves the list whole.
 */
export function useLoadedSoFar(): number | null {
  const { data = null } = useQuery({
    ...statusQuery,
    select: ({ loaded, users }) => (loaded ? null : users),
  });
  return data;
}
