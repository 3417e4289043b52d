"""A BigQuery inside the tests that trains ARIMA_PLUS models by name: a server in front of the emulator.

Every request goes on to the emulator as it came, but for two kinds of statements. `CREATE MODEL` becomes a table: for
each meter and hour of the day the mean and the scatter of what was learnt. `ML.DETECT_ANOMALIES` becomes a query of it:
the probability grows with the distance from that mean; hours that were learned from, and meters that are not known, get
NULL, as in BigQuery. This is no ARIMA; it stands for what goes in and what comes out.

Objects of the local storage server are laid before the emulator when a load job names them.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from tests.fakes.bigquery_server import emulator
from tests.fakes.dataplex_tables import without_detection
from tests.fakes.gcs_server import GcsServer

_CREATE_MODEL = re.compile(r"CREATE OR REPLACE MODEL `([^`]+)`\s*OPTIONS \((.*?)\) AS\s(.*?);?\s*$", re.DOTALL)
_OPTION = re.compile(r"(\w+) = (?:'([^']*)'|(\d+))")
_HOP = ("connection", "transfer-encoding", "content-length", "host", "accept-encoding")


@dataclass
class Front:
    """The server that clients reach at `url`; `models` says by name what each model was trained with."""

    emulator_url: str
    storage: GcsServer
    bucket_root: Path
    url: str = ""
    models: dict[str, dict[str, str]] = field(default_factory=dict)

    def rewritten(self, sql: str) -> str:
        """*sql* as the emulator understands it."""
        if created := _CREATE_MODEL.search(sql):
            name, options, training = created.groups()
            self.models[name] = {key: text or number for key, text, number in _OPTION.findall(options)}
            return self._training(name, training)
        return without_detection(sql, self._judging)

    def _training(self, name: str, training: str) -> str:
        value = self.models[name]["TIME_SERIES_DATA_COL"]
        return (
            f"CREATE OR REPLACE TABLE `{name}` AS WITH training AS ({training})"
            f" SELECT mac, EXTRACT(HOUR FROM time_hour_rolled) AS hour, AVG({value}) AS centre,"
            f" GREATEST(STDDEV({value}), 0.001) AS spread,"
            " (SELECT MAX(time_hour_rolled) FROM training) AS learnt_until FROM training GROUP BY mac, hour"
        )

    def _judging(self, name: str, threshold: str, points: str) -> str:
        value = self.models[name]["TIME_SERIES_DATA_COL"]
        reach = f"SQRT(-2 * LN(1 - {threshold})) * spread"
        return (
            f"(SELECT mac, time_hour_rolled, {value}, probability > {threshold} AS is_anomaly,"
            " probability AS anomaly_probability, lower_bound, upper_bound FROM (SELECT points.*,"
            f" IF(points.time_hour_rolled > learnt_until, 1 - EXP(-POW(({value} - centre) / spread, 2) / 2), NULL)"
            f" AS probability, centre - {reach} AS lower_bound, centre + {reach} AS upper_bound"
            f" FROM ({points}) AS points LEFT JOIN `{name}` AS model ON model.mac = points.mac"
            " AND model.hour = EXTRACT(HOUR FROM points.time_hour_rolled)) AS compared) AS detected"
        )

    def lay_out(self, uri: str) -> None:
        """Copy ``gs://bucket/name`` to where the emulator looks for it."""
        bucket, name = uri.removeprefix("gs://").split("/", 1)
        file = self.bucket_root / bucket / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(self.storage.objects(bucket)[name].content))

    def prepared(self, path: str, content: bytes) -> bytes:
        """The body of a request as the emulator gets it."""
        if not path.endswith("/jobs") or not content:
            return content
        job = json.loads(content)
        configuration = job["configuration"]
        if "query" in configuration:
            configuration["query"]["query"] = self.rewritten(configuration["query"]["query"])
        for uri in configuration.get("load", {}).get("sourceUris", []):
            self.lay_out(uri)
        return json.dumps(job).encode()


@contextmanager
def bigquery_with_models(storage: GcsServer, bucket_root: Path) -> Iterator[Front]:
    """The emulator with its front; *bucket_root* is an empty folder."""
    with emulator(bucket_root) as emulator_url:
        front = Front(emulator_url, storage, bucket_root)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(front))
        server.daemon_threads = True
        front.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield front
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(front: Front) -> type[BaseHTTPRequestHandler]:
    address = urlparse(front.emulator_url).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = front.prepared(urlparse(self.path).path, content) if self.command == "POST" else content
            connection = http.client.HTTPConnection(address, timeout=60)
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP}
            connection.request(self.command, self.path, content, headers)
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            self.send_response(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in _HOP:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_PATCH = do_PUT = _pass_on

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    return Handler
