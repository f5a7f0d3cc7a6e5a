// Long work: loading, exporting, importing.
export const jobs = {
  title: "Long work",
  kinds: {
    first_load: "Loading users",
    reset: "Loading users again",
    export: "Export to {{file}}",
    import: "Import of {{file}}",
  },
  phases: { rows: "1 of 3: rows", indexes: "2 of 3: order of the lists", search: "3 of 3: search index" },
  states: {
    running: "under way",
    paused: "paused",
    done: "done",
    cancelled: "cancelled",
    failed: "failed",
  },
  done_one: "{{done}} row",
  done_other: "{{done}} rows",
  doneOf: "{{done}} of {{total}} rows",
  rate: "{{rate}} a second",
  left: "{{time}} left",
  cancel: "Cancel",
  pause: "Pause",
  resume: "Resume",
  putAway: "Put away",
};
