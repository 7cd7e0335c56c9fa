"""Loads botocore's service models faster than botocore; imported when a client connects."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader, Loader
from pydantic_core import from_json

__all__ = ["ServiceModelLoader"]

_DECODERS: dict[str, Callable[[bytes], bytes]] = {".json": bytes, ".json.gz": gzip.decompress}


class _Files(JSONFileLoader):
    """Reads plain dicts, which take less than half of the time of botocore's ordered ones."""

    def load_file(self, file_path: str) -> Any:
        """Returns the content of a file, given its path without suffix; None without a file."""
        for suffix, decode in _DECODERS.items():
            path = Path(file_path + suffix)
            if path.is_file():
                return _parse(decode(path.read_bytes()))
        return None


def _parse(text: bytes) -> Any:
    try:
        return from_json(text)
    except ValueError:  # an encoding, a depth or a lone surrogate that only json accepts
        return json.loads(text)


class ServiceModelLoader(Loader):
    """Lists the folders of requested services only; botocore lists those of all 400 services."""

    def __init__(self, paths: list[str]) -> None:
        super().__init__(paths, file_loader=_Files(), include_default_search_paths=False)
        self._requested: set[str] = set()

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        """Returns a model of a service."""
        self._requested.add(service_name)
        return super().load_service_model(service_name, type_name, api_version)

    def list_available_services(self, type_name: str) -> list[str]:
        """Returns those requested services that have a model of a type."""
        return [service for service in sorted(self._requested) if self._has(service, type_name)]

    def _has(self, service: str, type_name: str) -> bool:
        try:
            return bool(self.list_api_versions(service, type_name))
        except DataNotFoundError:
            return False
