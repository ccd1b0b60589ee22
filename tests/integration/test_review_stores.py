"""Review from the draw to the figure, once on SQLite and files and once on PostgreSQL and S3."""

from concurrent.futures import ThreadPoolExecutor

from earwitness.bootstrap import House
from earwitness.kernel.actors import Actor
from earwitness.review.statement import verify_statement
from earwitness.review.withdrawal import Voice
from earwitness.testing.homes import Home
from earwitness.testing.review import RIGHT, ReviewHouse


def test_from_the_draw_to_the_figure(house: House) -> None:
    reviewed = ReviewHouse(house)
    for _ in range(6):
        reviewed.keep(reviewed.adult())
    draw = reviewed.draw()
    assert verify_statement(house.review.draws.statement(draw), house.log.signer.key).chosen == 6
    assert reviewed.deidentifier().work() == 6
    desk, reviewer = house.review.desk, reviewed.reviewer()
    first, second, third = (each.clip for each in desk.next(reviewer))
    assert desk.sound(reviewer, first)[:4] == b"RIFF"
    desk.answer(reviewer, first, RIGHT)
    desk.escalate(reviewer, second, "unclear", "")
    desk.withdraw(reviewer, third, Voice.GUEST)
    house.removal.resume()
    found = house.review.counting.together()
    assert (found.drawn, found.answered) == (6, 1)
    assert found.lost == {"escalated: unclear": 1, "waiting": 3, "withdrawn: guest": 1}
    for adult in reviewed.adults:
        house.removal.remove(Home(house, adult.person.household).erase(adult).erasure)
    assert house.review.counting.together().answered == 0
    trial = house.review.draws.run(3, without_witness=True, trial=True)
    house.review.draws.forget(trial.id)


def test_many_reviewers_and_workers_at_once_share_nothing(house: House) -> None:
    reviewed = ReviewHouse(house)
    for _ in range(12):
        reviewed.keep(reviewed.adult())
    reviewed.draw()
    workers = [reviewed.deidentifier() for _ in range(3)]
    reviewers = [reviewed.reviewer() for _ in range(4)]

    def review(reviewer: Actor) -> list[str]:
        leases = house.review.desk.next(reviewer)
        for lease in leases:
            house.review.desk.answer(reviewer, lease.clip, RIGHT)
        return [each.clip for each in leases]

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda worker: worker.work(), workers)) == 12
        given = [clip for clips in pool.map(review, reviewers) for clip in clips]
    assert len(given) == len(set(given)) == 12
    assert house.review.counting.together().answered == 12
