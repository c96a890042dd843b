"""Fold the events of a run on several targets into its state; and those of any run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from koonj.runner.run.events import CancelAsked, Event, JournalBroken, RunFinished, RunMoved
from koonj.runner.run.fleet_events import (
    FleetFinished,
    FleetPlanned,
    FleetStarted,
    Outcome,
    TargetFinished,
    TargetResult,
    WaveStarted,
)
from koonj.runner.run.planned import Plan
from koonj.runner.run.target_event import TargetEvent
from koonj.sql.display import shortened
from koonj.tui.state.fleet_run import FleetRunView, TargetRun, ended_target
from koonj.tui.state.log_line import LogLine, Tone
from koonj.tui.state.run import RunView
from koonj.tui.state.run_events import fold


def fold_run(view: RunView, events: Iterable[Event]) -> RunView:
    """Return the state of a run on one target or on several, after some events."""
    return fold_fleet(view, events) if isinstance(view, FleetRunView) else fold(view, events)


def fold_fleet(view: FleetRunView, events: Iterable[Event]) -> FleetRunView:
    """Return the state of a run on several targets after some events."""
    for event in events:
        view = _after(view, event)
    return view


def _after(view: FleetRunView, event: Event) -> FleetRunView:
    at, new = event.at.timestamp(), view
    match event:
        case FleetStarted() | RunMoved():
            new = replace(view, confirmed=view.confirmed or at)
        case TargetEvent():
            new = _of_target(view, event)
        case FleetPlanned():
            new = _planned(view, event)
        case WaveStarted():
            new = replace(view, wave=event.number)
        case TargetFinished():
            new = _with_result(view, event.result, at)
        case CancelAsked():
            who = LogLine(at, Tone.ATTENTION, shortened(f"{event.who} cancels the run"))
            new = replace(view, cancelling=True, log=(*view.log, who))
        case FleetFinished():
            for result in event.targets:
                new = _with_result(new, result, at)
            new = replace(new, finished=RunFinished(event.result, event.message), ended=at)
        case JournalBroken():
            new = replace(view, broken=event, ended=at)
    return new


def _of_target(view: FleetRunView, event: TargetEvent) -> FleetRunView:
    """Return the state after an event of the run on one target. Before the plan, only plans are kept."""
    one = view.one(event.target) or TargetRun(TargetResult(event.target, Outcome.PLANNED))
    own = one.view or RunView(event.target, view.direction, event.at.timestamp())
    if view.planned is not None and own.plan is None and (plan := _plan_of(view, event.target)) is not None:
        own = replace(own, plan=plan)
    return _with_target(view, replace(one, view=fold(own, (event.event,))))


def _planned(view: FleetRunView, event: FleetPlanned) -> FleetRunView:
    """Return the state with all targets in the order of the waves. The plans that were kept stay."""
    waves = {name: number for number, wave in enumerate(event.waves, start=1) for name in wave}
    order = {name: place for place, name in enumerate(waves)}
    at = event.at.timestamp()
    made = []
    for result in sorted(event.targets, key=lambda one: order.get(one.target, len(order))):
        one = TargetRun(result, waves.get(result.target, 0))
        made.append(one if one.wave else ended_target(one, result, event.direction, at))
    plans = tuple((one.name, one.view.plan) for one in view.targets if one.view and one.view.plan)
    return replace(view, planned=event, targets=tuple(made), plans=plans)


def _plan_of(view: FleetRunView, target: str) -> Plan | None:
    """Return the plan of a target: that which was shown for all that are alike."""
    assert view.planned is not None
    shown = next((group.shown for group in view.planned.groups if target in group.targets), "")
    plan = dict(view.plans).get(shown)
    return None if plan is None else replace(plan, target=target)


def _with_result(view: FleetRunView, result: TargetResult, at: float) -> FleetRunView:
    one = view.one(result.target) or TargetRun(result)
    return _with_target(view, ended_target(one, result, view.direction, at))


def _with_target(view: FleetRunView, new: TargetRun) -> FleetRunView:
    if view.one(new.name) is None:
        return replace(view, targets=(*view.targets, new))
    return replace(view, targets=tuple(new if one.name == new.name else one for one in view.targets))
