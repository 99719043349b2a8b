"""The libraries that asv's page takes from other hosts: fetched once from npm's registry and checked."""

from __future__ import annotations

import base64
import hashlib
import re
import tarfile
import urllib.request
from pathlib import Path

REGISTRY = "https://registry.npmjs.org"
# package and version -> the sha512 of its archive, as npm states it
PACKAGES = {
    "jquery-3.3.1":
        "Ubldcmxp5np52/ENotGxlLe6aGMvmF4R8S6tZjsP6Knsaxd/xp3Zrh50cG93lR6nPXyUFwzN3ZSOQI0wRJNdGg==",
    "bootstrap-3.1.1":
        "TAzqS8E/ISpVHP29gYhy+1NSV+FJwApDVQhDfgLYsIuUDJiqJzH2DfORN5tiu+Ie2iBLrzEG34t4Rf465cigqg==",
    "flot-0.8.3":
        "xg2otcTJDvS+ERK+my4wxG/ASq90QURXtoM4LhacCq0jQW2jbyjdttbRNqU2cPykrpMvJ6b2uSp6SAgYAzj9tQ==",
    "flot-orderbars-1.0.0":
        "Jv51fvzevUjNXEeozpwEKfPjhiZhfiJddv0WHjduUTCmSF+7T5K7C9c9Y1wIVmUhDBv5fLMjgbwKecT0GIKPZA==",
    "blueimp-md5-2.19.0":
        "DRQrD6gJyy8FbiE4s+bDoXS9hiW3Vbx5uCdwvcCf3zLHL+Iv7LtGHLpr+GZV8rHG8tK766FGYBwRbu8pELTt+w==",
    "stupid-table-plugin-1.1.3":
        "2Vk7XouQPxUQPRe9w0Fu7ZZ8kHLK7rDoLMsCgtKxRNJ7f4dSOGvW9CkHsq5wD6QsaEnWoyLBYH3xOEsrK3yWBg==",
}
# the last part of an address in asv's page -> package, and the file in it
FILES = {
    "jquery-3.3.1.min.js": ("jquery-3.3.1", "dist/jquery.min.js"),
    "jquery.flot.min.js": ("flot-0.8.3", "jquery.flot.js"),
    "jquery.flot.time.min.js": ("flot-0.8.3", "jquery.flot.time.js"),
    "jquery.flot.selection.min.js": ("flot-0.8.3", "jquery.flot.selection.js"),
    "jquery.flot.categories.min.js": ("flot-0.8.3", "jquery.flot.categories.js"),
    "jquery.flot.orderBars.js": ("flot-orderbars-1.0.0", "js/jquery.flot.orderBars.js"),
    "stupidtable.min.js": ("stupid-table-plugin-1.1.3", "stupidtable.min.js"),
    "md5.min.js": ("blueimp-md5-2.19.0", "js/md5.min.js"),
    "bootstrap.min.js": ("bootstrap-3.1.1", "dist/js/bootstrap.min.js"),
    "bootstrap.min.css": ("bootstrap-3.1.1", "dist/css/bootstrap.min.css"),
}
_REMOTE = re.compile(r'(src|href)="https?://[^"]*/([^"/]+)"')
_CHECKS = re.compile(r' (?:integrity|crossorigin|referrerpolicy)="[^"]*"')
_LEFT = re.compile(r'<(?:script|link|img)[^>]*(?:src|href)="https?://[^"]+"')


class NotVendoredError(Exception):
    """A library is not to be had, or asv's page asks for one that is not known here."""


def archive(package: str, kept: Path, fetch: bool = True) -> Path:
    """The archive of a package, from the folder where they are kept or the registry; its sum is checked."""
    path = kept / f"{package}.tgz"
    if not path.exists():
        if not fetch:
            raise NotVendoredError(f"{package} is not kept, and nothing is to be fetched")
        name = package.rpartition("-")[0]
        try:
            with urllib.request.urlopen(f"{REGISTRY}/{name}/-/{package}.tgz", timeout=30) as answer:
                data = answer.read()
        except OSError as error:
            raise NotVendoredError(f"{package} cannot be fetched from {REGISTRY} ({error})") from error
        kept.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if found != PACKAGES[package]:
        path.unlink()
        raise NotVendoredError(f"{package} from {REGISTRY} is not what it was: its sha512 is {found}")
    return path


def vendored(page: str, kept: Path, into: Path, fetch: bool = True) -> str:
    """asv's page with its libraries beside it, in a folder. Raises NotVendoredError."""
    into.mkdir(parents=True, exist_ok=True)

    def local(found: re.Match[str]) -> str:
        name = found[2]
        if name not in FILES:
            return found[0]
        package, inside = FILES[name]
        with tarfile.open(archive(package, kept, fetch)) as packed:
            member = next((m for m in packed.getmembers() if m.name.partition("/")[2] == inside), None)
            content = packed.extractfile(member) if member else None
            if content is None:
                raise NotVendoredError(f"{package} holds no {inside}")
            (into / name).write_bytes(content.read())
        return f'{found[1]}="{into.name}/{name}"'

    page = _CHECKS.sub("", _REMOTE.sub(local, page))
    if left := _LEFT.findall(page):
        raise NotVendoredError(f"asv's page asks for {left[0]}, which board/vendor.py does not know")
    return page
