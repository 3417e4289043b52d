"""How an incident goes on, from the alert to its end: states and transitions of a TOML file, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from wattif.errors import UsageError, choose_from
from wattif.incidents.declared import STRICT, read_toml, validated
from wattif.incidents.kinds import codes, incident_types

_EXAMPLE = "wattif/incidents/data/workflow.toml"
# Which columns of `incidents` have a time in a state of each status: a status sets its own when it is first reached.
TIMES = {
    "REPORTED": "reported_at",
    "DISPATCHED": "dispatch_at",
    "ON_SCENE": "arrival_at",
    "RESOLVED": "resolved_at",
    "CANCELLED": "resolved_at",
}
_BEFORE: Mapping[str, frozenset[str]] = {  # statuses of which one must have come just before
    "REPORTED": frozenset({"REPORTED"}),
    "DISPATCHED": frozenset({"REPORTED", "DISPATCHED"}),
    "ON_SCENE": frozenset({"DISPATCHED", "ON_SCENE"}),
    "RESOLVED": frozenset({"ON_SCENE", "RESOLVED"}),
    "CLOSED": frozenset({"RESOLVED", "CLOSED"}),
    "CANCELLED": frozenset({"REPORTED", "DISPATCHED", "CANCELLED"}),
}
Seconds = Annotated[float, Field(gt=0, le=10**8)]
Spread = Annotated[float, Field(ge=0, le=5)]
Actor = Annotated[str, Field(min_length=1)]


class Start(BaseModel):
    """The first state, and how long reporters take."""

    model_config = STRICT

    state: str
    by: Actor
    median_s: Seconds
    sigma: Spread


class State(BaseModel):
    """A state: the status of the incident meanwhile."""

    model_config = STRICT

    status: str
    final: bool = False

    @field_validator("status")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in codes("statuses"):
            raise ValueError(f"no such status{choose_from(value, codes('statuses'))}")
        return value


class When(BaseModel):
    """For which incidents a transition is; an empty list: for all."""

    model_config = STRICT

    severities: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _are_known(self) -> Self:
        known = {
            "severities": codes("severities"),
            "types": tuple(each.code for each in incident_types()),
            "categories": tuple(sorted({each.category for each in incident_types()})),
            "sources": codes("sources"),
        }
        for name, choices in known.items():
            for value in getattr(self, name):
                if value not in choices:
                    raise ValueError(f"{name}: there is no {value}{choose_from(value, choices)}")
        return self


class Transition(BaseModel):
    """From one state to another: who acts, how often this way is taken, how long it takes."""

    model_config = STRICT

    from_state: str = Field(alias="from")
    to_state: str = Field(alias="to")
    by: Actor
    share: Annotated[float, Field(gt=0)] = 1.0
    when: When = When()
    takes: Literal["travel", "handling"] | None = None
    median_s: Seconds | None = None
    sigma: Spread = 0.0
    timeout_s: Seconds | None = None
    otherwise: str | None = None

    @model_validator(mode="after")
    def _says_how_long(self) -> Self:
        if (self.takes is None) == (self.median_s is None):
            raise ValueError('say how long it takes: `median_s`, or `takes` = "travel" or "handling"')
        if (self.timeout_s is None) != (self.otherwise is None):
            raise ValueError("`timeout_s` and `otherwise` belong together; give both, or none")
        return self

    @property
    def next_states(self) -> tuple[str, ...]:
        """Where it may lead."""
        return (self.to_state, self.otherwise) if self.otherwise else (self.to_state,)


class Workflow(BaseModel):
    """A state machine of incidents."""

    model_config = STRICT

    start: Start
    states: dict[str, State]
    transitions: tuple[Transition, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The states, in the order of the file."""
        return tuple(self.states)

    def leaving(self, state: str) -> list[Transition]:
        """The transitions from *state*."""
        return [each for each in self.transitions if each.from_state == state]

    def faults(self) -> Iterator[str]:
        """What is wrong with it as a whole, a line each."""
        named = {
            self.start.state,
            *(name for each in self.transitions for name in (each.from_state, *each.next_states)),
        }
        unknown = sorted(named - self.states.keys())
        if unknown:
            for name in unknown:
                yield f"state {name} is not declared{choose_from(name, self.names)}, or add it to [states]"
            return
        if self.states[self.start.state].status != "REPORTED":
            yield f"state {self.start.state} is the first one; its status must be REPORTED"
        reached = self._closure(
            self.start.state, lambda name: {to for each in self.leaving(name) for to in each.next_states}
        )
        for name in self.names:
            leaving = self.leaving(name)
            if name not in reached:
                yield f"state {name} cannot be reached from {self.start.state}; add a transition to it, or remove it"
            elif self.states[name].final and leaving:
                yield f"state {name} is final, yet a transition leads to {leaving[0].to_state}; remove one of the two"
            elif not self.states[name].final and not self._has_end(name):
                yield f"state {name} has no way out to a final state but CANCELLED; add a transition, or make it final"
            elif not self.states[name].final and all(each.when != When() for each in leaving):
                yield f"state {name} holds incidents that no transition is for; add one without `when`"
            if self.states[name].final and self.states[name].status not in ("CLOSED", "RESOLVED", "CANCELLED"):
                yield (
                    f"state {name} is final, with status {self.states[name].status};"
                    " choose CLOSED, RESOLVED or CANCELLED"
                )
        for each in self.transitions:
            for to in each.next_states:
                before, after = self.states[each.from_state].status, self.states[to].status
                if before not in _BEFORE[after]:
                    yield (
                        f"transition {each.from_state} to {to}: {after} cannot follow {before}, only"
                        f" {', '.join(sorted(_BEFORE[after]))}; change the status of a state, or go through another one"
                    )

    def _closure(self, first: str, after: Callable[[str], set[str]]) -> set[str]:
        found, new = set[str](), {first}
        while new:
            found |= new
            new = {to for name in new for to in after(name)} - found
        return found

    def _has_end(self, state: str) -> bool:
        """Whether an incident that cannot be called off comes to an end."""

        def after(name: str) -> set[str]:
            ways = {to for each in self.leaving(name) for to in each.next_states}
            return {to for to in ways if self.states[to].status != "CANCELLED"}

        return any(self.states[name].final for name in self._closure(state, after))


def read_workflow(path: Path | None) -> Workflow:
    """The workflow of the file at *path*, or the built-in one; `UsageError` has a line for each fault."""
    file = path or files(__package__).joinpath("data", "workflow.toml")
    place = _EXAMPLE if path is None else f"`workflow` {path}"
    workflow = validated(Workflow, read_toml(file, place, _EXAMPLE), place, _EXAMPLE, "a workflow")
    faults = list(workflow.faults())
    if faults:
        raise UsageError("\n".join(f"{place}: {each}" for each in faults))
    return workflow
