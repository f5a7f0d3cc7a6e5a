"""The sandbox in place of WeChat's hosts, and the phone of its people."""

import json
import os
import urllib.parse
import urllib.request

import requests.sessions
from requests.adapters import HTTPAdapter

URL = os.environ["YAOPAI_SANDBOX_URL"].rstrip("/")
HOSTS = {"api.weixin.qq.com", "open.weixin.qq.com", "mp.weixin.qq.com"}


def here(url):
    """The address on the sandbox that stands for one of WeChat's; others stay as they are."""
    parts = urllib.parse.urlsplit(url)
    if parts.hostname not in HOSTS:
        return url
    return URL + urllib.parse.urlunsplit(("", "", parts.path, parts.query, parts.fragment))


class Intercepted(HTTPAdapter):
    """Sends what is meant for WeChat to the sandbox, so that clients keep their constant addresses."""

    def send(self, request, **options):
        request.url = here(request.url)
        return super().send(request, **options)


# Every session made from now on, also those that `requests.get` makes, finds its adapter by this name.
requests.sessions.HTTPAdapter = Intercepted


def call(method, path, body=None):
    """Asks the sandbox as a script does; the answer, or nothing if it has no body."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def app(kind):
    """The built-in app of a kind."""
    return next(app for app in call("GET", "/sandbox/apps") if app["kind"] == kind)


def act(person, what, **order):
    """Somebody does something with the phone."""
    return call("POST", f"/sandbox/people/{person}/{what}", order)


def parameters(url):
    """What stands in the query of an address."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
