// Users written to files and taken from them.
import type { ImportAction, ImportMeaning, RowProblem } from "../../ipc/bindings";

export const exchange = {
  formats: {
    csv: { name: "CSV", help: "A table for Excel and others; metadata as a column a key." },
    json_lines: { name: "JSON lines", help: "One user a line, with every binding and value in full." },
  },
  notAll: {
    title: "Not everybody is loaded yet: {{shown}} so far",
    export: "A file would lack people. Exports are possible as soon as everybody is loaded.",
    import: "Known people would be taken for new ones. Imports are possible as soon as everybody is loaded.",
  },
  export: {
    open: "Export",
    title_one: "Export {{shown}} user",
    title_other: "Export {{shown}} users",
    everybody: "Everybody in this pool, in the order of the list.",
    these: "Exactly the users that are listed now, in that order:",
    format: "Format",
    inside:
      "The file holds names, phone numbers and WeChat identifiers in clear text, with the edits of this machine. Secrets are never in it.",
    action: "Choose file",
  },
  import: {
    open: "Import",
    title: "Import users",
    purpose: "Takes users and metadata from a CSV or JSON lines file. You see first what it would do.",
    choose: "Choose file",
    nothingYet:
      "Shows first what would be created and changed. Rows go to the backend like any other edit, once each.",
    written:
      "A table can be in UTF-8, UTF-16 or GB18030 (GBK), with commas, tabs or semicolons between its cells; JSON lines are UTF-8.",
    understood: "Columns that are understood",
    columns: {
      id: "The user's id. A row with it changes that user; a row without it creates one.",
      nickname: "Nickname",
      name: "Name",
      phone: "Phone number, a Chinese one if it has no country code; for new users",
      email: "E-mail address; for new users",
      username: "User name; for new users",
      metadata:
        "A metadata key, as metadata.member_tier; the value is JSON or text. An empty cell changes nothing.",
    },
    rows_one: "{{shown}} row",
    rows_other: "{{shown}} rows",
    counts: {
      creates: "users to create",
      updates: "users to change",
      unchanged: "rows that change nothing",
      errors: "rows left out",
    },
    errors: "Left out",
    line: "Line {{line}}",
    moreErrors_one: "and {{shown}} more row",
    moreErrors_other: "and {{shown}} more rows",
    problems: {
      unreadable: "The row is not written as the format asks, or has more cells than there are columns.",
      unknown_user: "Nobody has this id.",
      repeated: "An earlier row has the same user.",
      only_for_new_users: "Only a new user can be given this value.",
      taken: "Somebody else has it: a user here, or an earlier row.",
      too_large: "All its values together are more than the backend takes of one user at once (64 KiB).",
    } satisfies Record<Exclude<RowProblem["type"], "rule">, string>,
    sample: "The first rows, as they are taken",
    lineColumn: "Line",
    actionColumn: "Does",
    actions: {
      create: "Create",
      update: "Change",
      unchanged: "Nothing",
      refused: "Left out",
    } satisfies Record<ImportAction, string>,
    meanings: {
      id: "user id",
      metadata: "metadata {{key}}",
      ignored: "not read",
    } satisfies Partial<Record<ImportMeaning["type"], string>>,
    run_one: "Import {{shown}} row",
    run_other: "Import {{shown}} rows",
    nothing: "Nothing to import",
    another: "Choose another file",
    running: "You can leave this page; the status bar shows how far it is.",
    done_one: "{{done}} user is created or changed",
    done_other: "{{done}} users are created or changed",
    ended_one: "{{done}} user was created or changed before it ended",
    ended_other: "{{done}} users were created or changed before it ended",
    doneMeaning:
      "They are stored on this machine and go to the backend now. What it refuses or somebody else has changed is listed under Conflicts.",
    showUnsynced: "Show what is under way",
    rights: {
      title: "Only support and administrators can import",
      viewer: "Your role is viewer: it changes no users.",
    },
  },
};
