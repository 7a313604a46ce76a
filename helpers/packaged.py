"""Texts that come with the package, in YAML files beside the modules that use them."""

from pathlib import Path

import yaml

# the parser in C, where PyYAML has it: a tenth of the time
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def packaged_yaml(path: Path):
    """What a YAML file of the package says."""
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)
