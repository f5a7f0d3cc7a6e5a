// The frame around the pages: navigation, status bar, keyboard, and a start that failed.
export const frame = {
  skip: "Skip to content",
  navigation: "Navigation",
  statusBar: "Status",
  nav: {
    overview: "Overview",
    connections: "Connections",
    users: "Users",
    refused: "Refused",
    conflicts: "Conflicts",
    settings: "Settings",
  },
  language: "Language",
  switchLanguage: "Use {{language}}",
  theme: "Theme",
  themes: { auto: "System", light: "Light", dark: "Dark" },
  switchTheme: "Theme: {{theme}}. Change",
  keyboard: "Keyboard",
  link: {
    connecting: "Connecting",
    connected: "Connected",
    offline: "Offline",
    denied: "Access key refused",
    builtIn: "built-in backend",
    offlineSince: "{{host}} does not answer since {{since}}. Edits are kept and sent later.",
    deniedHelp: "The backend answers, but does not accept this console's access key.",
    connectedTo: "Backend at {{host}}",
  },
  sync: {
    label: "Synced <time/>",
    loading: "Loading users",
    notLoaded: "Users not loaded yet",
    never: "Not synced yet",
    now: "Sync now",
  },
  waiting_one: "{{count}} edit not yet synced",
  waiting_other: "{{count}} edits not yet synced",
  waitingNone: "Every edit is synced",
  conflicts_one: "{{count}} conflict",
  conflicts_other: "{{count}} conflicts",
  conflictsNone: "No conflicts",
  environment: {
    sandbox: "Sandbox",
    real: "Real WeChat",
    sandboxHelp: "The built-in stand-in for WeChat: nothing leaves this machine.",
    realHelp: "Logins go to WeChat itself, with real people.",
  },
  accessLost: {
    title: "Your access to this pool was taken back",
    removed:
      "Everything it had brought here was removed from this machine: users, bindings, metadata, the search index and edits that were not yet synced.",
    unsent_one: "{{shown}} edit that had not reached the backend went with it.",
    unsent_other: "{{shown}} edits that had not reached the backend went with it.",
    nothingUnsent: "Every edit had reached the backend before.",
    advice: "Ask an administrator of the pool for a new access key, and start the console with it.",
    action: "Show how to connect",
  },
  keptAside: {
    title: "A local file that is damaged or of a newer version was put aside",
    text: "Users are being loaded again from the backend. Edits that had not been synced are in the file that was kept:",
  },
  shortcuts: {
    title: "Keyboard",
    overview: "Go to overview",
    connections: "Go to connections",
    users: "Go to users",
    settings: "Go to settings",
    search: "Search",
    close: "Close what is open",
    sheet: "Show this sheet",
    move: "Move in a list, open the row",
    or: "then",
  },
  startup: {
    heading: "The console did not start",
    restart: "Start again",
    subject: "Concerns",
    problems: {
      newer_backend: {
        title: "The built-in backend's data was written by a newer Yaopai",
        meaning:
          "Opening it with this older version could damage it. It was kept aside under a dated name, unchanged, and the local copy with it.",
        advice:
          "To go on with that data, install the newer version and give both files their old names back. Starting this version again begins with empty data.",
      },
      damaged_backend: {
        title: "The built-in backend's data is damaged",
        meaning:
          "It was kept aside under a dated name, and the local copy of users and edits with it. Nothing was overwritten.",
        advice: "Restore a backup in its place. Starting again without one begins with empty data.",
      },
      already_running: {
        title: "Another Yaopai uses this data directory",
        meaning: "Two programs on the same files would damage them, so this one did not start.",
        advice:
          "Go on in the window that is open already, or close it first. YAOPAI_DATA_DIR chooses another directory.",
      },
      data_directory: {
        title: "The data directory cannot be used",
        meaning: "The console stores its files there and may not read or write them.",
        advice:
          "Check that the directory belongs to you and that the disk has space, or choose another one with YAOPAI_DATA_DIR.",
      },
      configuration: {
        title: "The settings contradict each other",
        meaning: "An environment variable or a stored setting cannot be used as it is.",
        advice:
          "Correct the setting named here and start again. YAOPAI_SERVER_URL needs YAOPAI_ACCESS_KEY beside it.",
      },
      embedded_server: {
        title: "The built-in backend did not start",
        meaning:
          "The console needs a backend, and the one inside it could not begin to listen. Your data was not changed.",
        advice:
          "Start again. If it stays, copy the details for a ticket, or connect to a server with YAOPAI_SERVER_URL.",
      },
    },
  },
};
