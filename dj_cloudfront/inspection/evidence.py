"""What a place answered: everything that the rules judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from dj_cloudfront.builds.index import COMPANIONS, File, Index
from dj_cloudfront.http_probe import Answer, UnreachableError
from dj_cloudfront.inspection.places import Place
from dj_cloudfront.inspection.questions import CODINGS, About, Question

Progress = Callable[[str, int, int], None]

_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Said:
    """A question with its answer."""

    question: Question
    answer: Answer

    @property
    def subject(self) -> str:
        """The file, and how it was asked for if not in the plainest way."""
        question = self.question
        ways = [question.coding] if question.coding != "identity" else []
        ways += ["with Origin"] if question.with_origin else []
        return f"{question.subject} ({', '.join(ways)})" if ways else question.subject


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a place said.

    :param index: What the build holds; None where no file was asked for.
    :param site: The origin of the site's pages, as in the header ``Origin``.
    :param failures: Why there was no answer, a sentence each, and whether the certificate
        is the reason.
    """

    place: Place
    site: str
    index: Index | None
    said: tuple[Said, ...]
    failures: Mapping[str, bool]

    def about(self, about: About) -> list[Said]:
        return [one for one in self.said if one.question.about is about]

    @property
    def files(self) -> list[Said]:
        """The answers for files of the build that are files."""
        return [one for one in self.about(About.FILE) if one.answer.status == 200]

    @property
    def missing(self) -> Answer | None:
        """The answer for a name that nobody has."""
        found = self.about(About.MISSING)
        return found[0].answer if found else None

    def file(self, said: Said) -> File | None:
        """What the build has under the name that was asked for."""
        return self.index.files.get(said.question.subject) if self.index else None

    def companion(self, said: Said, coding: str) -> File | None:
        """The compressed form that was published with a file, if there is one."""
        suffix = COMPANIONS.get(coding.strip().lower())
        if self.index is None or suffix is None:
            return None
        return self.index.files.get(said.question.subject + suffix)

    def is_nothing(self, answer: Answer) -> bool:
        """Whether a missing file is answered the same."""
        return any(answer.is_like(one.answer) for one in self.about(About.MISSING))


def ask_all(
    place: Place,
    questions: Iterable[Question],
    *,
    site: str,
    index: Index | None = None,
    progress: Progress = lambda *_: None,
) -> Evidence:
    """Ask a few at a time. A failure of one does not keep the others from being asked."""
    todo = list(questions)
    said: list[Said] = []
    failures: dict[str, bool] = {}

    def ask(question: Question) -> Answer | UnreachableError:
        try:
            return _ask(place, question, site)
        except UnreachableError as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            answers = pool.map(ask, todo)
            for done, (question, answer) in enumerate(zip(todo, answers, strict=True)):
                if isinstance(answer, Answer):
                    said.append(Said(question=question, answer=answer))
                else:
                    failures[str(answer)] = answer.is_certificate
                progress(f"{place.url} ({place.tree})", done + 1, len(todo))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return Evidence(
        place=place, site=site, index=index, said=tuple(said), failures=failures
    )


def again(evidence: Evidence) -> Iterator[Question]:
    """The same names once more, which shows whether a CDN keeps the answers."""
    for said in evidence.about(About.MISSING):
        yield replace(said.question, about=About.MISSING_AGAIN)


def joined(first: Evidence, second: Evidence) -> Evidence:
    """What a place said in two rounds."""
    return replace(
        second,
        said=(*first.said, *second.said),
        failures={**first.failures, **second.failures},
    )


def _ask(place: Place, question: Question, site: str) -> Answer:
    headers = {"Accept-Encoding": CODINGS[question.coding], **question.headers}
    if question.with_origin:
        headers["Origin"] = site
    ask = place.ask_raw if question.raw else place.ask
    return ask(question.target, method=question.method, headers=headers)
