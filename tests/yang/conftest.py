# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cisco's models, loaded once: that takes 20 s."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.tests.yang.schema import DataModel, NoModels, load


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> DataModel:
    missing = ""
    try:
        return load(tmp_path_factory.mktemp("yang"))
    except NoModels as error:
        missing = str(error)
    pytest.fail(missing, pytrace=False)
