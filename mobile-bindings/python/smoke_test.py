"""A short run of what Python sees of Følge, against a real relay.

    smoke_test.py BINDINGS LIBRARY RELAY

BINDINGS is the folder with folge.py, LIBRARY the file libfolge_mobile, RELAY the program
folge-relay. Python 3.11 or newer, nothing else.
"""

import asyncio
import datetime
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

OSLO = datetime.timezone(datetime.timedelta(hours=2))
MORNING = datetime.datetime(2026, 10, 5, 9, tzinfo=OSLO)


class Relay:
    """The relay as a process of its own."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [RELAY, "serve", "--listen", "127.0.0.1:0", "--data", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        said = "folge-relay listening on "
        self.url = next(
            line.removeprefix(said).strip()
            for line in self.process.stdout
            if line.startswith(said)
        )

    def hang(self):
        """It takes connections and answers nobody."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Smoke(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.relay = Relay(self.folder / "relay")
        self.addCleanup(self.relay.stop)
        self.office = self.client("office")
        self.key = folge.UnlockWith.PLATFORM_KEY()
        await self.office.found(self.relay.url, "", self.key)

    def client(self, name):
        settings = folge.FolgeSettings(folder=str(self.folder / name), test_mode=True)
        return folge.Folge(settings, folge.memory_key_store())

    async def consultant(self):
        """A consultant who is in, with one participation."""
        consultant = self.client("consultant")
        invitation = await self.office.invite(folge.Role.CONSULTANT, 72)
        await self.office.sync(None)
        await consultant.join(invitation.link, self.key)
        await consultant.sync(None)
        await self.office.sync(None)
        person = (await consultant.me()).person
        await self.office.put_register(
            None,
            [],
            [
                folge.StaffMember(
                    key="consultant-1", name="Kari Konsulent", person=person, position_percent=100
                )
            ],
        )
        case = await self.office.create_participation(
            folge.Participation(
                reference="participant-000",
                first_name="Fatima",
                last_name="Dahl",
                start="2026-09-01",
                end="2027-08-31",
                consultant="consultant-1",
                status=folge.ParticipationStatus.ACTIVE,
            ),
            [person],
        )
        await self.office.sync(None)
        await consultant.sync(None)
        return consultant, case

    def visit(self):
        return folge.Visit(
            id=folge.new_record_name(),
            start=MORNING,
            end=MORNING + datetime.timedelta(minutes=60),
            form=folge.MeetingForm.IN_PERSON,
            _with=folge.With.PARTICIPANT,
            consultants=["consultant-1"],
            outcome=folge.Outcome.ATTENDED(),
            note="Første møte",
        )

    async def test_a_visit_goes_from_the_phone_to_the_office(self):
        class Changes(folge.Observer):
            def __init__(self):
                self.seen = []

            def changed(self, change):
                self.seen.append(change)

        class Progress(folge.SyncObserver):
            def __init__(self):
                self.trips = 0

            def progressed(self, progress):
                self.trips = progress.round_trips

        consultant, case = await self.consultant()
        changes, progress = Changes(), Progress()
        observation = consultant.observe(changes)
        visit = self.visit()
        await consultant.record(case, folge.CaseRecord.OF_VISIT(visit))
        reference = folge.RecordRef.VISIT(visit.id)
        self.assertEqual(
            await consultant.record_state(case, reference), folge.RecordState.SAVED_HERE
        )
        totals = await consultant.sync(progress)
        self.assertEqual(progress.trips, totals.progress.round_trips)
        self.assertGreater(progress.trips, 0)
        await self.office.sync(None)
        [seen] = await self.office.day("2026-10-05", "consultant-1")
        self.assertEqual((seen.visit.note, seen.visit.start), ("Første møte", MORNING))
        self.assertEqual(repr(seen.visit), "Visit(..)")
        await self.office.sync(None)
        await consultant.sync(None)
        self.assertEqual(
            await consultant.record_state(case, reference), folge.RecordState.READ_BY_OFFICE
        )
        for _ in range(100):
            if folge.Change.RECORDED in changes.seen and folge.Change.SYNCED in changes.seen:
                break
            await asyncio.sleep(0.05)
        self.assertIn(folge.Change.RECORDED, changes.seen)
        self.assertIn(folge.Change.SYNCED, changes.seen)
        observation.stop()

    async def test_an_error_has_a_code_and_both_languages(self):
        await self.office.lock()
        with self.assertRaises(folge.FolgeError.Locked) as raised:
            await self.office.day("2026-10-05")
        problem = raised.exception.problem
        self.assertEqual(problem.code, "locked")
        self.assertTrue(problem.nb and problem.en and problem.nb != problem.en)

    async def test_a_sync_that_is_cancelled_ends_and_loses_nothing(self):
        consultant, case = await self.consultant()
        visit = self.visit()
        await consultant.record(case, folge.CaseRecord.OF_VISIT(visit))
        self.relay.hang()
        syncing = asyncio.create_task(consultant.sync(None))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        syncing.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await syncing
        self.relay.go_on()
        await consultant.sync(None)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(
            await consultant.record_state(case, folge.RecordRef.VISIT(visit.id)),
            folge.RecordState.STORED,
        )


def load(bindings, library):
    """folge.py looks for the library beside itself."""
    place = tempfile.TemporaryDirectory()
    for file in (pathlib.Path(bindings, "folge.py"), pathlib.Path(library)):
        os.symlink(file.resolve(), pathlib.Path(place.name, file.name))
    # Where the links are, not where they lead.
    sys.path.insert(0, place.name)
    sys.dont_write_bytecode = True
    return place


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    RELAY = str(pathlib.Path(sys.argv[3]).resolve())
    PLACE = load(sys.argv[1], sys.argv[2])
    import folge

    unittest.main(argv=sys.argv[:1])
