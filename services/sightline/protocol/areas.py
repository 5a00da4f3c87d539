"""What holds in an area: the keys of the edition it has chosen, and the hub's own times (catalogue 8.3).

One attribute for each key of an edition's file; its comment gives the rows. None means that the edition is silent: then
nothing is due by it, and the area must decide. A number of hours counts elapsed hours, ``wd`` working days.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import msgspec

from sightline.protocol.editions import edition_of
from sightline.protocol.episodes import RepeatRule

CONFIRMING_ROLES = frozenset({"mash", "allocated_team", "childrens_social_care"})
"""Roles whose word confirms another agency's claim of involvement or consent (design §6)."""

Codes = tuple[str, ...]
"""Codes of the catalogue's lists, or of agencies (V-60) and roles (V-61)."""


class EarlyRisk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long after what a child is most likely to go missing (X-20)."""

    after: Literal["entry_to_uk", "placement", "safeguarding"]
    hours: int


class AreaProtocol(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One area under one edition."""

    area: str
    edition: str
    recall_answer: timedelta
    """The hub's own †, as the next four: how long a desk has to answer a recall."""
    confirmation: timedelta
    possible_match: timedelta
    acknowledge: timedelta
    """Within what time an alert is acknowledged before another desk hears of it (P12)."""
    acknowledge_urgent: timedelta

    # Missing children and the police alert.
    areas: Codes  # C-01
    missing_scheme: dict[str, Codes] | None  # C-02: category to its risks, V-01, V-02
    child_alert_form: Literal["CYPR", "CYP", "PPN1"] | None  # C-03
    child_alert_rule: Literal["any_child_at_risk", "three_circumstances"] | None  # C-04
    counted_categories: Codes | None  # C-04, A-21
    child_alert_evaluation_hours: int  # A-22 †
    mash_notified_on_report: bool | None  # C-05
    circumstances_review_hours: tuple[int, int] | None  # C-06: due at, late after
    circumstances_review_categories: Codes | None  # C-06
    repeat_threshold: int | None  # C-07
    repeat_window_days: int | None  # C-07
    repeat_inclusive: bool  # A-20 †
    repeat_action: Codes | None  # C-08
    bureau_hours: int | None  # C-09: more than
    lac_return_interview_hours: int | None  # C-10: at most
    missing_trafficked_notify: Codes | None  # C-37
    missing_strategy_interval_days: int | None  # T-13 †
    early_missing_risk: EarlyRisk | None

    # Referral, assessment, meetings.
    manager_discussion_first: bool | None  # C-18
    referral_target: Codes | None  # C-15
    referral_emergency_target: Codes | None  # C-15
    referral_immediate: bool | None  # C-15, X-18
    referral_limit_hours: int | None  # C-15, T-40
    referral_outcome_hours: int | None  # C-16
    referrer_told_outcome: bool | None  # C-16
    electronic_follow_up: bool | None  # C-17
    who_to_notify: Codes | None  # C-36
    first_contact_step: Literal["consider_removal", "keep_in_place", "move_to_safety"] | None
    initial_assessment_wd: int | None  # C-11
    initial_assessment_tools: Codes | None  # C-11
    risk_tool: Codes | None  # C-13, V-12
    strategy_decision_hours: int | None  # C-12: 0 is at once
    strategy_decision_by: str | None  # C-12
    strategy_at_once_if_immediate_concern: bool | None  # C-12
    multi_agency_meeting_trigger: Codes | None  # C-14
    meeting_kinds: Codes | None  # X-27, V-13
    joint_visit_hours: tuple[int, int] | None  # T-36: due at, late after
    s47_start: Literal["meeting_gates_action", "with_child_alert"] | None
    category_3_review_days: int | None  # T-45 †
    category_4_review_days: int | None  # T-46 †
    seraf_discussion_with_carers: bool | None

    # Trafficking, the NRM, immigration.
    trafficking_elements: Codes | None
    exploitation_types: Codes | None  # X-31, V-14
    nrm_submitter: Codes | None  # C-19
    nrm_gate: Literal["multi_agency_decision", "reasonable_grounds", "suspected_through_assessment"] | None  # C-20
    nrm_consent: Literal["not_needed"] | None  # C-21
    competent_authority: Codes | None  # C-22
    reflection_days: int | None  # C-23
    icta_duty: Codes | None  # C-24: areas where the duty holds
    child_advocate: Literal["icta", "ictg"] | None
    immigration_body: Literal["ukba", "ukvi"] | None  # C-25, X-12
    immigration_contact: Literal["after_protection", "at_strategy_meeting", "from_outset"] | None  # C-25
    ukvi_confirmation_hours: int | None  # T-74
    uasc_accommodation: Literal["may", "must"] | None
    age_assessment_policy: Literal["benefit_of_doubt", "required", "significant_doubt_only"] | None  # C-26
    child_age_limit: int  # X-24 †
    child_age_as_printed: str | None
    vulnerable_witness_age: int | None

    # Placement, support, consent.
    immediate_safety_plan: Literal["barnardos", "no_unsupervised_internet", "six_measures"] | None  # C-30
    address_withheld_days: int | None  # T-17 †
    safe_word: bool | None  # C-31
    biometrics: Codes | None  # C-27
    biometrics_consent: Codes | None  # C-27
    biometrics_minimum_age: int | None  # C-27
    child_phone: Codes | None
    interpreter_vetting: Codes | None  # C-28
    interpreter_at_first_contact: bool | None  # C-28
    victim_support_service: Codes | None  # C-29
    consent_givers: Codes | None
    pr_holders: Literal["inform_and_ask", "never_if_suspected"] | None

    # Around it.
    intelligence_form: Literal["cpi"] | None  # C-32
    governance_form: Codes | None  # C-33
    escalation: Literal["own_procedures", "partnership_procedure"] | None  # C-34
    adult_transition: Codes | None  # C-35
    working_day_calendar: Literal["england"]  # C-38 †
    conflict_rule_for_cross_area_child: Literal["strictest_disclosure_and_both_clocks"]  # C-39 †

    def span(self, key: str) -> tuple[int, int] | None:
        """When what that key limits is due, and when late, in its own unit; None where the edition is silent."""
        value = getattr(self, key)
        return value if isinstance(value, tuple) else (value, value) if isinstance(value, int) else None

    def acknowledgement(self, *, urgent: bool) -> timedelta:
        """The time that an alert may stand open."""
        return self.acknowledge_urgent if urgent else self.acknowledge

    @property
    def ppn1_applies(self) -> bool:
        """Whether the edition knows the police alert and its three circumstances at all (C-04)."""
        return self.child_alert_rule == "three_circumstances"

    @property
    def ppn1_evaluation(self) -> timedelta:
        """How long after the report an open episode is judged (N-21, A-22 †)."""
        return timedelta(hours=self.child_alert_evaluation_hours)

    @property
    def repeat(self) -> RepeatRule:
        """When repeated episodes are due for an alert (C-07, A-20, A-21); counts nothing where the edition is silent."""
        if self.repeat_threshold is None or self.repeat_window_days is None:
            return RepeatRule(counted=frozenset())
        return RepeatRule(
            threshold=self.repeat_threshold,
            window=timedelta(days=self.repeat_window_days),
            counted=frozenset(self.counted_categories or ()),
            inclusive=self.repeat_inclusive,
        )

    @property
    def has_icta_duty(self) -> bool:
        """Whether a referral to the ICTA service is a duty in this area (C-24, N-98)."""
        return self.area in (self.icta_duty or ())


OWN_TIMES = ("recall_answer", "confirmation", "possible_match", "acknowledge", "acknowledge_urgent")
"""Times of the hub's own, by area and whatever the edition: ``<name>_hours`` in ``policies/data/areas.json``."""


def area_protocol(area: str, edition: str, own: Mapping[str, Any]) -> AreaProtocol:
    """That area under that edition; `own` is its row of ``policies/data/areas.json``.

    Raises Refused for an edition that is unknown or not for the area, `msgspec.ValidationError` for values that are not
    what they should be.
    """
    hub = {name: timedelta(hours=own[f"{name}_hours"]) for name in OWN_TIMES}
    values = edition_of(edition, area).values()
    return msgspec.convert({"area": area, "edition": edition, **hub, **values}, AreaProtocol)


def read_area(area: str, row: Mapping[str, Any]) -> AreaProtocol:
    """An area that has chosen nothing: under the edition that the policy's data gives it."""
    return area_protocol(area, row["edition"], row)
