"""Google's Artifact Registry and gcr.io: an access token is the password of `oauth2accesstoken`.

Where it comes from is found as Google's own libraries do: the file that the environment or gcloud
names, else the metadata server.

https://cloud.google.com/docs/authentication/application-default-credentials
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from imagebot.http.endpoint import Endpoint
from imagebot.registry.cloud.client import CloudClient, Grant
from imagebot.registry.cloud.gcp_file import token_of_file
from imagebot.registry.cloud.lease import Lease
from imagebot.text import clean

_USERNAME = "oauth2accesstoken"
_METADATA = "169.254.169.254"
_ACCOUNT = "/computeMetadata/v1/instance/service-accounts/default/"
_FLAVOR = {"Metadata-Flavor": "Google"}


def log_in(client: CloudClient, _endpoint: Endpoint) -> Lease[Grant]:
    """The password of a registry of Google's. Raises CredentialError."""
    named = client.env.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    path = named or _gcloud_file(client.env)
    data = client.read_file(path) if path else None
    if data is None and named:
        raise client.error(f"{named}: no such file", "check GOOGLE_APPLICATION_CREDENTIALS")
    if data is None:
        return _of_metadata(client)
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise client.error(f"{path}: it is not JSON") from exc
    if not isinstance(fields, dict):
        raise client.error(f"{path}: it is not a JSON object")
    token = token_of_file(client, path, fields)
    return Lease(replace(token.value, username=_USERNAME), token.seconds)


def _gcloud_file(env: Mapping[str, str]) -> str:
    """Where `gcloud auth application-default login` writes to."""
    folder = env.get("CLOUDSDK_CONFIG")
    if not folder:
        folder = f"{env['HOME']}/.config/gcloud" if env.get("HOME") else ""
    return f"{folder}/application_default_credentials.json" if folder else ""


def _of_metadata(client: CloudClient) -> Lease[Grant]:
    """The token of the service account of this machine, or of the pod's in GKE."""
    # By number: whoever answers for a name in a DNS would be believed.
    host = client.env.get("GCE_METADATA_HOST") or _METADATA
    response = client.ask_metadata(
        f"http://{host}{_ACCOUNT}token",
        headers=_FLAVOR,
        hint="set GOOGLE_APPLICATION_CREDENTIALS, or give this machine or pod a service account",
    )
    if response.header("Metadata-Flavor") != "Google":
        raise client.error(f"{host} is not a metadata server of Google")
    fields = client.json_fields(response)
    token = client.secret_field(response, fields, "access_token")
    email = client.ask_metadata(f"http://{host}{_ACCOUNT}email", headers=_FLAVOR)
    name = clean(email.body.decode("utf-8", "replace"))
    grant = Grant(_USERNAME, token, f"service account {name}, of the metadata server")
    return Lease(grant, client.lifetime(fields.get("expires_in")))
