// What the merge dialog and a person's panel read about merges.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";

import type { MergeRequest } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

/** What a merge would do. Each choice asks anew, and what is shown stays until the answer is there. */
export const mergePreviewQuery = (request: MergeRequest) =>
  queryOptions({
    queryKey: ["merge preview", request],
    queryFn: () => call(commands.previewMerge(request)),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });

/** The merges that can still be undone, and those that were, newest first. */
export const mergesQuery = queryOptions({
  queryKey: ["merges"],
  queryFn: () => call(commands.merges()),
});
