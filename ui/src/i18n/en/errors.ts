// What went wrong, what it means and what to do, for everything that can fail outside WeChat.

import type { Code, ErrorView, Failure, Refusal, Rejected } from "../../ipc/bindings";
import { files } from "./files";
import { rejections } from "./rejections";

interface Phrase {
  title: string;
  meaning: string;
  advice: string;
}

export const errors = {
  views: {
    invalid_fields: {
      title: "Some values were not accepted",
      meaning: "Nothing was saved.",
      advice: "Correct the fields that are marked and save again.",
    },
    backend_unreachable: {
      title: "{{host}} does not answer",
      meaning:
        "This needs the backend. People, bindings and metadata stay readable here, and edits of metadata are kept.",
      advice: "Check the network and that the backend runs. The console tries again by itself.",
    },
    still_loading: {
      title: "Users are still being loaded",
      meaning:
        "Until everybody is here a file would lack people, and known people would be taken for new ones.",
      advice: "Wait until the first load is done, or go on with it if it is paused.",
    },
    not_a_backend: {
      title: "What answers at {{host}} is not a Yaopai backend",
      meaning: "Nothing was changed, and what is on this machine stays as it is.",
      advice: "Check the address of the backend, and whether a proxy answers in its place.",
    },
    backend: {
      title: "The backend refused",
      meaning: "Nothing was changed.",
      advice: "Copy the details for whoever runs the backend.",
    },
    not_found: {
      title: "This no longer exists",
      meaning: "It was deleted, here or by somebody else.",
      advice: "Go back to the list.",
    },
    local_store: {
      title: "The local file cannot be read or written",
      meaning: "The last action was not stored on this machine.",
      advice: "Check that the disk has space and that you may write to the data directory, then try again.",
    },
    desktop: {
      title: "The desktop refused",
      meaning: "The file was not written, or the clipboard was not filled.",
      advice: "Choose another folder, or try once more.",
    },
  } satisfies Record<Exclude<ErrorView["type"], "exchange">, Phrase>,
  files,
  codes: {
    malformed_request: {
      title: "The backend did not understand the request",
      meaning: "Console and backend are probably of different versions. Nothing was changed.",
      advice: "Update whichever is older. If both are current, copy the details and report it.",
    },
    invalid_fields: {
      title: "The backend did not accept some values",
      meaning: "Nothing was saved.",
      advice: "Correct the fields that are marked and save again.",
    },
    unauthenticated: {
      title: "The backend does not accept the access key",
      meaning: "The key is wrong, or was revoked. What is stored here stays.",
      advice: "Ask the administrator for a valid key and restart the console with it.",
    },
    forbidden: {
      title: "Your role does not allow this",
      meaning: "Nothing was changed.",
      advice: "Ask an administrator of the pool to do it, or to give you the role.",
    },
    not_found: {
      title: "The backend does not have this any more",
      meaning: "It was deleted, perhaps by another operator.",
      advice: "Go back to the list; it updates by itself.",
    },
    connection_disabled: {
      title: "The connection is disabled",
      meaning: "Nobody can log in with it. A dry run still works.",
      advice: "Enable the connection, or choose the dry run.",
    },
    outdated: {
      title: "Somebody else changed this connection since you opened it",
      meaning: "Nothing was saved.",
      advice:
        "Load their changes: what you typed stays where you typed it. Then look once more and save again.",
    },
    last_admin_key: {
      title: "This is the last key of an administrator",
      meaning: "Without it nobody could administer the pool any more. Nothing was changed.",
      advice: "Make another administrator's key first.",
    },
    wechat_refused: {
      title: "WeChat refused",
      meaning: "The backend asked WeChat, and WeChat said no.",
      advice: "WeChat's own text is in the details.",
    },
    wechat_page_refused: {
      title: "WeChat's page refused the request",
      meaning: "It says: {{detail}}",
      advice:
        "Compare AppID and callback domain with WeChat's console. The setup sheet beside the form has the exact values.",
    },
    wechat_unreachable: {
      title: "WeChat does not answer",
      meaning: "The backend could not reach {{host}}. Your settings are not the cause.",
      advice: "Check that the backend's machine may open connections to {{host}}, then try again.",
    },
    wechat_unexpected: {
      title: "WeChat answered something unexpected",
      meaning:
        "The answer from {{host}} could not be read. Often a proxy on the way answers in WeChat's place.",
      advice: "Try again. If it stays, check the proxy of the backend's machine and copy the details.",
    },
    sync_reset: {
      title: "The backend has a different history",
      meaning:
        "It was restored or moved, so that this console has to load everything again. Edits that are not yet synced are kept.",
      advice: "Nothing to do: loading begins by itself.",
    },
    sync_gap: {
      title: "The backend misses an earlier edit",
      meaning: "Edits are kept here and sent again in their order.",
      advice: "Nothing to do, unless it stays: then copy the details and report it.",
    },
    sync_fork: {
      title: "A copy of this console is also sending edits",
      meaning:
        "Its data directory was copied to another machine. This console's edits stay here and are not sent.",
      advice: "Close one of the two and start the other with a fresh data directory.",
    },
    too_large: {
      title: "This is too large for the backend",
      meaning: "Nothing was saved.",
      advice: "Shorten the value or the file and try again.",
    },
    bound_elsewhere: {
      title: "This WeChat person belongs to another user",
      meaning: "Nothing was changed.",
      advice: "Merge the two users, or unbind the person there first.",
    },
    last_way_in: {
      title: "This is the user's last way in",
      meaning: "Without it they could not log in any more. Nothing was changed.",
      advice: "Bind something else first; an administrator may also force it.",
    },
    merge_stands: {
      title: "This merge can no longer be undone",
      meaning: "It was undone before, or one of its users has been merged or deleted since.",
      advice: "Look at the user's history in the audit log.",
    },
    too_often: {
      title: "Too many requests at once",
      meaning: "The backend holds back whoever asks too often. Nothing is lost.",
      advice: "Wait a moment and try again.",
    },
    busy: {
      title: "The backend is busy",
      meaning: "It took too much at once. Nothing is lost.",
      advice: "Try again in a moment.",
    },
    internal: {
      title: "The backend failed",
      meaning: "A defect or a full disk on its side. It is not known whether the change was made.",
      advice: "Look at the backend's log, and copy the details for whoever runs it.",
    },
  } satisfies Record<Code, Phrase>,
  failures: {
    we_chat: {
      title: "WeChat answered {{errcode}}",
      meaning: "WeChat refused this step.",
      advice: "WeChat's own text is in the details.",
    },
    unreachable: {
      title: "{{host}} does not answer",
      meaning:
        "The backend could not reach it, so the login stopped here. The connection's settings are not the cause.",
      advice: "Check that the backend's machine may open connections to {{host}}, then start again.",
    },
    unexpected_answer: {
      title: "{{host}} answered something unexpected",
      meaning: "The answer was not the one WeChat documents: {{what}}.",
      advice: "Start again. If it stays, check whether a proxy answers in WeChat's place.",
    },
    page_refused: {
      title: "WeChat's page refused the request",
      meaning: "It says: {{message}}",
      advice:
        "Compare AppID and callback domain with WeChat's console. The setup sheet beside the form has the exact values.",
    },
  } satisfies Record<Exclude<Failure["type"], "rejected">, Phrase>,
  rejected: {
    bad_request: {
      title: "The request was malformed",
      meaning: "It is not what this address takes.",
      advice: "Compare the client's call with the documentation of its SDK.",
    },
    unknown_connection: {
      title: "No such connection or application",
      meaning: "Nobody here knows the connection or application that the client named.",
      advice: "Compare identifier and application id in the client's configuration.",
    },
    disabled: {
      title: "The connection is disabled",
      meaning: "Nobody can log in with it at the moment.",
      advice: "Enable the connection, or take its button off the page.",
    },
    foreign_redirect: {
      title: "The redirect target is not allowed",
      meaning: "The page that was to be called is none of the application's or connection's addresses.",
      advice: "Add the exact address to the application, or correct the client.",
    },
    unknown_state: {
      title: "The state or scene is unknown",
      meaning: "No login is waiting with it: it has ended, expired, or was never begun here.",
      advice: "Start the login again.",
    },
    other_browser: {
      title: "Another browser brought the answer",
      meaning:
        "The browser that came back from WeChat is not the one that was sent there, or it keeps no cookies. Nobody was logged in.",
      advice:
        "Begin the login at the public URL and let it end in the same browser. If people report this without reason, check that the proxy passes cookies.",
    },
    replay: {
      title: "The code was used before",
      meaning: "WeChat takes a code once, and its first outcome is forgotten.",
      advice: "Have the client ask for a fresh code for every login.",
    },
    tampered_data: {
      title: "The data or its signature does not fit",
      meaning: "It was altered, is another app's, or was made with another key.",
      advice:
        "Compare Token, EncodingAESKey and AppID with WeChat's console; have the client log in right before it asks for data.",
    },
    token_refused: {
      title: "A token or credential was refused",
      meaning: "It is expired, revoked, or was never given out here.",
      advice: "Have the client log in again.",
    },
    too_many: {
      title: "Too many requests",
      meaning: "The client knocked more often than is allowed.",
      advice: "Look for a loop in the client; it may try again later.",
    },
  } satisfies Record<Rejected, Phrase>,
  refusals: {
    login_only: {
      title: "Nobody here has this WeChat identity",
      meaning:
        "The connection is in login-only mode: it lets in people who have an account, and creates none.",
      advice: "Bind the identity to an existing user, or turn login-only mode off.",
    },
    snapshot_user: {
      title: "This was a snapshot page visitor",
      meaning:
        "WeChat showed the page in snapshot mode and gave a stand-in identity that is no real person. It is never stored.",
      advice: 'Have the person tap "Use full service" at the foot of the page and log in again.',
    },
    user_blocked: {
      title: "The user is blocked",
      meaning: "The identity is known, and its user may not log in.",
      advice: "If the person should be let in again, lift the block first.",
    },
    two_users: {
      title: "OpenID and UnionID belong to two users",
      meaning: "Letting either in would hide the other. Nobody was logged in and nothing was joined.",
      advice: "Decide which user stays and merge the two.",
    },
  } satisfies Record<Refusal, Phrase>,
  rejections,
  verdicts: {
    log_in: {
      title: "{{name}} logged in",
      meaning: "WeChat's identity belongs to this user.",
      dryTitle: "{{name}} would log in",
      dryMeaning: "WeChat's identity belongs to this user. It was a dry run: nothing was written.",
      unionIdAdded: "The UnionID became known with this login and was added to the user.",
      unionIdWouldBeAdded: "The UnionID became known and would be added to the user.",
    },
    create: {
      title: "{{name}} was created as a new user",
      meaning: "Nobody had this WeChat identity yet.",
      dryTitle: "{{name}} would be created as a new user",
      dryMeaning: "Nobody has this WeChat identity yet. It was a dry run: nothing was written.",
    },
    refuse: {
      title: "{{name}} was refused: {{reason}}",
      dryTitle: "{{name}} would be refused: {{reason}}",
    },
    fail: {
      title: 'It broke at "{{leg}}": {{reason}}',
    },
    someone: "An unnamed person",
  },
};
