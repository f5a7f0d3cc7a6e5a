// What is shown of long work: all of it but what somebody has put away.
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import type { Job } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";
import { jobsQuery, statusQuery } from "@/ipc/queries";

const putAwayKey = ["jobs put away"];
const putAwayQuery = queryOptions({
  queryKey: putAwayKey,
  queryFn: ({ client }) => client.getQueryData<string[]>(putAwayKey) ?? [],
  staleTime: Infinity,
});

/** Whether it loads users, for the first time or again. */
export const isLoad = ({ kind }: Job): boolean => kind === "first_load" || kind === "reset";

/** Whether nothing more comes of it. */
export const isOver = ({ state }: Job): boolean => state.type !== "running" && state.type !== "paused";

/** Long work to show, what loads users first. A load that is done shows as users. */
export function useJobs(): Job[] {
  const { data: loading = null } = useQuery({ ...statusQuery, select: (status) => status.loading });
  const { data: jobs = [] } = useQuery(jobsQuery);
  const { data: away = [] } = useQuery(putAwayQuery);
  const others = jobs.filter((job) => !isLoad(job) && !away.includes(job.id));
  return loading && !isOver(loading) ? [loading, ...others] : others;
}

/** What can be done about long work. */
export function useJobActions() {
  const client = useQueryClient();
  const stop = useMutation({
    mutationFn: (job: Job) => call(commands.cancelJob(job.id)),
  });
  const resume = useMutation({ mutationFn: (job: Job) => call(commands.resumeJob(job.id)) });
  const putAway = (id: string) => client.setQueryData<string[]>(putAwayKey, (before = []) => [...before, id]);
  return { stop, resume, putAway };
}
