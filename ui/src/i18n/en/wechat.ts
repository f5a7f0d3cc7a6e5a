// WeChat's error numbers in words, with the operator's fix, and the words for legs and states of an attempt.
import type { AttemptState, LegName, LegOutcome } from "../../ipc/bindings";

interface Meaning {
  meaning: string;
  advice: string;
}

const ours = "Copy the details and report it: this is a defect of ours, not of the settings.";
const askWeChat = "Read the notices in WeChat's console; only WeChat can lift it.";
const restart = "Draw a new code and scan again.";
const whitelist =
  "Add the backend's public address to the IP whitelist (IP 白名单) of the account. It takes about ten minutes. WeChat's text in the details names the address it saw.";

/** Numbers that a login can meet. Any other number gets the `unknown` sentence. */
const codes = {
  "-1": {
    meaning: "WeChat is too busy at the moment. Nothing is wrong with the connection.",
    advice: "Wait a moment and start again.",
  },
  "40001": {
    meaning:
      "WeChat does not accept the token or the secret it was made with. Most often another program fetched a token for the same AppID and replaced ours.",
    advice:
      "Start again once. If it stays, compare AppID and AppSecret, and move every other program to stable_token.",
  },
  "40002": { meaning: "The grant type was not one WeChat knows.", advice: ours },
  "40003": { meaning: "The OpenID does not belong to this token or this AppID.", advice: restart },
  "40013": {
    meaning: "WeChat knows no app with this AppID, or it is an app of another kind.",
    advice:
      "Copy the AppID again from WeChat's console, and check that mini program, service account and website app were not swapped.",
  },
  "40014": {
    meaning: "The token is not one WeChat made for this use.",
    advice: "Start again. If it stays, copy the details and report it.",
  },
  "40029": {
    meaning:
      "WeChat does not accept the code: it expired, or belongs to another AppID. In developer tools a test AppID is the usual reason.",
    advice: "Check that the client uses the AppID of this connection, then draw a new code and scan again.",
  },
  "40030": { meaning: "The refresh token is not valid any more.", advice: "Have the person log in again." },
  "40097": { meaning: "A parameter has the wrong type or range.", advice: ours },
  "40125": {
    meaning: "The AppSecret is wrong. It was reset in WeChat's console, or it belongs to another app.",
    advice:
      "Copy the present AppSecret from WeChat's console into the connection. If nobody knows it, reset it there and replace it everywhere it is used.",
  },
  "40163": {
    meaning:
      "The code was already exchanged. A code works once: the page was reloaded, opened twice, or its address was shared.",
    advice: restart,
  },
  "40164": { meaning: "WeChat does not accept calls from the backend's address.", advice: whitelist },
  "40165": {
    meaning: "The mini program has no such page in its published version.",
    advice: "Publish the page, or correct its path.",
  },
  "40169": { meaning: "The scene of the mini-program code is empty or too long.", advice: ours },
  "40226": {
    meaning: "WeChat rates this person's account as high risk and refuses to log them in.",
    advice: "There is nothing to configure. Try with another WeChat account.",
  },
  "40243": {
    meaning: "The AppSecret is frozen.",
    advice:
      "An administrator of the account can unfreeze it in WeChat's console. It takes about ten minutes.",
  },
  "41001": { meaning: "The call went out without a token.", advice: ours },
  "41002": {
    meaning: "The call went out without an AppID.",
    advice: "Enter the AppID in the connection and save.",
  },
  "41003": { meaning: "The call went out without a refresh token.", advice: "Have the person log in again." },
  "41004": {
    meaning: "The call went out without an AppSecret.",
    advice: "Enter the AppSecret in the connection and save.",
  },
  "41008": {
    meaning:
      "The callback was opened without a code: a link preview, a bookmark, the back button, or the person refused.",
    advice: restart,
  },
  "41009": { meaning: "The call went out without an OpenID.", advice: ours },
  "41030": {
    meaning: "The mini program's page is not in its published version.",
    advice: "Publish the mini program with this page, then start again.",
  },
  "42001": {
    meaning: "The token expired.",
    advice: "Start again. If it happens often, check the clock of the backend's machine.",
  },
  "42002": { meaning: "The refresh token expired after 30 days.", advice: "Have the person log in again." },
  "42003": {
    meaning:
      "The code expired before it was exchanged. It lives five minutes on a page in WeChat, ten for a website.",
    advice: restart,
  },
  "42007": {
    meaning: "The person changed their WeChat password, which ends every earlier consent.",
    advice: "Have the person log in again.",
  },
  "43001": { meaning: "WeChat wanted a GET request.", advice: ours },
  "43002": { meaning: "WeChat wanted a POST request.", advice: ours },
  "43003": { meaning: "WeChat wanted https.", advice: "Set WeChat's addresses in the backend to https." },
  "44002": { meaning: "The request had no body.", advice: ours },
  "45009": {
    meaning:
      "The quota of the day is used up. A program that fetches a token for every request is the usual reason.",
    advice:
      "Find the program that shares this AppID and calls in a loop, then clear the quota once in WeChat's console.",
  },
  "45011": {
    meaning: "Too many logins of this person or app within a minute.",
    advice: "Wait a minute. If clients retry the login by themselves, stop that loop.",
  },
  "45029": {
    meaning: "The account has made all the codes it may make.",
    advice: "Use codes without a limit (getwxacodeunlimit) in the other programs of this account.",
  },
  "45063": {
    meaning: "The token is not a mini program's.",
    advice: "Enter AppID and AppSecret of the mini program, not of the official account.",
  },
  "47001": { meaning: "WeChat could not read the body.", advice: ours },
  "48001": {
    meaning: "The account may not use this API, or the person did not agree to give name and avatar.",
    advice:
      "Check the list of permissions (接口权限) in WeChat's console: a verified service account is needed. A snapshot page visitor meets this too.",
  },
  "50001": {
    meaning: "The person has not agreed to this, or withdrew it.",
    advice: "Have the person log in again.",
  },
  "50002": { meaning: "The person's account or the app is restricted by WeChat.", advice: askWeChat },
  "50004": { meaning: "The app may not use tokens, mostly as a sanction.", advice: askWeChat },
  "50007": { meaning: "The app's account is frozen.", advice: askWeChat },
  "61004": { meaning: "WeChat does not accept calls from the backend's address.", advice: whitelist },
  "61024": {
    meaning: "This AppID is that of a third-party platform, not of an app.",
    advice: "Enter the AppID of the mini program, service account or website app itself.",
  },
  "85079": {
    meaning: "The mini program has no published version.",
    advice: "Publish it once, then start again.",
  },
  "89501": {
    meaning: "An earlier call already waits for the administrator's consent in WeChat.",
    advice: "The account's administrator confirms it in WeChat.",
  },
  "89503": {
    meaning: "Calls from this address need the administrator's consent.",
    advice: "The account's administrator confirms it in WeChat, or adds the address to the IP whitelist.",
  },
  "89506": {
    meaning: "The administrator refused this address twice; WeChat blocks it for 24 hours.",
    advice: "Add the address to the IP whitelist, or wait 24 hours.",
  },
  "89507": {
    meaning: "The administrator refused this address; WeChat blocks it for an hour.",
    advice: "Add the address to the IP whitelist, or wait an hour.",
  },
  "10003": {
    meaning: "The host of the callback URL is not the one set in WeChat's console.",
    advice:
      "Enter exactly this host there, without scheme and port. www and sub-domains count as different hosts.",
  },
  "10004": { meaning: "WeChat has banned the account.", advice: askWeChat },
  "10005": {
    meaning: "The account may not ask for this scope. Subscription accounts and unverified accounts cannot.",
    advice:
      "Use a verified service account for pages in WeChat, and a website app for the QR code on a computer.",
  },
  "10006": {
    meaning: "This is a test account, and the person does not follow it.",
    advice: "Follow the test account with this phone, then scan again.",
  },
  "10009": {
    meaning: "The same person was sent to the consent page too often.",
    advice:
      "Wait a minute. A page that loses its session cookie and redirects in a loop is the usual reason.",
  },
  "10010": { meaning: "The consent page was opened without a scope.", advice: ours },
  "10011": {
    meaning: "The consent page was opened without a callback URL.",
    advice: "Check the callback URL of the connection.",
  },
  "10012": {
    meaning: "The consent page was opened without an AppID.",
    advice: "Enter the AppID in the connection and save.",
  },
  "10013": { meaning: "The consent page was opened without a state.", advice: ours },
  "10015": {
    meaning: "The account has not authorised the third-party platform, or withdrew it.",
    advice: "Authorise the platform again in WeChat's console.",
  },
  "10016": {
    meaning: "This is the AppID of a website or mobile app, which a page in WeChat cannot use.",
    advice:
      "Enter the AppID of the service account. The website app belongs in a connection of the kind Website.",
  },
} satisfies Record<string, Meaning>;

export const wechat = {
  title: "WeChat refused: {{errcode}}",
  codes,
  unknown: {
    meaning: "WeChat answered {{errcode}}, a number this console has no words for.",
    advice: "WeChat's own text is in the details. Its support finds the call by the rid, for seven days.",
  },
  legs: {
    request: "A request arrives",
    qr_page: "Open WeChat's QR page",
    long_poll: "Wait for the scan",
    api_token: "Get an API token",
    mini_program_code: "Have WeChat draw the code",
    authorize: "Consent on the phone",
    callback: "Callback",
    mini_program_scan: "Code from the mini program",
    sdk_qr: "Have WeChat make the app's QR code",
    follow_code: "Have WeChat make the follow code",
    follow_scan: "Wait for the scan",
    follower: "Ask who follows",
    app_launch: "Wait for the mini program",
    code_exchange: "Exchange the code",
    user_info: "Name and avatar",
    resolve: "Find the user",
  } satisfies Record<LegName, string>,
  outcomes: {
    running: "Running",
    done: "Done",
    failed: "Failed",
    skipped: "Not needed",
  } satisfies Record<LegOutcome, string>,
  states: {
    waiting: "Waiting for a scan",
    scanned: "Scanned, waiting for consent",
    confirmed: "Confirmed, asking WeChat",
    decided: "Decided",
    refused: "Refused on the phone",
    expired: "Expired",
    cancelled: "Cancelled",
    failed: "Failed",
  } satisfies Record<AttemptState, string>,
};
