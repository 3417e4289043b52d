"""What the service's errors mean to the user: one line each, with the way out."""

from __future__ import annotations

import os
import re

from google.api_core import exceptions as api
from google.auth import exceptions as auth

from wattif.dataplex.options import DataplexOptions
from wattif.errors import WarehouseError

_AUTH_PLUGIN = "Getting metadata from plugin failed"  # how gRPC says that the credentials gave no token
_LOGIN = "run 'gcloud auth application-default login', or set GOOGLE_APPLICATION_CREDENTIALS to a key file"


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed when it is sent again."""
    transient = isinstance(error, api.ServiceUnavailable | api.DeadlineExceeded | api.TooManyRequests)
    return transient and _AUTH_PLUGIN not in str(error)


def explain(error: Exception, options: DataplexOptions, endpoint: str) -> WarehouseError:
    """The user's view of an error of the client library, of its credentials or of the network."""
    if isinstance(error, api.RetryError) and isinstance(error.cause, Exception):
        error = error.cause
    if isinstance(error, auth.DefaultCredentialsError):
        key = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        missing = f"the key file {key} cannot be used ({_words(error)})" if key else "no credentials"
        return WarehouseError(f"Dataplex: {missing}; {_LOGIN}")
    if isinstance(error, auth.GoogleAuthError) or _AUTH_PLUGIN in str(error):
        return WarehouseError(f"Dataplex: the credentials have expired ({_words(error)}); {_LOGIN}")
    if isinstance(error, api.GoogleAPICallError) and error.code is not None:
        return WarehouseError(_answered(error, options, endpoint))
    return WarehouseError(f"Dataplex: {endpoint} does not answer: {_words(error)}; check the network, then try again")


def _answered(error: api.GoogleAPICallError, options: DataplexOptions, endpoint: str) -> str:
    scan, words = options.scan_name, _words(error)
    if isinstance(error, api.ServiceUnavailable | api.DeadlineExceeded | api.GatewayTimeout | api.TooManyRequests):
        return f"Dataplex: {endpoint} does not answer: {words}; check the network, then run the same command again"
    if isinstance(error, api.Unauthorized):
        return f"Dataplex: the credentials are refused ({words}); {_LOGIN}"
    if isinstance(error, api.Forbidden):
        if error.reason == "SERVICE_DISABLED":
            return (
                f"project {options.project}: the Dataplex API is not enabled; run"
                f" 'gcloud services enable dataplex.googleapis.com --project={options.project}', wait a minute"
            )
        return f"{scan}: permission denied ({words}); {_needed_roles(options)}"
    if isinstance(error, api.NotFound):
        of_table = "dataScans/" not in words and re.search("table|dataset", words, re.IGNORECASE)
        if options.dataset is not None and of_table:
            return (
                f"{options.full_table}: there is no such table ({words}); load and roll up the readings first,"
                " or correct `dataset` and `table`"
            )
        return (
            f"{scan}: not found ({words}); create it with"
            f" 'python -m wattif dataplex create', or correct `project`, `location` and `scan`"
        )
    if isinstance(error, api.BadRequest):  # InvalidArgument and FailedPrecondition, too
        if any(word in words.lower() for word in ("location", "region")):
            return f"{scan}: refused: {words}; name the region of the dataset with `location`"
        if "OnDemand" in words or "on demand" in words.lower() or "on-demand" in words.lower():
            return f"{scan}: refused: {words}; it runs by its schedule: ask for 'results', or create it without one"
        return f"{scan}: refused: {words}; correct the option named here"
    return f"{scan}: {type(error).__name__}: {words}; run the same command again, or check the status of the service"


def _needed_roles(options: DataplexOptions) -> str:
    dataset = options.dataset or "DATASET"
    results = ".".join(options.full_results_table.split(".")[:-1]) if options.dataset else "the results' dataset"
    return (
        f"you need roles/dataplex.dataScanAdmin and roles/bigquery.jobUser on project {options.project} and"
        f" roles/bigquery.dataViewer on {options.project}.{dataset}; the service account"
        " service-PROJECT_NUMBER@gcp-sa-dataplex.iam.gserviceaccount.com needs roles/bigquery.dataViewer on"
        f" {options.project}.{dataset}, roles/bigquery.dataEditor on {results} and, where the table is external,"
        " roles/storage.objectViewer on the bucket"
    )


def _words(error: Exception) -> str:
    text = error.message if isinstance(error, api.GoogleAPICallError) and error.message else str(error)
    return " ".join(str(text).split()).rstrip(".")[:400]
