"""asv's files of regressions, of what our rule finds: its page and asv-tachyon's show what ours does."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from asv.config import Config
from asv.graph import Graph
from asv.plugins.regressions import Regressions

from board.findings import Regression
from board.series import Series
from board.stored import Stored


def write(site: Path, stored: Stored, series: list[Series], found: list[Regression],
          conf: dict[str, Any]) -> None:
    """Replace regressions.json, and the feed of the same, in a published site."""
    index = json.loads((site / "index.json").read_text(encoding="utf-8"))
    hashes = {int(number): sha for number, sha in index["revision_to_hash"].items()}
    numbers = {sha: number for number, sha in hashes.items()}
    entries = [entry(site, index, numbers, stored, series[one.series], one) for one in found]
    (site / "regressions.json").write_text(json.dumps({"regressions": entries}), encoding="utf-8")
    Regressions._save_feed(Config.from_json(conf), stored.benchmarks, entries, numbers, hashes)


def entry(site: Path, index: dict[str, Any], numbers: dict[str, int], stored: Stored, one: Series,
          found: Regression) -> list[Any]:
    """A regression in asv's form: the series, its graph, the new level and the best, the step."""
    benchmark = stored.benchmarks[one.name]
    choices = list(itertools.product(*benchmark["params"]))
    given = next(choice for choice in choices if described(choice) == list(one.parameters.values()))
    name = f"{one.name}({', '.join(given)})" if given else one.name
    graphs = [params for params in index["graph_param_list"] if params.get("machine") == one.machine]
    paths = [f"{Graph.get_file_path(params, one.name)}.json" for params in graphs]
    place = next(k for k in reversed(range(len(paths))) if (site / paths[k]).is_file())
    shown = {key: value for key, value in graphs[place].items() if len(index["params"][key]) > 1}
    step = [*_commits(numbers, stored, one, found.place), found.before, found.after]
    index_of_choice = choices.index(given) if given else None
    return [name, paths[place], shown, index_of_choice, found.after, found.before, [step]]


def _commits(numbers: dict[str, int], stored: Stored, one: Series, place: int) -> tuple[int | None, int]:
    """The last commit with a value before a step, None if no other is between, and the step's own."""
    old = max(k for k in range(place) if one.values[k] is not None)
    first, last = (numbers[stored.commits[k].sha] for k in (old, place))
    return None if last - first == 1 else first, last


def described(choice: tuple[str, ...]) -> list[str]:
    return [value.strip("'") for value in choice]
