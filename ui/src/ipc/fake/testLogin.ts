// Test logins that walk by themselves, or step by step when a test says so.
import type {
  ConnectionKind,
  Leg,
  LegName,
  LoginAttempt,
  UserDetail,
  Verdict,
  WeChatPerson,
} from "../bindings";
import type { Commands } from "../contract";
import { addRefused } from "./belonging";
import { fakeQr } from "./qr";
import { base64, chance, hex, text } from "./random";
import { wrongSecret } from "./seeds";
import { changePerson, here, later, ok, refuse, tellUsers, unreachable } from "./world";

type TestLoginCommands = Pick<
  Commands,
  "attempts" | "startTestLogin" | "cancelTestLogin" | "copyQr" | "saveQr"
>;

/** Who scans. */
export type Scanner = "new" | "known" | "anonymous";

const lifetime = 300_000;
const hearers = new Map<string, (attempt: LoginAttempt) => void>();
let scans = 0;

const firstLegs: Record<ConnectionKind, LegName[]> = {
  "wechat:pc": ["qr_page", "long_poll"],
  "wechat:webpage-authorization": ["authorize"],
  "wechat:miniprogram:default": ["api_token", "mini_program_code", "mini_program_scan"],
  "wechat:miniprogram:qrconnect": ["api_token", "mini_program_code", "mini_program_scan"],
  "wechat:miniprogram:app-launch": ["api_token", "mini_program_code", "mini_program_scan"],
  "wechat:mobile": ["sdk_qr", "long_poll"],
  "wechatmp-qrcode": ["follow_code", "follow_scan"],
};

const requests: Partial<Record<LegName, string>> = {
  qr_page: "GET https://open.weixin.qq.com/connect/qrconnect?appid=wx…&scope=snsapi_login&state=••••",
  long_poll: "GET https://lp.open.weixin.qq.com/connect/l/qrconnect?uuid=••••",
  api_token: "POST https://api.weixin.qq.com/cgi-bin/stable_token",
  mini_program_code: "POST https://api.weixin.qq.com/wxa/getwxacodeunlimit?access_token=••••",
  code_exchange: "GET https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx…&secret=••••&code=••••",
  user_info: "GET https://api.weixin.qq.com/sns/userinfo?access_token=••••&openid=oGZU…",
};

const leg = (name: LegName, took: number | null, answer: string[] = []): Leg => ({
  name,
  started_at: Date.now() - (took ?? 0),
  took_ms: took,
  outcome: took === null ? "running" : "done",
  request: requests[name] ?? null,
  answer,
  failure: null,
});

const wrong = () => ({ errcode: 40125, errmsg: "invalid appsecret", rid: "66f1a2b3-41c0de77-0b5e91aa" });

function change(id: string, to: Partial<LoginAttempt>): LoginAttempt | undefined {
  const { world } = here;
  world.attempts = world.attempts.map((one) => (one.id === id ? { ...one, ...to } : one));
  const now = world.attempts.find((one) => one.id === id);
  if (now) hearers.get(id)?.(structuredClone(now));
  return now;
}

const open = (id: string) => here.world.attempts.find((one) => one.id === id && one.finished_at === null);
const ended = () => ({ finished_at: Date.now() });

/** What the phone does. Without an id it is the latest attempt. */
export const phone = {
  scan: (id = latest()) => open(id) && change(id, { state: "scanned" }),
  refuse: (id = latest()) => open(id) && change(id, { state: "refused", ...ended() }),
  expire: (id = latest()) => open(id) && change(id, { state: "expired", ...ended(), expires_at: Date.now() }),
  confirm: (id = latest()) => {
    const attempt = open(id);
    if (!attempt) return;
    const answered = attempt.legs.slice(0, -1);
    const last = attempt.legs.at(-1);
    if (last) answered.push({ ...last, took_ms: 3_140, outcome: "done" });
    change(id, { state: "confirmed", legs: [...answered, leg("code_exchange", null)] });
  },
  decide: (id = latest(), scanner: Scanner = "new") => {
    const attempt = open(id);
    if (attempt) decide(attempt, scanner);
  },
  /** Everything at once. */
  approve: (scanner: Scanner = "new", id = latest()) => {
    phone.confirm(id);
    phone.decide(id, scanner);
  },
};

const latest = () => here.world.attempts[0]?.id ?? "";

function decide(attempt: LoginAttempt, scanner: Scanner): void {
  const before = attempt.legs.filter((one) => one.name !== "code_exchange");
  if (here.world.secrets.get(attempt.connection_id ?? "") === wrongSecret) {
    const failure = { type: "we_chat" as const, ...wrong() };
    const broken: Leg = {
      ...leg("code_exchange", 212, ["errcode: 40125", "errmsg: invalid appsecret"]),
      outcome: "failed",
      failure,
    };
    change(attempt.id, {
      state: "failed",
      legs: [...before, broken],
      verdict: { outcome: "fail", leg: "code_exchange", failure },
      ...ended(),
    });
    return;
  }
  const verdict = resolve(attempt, scanner);
  const legs = [
    ...before,
    leg("code_exchange", 184, ["openid: oGZU…", "scope: snsapi_login", "expires_in: 7200"]),
    ...(attempt.kind === "wechat:miniprogram:default" ? [] : [leg("user_info", 97, ["nickname: …"])]),
    leg("resolve", 3),
  ];
  change(attempt.id, { state: "decided", legs, verdict, ...ended() });
  tellUsers();
}

function resolve(attempt: LoginAttempt, scanner: Scanner): Verdict {
  const { world } = here;
  const connection = world.connections.find((one) => one.id === attempt.connection_id);
  const next = chance(++scans);
  const known = world.people.find((user) => user.bindings.some((one) => one.app_id === connection?.app_id));
  const person: WeChatPerson = {
    open_id: `oGZU${text(next, 24, base64)}`,
    union_id: scanner === "anonymous" ? null : `oY7K${text(next, 24, base64)}`,
    nickname: scanner === "anonymous" ? "微信用户" : "林知夏",
    avatar_url: null,
    anonymous: scanner === "anonymous",
  };
  if (scanner === "known" && known) {
    if (!attempt.dry_run) changePerson(known.id, (user) => ({ ...user, updated_at: Date.now() }));
    return { outcome: "log_in", user_id: known.id, name: known.name, union_id_added: false, person };
  }
  if (connection?.login_only) {
    if (!attempt.dry_run)
      addRefused({
        app_id: connection.app_id,
        connection_id: connection.id,
        open_id: person.open_id,
        union_id: person.union_id,
        nickname: person.anonymous ? null : person.nickname,
        last_seen: Date.now(),
      });
    return { outcome: "refuse", refusal: "login_only", person };
  }
  if (attempt.dry_run || !connection) return { outcome: "create", user_id: null, person };
  const user: UserDetail = {
    id: `01${text(next, 30, hex)}`,
    name: person.anonymous ? null : person.nickname,
    status: "active",
    profile:
      person.anonymous || !person.nickname ? {} : { nickname: { value: person.nickname, source: "we_chat" } },
    created_at: Date.now(),
    updated_at: Date.now(),
    bindings: [
      {
        id: text(next, 32, hex),
        kind: attempt.kind ?? connection.kind,
        connection: connection.display_name,
        app_id: connection.app_id,
        open_id: person.open_id,
        union_id: person.union_id,
        first_seen: Date.now(),
        last_seen: Date.now(),
      },
    ],
    metadata: [],
    conflicts: [],
  };
  world.people = [user, ...world.people];
  return { outcome: "create", user_id: user.id, person };
}

const backend = (code: "connection_disabled" | "wechat_refused", status: number) =>
  refuse({
    type: "backend",
    problem: { status, code, detail: code, ...(code === "wechat_refused" ? { wechat: wrong() } : {}) },
  });

export const testLoginCommands: TestLoginCommands = {
  attempts: async (limit) => unreachable() ?? ok(here.world.attempts.slice(0, limit)),
  startTestLogin: async (id, dryRun, hear) => {
    const { world } = here;
    const connection = world.connections.find((one) => one.id === id);
    const offline = unreachable();
    if (offline) return offline;
    if (!connection) return refuse({ type: "not_found" });
    if (!connection.enabled && !dryRun) return backend("connection_disabled", 409);
    // Only the mini program needs its secret before anybody scans.
    if (connection.kind === "wechat:miniprogram:default" && world.secrets.get(id) === wrongSecret)
      return backend("wechat_refused", 502);
    const names = firstLegs[connection.kind];
    const attempt: LoginAttempt = {
      id: `a-${world.attempts.length + 1}`,
      connection_id: id,
      kind: connection.kind,
      purpose: "test",
      via: null,
      dry_run: dryRun,
      state: "waiting",
      created_at: Date.now(),
      expires_at: Date.now() + lifetime,
      finished_at: null,
      legs: names.map((name, index) => leg(name, index === names.length - 1 ? null : 130 + index * 70)),
      verdict: null,
    };
    world.attempts = [attempt, ...world.attempts];
    hearers.set(attempt.id, hear);
    if (connection.kind === "wechat:pc") later(4, () => phone.scan(attempt.id));
    later(7, () => phone.confirm(attempt.id));
    later(8, () => phone.decide(attempt.id, scans % 2 === 0 ? "new" : "known"));
    const link = `http://127.0.0.1:40818/connect/confirm?uuid=${text(chance(world.attempts.length), 16, base64)}`;
    return ok({
      attempt,
      qr: { text: link, data_url: fakeQr(link), has_svg: connection.kind !== "wechat:miniprogram:default" },
      reachable_from_phone: connection.kind !== "wechat:webpage-authorization",
      callback_host: connection.callback_url ? new URL(connection.callback_url).host : null,
    });
  },
  cancelTestLogin: async (id) => {
    if (open(id)) change(id, { state: "cancelled", ...ended() });
    return ok(null);
  },
  copyQr: async () => ok(null),
  saveQr: async (id, format) => ok(`~/Downloads/${id}.${format}`),
};
