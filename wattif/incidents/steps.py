"""From the alert to the end, many incidents at once: which transitions of the workflow each takes, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wattif.errors import UsageError
from wattif.incidents.draws import Floats, Numbers, chosen, lognormal
from wattif.incidents.kinds import codes, incident_types
from wattif.incidents.workflow import TIMES, Transition, When, Workflow
from wattif.numeric.streams import Stream, normals_of, uniforms_of

_MOST_STEPS = 1_000
_CANCELLED = "CANCELLED"
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Cases:
    """Incidents that go on: arrays of one length."""

    number: Numbers  # of the incident, from 0
    occurrence_s: Numbers
    kind: Numbers  # place of its type
    severity: Numbers  # places of the codes
    source: Numbers
    travel_s: Floats
    handling_s: Floats
    end_s: Numbers  # when it must be resolved; -1: when it happens to be


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Transitions, by incident and in order of time: arrays of one length."""

    case: Numbers  # place of the incident among the cases
    step: Numbers  # from 1
    from_state: Numbers  # place among the states; -1: there was none
    to_state: Numbers
    by: NDArray[np.object_]
    at_s: Numbers

    def kept(self, those: Mask) -> Steps:
        """Only *those*."""
        return Steps(**{name: getattr(self, name)[those] for name in Steps.__dataclass_fields__})


def steps_of(seed: int, workflow: Workflow, cases: Cases, until_s: int) -> Steps:
    """All transitions until *until_s*; an incident is reported by then."""
    walk = _Walk(seed, workflow, cases)
    steps = _fitted(walk.steps(until_s), workflow, cases)
    first = steps.step == 1
    steps.at_s[first] = np.minimum(steps.at_s[first], until_s)
    return steps.kept(steps.at_s <= until_s)


def outcome(steps: Steps, workflow: Workflow, cases: int) -> tuple[Numbers, dict[str, Numbers]]:
    """Replay: the status of each incident, and when it was reported and so on, -1 where it was not."""
    statuses = codes("statuses")
    of_state = np.array([statuses.index(workflow.states[name].status) for name in workflow.names])
    status = np.zeros(cases, np.int64)
    status[steps.case] = of_state[steps.to_state]  # the last one wins
    times = {name: np.full(cases, -1) for name in TIMES.values()}
    for code, name in TIMES.items():
        those = np.flatnonzero(of_state[steps.to_state] == statuses.index(code))[::-1]
        times[name][steps.case[those]] = steps.at_s[those]  # the first one wins
    return status, times


class _Walk:
    """Incidents on their way through the states."""

    def __init__(self, seed: int, workflow: Workflow, cases: Cases) -> None:
        self._seed, self._workflow, self._cases = seed, workflow, cases
        self._made: list[Steps] = []

    def steps(self, until_s: int) -> Steps:
        """By incident, in order of time; those without an end of their own stop after *until_s*."""
        start, names, cases = self._workflow.start, self._workflow.names, self._cases
        active = np.arange(len(cases.number))
        after = lognormal(start.median_s, start.sigma, normals_of(self._seed, Stream.INCIDENT_STEP, cases.number, 1)[0])
        at_s = cases.occurrence_s + after.round().astype(np.int64)
        state = np.full(len(active), names.index(start.state))
        self._made.append(
            Steps(
                case=active,
                step=np.full(len(active), 1),
                from_state=np.full(len(active), -1),
                to_state=state,
                by=np.full(len(active), start.by, object),
                at_s=at_s,
            )
        )
        final = np.array([self._workflow.states[name].final for name in names])
        for step in range(2, _MOST_STEPS):
            goes_on = ~final[state] & ((at_s <= until_s) | (cases.end_s[active] >= 0))
            active, state, at_s = active[goes_on], state[goes_on], at_s[goes_on]
            if not len(active):
                break
            state, at_s = self._step(step, active, state, at_s)
        else:
            raise UsageError(
                f"`workflow`: an incident takes more than {_MOST_STEPS} steps; have it come to an end sooner"
            )
        made = {
            name: np.concatenate([getattr(each, name) for each in self._made]) for name in Steps.__dataclass_fields__
        }
        order = np.lexsort((made["step"], made["case"]))
        return Steps(**{name: values[order] for name, values in made.items()})

    def _step(self, step: int, active: Numbers, state: Numbers, at_s: Numbers) -> tuple[Numbers, Numbers]:
        number, names = self._cases.number[active], self._workflow.names
        which = uniforms_of(self._seed, Stream.INCIDENT_STEP, number, 1, 2 * step)[0]
        normals = normals_of(self._seed, Stream.INCIDENT_STEP, number, 1, 2 * step + 1)[0]
        to, by, after_s = np.empty(len(active), np.int64), np.empty(len(active), object), np.empty(len(active))
        for place in np.unique(state).tolist():
            own = np.flatnonzero(state == place)
            leaving = self._workflow.leaving(names[place])
            taken = chosen(self._shares(leaving, active[own]), which[own])
            for number_of, each in enumerate(leaving):
                mine = own[taken == number_of]
                to[mine], by[mine] = names.index(each.to_state), each.by
                after_s[mine] = self._lasts_s(each, active[mine], normals[mine])
                if each.timeout_s is not None and each.otherwise is not None:
                    late = mine[after_s[mine] > each.timeout_s]
                    if self._workflow.states[each.otherwise].status == _CANCELLED:
                        late = late[self._cases.end_s[active[late]] < 0]
                    to[late], by[late], after_s[late] = names.index(each.otherwise), "timeout", each.timeout_s
        then_s = at_s + np.maximum(after_s.round(), 1.0).astype(np.int64)
        numbers = np.full(len(active), step)
        self._made.append(Steps(case=active, step=numbers, from_state=state, to_state=to, by=by, at_s=then_s))
        return to, then_s

    def _shares(self, leaving: Sequence[Transition], active: Numbers) -> Floats:
        """(incidents, transitions): how often each is taken."""
        shares = np.empty((len(active), len(leaving)))
        special: Mask = np.zeros((len(active), len(leaving)), np.bool_)
        for place, each in enumerate(leaving):
            own = each.when == When()
            meets = np.ones(len(active), np.bool_) if own else self._meets(each.when, active)
            special[:, place] = meets & (not own)
            shares[:, place] = each.share * meets
        shares[np.asarray(special.any(axis=1))[:, None] & ~special] = 0.0
        ends = np.array([self._workflow.states[each.to_state].status == _CANCELLED for each in leaving])
        if ends.any() and not ends.all():  # what readings show did happen: nobody calls it off
            shares[np.ix_(self._cases.end_s[active] >= 0, ends)] = 0.0
            shares[np.ix_(shares.sum(axis=1) == 0.0, ~ends)] = 1.0
        return shares

    def _meets(self, when: When, active: Numbers) -> Mask:
        types = incident_types()
        meets = np.ones(len(active), np.bool_)
        for wanted, known, own in (
            (when.severities, codes("severities"), self._cases.severity),
            (when.sources, codes("sources"), self._cases.source),
            (when.types, tuple(each.code for each in types), self._cases.kind),
            (when.categories, tuple(each.category for each in types), self._cases.kind),
        ):
            if wanted:
                meets &= np.isin(own[active], [place for place, code in enumerate(known) if code in wanted])
        return meets

    def _lasts_s(self, transition: Transition, active: Numbers, normals: Floats) -> Floats:
        if transition.takes == "travel":
            return self._cases.travel_s[active]
        if transition.takes == "handling":
            return self._cases.handling_s[active]
        return lognormal(float(transition.median_s or 0.0), transition.sigma, normals)


def _fitted(steps: Steps, workflow: Workflow, cases: Cases) -> Steps:
    """Where the readings say when it ended: the times before that are stretched, those after it moved."""
    if not (cases.end_s >= 0).any():
        return steps
    _, times = outcome(steps, workflow, len(cases.number))
    took = (times["resolved_at"] - cases.occurrence_s)[steps.case]
    wanted = (cases.end_s - cases.occurrence_s)[steps.case]
    since = steps.at_s - cases.occurrence_s[steps.case]
    stretched = np.where(since <= took, since * wanted // np.maximum(took, 1), wanted + since - took)
    fitted = np.where(cases.end_s[steps.case] >= 0, cases.occurrence_s[steps.case] + stretched, steps.at_s)
    return Steps(**{**{name: getattr(steps, name) for name in Steps.__dataclass_fields__}, "at_s": fitted})
