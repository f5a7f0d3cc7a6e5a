"""wechatpy logs in against the sandbox: OAuth, API tokens, scene codes, pushed events, mini programs."""

import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

import sandbox
from wechatpy import WeChatClient, WeChatOAuth, parse_message
from wechatpy.crypto import WeChatCrypto, WeChatWxaCrypto
from wechatpy.exceptions import APILimitedException, WeChatClientException, WeChatOAuthException
from wechatpy.replies import create_reply
from wechatpy.utils import check_signature

CALLBACK = "http://localhost/callback?from=wechatpy"
TOKEN = "judgeToken2026"
AES_KEY = "9mAkn1IegZnH5qDUzwqk3RJxetkp/8daFYMgyIaveTQ"
STALE = "98_" + "x" * 128

CHECKS = []


def check(about):
    def keep(function):
        CHECKS.append((about, function))
        return function

    return keep


def client(kind, token=None):
    app = sandbox.app(kind)
    return WeChatClient(app["app_id"], app["app_secret"], access_token=token)


def oauth(kind, scope):
    app = sandbox.app(kind)
    return WeChatOAuth(app["app_id"], app["app_secret"], CALLBACK, scope, "S1")


def code_for(login, person, **order):
    gone = sandbox.act(person, "authorize", url=login.authorize_url, **order)["location"]
    found = sandbox.parameters(gone)
    assert gone.startswith("http://localhost/callback?from=wechatpy&code=") and found["state"] == "S1", gone
    return found["code"]


@check("an official account: authorize, exchange, profile, refresh, check")
def _():
    login = oauth("official_account", "snsapi_userinfo")
    pair = login.fetch_access_token(code_for(login, "lin-xiaoman"))
    assert "errcode" not in pair and pair["unionid"].startswith("o"), pair
    profile = login.get_user_info()
    assert profile["nickname"] == "小满" and profile["openid"] == pair["openid"], profile
    assert login.refresh_access_token(pair["refresh_token"])["openid"] == pair["openid"]
    assert login.check_access_token() is True


@check("a code is exchanged once")
def _():
    login = oauth("official_account", "snsapi_base")
    code = code_for(login, "chen-mo")
    login.fetch_access_token(code)
    try:
        login.fetch_access_token(code)
    except WeChatOAuthException as error:
        assert error.errcode == 40163 and error.errmsg.startswith("code been used, rid: "), error
    else:
        raise AssertionError("the second exchange succeeded")


@check("a token of snsapi_base reads no profile")
def _():
    login = oauth("official_account", "snsapi_base")
    pair = login.fetch_access_token(code_for(login, "chen-mo"))
    assert "unionid" not in pair, pair
    try:
        login.get_user_info()
    except WeChatOAuthException as error:
        assert error.errcode == 48001, error
    else:
        raise AssertionError("it read one")


@check("a token is not good for another person's openid")
def _():
    login = oauth("official_account", "snsapi_userinfo")
    login.fetch_access_token(code_for(login, "chen-mo"))
    try:
        login.check_access_token(openid="o" + "0" * 27)
    except WeChatOAuthException as error:
        assert error.errcode == 40003, error
    else:
        raise AssertionError("it is")


@check("a snapshot visitor is marked")
def _():
    login = oauth("official_account", "snsapi_userinfo")
    pair = login.fetch_access_token(code_for(login, "chen-mo", snapshot=True))
    assert pair["is_snapshotuser"] == 1, pair


@check("a website: QR page, scan, long poll, exchange")
def _():
    login = oauth("website", "snsapi_login")
    page = requests.get(login.qrconnect_url).text
    uuid = page.split("/connect/qrcode/")[1].split('"')[0]
    order = {"url": f"https://open.weixin.qq.com/connect/confirm?uuid={uuid}", "person": "ye-zi"}
    sandbox.call("POST", "/sandbox/scan", {**order, "decision": "approve"})
    news = requests.get(f"https://open.weixin.qq.com/connect/l/qrconnect?f=json&uuid={uuid}").json()
    assert news["wx_errcode"] == 405, news
    pair = login.fetch_access_token(news["wx_code"])
    assert pair["scope"] == "snsapi_login" and login.get_user_info()["nickname"] == "叶子🍃👩‍🌾"


@check("a stale API token is replaced and the call repeated")
def _():
    account = client("official_account", token=STALE)
    sandbox.act("chen-mo", "follow", app_id=account.appid)
    openid = sandbox.call("GET", f"/sandbox/people/chen-mo/openids/{account.appid}")["openid"]
    told = account.user.get(openid)
    assert told["subscribe"] == 1 and told["openid"] == openid, told
    assert account.session.get(account.access_token_key) != STALE


@check("a wrong secret is refused with its errcode")
def _():
    account = WeChatClient(sandbox.app("official_account")["app_id"], "0" * 32)
    try:
        account.user.get("oSomebody")
    except WeChatClientException as error:
        assert error.errcode == 40125 and error.errmsg.startswith("invalid appsecret rid: "), error
    else:
        raise AssertionError("it was taken")


@check("an exhausted quota is a limit to wechatpy")
def _():
    account = client("official_account")
    quota = {"name": "/cgi-bin/ticket/getticket", "limit": 0}
    sandbox.call("POST", "/sandbox/switches", {"quota": quota})
    try:
        account.jsapi.get_ticket()
    except APILimitedException as error:
        assert error.errcode == 45009, error
    else:
        raise AssertionError("there was a ticket")
    finally:
        sandbox.call("DELETE", "/sandbox/switches")


@check("a page's ticket")
def _():
    ticket = client("official_account").jsapi.get_ticket()
    assert ticket["errcode"] == 0 and ticket["expires_in"] <= 7200 and ticket["ticket"], ticket


class Account(BaseHTTPRequestHandler):
    """The server of the official account, with wechatpy's own reading and writing."""

    heard = []
    crypto = None

    def query(self):
        found = sandbox.parameters(self.path)
        check_signature(TOKEN, found["signature"], found["timestamp"], found["nonce"])
        return found

    def answer(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(self.query()["echostr"])

    def do_POST(self):
        found = self.query()
        xml = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.crypto:
            assert found["encrypt_type"] == "aes"
            xml = self.crypto.decrypt_message(xml, found["msg_signature"], found["timestamp"], found["nonce"])
        message = parse_message(xml)
        self.heard.append(message)
        reply = create_reply("你好", message).render()
        if self.crypto:
            reply = self.crypto.encrypt_message(reply, found["nonce"], found["timestamp"])
        self.answer(reply)

    def log_message(self, *_):
        """Says nothing."""


def hear_a_scan(mode, person):
    account = client("official_account")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Account)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Account.heard = []
    Account.crypto = WeChatCrypto(TOKEN, AES_KEY, account.appid) if mode != "plain" else None
    settings = {
        "server_url": f"http://127.0.0.1:{server.server_port}/wechat",
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "mode": mode,
    }
    try:
        sandbox.call("PUT", f"/sandbox/apps/{account.appid}/messages", settings)
        scene = {"scene": {"scene_str": f"judge_{mode}"}}
        made = account.qrcode.create(
            {"expire_seconds": 300, "action_name": "QR_STR_SCENE", "action_info": scene}
        )
        picture = account.qrcode.show(made)
        assert picture.headers["content-type"] == "image/jpeg" and picture.content[:3] == b"\xff\xd8\xff"
        order = {"url": made["url"], "person": person, "decision": "approve"}
        pushes = [sandbox.call("POST", "/sandbox/scan", order)["push"] for _ in range(2)]
        assert [push["reply"] for push in pushes] == ["你好", "你好"], pushes
        follow, scan = Account.heard
        assert (follow.event, follow.scene_id, follow.ticket) == (
            "subscribe_scan",
            f"judge_{mode}",
            made["ticket"],
        )
        assert (scan.event, scan.scene_id) == ("scan", f"judge_{mode}")
        told = account.user.get(follow.source)
        assert told["qr_scene_str"] == f"judge_{mode}" and told["unionid"].startswith("o"), told
    finally:
        sandbox.call("DELETE", f"/sandbox/apps/{account.appid}/messages")
        server.shutdown()


for mode, person in [("plain", "visitor-1"), ("compatible", "visitor-2"), ("aes", "visitor-3")]:
    check(f"a scanned scene code is pushed and answered, {mode}")(
        lambda mode=mode, person=person: hear_a_scan(mode, person)
    )


@check("a mini program: login, sealed profile, phone number")
def _():
    program = client("mini_program")
    login = sandbox.act("lin-xiaoman", "wx-login", app_id=program.appid)
    session = program.wxa.code_to_session(login["code"])
    assert "errcode" not in session, session
    crypto = WeChatWxaCrypto(session["session_key"], login["iv"], program.appid)
    profile = crypto.decrypt_message(login["encryptedData"])
    assert profile["openId"] == session["openid"] and profile["unionId"] == session["unionid"], profile
    phone = sandbox.act("lin-xiaoman", "phone-code", app_id=program.appid)
    number = program.wxa.get_phone_number(phone["code"])["phone_info"]
    assert number["purePhoneNumber"] == "13800138001" and number["countryCode"] == "86", number


@check("a mini program's codes are pictures, its errors are not")
def _():
    program = client("mini_program")
    for picture in [
        program.wxa.get_wxa_code_unlimited("login/7f3a", page="pages/login"),
        program.wxa.get_wxa_code("pages/login?scene=7f3a"),
        program.wxa.create_qrcode("pages/login?scene=7f3a"),
    ]:
        assert picture.headers["content-type"] == "image/jpeg" and picture.content[:3] == b"\xff\xd8\xff"
    try:
        program.wxa.get_wxa_code_unlimited("x" * 33)
    except WeChatClientException as error:
        assert error.errcode == 40169, error
    else:
        raise AssertionError("a scene of 33 characters was drawn")


failed = False
for about, function in CHECKS:
    try:
        function()
        print(f"ok   wechatpy: {about}")
    except Exception:
        failed = True
        print(f"FAIL wechatpy: {about}")
        traceback.print_exc(file=sys.stdout)
sys.exit(failed)
