"""What begins otherwise: intelligence, notifications, referrals, consents, involvements and flags."""

from datetime import datetime

from sightline.entrypoints.invented import forms
from sightline.entrypoints.invented.children import Subject
from sightline.entrypoints.simulate import papers, profile
from sightline.entrypoints.simulate.course import Course
from sightline.entrypoints.simulate.missing import notify
from sightline.kernel.ids import DeskId

_ANY = Subject(identity={}, school=DeskId(""), surgery=DeskId(""), team=DeskId(""))
"""For forms that do not look at a child."""


def cpi(course: Course, at: datetime) -> None:
    """Intelligence about no child, one or several; graded and made fit to go further by the bureau."""
    counts = profile.CPI_CHILDREN
    count = course.chance.choices([n for n, _ in counts], weights=[share for _, share in counts])[0]
    subjects = dict(course.people.pick(course.chance, at) for _ in range(count))
    form = forms.cpi_submitted(course.chance, _ANY, at)
    if subjects:
        form["children"] = [course.named(subject) for subject in subjects.values()]
    name = course.sends("cpi.submitted", at, course.chance.choice(course.desks.noticers), form)
    # What its sender holds to be detrimental is shown to nobody else (H-10), so nobody can grade it.
    if not form["sharing"]["detriment"] and course.happens(profile.GRADED):
        _graded(course, at, name)


def _graded(course: Course, at: datetime, name: str) -> None:
    graded = course.at_work(course.after(at, 4, 72))
    form = forms.cpi_graded(course.chance, _ANY, graded)
    course.sends("cpi.graded", graded, course.desks.bureau, form, refers=name)
    if course.happens(profile.SANITISED / profile.GRADED):
        made = course.at_work(course.after(graded, 2, 72))
        form = forms.cpi_sanitised(course.chance, _ANY, made)
        course.sends("cpi.sanitised", made, course.desks.bureau, form, refers=name)


def notification(course: Course, at: datetime) -> None:
    """A child whom officers worry about; sometimes referred as well."""
    _, subject = course.people.pick(course.chance, at)
    notify(course, subject, at, "other")
    if course.happens(profile.REFERRED):
        _refers(course, subject, course.after(at, 1, 20))


def referral(course: Course, at: datetime) -> None:
    """A referral by somebody who noticed something."""
    _, subject = course.people.pick(course.chance, at)
    _refers(course, subject, at)


def _refers(course: Course, subject: Subject, at: datetime) -> None:
    desk = course.chance.choice(course.desks.noticers)
    form = {"child": course.named(subject), **papers.referral_made(course.chance, at)}
    made = course.sends("referral.made", at, desk, form)
    reference = f"R-{at:%y%m}-{course.chance.randrange(0, 100_000):05d}"
    answerer = course.desks.social_care[0]
    acknowledged = course.after(at, 0.2, 22)
    if course.happens(profile.ACKNOWLEDGED):
        form = papers.referral_acknowledged(reference, at)
        course.says("referral.acknowledged", acknowledged, answerer, subject, form, answers=made)
    if course.happens(profile.DECIDED):
        decided = course.after(acknowledged, 0.5, 12)
        form = papers.referral_decided(course.chance, reference, decided)
        course.says("referral.decided", decided, answerer, subject, form, answers=made)


def consent(course: Course, at: datetime) -> None:
    """A position on one purpose; what was given is sometimes taken back."""
    _, subject = course.people.pick(course.chance, at)
    desk = course.chance.choice((*course.desks.teams, *course.desks.social_care, *course.desks.health))
    form = forms.consent_recorded(course.chance, subject, at)
    course.says("consent.recorded", at, desk, subject, form)
    if form["position"] == "given" and course.happens(profile.WITHDRAWN):
        taken = course.at_work(course.after(at, 72, 1_000))
        subject.consents.append((form["consent_purpose"], form["giver"], desk))
        course.says("consent.withdrawn", taken, desk, subject, forms.consent_withdrawn(course.chance, subject, taken))


def involvement(course: Course, at: datetime) -> None:
    """A desk says that it works with the child; another confirms it, and some day it may be over."""
    _, subject = course.people.pick(course.chance, at)
    places = ((subject.school, "school_place"), (subject.surgery, "gp"), (subject.team, "allocated_team"))
    desk, kind = course.chance.choice(places)
    course.says("involvement.opened", at, desk, subject, forms.involvement_opened(course.chance, desk, kind))
    confirmed = course.at_work(course.after(at, 1, 30))
    if course.happens(profile.CONFIRMED):
        form = forms.involvement_confirmed(course.chance, desk)
        course.says("involvement.confirmed", confirmed, course.desks.mash, subject, form)
    if course.happens(profile.CLOSED):
        over = course.at_work(course.after(confirmed, 24, 1_000))
        form = forms.involvement_closed(course.chance, desk)
        course.says("involvement.closed", over, course.desks.mash, subject, form)


def flag(course: Course, at: datetime) -> None:
    """Something that protects a child; lifted when it no longer holds."""
    _, subject = course.people.pick(course.chance, at)
    desk = course.chance.choice((*course.desks.social_care, course.desks.mash, course.desks.missing))
    course.says("flag.raised", at, desk, subject, forms.flag_raised(course.chance, subject, at))
    if course.happens(profile.LIFTED):
        lifted = course.at_work(course.after(at, 72, 1_000))
        course.says("flag.lifted", lifted, desk, subject, forms.flag_lifted(course.chance, subject, lifted))
