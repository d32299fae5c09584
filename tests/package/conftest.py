# SPDX-License-Identifier: Apache-2.0
import pytest
from package_fixture import packages


@pytest.fixture(scope="session")
def debs():
    return packages()
