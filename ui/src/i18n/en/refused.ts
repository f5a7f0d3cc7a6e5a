// People whom a connection refused: the list, and what can be done about each.
export const refused = {
  title: "Refused",
  purpose: "People who tried to log in and were refused. Bind them to a user, let them in, or forget them.",
  unnamed: "No name known",
  times_one: "came once",
  times_other: "came {{count}} times",
  last: "last",
  more: "Show more",
  admit: "Let in as a new user",
  admitted: "{{name}} is a new user and can log in",
  forget: "Forget",
  forgetHelp: "Takes them off this list until they come again. Nothing else changes.",
  forgotten: "{{name}} is off the list",
  merge: "Merge the two users",
  bind: {
    open: "Bind to a user",
    title: "Which user is {{name}}?",
    meaning: "With their next login {{name}} is the user {{user}}, with everything that belongs to it.",
    blocked: "{{user}} is blocked and cannot log in until that is lifted.",
    action: "Bind",
    done: "{{name}} is bound to {{user}}",
  },
  empty: {
    title: "Nobody was refused",
    text: "A connection in login-only mode lets in known users alone. Whom it refuses is listed here, and support can bind them to a user in one step.",
    action: "Show connections",
  },
  rights: {
    title: "Only support and administrators can let people in",
    viewer: "Your role is viewer: you can read this list.",
  },
};
