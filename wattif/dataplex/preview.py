"""Dataplex's own anomaly rule: a private preview, which neither the client library nor gcloud knows.

It needs no models: a rule `data_anomaly_detection`, and a block `anomaly_detection` in the spec, go as raw JSON to the
REST API. Projects that are not on the preview's list are refused. Names are the preview's, in snake case, which the API
reads as well as its camel case.
"""

from __future__ import annotations

import re
from typing import Any

import requests
from google.api_core import exceptions as api
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.cloud import dataplex_v1
from google.protobuf.json_format import MessageToDict

from wattif.dataplex.errors import explain
from wattif.dataplex.options import DataplexOptions
from wattif.dataplex.scan import data_scan, plain_rules, yaml_of
from wattif.dataplex.wait import Clock, wait_until
from wattif.errors import WarehouseError
from wattif.tables.hours import HOUR, HOUR_ENERGY

_SERVICE = "https://dataplex.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT_S = 60.0
_CREATION_S = 600.0


def request_body(options: DataplexOptions) -> dict[str, Any]:
    """The scan as JSON, with the preview's rule in the place of those that ask the models."""
    scan = data_scan(options)
    scan.data_quality_spec.rules = plain_rules(options)
    body: dict[str, Any] = MessageToDict(dataplex_v1.DataScan.pb(scan), preserving_proto_field_name=True)
    spec = body["data_quality_spec"]
    spec["rules"].insert(
        0,
        {
            "name": "anomaly",
            "column": HOUR_ENERGY.name,
            "dimension": "ACCURACY",
            "description": f"hours that stand out, at {options.threshold!r}",
            "data_anomaly_detection": {
                "metrics": options.metric_names,
                "anomaly_probability_threshold": options.threshold,
            },
        },
    )
    spec["anomaly_detection"] = {
        "aggregation_window": "3600s",
        "timestamp_column": HOUR.name,
        "bigquery_export": {
            "intermediate_dataset": f"{options.project}.{options.dataset}",
            "result_table": f"{options.project}.{options.dataset}.{options.scan.replace('-', '_')}_anomalies",
        },
    }
    return body


def as_yaml(options: DataplexOptions) -> str:
    """The request as YAML, under its address."""
    return f"# POST {_SERVICE}{_path(options)}, as JSON; gcloud does not know this preview\n" + yaml_of(
        request_body(options)
    )


def create(options: DataplexOptions, clock: Clock, emulator: str | None = None) -> str:
    """Create the scan by the REST API, at host:port *emulator* if that is given; what to say of it.

    `WarehouseError` when it is refused. A scan that is there under its id is not compared: the preview's parts cannot
    be read back with certainty.
    """
    endpoint = f"http://{emulator}" if emulator else _SERVICE
    try:
        with AuthorizedSession(_credentials(emulator)) as session:
            operation = _answer(
                session.post(f"{endpoint}{_path(options)}", json=request_body(options), timeout=_TIMEOUT_S)
            )

            def ended() -> dict[str, Any] | None:
                nonlocal operation
                if not operation.get("done"):
                    operation = _answer(session.get(f"{endpoint}/v1/{operation['name']}", timeout=_TIMEOUT_S))
                return operation if operation.get("done") else None

            result = wait_until(ended, clock, _CREATION_S, "the scan's creation")
    except api.Conflict:
        raise WarehouseError(
            f"{options.scan_name}: already exists, and a scan with preview rules is not compared; delete it with"
            " 'python -m wattif dataplex delete', or choose another `scan`"
        ) from None
    except api.BadRequest as error:
        if re.search(r'Unknown name "(data_)?anomaly_detection"', str(error.message)):
            raise WarehouseError(
                f"project {options.project}: it is not on the list of the anomaly rules' preview"
                f" ({error.message}); leave out `preview_anomaly_rules`: the models do the same"
            ) from None
        raise explain(error, options, endpoint) from error
    except (api.GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
        raise explain(error, options, endpoint) from error
    if "error" in result:
        failure = api.from_grpc_status(result["error"]["code"], result["error"]["message"])
        raise explain(failure, options, endpoint)
    return f"created {options.scan_name} with the preview's anomaly rule"


def _path(options: DataplexOptions) -> str:
    return f"/v1/{options.parent}/dataScans?dataScanId={options.scan}"


def _credentials(emulator: str | None) -> Credentials:
    if emulator:
        return AnonymousCredentials()
    import google.auth

    credentials: Credentials = google.auth.default(scopes=[_SCOPE])[0]
    return credentials


def _answer(response: requests.Response) -> dict[str, Any]:
    if not response.ok:
        raise api.from_http_response(response)
    document: dict[str, Any] = response.json()
    return document
