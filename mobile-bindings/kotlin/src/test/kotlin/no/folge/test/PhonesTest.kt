package no.folge.test

import java.io.File
import java.time.LocalDate
import java.util.concurrent.Executors
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import no.folge.*
import no.folge.flow.problem
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** Phones and an office over a real relay, with all that happens to phones. */
@Timeout(180)
class PhonesTest {
    @TempDir
    lateinit var folder: File
    private lateinit var world: World

    @BeforeEach
    fun begin() {
        world = World(folder)
    }

    @AfterEach
    fun end() = world.close()

    private fun phone(name: String): Folge = world.device(name).folge

    @Test
    fun `two phones record without coverage and all of it reaches the office`(): Unit = runBlocking {
        val case = world.oneCase("anne", "bo")
        world.relay.stop()
        val theirs = listOf("anne", "bo").flatMap { name ->
            (0L..4L).map { phone(name).recordVisit(case, visit(name, it)) }
        }
        assertEquals("unreachable", codeOf { phone("anne").sync(null) })
        world.relay.start()
        world.syncAll("anne", "bo")
        world.syncAll("anne", "bo")
        listOf("office", "anne", "bo").forEach { name ->
            assertEquals(theirs.toSet(), phone(name).visits(case).map { it.id }.toSet(), name)
            assertEquals(listOf<QuarantineLine>(), phone(name).quarantine(), name)
            assertEquals(0, phone(name).verifyEverything().faults, name)
        }
        assertEquals(
            RecordState.READ_BY_OFFICE,
            phone("anne").recordState(case, RecordRef.Visit(theirs[0])),
        )
    }

    @Test
    fun `what two phones wrote into one field is kept twice until a person settles it`(): Unit = runBlocking {
        val case = world.oneCase("anne", "bo")
        val shared = visit("anne", 0)
        phone("anne").recordVisit(case, shared)
        world.syncAll("anne", "bo")
        world.relay.stop()
        listOf("anne", "bo").forEach {
            phone(it).amend(case, CaseRecord.OfVisit(shared.copy(note = "Fra $it")), "Utfylt")
        }
        world.relay.start()
        world.syncAll("anne", "bo")
        world.office.sync(null)
        val reference = RecordRef.Visit(shared.id)
        val conflict = world.office.conflicts(case, reference).single()
        assertEquals(setOf("Fra anne", "Fra bo"), conflict.values.map { it.value }.toSet())
        world.office.settle(case, reference, conflict.field, "Fra bo")
        assertEquals(listOf<Conflict>(), world.office.conflicts(case, reference))
    }

    @Test
    fun `what was recorded is there after a crash`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val recorded = visit("anne", 0)
        phone("anne").recordVisit(case, recorded)
        world.device("anne").crash()
        assertEquals(StoreState.LOCKED, phone("anne").state())
        assertEquals("locked", codeOf { phone("anne").visits(case) })
        phone("anne").unlock(UnlockWith.PlatformKey)
        assertEquals(listOf(recorded), phone("anne").visits(case))
    }

    @Test
    fun `a client that was let go of makes way for the next at once`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        repeat(50) {
            phone("anne").recordVisit(case, visit("anne", it.toLong()))
            world.device("anne").crash()
            phone("anne").unlock(UnlockWith.PlatformKey)
        }
        assertEquals(50, phone("anne").visits(case).size)
    }

    @Test
    fun `a second client over one folder is refused until the first has locked`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val again = Device(File(folder, "anne"), world.device("anne").keys)
        again.use {
            assertThrows<FolgeException.TryAgain> {
                runBlocking { again.folge.unlock(UnlockWith.PlatformKey) }
            }
            phone("anne").recordVisit(case, visit("anne", 0))
            phone("anne").lock()
            again.folge.unlock(UnlockWith.PlatformKey)
            assertEquals(1, again.folge.visits(case).size)
            again.folge.recordVisit(case, visit("anne", 1))
            again.folge.sync(null)
            world.office.sync(null)
            assertEquals(2, world.office.visits(case).size)
        }
    }

    @Test
    fun `a wrong passphrase opens nothing and the right one does`(): Unit = runBlocking {
        world.found()
        val right = UnlockWith.Passphrase("seks ord er lettere å huske")
        world.consultants("anne", with = right)
        phone("anne").lock()
        assertThrows<FolgeException.WrongSecret> {
            runBlocking { phone("anne").unlock(UnlockWith.Passphrase("feil passord")) }
        }
        assertEquals(StoreState.LOCKED, phone("anne").state())
        phone("anne").unlock(right)
        assertEquals(StoreState.OPEN, phone("anne").state())
    }

    @Test
    fun `an invitation lets in one device`(): Unit = runBlocking {
        world.found()
        val invitation = world.office.invite(Role.CONSULTANT, 24)
        assertTrue(invitation.qrSvg.startsWith("<svg"), "no QR code")
        assertEquals(world.proxy.url, previewLink(invitation.link).relayUrl)
        world.office.sync(null)
        phone("anne").join(invitation.link, UnlockWith.PlatformKey)
        phone("anne").sync(null)
        phone("thief").join(invitation.link, UnlockWith.PlatformKey)
        val error = assertThrows<FolgeException.BadInvitation> {
            runBlocking { phone("thief").sync(null) }
        }
        assertTrue(error.problem.nb.isNotBlank() && error.problem.en.isNotBlank())
        assertThrows<FolgeException.BadInvitation> { previewLink("https://example.org/#no") }
    }

    @Test
    fun `a thousand visits reach the office`(): Unit = runBlocking {
        world.found()
        world.consultants("anne")
        val cases = (0 until 20).map { world.case(it, "anne") }
        world.syncAll("anne")
        cases.forEach { case ->
            repeat(50) { phone("anne").recordVisit(case, visit("anne", it.toLong())) }
        }
        phone("anne").sync(null)
        world.office.sync(null)
        assertEquals(1000, world.office.sums().visits)
        assertEquals(listOf<QuarantineLine>(), world.office.quarantine())
    }

    @Test
    fun `eight threads at once lose nothing`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val folge = phone("anne")
        val recorded = Executors.newFixedThreadPool(8).asCoroutineDispatcher().use { threads ->
            (0L until 8L).map { number ->
                async(threads) {
                    (0L until 10L).map { hour ->
                        val visit = visit("anne", number * 10 + hour)
                        folge.recordVisit(case, visit)
                        assertTrue(folge.day(visit.day).any { it.visit.id == visit.id }, "not there")
                        if (hour == 5L) folge.sync(null)
                        visit.id
                    }
                }
            }.awaitAll().flatten()
        }
        folge.sync(null)
        world.office.sync(null)
        assertEquals(recorded.toSet(), world.office.visits(case).map { it.id }.toSet())
        assertEquals(80, recorded.toSet().size)
    }

    @Test
    fun `a record in one hand is in the other without anybody calling sync`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val phones = listOf(phone("anne"), world.office)
        phones.forEach { it.startInTouch() }
        phone("anne").recordVisit(case, visit("anne", 0))
        until("the office has it") { world.office.sums().visits == 1L }
        // The connection breaks, and comes again by itself.
        world.relay.stop()
        phone("anne").recordVisit(case, visit("anne", 1))
        delay(1500)
        world.relay.start()
        until("the office has the second") { world.office.sums().visits == 2L }
        phones.forEach { it.stopInTouch() }
        val before = world.proxy.connections
        phone("anne").recordVisit(case, visit("anne", 2))
        delay(2500)
        assertEquals(2, world.office.sums().visits, "somebody is still in touch")
        assertTrue(world.proxy.connections - before <= 1, "somebody still calls the relay")
    }

    @Test
    fun `a timer outlives a crash`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val timer = phone("anne").startTimer(TimerKind.VISIT, listOf(case))
        world.device("anne").crash()
        phone("anne").unlock(UnlockWith.PlatformKey)
        assertEquals(timer, phone("anne").timers().single().id)
        val stopped = phone("anne").stopTimer(timer)
        assertEquals(stopped, phone("anne").stopTimer(timer))
        assertEquals(listOf(case), stopped.participations)
        phone("anne").clearTimer(timer)
        assertEquals(listOf<RunningTimer>(), phone("anne").timers())
    }

    @Test
    fun `two phones without coverage confirm a visit by QR codes`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val visit = visit("anne", 0)
        phone("anne").recordVisit(case, visit)
        val link = phone("anne").inviteParticipant(case, 24).link
        phone("anne").sync(null)
        phone("fatima").join(link, UnlockWith.PlatformKey)
        phone("fatima").sync(null)
        // The consultant's phone knows the participant's from here on.
        phone("anne").sync(null)

        world.relay.stop()
        val offer = phone("anne").offerVisit(case, visit.id)
        assertTrue(qrCodeSvg(offer).startsWith("<svg"))
        val card = phone("fatima").readOffer(offer).card
        assertEquals(listOf(visit.id, visit.start, visit.end), listOf(card.visit, card.start, card.end))
        val answer = phone("fatima").answerOffer(offer, Verdict.Yes)
        assertTrue(qrCodeSvg(answer).startsWith("<svg"))
        val taken = phone("anne").takeAnswer(case, answer)
        assertEquals(visit.id to Verdict.Yes, taken.visit to taken.verdict)
        assertEquals(taken.confirmation, phone("anne").takeAnswer(case, answer).confirmation)
        world.relay.start()

        // The participant's phone alone has coverage: the answer comes that way, too.
        phone("fatima").sync(null)
        world.syncAll("anne")
        world.office.sync(null)
        val evidence = world.office.evidence(case).single()
        assertEquals(ConfirmationGrade.OWN_DEVICE, evidence.grade)
        assertTrue(evidence.carriesAClaim && evidence.stands)
    }

    @Test
    fun `a participant confirms on the consultant's phone`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val visits = (0L..2L).map { phone("anne").recordVisit(case, visit("anne", it)) }
        phone("anne").inviteParticipant(case, 24)
        assertEquals(false, phone("anne").hasPin(case))
        phone("anne").setPin(case, "482913")
        assertEquals(true, phone("anne").hasPin(case))
        phone("anne").confirmByPin(case, visits[0], "482913")
        val stroke = listOf(Point(100, 500), Point(200, 420), Point(300, 560), Point(420, 380))
        phone("anne").confirmByDrawing(case, visits[1], listOf(stroke, stroke.map { it.copy(x = it.x + 300) }))
        phone("anne").confirmLater(case, visits[2], "På papir 8. september")
        val grades = phone("anne").evidence(case).associate { it.visit to it.grade }
        assertEquals(
            listOf(ConfirmationGrade.PIN, ConfirmationGrade.DRAWN, ConfirmationGrade.LATER),
            visits.map { grades[it] },
        )
        val drawn = phone("anne").participation(case).records
            .mapNotNull { (it.record as? CaseRecord.OfConfirmation)?.confirmation }
            .single { it.grade == ConfirmationGrade.DRAWN }
        assertTrue(checkNotNull(drawn.drawingSvg).startsWith("<svg"))
    }

    @Test
    fun `a phone that was put out hands over what it had not delivered`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        phone("anne").recordVisit(case, visit("anne", 0))
        world.office.putDeviceOut(phone("anne").me().device)
        world.office.sync(null)
        phone("anne").sync(null)
        assertTrue(phone("anne").me().putOut)
        assertEquals("put_out", codeOf { phone("anne").recordVisit(case, visit("anne", 1)) })
        val pack = phone("anne").packUnsent()
        assertTrue(world.office.takePack(pack) > 0)
        assertTrue(world.office.held().isNotEmpty())
        assertArrayEquals(pack, phone("anne").packUnsent(), "packed again it is another")
    }

    @Test
    fun `days and months are those of java time`(): Unit = runBlocking {
        val case = world.oneCase("anne")
        val visit = visit("anne", 0)
        phone("anne").recordVisit(case, visit)
        assertEquals(LocalDate.parse("2026-09-07"), visit.day)
        assertEquals(visit, phone("anne").day(visit.day).single().visit)
        val week = phone("anne").week(visit.day.plusDays(6))
        assertEquals((0L..6L).map { visit.day.plusDays(it) }, week.map { it.day })
        assertEquals(listOf(visit), week.flatMap { it.visits }.map { it.visit })
        val page = checkNotNull(phone("anne").participation(case).participation)
        assertEquals(LocalDate.parse("2027-08-31"), page.end)
    }
}
