"""The server of the tests does what the documentation of the JSON API says; asked by plain HTTP, not by a client."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google_crc32c
import pytest
import requests

from tests.fakes.gcs_faults import Answer
from tests.fakes.gcs_server import GcsServer

QUANTUM = 256 << 10
CONTENT = bytes(range(256)) * 4096  # 1 MiB


def crc32c(content: bytes) -> str:
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer(["lake"]) as server:
        yield server


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def multipart(
    http: requests.Session, server: GcsServer, content: bytes, query: str = "", **metadata: str
) -> requests.Response:
    head = f"--b\r\nContent-Type: application/json\r\n\r\n{json.dumps({'name': 'dir/x', **metadata})}\r\n"
    body = head.encode() + b"--b\r\nContent-Type: text/plain\r\n\r\n" + content + b"\r\n--b--\r\n"
    url = f"{server.url}/upload/storage/v1/b/lake/o?uploadType=multipart{query}"
    return http.post(url, body, headers={"Content-Type": "multipart/related; boundary=b"})


def begin(http: requests.Session, server: GcsServer, query: str = "", **metadata: str) -> str:
    url = f"{server.url}/upload/storage/v1/b/lake/o?uploadType=resumable&name=dir%2Fx{query}"
    answer = http.post(url, json=metadata, headers={"X-Upload-Content-Type": "text/plain"})
    assert answer.status_code == 200
    return answer.headers["Location"]


def chunk(
    http: requests.Session, session: str, content: bytes, of: str, headers: dict[str, str] | None = None
) -> requests.Response:
    return http.put(session, content, headers={"Content-Range": f"bytes {of}", **(headers or {})})


def reason(answer: requests.Response) -> str:
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"] == answer.status_code
    return str(error["errors"][0]["reason"])


def test_a_multipart_upload_becomes_an_object(server: GcsServer, http: requests.Session) -> None:
    answer = multipart(http, server, CONTENT, contentType="text/csv", crc32c=crc32c(CONTENT), md5Hash=md5(CONTENT))
    assert answer.status_code == 200
    resource = answer.json()
    assert resource == http.get(f"{server.url}/storage/v1/b/lake/o/dir%2Fx").json()
    wanted = {"kind": "storage#object", "name": "dir/x", "bucket": "lake", "size": str(len(CONTENT))}
    wanted |= {"crc32c": crc32c(CONTENT), "md5Hash": md5(CONTENT), "contentType": "text/csv"}
    assert wanted.items() <= resource.items()
    media = http.get(f"{server.url}/download/storage/v1/b/lake/o/dir%2Fx?alt=media")
    assert media.content == CONTENT
    assert media.headers["X-Goog-Hash"] == f"crc32c={crc32c(CONTENT)},md5={md5(CONTENT)}"
    assert media.headers["X-Goog-Generation"] == resource["generation"]


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"crc32c": "AAAAAA=="}, 'Provided CRC32C "AAAAAA=="'),
        ({"md5Hash": md5(b"")}, f'Provided MD5 hash "{md5(b"")}"'),
    ],
)
def test_content_with_another_checksum_is_refused(
    server: GcsServer, http: requests.Session, metadata: dict[str, str], words: str
) -> None:
    answer = multipart(http, server, CONTENT, **metadata)
    assert (answer.status_code, reason(answer)) == (400, "invalid")
    assert answer.json()["error"]["message"].startswith(words + " doesn't match calculated ")
    session = begin(http, server, **metadata)
    assert chunk(http, session, CONTENT, f"0-{len(CONTENT) - 1}/{len(CONTENT)}").status_code == 400
    assert chunk(http, session, b"", "*/*").status_code == 410
    assert server.objects("lake") == {}


def test_a_resumable_upload_goes_by_chunks(server: GcsServer, http: requests.Session) -> None:
    session = begin(http, server, crc32c=crc32c(CONTENT))
    fresh = chunk(http, session, b"", "*/*")
    assert (fresh.status_code, "Range" in fresh.headers) == (308, False)
    first = chunk(http, session, CONTENT[: QUANTUM + 5], f"0-{QUANTUM + 4}/*")
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{QUANTUM - 1}")  # multiples are kept
    second = chunk(http, session, bytes(QUANTUM) + CONTENT[QUANTUM : 2 * QUANTUM], f"0-{2 * QUANTUM - 1}/{4 * QUANTUM}")
    assert second.headers["Range"] == f"bytes=0-{2 * QUANTUM - 1}"  # bytes that are kept already are ignored
    status = chunk(http, session, b"", f"*/{4 * QUANTUM}")
    assert (status.status_code, status.headers["Range"]) == (308, second.headers["Range"])
    assert chunk(http, session, CONTENT[3 * QUANTUM :], f"{3 * QUANTUM}-{4 * QUANTUM - 1}/*").status_code == 400
    assert server.objects("lake") == {}
    last = chunk(http, session, CONTENT[2 * QUANTUM :], f"{2 * QUANTUM}-{4 * QUANTUM - 1}/{4 * QUANTUM}")
    assert last.status_code == 200
    assert last.json() == chunk(http, session, b"", "*/*").json() == http.put(session, CONTENT).json()
    assert server.objects("lake")["dir/x"].content == CONTENT
    assert last.json()["contentType"] == "text/plain"


def test_the_last_chunk_may_bring_the_checksum(server: GcsServer, http: requests.Session) -> None:
    of = f"0-{len(CONTENT) - 1}/{len(CONTENT)}"
    wrong = chunk(http, begin(http, server), CONTENT, of, {"X-Goog-Hash": "crc32c=AAAAAA=="})
    assert (wrong.status_code, reason(wrong)) == (400, "invalid")
    right = {"X-Goog-Hash": f"crc32c={crc32c(CONTENT)},md5={md5(CONTENT)}"}
    assert chunk(http, begin(http, server), CONTENT, of, right).status_code == 200


def test_generations_are_compared(server: GcsServer, http: requests.Session) -> None:
    assert multipart(http, server, b"1", "&ifGenerationMatch=0").status_code == 200
    taken = multipart(http, server, b"2", "&ifGenerationMatch=0")
    assert (taken.status_code, reason(taken)) == (412, "conditionNotMet")
    assert chunk(http, begin(http, server, "&ifGenerationMatch=0"), b"2", "0-0/1").status_code == 412
    generation = server.objects("lake")["dir/x"].generation
    assert multipart(http, server, b"2", f"&ifGenerationMatch={generation}").status_code == 200
    url = f"{server.url}/storage/v1/b/lake/o/dir%2Fx?ifGenerationMatch="
    assert [http.get(url + str(generation)).status_code, http.delete(url + str(generation)).status_code] == [412, 412]
    assert http.delete(url + str(server.objects("lake")["dir/x"].generation)).status_code == 204
    assert http.get(url.partition("?")[0] + "?ifMetagenerationMatch=1").status_code == 501


def test_what_is_missing_is_said(server: GcsServer, http: requests.Session) -> None:
    for path in ("b/lake/o/none", "b/lake/o/none?alt=media", "b/none", "b/none/o", "b/none/o/x"):
        answer = http.get(f"{server.url}/storage/v1/{path}")
        assert (answer.status_code, reason(answer)) == (404, "notFound")
    assert http.delete(f"{server.url}/storage/v1/b/lake/o/none").status_code == 404
    session = f"{server.url}/upload/storage/v1/b/lake/o?uploadType=resumable&upload_id=none"
    assert chunk(http, session, b"", "*/*").status_code == 404
    assert http.get(f"{server.url}/storage/v1/b/lake").json()["name"] == "lake"


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=-1", 206, b"9"),
        ("bytes=10-", 416, None),
    ],
)
def test_a_part_of_the_media(
    server: GcsServer, http: requests.Session, wanted: str, status: int, content: bytes | None
) -> None:
    server.put("lake", "x", b"0123456789")
    answer = http.get(f"{server.url}/storage/v1/b/lake/o/x?alt=media", headers={"Range": wanted})
    assert answer.status_code == status
    assert content is None or answer.content == content


def test_what_is_marked_as_encoded_is_unpacked_for_who_does_not_ask_for_it(
    server: GcsServer, http: requests.Session
) -> None:
    packed = gzip.compress(CONTENT)
    for encoding, plain in ((None, packed), ("gzip", CONTENT)):
        answer = multipart(http, server, packed, **({"contentEncoding": encoding} if encoding else {}))
        assert answer.json().get("contentEncoding") == encoding
        for accepted, received in (("identity", plain), ("gzip", packed)):
            url = f"{server.url}/storage/v1/b/lake/o/dir%2Fx?alt=media"
            with http.get(url, headers={"Accept-Encoding": accepted}, stream=True) as media:
                assert media.raw.read(decode_content=False) == received


def test_a_list_comes_in_pages(server: GcsServer, http: requests.Session) -> None:
    for name in ("b/2", "a", "b/1", "b/3", "c"):
        server.put("lake", name, b"")
    url = f"{server.url}/storage/v1/b/lake/o"
    assert [item["name"] for item in http.get(url).json()["items"]] == ["a", "b/1", "b/2", "b/3", "c"]
    page = http.get(url, params={"prefix": "b/", "maxResults": "2"}).json()
    assert [item["name"] for item in page["items"]] == ["b/1", "b/2"]
    rest = http.get(url, params={"prefix": "b/", "maxResults": "2", "pageToken": page["nextPageToken"]}).json()
    assert [item["name"] for item in rest["items"]] == ["b/3"]
    assert "nextPageToken" not in rest
    assert "items" not in http.get(url, params={"prefix": "d"}).json()


def test_faults_befall_the_first_requests_of_a_kind_and_name(server: GcsServer, http: requests.Session) -> None:
    server.add_fault(Answer(503), "get", "x", times=2)
    server.put("lake", "x", b"")
    url = f"{server.url}/storage/v1/b/lake/o/"
    assert [http.get(url + name).status_code for name in "yxxx"] == [404, 503, 503, 200]
    assert [server.count("get"), server.count("get", "x"), server.count("")] == [4, 3, 4]


def test_uploads_share_a_link() -> None:
    with GcsServer(["lake"], bytes_per_s=4 << 20, discard=True) as server, requests.Session() as http:
        began = time.monotonic()
        threads = [threading.Thread(target=multipart, args=(http, server, CONTENT)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 0.5 <= time.monotonic() - began < 2.0
        stored = server.objects("lake")["dir/x"]
        assert (stored.content, stored.size, stored.crc32c) == (b"", len(CONTENT), google_crc32c.value(CONTENT))


def test_it_serves_another_process_until_it_is_told_to_end(tmp_path: Path) -> None:
    port = tmp_path / "port"
    command = [sys.executable, "-m", "tests.fakes.gcs_server", "--port-file", str(port), "--bucket", "lake"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        try:
            deadline = time.monotonic() + 10
            while not port.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            answer = requests.get(f"http://127.0.0.1:{port.read_text()}/storage/v1/b/lake/o", timeout=5)
            assert answer.json() == {"kind": "storage#objects"}
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
