// Why the backend refused an edit for good: what happened, what it means, what to do.
import type { PushRejection } from "../../ipc/bindings";

export const rejections = {
  user_gone: {
    title: "The user was deleted",
    meaning: "The edit reached the backend after the user was gone.",
    advice: "Nothing to do. Copy the value if it is still needed.",
  },
  too_many_keys: {
    title: "The user has no room for another key",
    meaning: "The backend already holds 256 keys for this user; the edit was not stored.",
    advice: "Remove a key that is no longer needed and add this one again.",
  },
  forbidden: {
    title: "Your role may not edit users",
    meaning: "The edit stayed here; the backend did not store it.",
    advice: "Ask an administrator of the pool for the support role, then save it again.",
  },
  phone_taken: {
    title: "Somebody else has this phone number",
    meaning: "Another user of the pool already logs in with it. The edit was not stored.",
    advice: "Find who has it. If the two are one person, merge them.",
  },
  email_taken: {
    title: "Somebody else has this e-mail address",
    meaning: "Another user of the pool already logs in with it. The edit was not stored.",
    advice: "Find who has it. If the two are one person, merge them.",
  },
  username_taken: {
    title: "Somebody else has this user name",
    meaning: "Another user of the pool already logs in with it. The edit was not stored.",
    advice: "Find who has it. If the two are one person, merge them.",
  },
  user_exists: {
    title: "The user exists already",
    meaning: "Another import or console created it first. Nothing was created twice.",
    advice: "Nothing to do. Look at the user, and edit it if something is missing.",
  },
  invalid: {
    title: "The backend could not take the edit",
    meaning: "It is too large, or console and backend are of different versions. It was not stored.",
    advice: "Shorten the value and save it again. If it stays, copy the details and report it.",
  },
} satisfies Record<PushRejection, { title: string; meaning: string; advice: string }>;
