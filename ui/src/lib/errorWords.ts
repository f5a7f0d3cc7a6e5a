// Errors, failures and verdicts in words: what happened, what it means, what to do, and the details for a ticket.
import type { TFunction } from "i18next";

import type { ErrorView, Failure, PushRejection, Refusal, Verdict, WeChatError } from "@/ipc/bindings";

/** One thing that happened, as every notice shows it. */
export interface Words {
  /** What happened, as a headline. */
  title: string;
  /** What it means for the operator. */
  meaning: string;
  /** What to do about it. */
  advice: string;
  /** For the ticket: names and numbers as on the wire, in no language, without secrets. */
  details: string;
}

/** An error of a command. */
export function errorWords(t: TFunction, error: ErrorView): Words {
  switch (error.type) {
    case "backend_unreachable":
      return { ...phrase(t, "views.backend_unreachable", error), details: lines({ host: error.host }) };
    case "not_a_backend":
      return {
        ...phrase(t, "views.not_a_backend", error),
        details: lines({ host: error.host, what: error.what }),
      };
    case "backend":
      return backendWords(t, error.problem);
    case "local_store":
    case "desktop":
      return { ...phrase(t, `views.${error.type}`), details: error.detail };
    case "exchange": {
      const { file, problem } = error;
      const detail = problem.type === "unusable" ? problem.detail : null;
      return { ...phrase(t, `files.${problem.type}`), details: lines({ file, detail }) };
    }
    case "invalid_fields":
      return { ...phrase(t, "views.invalid_fields"), details: lines({ fields: fieldList(error.fields) }) };
    case "not_found":
    case "still_loading":
      return { ...phrase(t, `views.${error.type}`), details: error.type };
  }
}

/** Why a leg of an attempt failed. */
export function failureWords(t: TFunction, failure: Failure): Words {
  switch (failure.type) {
    case "we_chat":
      return wechatWords(t, failure);
    case "unreachable":
      return { ...phrase(t, "failures.unreachable", failure), details: lines({ host: failure.host }) };
    case "unexpected_answer":
      return {
        ...phrase(t, "failures.unexpected_answer", failure),
        details: lines({ host: failure.host, what: failure.what }),
      };
    case "page_refused":
      return {
        ...phrase(t, "failures.page_refused", failure),
        details: lines({ message: failure.message }),
      };
    case "rejected":
      return { ...phrase(t, `rejected.${failure.why}`), details: lines({ rejected: failure.why }) };
  }
}

/** An error of WeChat; numbers without a phrase of their own get a general sentence with the number. */
export function wechatWords(t: TFunction, error: WeChatError): Words {
  const key = `wechat.codes.${error.errcode}`;
  const text = (part: "meaning" | "advice") =>
    t(`${key}.${part}` as "wechat.unknown.meaning", {
      defaultValue: t(`wechat.unknown.${part}`, { errcode: error.errcode }),
    });
  return {
    title: t("wechat.title", { errcode: error.errcode }),
    meaning: text("meaning"),
    advice: text("advice"),
    details: lines({ errcode: error.errcode, errmsg: error.errmsg, rid: error.rid }),
  };
}

/** Why our rules refuse a person. */
export function refusalWords(t: TFunction, refusal: Refusal): Words {
  return { ...phrase(t, `refusals.${refusal}`), details: `refusal: ${refusal}` };
}

/** Why the backend refused an edit for good. */
export function rejectionWords(t: TFunction, rejection: PushRejection): Words {
  return { ...phrase(t, `rejections.${rejection}`), details: `rejection: ${rejection}` };
}

/** The decision about an attempt, in a full sentence. A dry run says what would happen. */
export function verdictWords(t: TFunction, verdict: Verdict, dryRun: boolean): Words {
  switch (verdict.outcome) {
    case "log_in": {
      const name = verdict.name ?? personName(t, verdict);
      const added = dryRun
        ? "errors.verdicts.log_in.unionIdWouldBeAdded"
        : "errors.verdicts.log_in.unionIdAdded";
      return {
        title: t(dryRun ? "errors.verdicts.log_in.dryTitle" : "errors.verdicts.log_in.title", { name }),
        meaning: t(dryRun ? "errors.verdicts.log_in.dryMeaning" : "errors.verdicts.log_in.meaning"),
        advice: verdict.union_id_added ? t(added) : "",
        details: personDetails(verdict, { user: verdict.user_id }),
      };
    }
    case "create":
      return {
        title: t(dryRun ? "errors.verdicts.create.dryTitle" : "errors.verdicts.create.title", {
          name: personName(t, verdict),
        }),
        meaning: t(dryRun ? "errors.verdicts.create.dryMeaning" : "errors.verdicts.create.meaning"),
        advice: "",
        details: personDetails(verdict, { user: verdict.user_id }),
      };
    case "refuse": {
      const why = refusalWords(t, verdict.refusal);
      return {
        ...why,
        title: t(dryRun ? "errors.verdicts.refuse.dryTitle" : "errors.verdicts.refuse.title", {
          name: personName(t, verdict),
          reason: inSentence(why.title),
        }),
        details: personDetails(verdict, { refusal: verdict.refusal }),
      };
    }
    case "fail": {
      const why = failureWords(t, verdict.failure);
      return {
        ...why,
        title: t("errors.verdicts.fail.title", {
          leg: t(`wechat.legs.${verdict.leg}`),
          reason: inSentence(why.title),
        }),
        details: `leg: ${verdict.leg}\n${why.details}`,
      };
    }
  }
}

/** Everything of one notice as text, for a ticket. */
export function ticketText(words: Words): string {
  return [words.title, words.meaning, words.advice, words.details].filter(Boolean).join("\n");
}

type BackendProblem = Extract<ErrorView, { type: "backend" }>["problem"];

function backendWords(t: TFunction, problem: BackendProblem): Words {
  const wire = lines({
    status: problem.status,
    code: problem.code,
    detail: problem.detail,
    fields: problem.fields?.length ? fieldList(problem.fields) : null,
    host: problem.host,
    request_id: problem.request_id,
  });
  if (problem.wechat) {
    const words = wechatWords(t, problem.wechat);
    return { ...words, details: `${wire}\n${words.details}` };
  }
  return {
    ...phrase(t, `codes.${problem.code}`, {
      host: problem.host ?? "WeChat",
      // The words of WeChat's page, where it refused.
      detail: problem.detail,
    }),
    details: wire,
  };
}

type Family = "views" | "files" | "codes" | "failures" | "refusals" | "rejected" | "rejections";

function phrase(t: TFunction, key: `${Family}.${string}`, values: object = {}): Omit<Words, "details"> {
  // The callers build the key from a closed union that the catalogue satisfies; the type of the whole is too wide.
  const text = (part: "title" | "meaning" | "advice") =>
    t(`errors.${key}.${part}` as "errors.views.backend.title", { ...values });
  return { title: text("title"), meaning: text("meaning"), advice: text("advice") };
}

type PersonVerdict = Exclude<Verdict, { outcome: "fail" }>;

function personName(t: TFunction, verdict: PersonVerdict): string {
  const { anonymous, nickname } = verdict.person;
  return (!anonymous && nickname) || t("errors.verdicts.someone");
}

function personDetails(verdict: PersonVerdict, more: Record<string, string | null>): string {
  return lines({
    outcome: verdict.outcome,
    ...more,
    openid: verdict.person.open_id,
    unionid: verdict.person.union_id,
  });
}

/** A headline within a sentence: an ordinary first word loses its capital, WeChat and OpenID keep theirs. */
function inSentence(title: string): string {
  return /^[A-Z][a-z]* /.test(title) ? `${title.charAt(0).toLowerCase()}${title.slice(1)}` : title;
}

function fieldList(fields: { field: string; rule: string }[]): string {
  return fields.map(({ field, rule }) => `${field}: ${rule}`).join(", ");
}

function lines(values: Record<string, string | number | null | undefined>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}
