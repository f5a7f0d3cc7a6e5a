// Long work: exports, imports, and the first load, a step at a time.
import type { ImportPreview, Job, JobPhase, Rule } from "../bindings";
import type { Commands } from "../contract";
import { foundBy } from "./users";
import { here, later, listeners, ok, refuse, tellStatus, tellUsers } from "./world";

type JobCommands = Pick<
  Commands,
  "cancelJob" | "exportUsers" | "jobs" | "previewImport" | "resumeJob" | "runImport"
>;

const isLoad = ({ kind }: Job): boolean => kind === "first_load" || kind === "reset";
const find = (id: string) => here.world.jobs.find((job) => job.id === id);

function change(id: string, to: Partial<Job>): void {
  const { world } = here;
  const before = find(id);
  const job = before && { ...before, ...to };
  world.jobs = world.jobs.map((one) => (job && one === before ? job : one));
  if (job && isLoad(job)) tellStatus({ loading: job.state.type === "done" ? null : job });
  for (const hear of listeners.jobs) hear();
}

/** Begins long work. */
export function addJob(given: Pick<Job, "kind"> & Partial<Job>): Job {
  const { world } = here;
  const job: Job = {
    id: `job-${world.jobs.length + 1}`,
    phase: "rows",
    done: 0,
    total: null,
    per_second: 0,
    seconds_left: null,
    state: { type: "running" },
    file: null,
    changed: given.kind === "import" ? 0 : null,
    ...given,
  };
  world.jobs = [...world.jobs, job];
  change(job.id, {});
  return job;
}

const phases: JobPhase[] = ["rows", "indexes", "search"];

/** Goes on with a job by so many rows, through its phases to its end. */
export function goOn(id: string, rows: number): void {
  const job = find(id);
  if (!job || job.state.type !== "running") return;
  const done = Math.min(job.total ?? Infinity, job.done + rows);
  const left = Math.max(0, (job.total ?? 0) - done);
  const { preview } = here.world;
  // What is left out and what changes nothing comes last in the story's file.
  const changed =
    job.kind === "import" ? Math.min(done, preview ? preview.creates + preview.updates : done) : null;
  const step = { done, changed, per_second: rows, seconds_left: rows > 0 ? Math.ceil(left / rows) : null };
  if (left > 0) return change(id, step);
  const phase = isLoad(job) ? phases[phases.indexOf(job.phase) + 1] : undefined;
  if (phase) return change(id, { ...step, phase, done: 0 });
  change(id, { ...step, state: { type: "done" } });
  if (isLoad(job)) tellStatus({ loaded: true, last_sync: Date.now() });
  tellUsers();
}

function runByItself(id: string, rows: number): void {
  later(0.3, () => {
    goOn(id, Math.round(rows * (0.8 + Math.random() * 0.4)));
    if (find(id)?.state.type === "running") runByItself(id, rows);
  });
}

/** What the story's file would do. */
export function makePreview(given: Partial<ImportPreview> = {}): ImportPreview {
  const rule = (line: number, column: string, broken: Rule) => ({
    line,
    column,
    problem: { type: "rule", rule: broken } as const,
  });
  return {
    id: "preview-1",
    file: "members-2026-03.csv",
    format: "csv",
    encoding: "UTF-8",
    columns: [
      { name: "id", meaning: { type: "id" } },
      { name: "nickname", meaning: { type: "nickname" } },
      { name: "phone", meaning: { type: "phone" } },
      { name: "member_tier", meaning: { type: "metadata", key: "member_tier" } },
      { name: "remarks 2019", meaning: { type: "ignored" } },
    ],
    rows: 12_480,
    creates: 11_902,
    updates: 431,
    unchanged: 138,
    errors: 9,
    first_errors: [
      rule(17, "phone", "phone_shape"),
      rule(203, "member_tier", "metadata_value_json"),
      { line: 940, column: "id", problem: { type: "unknown_user" } },
      { line: 941, column: null, problem: { type: "unreadable" } },
      { line: 2_210, column: "phone", problem: { type: "only_for_new_users" } },
    ],
    sample: [
      { line: 2, action: "create", values: [null, "不吃香菜", "+8613912345678", '"gold"', "walk-in"] },
      { line: 3, action: "update", values: ["019a3f42-77c1-7d", "小满", null, '"silver"', null] },
      { line: 4, action: "unchanged", values: ["019a3f42-9b02-7e", "Luna", null, '"gold"', null] },
      { line: 17, action: "refused", values: [null, "老陈茶铺", "1391234", null, "call after 18:00"] },
    ],
    ...given,
  };
}

export const jobCommands: JobCommands = {
  jobs: async () => ok(here.world.jobs),
  cancelJob: async (id) => {
    const job = find(id);
    if (!job) return refuse({ type: "not_found" });
    change(id, { seconds_left: null, state: { type: isLoad(job) ? "paused" : "cancelled" } });
    return ok(null);
  },
  resumeJob: async (id) => {
    const job = find(id);
    if (!job || !isLoad(job)) return refuse({ type: "not_found" });
    change(id, { state: { type: "running" } });
    return ok(null);
  },
  exportUsers: async (query, format) => {
    const { world } = here;
    if (world.file === null) return ok(null);
    const total = foundBy(query).length;
    const job = addJob({
      kind: "export",
      total,
      file: `~/${world.file}.${format === "csv" ? "csv" : "jsonl"}`,
    });
    world.exported.push(query);
    runByItself(job.id, Math.ceil(total / 12));
    return ok(job.id);
  },
  previewImport: async () => ok(here.world.preview),
  runImport: async () => {
    const { preview } = here.world;
    if (!preview) return refuse({ type: "not_found" });
    const job = addJob({ kind: "import", total: preview.rows, file: preview.file });
    runByItself(job.id, 900);
    return ok(job.id);
  },
};

/** The first load of a big pool begins. */
export function beginFirstLoad(total: number, bySelf = false): Job {
  tellStatus({ loaded: false, last_sync: null });
  const job = addJob({ kind: "first_load", total, done: 0 });
  if (bySelf) runByItself(job.id, 40_000);
  return job;
}

/** A load that was paused goes on. */
export function resumeLoad(): void {
  const { loading } = here.world.status;
  if (loading?.state.type !== "paused") return;
  change(loading.id, { state: { type: "running" } });
  runByItself(loading.id, 40_000);
}
