"""Finds and reads botocore's service models quicker than botocore; imported only when a client connects."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from typing import Any

from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader, Loader

__all__ = ["ServiceModelLoader"]

_OPENERS: dict[str, Callable[..., Any]] = {".json": open, ".json.gz": gzip.open}


class _Files(JSONFileLoader):
    """Reads plain dicts, which keep their order as well: ordered ones take four times as long."""

    def load_file(self, file_path: str) -> Any:
        """What stands in a file, whose name comes without its ending; None if there is none."""
        for ending, opener in _OPENERS.items():
            if os.path.isfile(file_path + ending):
                with opener(file_path + ending, "rb") as file:
                    return json.load(file)
        return None


class ServiceModelLoader(Loader):
    """Looks for a service in its own folders: botocore looks through those of all 400, for each type of model."""

    def __init__(self, paths: list[str]) -> None:
        super().__init__(paths, file_loader=_Files(), include_default_search_paths=False)
        self._asked: set[str] = set()

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        """A model of a service."""
        self._asked.add(service_name)
        return super().load_service_model(service_name, type_name, api_version)

    def list_available_services(self, type_name: str) -> list[str]:
        """The services, of those that were asked for, that have such a model."""
        return [service for service in sorted(self._asked) if self._has(service, type_name)]

    def _has(self, service: str, type_name: str) -> bool:
        try:
            return bool(self.list_api_versions(service, type_name))
        except DataNotFoundError:
            return False
