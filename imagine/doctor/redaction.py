"""What a report may say: no passwords, tokens, names of machines or folders, and no addresses.

One pass over all that a check says, so that whoever writes one need not think of it. What is known
to be secret is looked for by its form, what is only private by what the settings name.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from imagine.doctor.checks import Check, Diagnosis
from imagine.settings import Settings, is_everywhere, is_loopback

HIDDEN = "***"
_CREDENTIALS = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s\"'<>|]*@", re.IGNORECASE)
_QUERY = re.compile(r"([?&][\w.%~-]+=)[^\s&#\"'<>)`|]+")
_NAMED = re.compile(
    r"(\b[\w-]*(?:token|api[_-]?key|secret|passw(?:or)?d|authorization|cookie|signature)\b"
    r"[\"']?\s*[:=]\s*[\"']?)(?!\*\*\*)[^\s\"'&,;]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
_KEYS = re.compile(r"\b(?:sk-|hf_|gh[pousr]_|github_pat_|xox[abprs]-|AKIA)[\w-]{8,}")
_URL_HOST = re.compile(r"\b[a-z][a-z0-9+.-]*://(?:\*\*\*@)?(\[[0-9a-f:.%]+\]|[^\s/:?#\"'<>)`|]+)")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:%\w+)?(?![\w:])")
_HOMES = re.compile(r"(?:/home|/Users)/[^/\s\"'`|]+|\b[A-Za-z]:\\{1,2}Users\\{1,2}[^\\\s\"'`|]+")
# Two parts and more. What follows a host or a word is no path of a disk.
_PATHS = re.compile(r"(?<![\w/.~:*…-])(?:/[^\s/\"'`|:,;)]+){2,}|\b[A-Za-z]:\\[^\s\"'`|:,;)]+")
# Paths of HTTP that our own sentences name.
_OURS = re.compile(r"/(?:api/|static/|upload/image)")
_HOST = re.compile(r"[\w.:%-]*[^\W_][\w.:%-]*")
_OWN_FOLDER = "\0output\0"


class Redactor:
    """Hides what is private; the same machine is the same ``host-1`` in all that one hides.

    The output folder keeps its path, for that is what a report is about; below a home it begins
    with ``~``.
    """

    def __init__(self, settings: Settings, *, hosts: Iterable[str] = (), home: Path | None = None):
        self._home = str(home or _home())
        self._output = str(settings.output.resolve())
        self._base_path = settings.base_path
        self._hosts: dict[str, str] = {}
        names = (urlsplit(url).hostname or "" for url in (*settings.comfyui_url, *hosts))
        for name in (*names, *settings.allowed_hosts, settings.host, socket.gethostname()):
            self._name(name)

    def text(self, text: str) -> str:
        """Return a text without what is private."""
        text = _CREDENTIALS.sub(rf"\1{HIDDEN}@", text)
        text = _QUERY.sub(rf"\1{HIDDEN}", text)
        text = _BEARER.sub(rf"\1 {HIDDEN}", text)
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        text = _KEYS.sub(HIDDEN, text)
        text = self._without_hosts(text)
        return self._without_paths(text)

    def diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """Return the same checks without what is private; their ids are never touched."""
        return replace(diagnosis, checks=tuple(map(self._check, diagnosis.checks)))

    def _check(self, check: Check) -> Check:
        return replace(
            check,
            message=self.text(check.message),
            fix=self.text(check.fix) if check.fix else check.fix,
            details=self.value(check.details),
        )

    def value(self, value: Any) -> Any:
        """Return JSON without what is private."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                return {key: self.value(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self.value(inner) for inner in value]
            case _:
                return value

    def _name(self, host: str) -> str:
        """Return what stands for a host; loopback and everywhere stand for themselves."""
        host = host.strip("[]")
        if not _HOST.fullmatch(host) or is_loopback(host) or is_everywhere(host):
            return host
        return self._hosts.setdefault(host.lower(), f"host-{len(self._hosts) + 1}")

    def _without_hosts(self, text: str) -> str:
        for found in _URL_HOST.findall(text):
            self._name(found)
        # The longest first: one may be the beginning of another. In one go, for a machine may be
        # called host-1 itself.
        known = "|".join(map(re.escape, sorted(self._hosts, key=len, reverse=True)))
        if known:
            pattern = rf"(?<=//)(?i:{known})(?=[:/]|$)|(?<![\w.-])(?:{known})(?![\w-])"
            text = re.sub(pattern, lambda found: self._name(found[0]), text)
        text = _IPV4.sub(self._address, text)
        return _IPV6.sub(self._address, text)

    def _address(self, found: re.Match[str]) -> str:
        try:
            ipaddress.ip_address(found[0].partition("%")[0])
        except ValueError:
            return found[0]
        return self._name(found[0])

    def _without_paths(self, text: str) -> str:
        text = text.replace(self._output, _OWN_FOLDER)
        text = self._without_home(text)
        text = _PATHS.sub(self._last_part, text)
        return text.replace(_OWN_FOLDER, self._without_home(self._output))

    def _without_home(self, text: str) -> str:
        if len(self._home) > 1:  # in some containers it is /
            text = re.sub(rf"{re.escape(self._home)}(?![\w-])", "~", text)
        return _HOMES.sub("~", text)

    def _last_part(self, found: re.Match[str]) -> str:
        path = found[0]
        if _OURS.search(path) or (self._base_path and path.startswith(self._base_path)):
            return path
        return "…/" + re.split(r"[/\\]", path)[-1]


def _home() -> Path | str:
    try:
        return Path.home()
    except RuntimeError:  # in a container, for a user that has none
        return ""
