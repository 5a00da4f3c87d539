"""A missing episode: report, review, return, and what the procedures ask for afterwards, some of it late."""

from datetime import datetime, timedelta

from sightline.entrypoints.invented import forms
from sightline.entrypoints.invented.children import Subject
from sightline.entrypoints.simulate import papers, profile
from sightline.entrypoints.simulate.course import Course

_A_DAY = timedelta(hours=24)


def episode(course: Course, at: datetime) -> None:
    """Plan one, unless the child is away already."""
    number, subject = course.people.pick(course.chance, at)
    returned = course.within(at, profile.BACK_WITHIN_H)
    count = course.people.goes(number, at, returned)
    if count is None:
        return
    desk = course.chance.choice(course.desks.reporters)
    course.says("missing.reported", at, desk, subject, forms.missing_reported(course.chance, subject, at))
    _meanwhile(course, subject, at, returned)
    harm, told = _returns(course, subject, returned)
    _notifies(course, subject, at, returned, harm=harm, count=count)
    _interview(course, subject, returned, told)


def notify(course: Course, subject: Subject, at: datetime, circumstance: str) -> None:
    """Plan a PPN1 about what happened then: within hours, or late."""
    late = course.happens(profile.PPN1_LATE)
    issued = course.after(at, 26, 110) if late else course.after(at, 0.5, 10)
    form = forms.ppn1_issued(course.chance, subject, issued)
    form.pop("other_reason", None)
    form["ppn1_circumstance"] = circumstance
    if circumstance == "other":
        form["other_reason"] = "Seen at night with much older people."
    course.says("ppn1.issued", issued, course.chance.choice(course.desks.police), subject, form)


def _meanwhile(course: Course, subject: Subject, at: datetime, returned: datetime) -> None:
    """What the police send while the child is away."""
    thought = course.after(at, 0.3, 1.5)
    if course.happens(profile.CATEGORISED) and thought < returned:
        form = forms.missing_categorised(course.chance, subject, thought)
        course.says("missing.categorised", thought, course.desks.missing, subject, form)
    reviewed = course.after(at, 6, 8)
    if course.happens(profile.REVIEWED) and reviewed < returned:
        form = papers.missing_reviewed(course.chance, reviewed)
        course.says("missing.reviewed", reviewed, course.desks.missing, subject, form)
    told = course.after(at + _A_DAY, 0, 2)
    if told < returned:
        course.says("bureau.notified", told, course.desks.missing, subject, papers.bureau_notified(course.chance, told))


def _returns(course: Course, subject: Subject, returned: datetime) -> tuple[str, str]:
    """Plan the return; whether the child was harmed, and the id of the form that tells of it."""
    harm = course.one_of(profile.HARMED)
    written = course.after(returned, 0.1, 1.5)
    form = forms.missing_returned(course.chance, subject, written)
    form |= {"returned_at": papers.written(returned), "harm_suffered": harm}
    form["harm_indications"]["indicated"] = harm
    desk = course.chance.choice((course.desks.missing, *course.desks.response, *course.desks.homes))
    return harm, course.says("missing.returned", written, desk, subject, form)


def _notifies(course: Course, subject: Subject, at: datetime, returned: datetime, *, harm: str, count: int) -> None:
    """The three circumstances in which a PPN1 is due."""
    if harm == "yes":
        notify(course, subject, course.after(returned, 1.5, 2), "returned_and_harmed")
    if returned - at > _A_DAY:
        notify(course, subject, at + _A_DAY, "missing_not_returned")
    if count % 3 == 0:
        notify(course, subject, at, "third_in_90_days")


def _interview(course: Course, subject: Subject, returned: datetime, told: str) -> None:
    desk = course.chance.choice(course.desks.interviewers)
    if course.happens(profile.INTERVIEW_OFFERED):
        offered = course.after(returned, 2, 5)
        form = papers.interview_offered(returned, offered)
        course.says("return_interview.offered", offered, desk, subject, form, answers=told)
    late = course.happens(profile.INTERVIEW_LATE)
    spoken = course.after(returned, 80, 240) if late else course.after(returned, 6, 60)
    match course.one_of(profile.INTERVIEWS):
        case "held":
            form = papers.interview_held(course.chance, spoken)
            course.says("return_interview.held", spoken, desk, subject, form, answers=told)
        case "declined":
            form = papers.interview_declined(course.chance, spoken)
            course.says("return_interview.declined", spoken, desk, subject, form, answers=told)
